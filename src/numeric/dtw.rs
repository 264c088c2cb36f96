//! Dynamic time warping: how far two sequences are from each other when each may dwell wherever the other moves on.

/// The least total cost of a path from the first pair of positions to the last, with the step pattern `symmetric2` (Sakoe and
/// Chiba 1978; the default of `dtw-python`):
///
/// ```text
/// g(i, j) = min( g(i−1, j) + c(i, j),  g(i−1, j−1) + 2 c(i, j),  g(i, j−1) + c(i, j) ),     g(0, 0) = c(0, 0)
/// ```
///
/// A diagonal step counts twice, so that every path weighs `n + m`: divide by that to compare sequences of other lengths.
/// `cost(i, j)` is at least 0; a cost that is no number makes the distance none. `None` where a sequence is empty.
#[must_use]
pub fn dtw(n: usize, m: usize, cost: impl Fn(usize, usize) -> f64) -> Option<f64> {
    if n == 0 || m == 0 {
        return None;
    }
    let mut above = vec![f64::INFINITY; m];
    for i in 0..n {
        let mut row = vec![f64::INFINITY; m];
        for j in 0..m {
            let c = cost(i, j);
            if c.is_nan() {
                return None;
            }
            let left = if j > 0 { row[j - 1] + c } else { f64::INFINITY };
            let corner = if j > 0 { above[j - 1] + 2.0 * c } else { f64::INFINITY };
            row[j] = if (i, j) == (0, 0) { c } else { left.min(corner).min(above[j] + c) };
        }
        above = row;
    }
    above.last().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(a: &[f64], b: &[f64]) -> Option<f64> {
        dtw(a.len(), b.len(), |i, j| (a[i] - b[j]).abs())
    }

    #[test]
    fn a_sequence_that_dwells_is_at_no_distance() {
        assert_eq!(of(&[0.0, 1.0, 2.0], &[0.0, 0.0, 1.0, 2.0, 2.0]), Some(0.0));
        assert_eq!(of(&[1.0], &[1.0]), Some(0.0));
    }

    #[test]
    fn a_diagonal_step_counts_twice_and_the_first_pair_once() {
        assert_eq!(of(&[0.0], &[3.0]), Some(3.0));
        // Along the diagonal 1 + 2 · 1, along two sides 1 + 1 + 1 or more.
        assert_eq!(of(&[0.0, 0.0], &[1.0, 1.0]), Some(3.0));
    }

    #[test]
    fn nothing_is_near_nothing_and_no_number_gives_none() {
        assert_eq!(of(&[], &[1.0]), None);
        assert_eq!(of(&[f64::NAN, 0.0], &[1.0]), None);
    }
}
