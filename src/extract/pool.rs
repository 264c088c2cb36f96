//! The vectors of a stimulus's tokens become one row.

use crate::activations::Pooling;

/// Pools tokens `kept` of a sequence, whose states are rows `path` of `states`, `(n_tokens, d_model)` flat, into `row`:
/// `d_model` values, or `kept.len() * d_model` without pooling. `kept` is not empty.
pub(super) fn pool(
    pooling: Pooling,
    states: &[f32],
    d_model: usize,
    path: &[u32],
    kept: &[u32],
    row: &mut [f32],
) {
    let token = |index: u32| &states[path[index as usize] as usize * d_model..][..d_model];
    let first = kept.first().copied().unwrap_or(0);
    match pooling {
        Pooling::None => {
            for (&index, out) in kept.iter().zip(row.chunks_exact_mut(d_model)) {
                out.copy_from_slice(token(index));
            }
        }
        Pooling::First => row.copy_from_slice(token(first)),
        Pooling::Last => row.copy_from_slice(token(kept.last().copied().unwrap_or(0))),
        Pooling::Mean => {
            fold(row, kept, token, |sum, value| sum + value);
            let count = kept.len() as f32;
            for value in row.iter_mut() {
                *value /= count;
            }
        }
        Pooling::Max => fold(row, kept, token, unless_no_number(f32::max)),
        Pooling::Min => fold(row, kept, token, unless_no_number(f32::min)),
    }
}

/// `choose`, but a NaN or an infinity stays: `f32::max` and `f32::min` would pass over it, and nobody would hear of it.
fn unless_no_number(choose: impl Fn(f32, f32) -> f32) -> impl Fn(f32, f32) -> f32 {
    move |a, b| match (a.is_finite(), b.is_finite()) {
        (true, true) => choose(a, b),
        (false, _) => a,
        (true, false) => b,
    }
}

/// Combines the tokens unit by unit, in their order.
fn fold<'a>(
    row: &mut [f32],
    kept: &[u32],
    token: impl Fn(u32) -> &'a [f32],
    combine: impl Fn(f32, f32) -> f32,
) {
    for (place, &index) in kept.iter().enumerate() {
        if place == 0 {
            row.copy_from_slice(token(index));
        } else {
            for (out, &value) in row.iter_mut().zip(token(index)) {
                *out = combine(*out, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pools_what_is_kept() {
        let states = [1.0, -1.0, 2.0, -2.0, 6.0, -6.0, 100.0, f32::NAN];
        let pooled = |pooling, size: usize| {
            let mut row = vec![0.0; size];
            pool(pooling, &states, 2, &[0, 3, 1, 2], &[0, 2, 3], &mut row);
            row
        };
        assert_eq!(pooled(Pooling::Mean, 2), [3.0, -3.0]);
        assert_eq!(pooled(Pooling::Max, 2), [6.0, -1.0]);
        assert_eq!(pooled(Pooling::Min, 2), [1.0, -6.0]);
        assert_eq!(pooled(Pooling::First, 2), [1.0, -1.0]);
        assert_eq!(pooled(Pooling::Last, 2), [6.0, -6.0]);
        let odd = |pooling, odd: f32| {
            let mut row = vec![0.0; 1];
            pool(pooling, &[1.0, odd, 3.0], 1, &[0, 1, 2], &[0, 1, 2], &mut row);
            row[0]
        };
        for pooling in [Pooling::Max, Pooling::Min, Pooling::Mean] {
            assert!(odd(pooling, f32::NAN).is_nan());
            assert!(!odd(pooling, f32::INFINITY).is_finite() && !odd(pooling, f32::NEG_INFINITY).is_finite());
        }
        assert_eq!(pooled(Pooling::None, 6), [1.0, -1.0, 2.0, -2.0, 6.0, -6.0]);
    }
}
