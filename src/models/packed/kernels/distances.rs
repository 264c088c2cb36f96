//! What a score takes in by the distance of its two tokens.

use std::ops::Range;

use super::PANEL;
use super::simd::Simd;

/// What is added to the scores by distance: `(heads, 2 * longest - 1)`, for distances (key less query) from `1 - longest`.
#[derive(Debug)]
pub(in crate::models) struct Bias {
    pub(in crate::models) longest: usize,
    pub(in crate::models) values: Vec<f32>,
}

/// Keys and queries of distances, of a disentangled layer: for each head `(d_head, columns)`, whose column
/// `longest - 1 + key - query` is the vector of that distance. Empty where the layer has none.
#[derive(Debug)]
pub(in crate::models) struct Distances {
    pub(in crate::models) longest: usize,
    /// At least `2 * longest - 1`, and as many more as vectors may run over the end of a row of scores.
    pub(in crate::models) columns: usize,
    pub(in crate::models) keys: Vec<f32>,
    pub(in crate::models) queries: Vec<f32>,
}

impl Distances {
    /// The number of columns for sequences of up to `longest` tokens.
    pub(in crate::models) fn columns(longest: usize) -> usize {
        2 * longest + PANEL
    }
}

/// Adds to the scores of the query at `row` what distances contribute: the query with the keys of distances, and the keys
/// that it sees, `(d_head, columns)`, with the queries of distances.
#[inline(always)]
pub(super) fn disentangle<S: Simd>(
    simd: S,
    (query, row): (&[f32], usize),
    (keys, columns, scale): (&[f32], usize, f32),
    distances: &Distances,
    head: usize,
    scores: &mut [f32],
    seen: &Range<usize>,
) {
    let scale = simd.splat(scale);
    // Where the distance of key 0 stands.
    let first = distances.longest - 1 - row;
    let of_head = |table: &'_ [f32]| -> Range<usize> {
        let size = query.len() * distances.columns;
        if table.is_empty() { 0..0 } else { head * size..(head + 1) * size }
    };
    let to_position = &distances.keys[of_head(&distances.keys)];
    let from_position = &distances.queries[of_head(&distances.queries)];
    for start in (seen.start - seen.start % S::LANES..seen.end).step_by(S::LANES) {
        let mut sum = simd.splat(0.0);
        for (&unit, row) in query.iter().zip(to_position.chunks_exact(distances.columns)) {
            sum = simd.mul_add(simd.splat(unit), simd.load(&row[first + start..]), sum);
        }
        for (keys, row) in keys.chunks_exact(columns).zip(from_position.chunks_exact(distances.columns)) {
            sum = simd.mul_add(simd.load(&keys[start..]), simd.load(&row[first + start..]), sum);
        }
        let scored = simd.load(&scores[start..]);
        simd.store(&mut scores[start..], simd.mul_add(sum, scale, scored));
    }
}
