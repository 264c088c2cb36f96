//! What happens to queries, keys and values before attention: limits, norms, and what depends on position.

use super::norm::Norm;
use super::simd::{self, Kernel, Simd};
use crate::models::declarations::spec::{Attention, QueryGrowth};

/// What happens to queries and keys before attention.
#[derive(Clone, Copy)]
pub(in crate::models) struct Prepare<'a> {
    pub(in crate::models) spec: &'a Attention,
    /// Norms of queries and of keys, by head or of all heads at once, as their size says; one for all, or one for each.
    pub(in crate::models) norms: Option<&'a (Vec<Norm>, Vec<Norm>)>,
    /// Of the values of each head.
    pub(in crate::models) value_norm: Option<&'a Norm>,
    /// Cosines and sines, `(positions, pairs)` each.
    pub(in crate::models) rotation: Option<(&'a [f32], &'a [f32])>,
    /// How many pairs of units of a head are turned.
    pub(in crate::models) pairs: usize,
}

impl Prepare<'_> {
    /// Prepares `qkv`, `(n_tokens, (n_heads + 2 n_kv_heads) d_head)`, where it stands; `positions` are the tokens'.
    pub(in crate::models) fn forward(self, qkv: &mut [f32], positions: &[u32]) {
        simd::run(Run { prepare: self, qkv, positions });
    }
}

struct Run<'a> {
    prepare: Prepare<'a>,
    qkv: &'a mut [f32],
    positions: &'a [u32],
}

impl Kernel for Run<'_> {
    #[inline(always)]
    fn run<S: Simd>(self, simd: S) {
        let Prepare { spec, norms, value_norm, rotation, pairs } = self.prepare;
        let width = (spec.n_heads + 2 * spec.n_kv_heads) * spec.d_head;
        for (token, &position) in self.qkv.chunks_exact_mut(width).zip(self.positions) {
            if let Some((query_norms, key_norms)) = norms {
                let (queries, rest) = token.split_at_mut(spec.n_heads * spec.d_head);
                normalize(simd, query_norms, queries);
                normalize(simd, key_norms, &mut rest[..spec.n_kv_heads * spec.d_head]);
            }
            if let Some(norm) = value_norm {
                let values = &mut token[(spec.n_heads + spec.n_kv_heads) * spec.d_head..];
                values.chunks_exact_mut(spec.d_head).for_each(|head| norm.apply(simd, head));
            }
            if let Some(clip) = spec.clip {
                for value in &mut *token {
                    *value = value.clamp(-clip, clip);
                }
            }
            let (queries, rest) = token.split_at_mut(spec.n_heads * spec.d_head);
            let keys = &mut rest[..spec.n_kv_heads * spec.d_head];
            if let Some((cosines, sines)) = rotation {
                let start = position as usize * pairs;
                let (cosines, sines) = (&cosines[start..][..pairs], &sines[start..][..pairs]);
                for head in queries.chunks_exact_mut(spec.d_head).chain(keys.chunks_exact_mut(spec.d_head)) {
                    let (first, second) = head[..2 * pairs].split_at_mut(pairs);
                    for (((a, b), cos), sin) in first.iter_mut().zip(second).zip(cosines).zip(sines) {
                        (*a, *b) = (*a * cos - *b * sin, *b * cos + *a * sin);
                    }
                }
            }
            if let Some(QueryGrowth { beta, period }) = spec.growth {
                let factor = beta.mul_add(((1 + position as usize / period) as f32).ln(), 1.0);
                for value in queries {
                    *value *= factor;
                }
            }
        }
    }
}

/// Normalizes part after part, each with the next of `norms`.
#[inline(always)]
fn normalize<S: Simd>(simd: S, norms: &[Norm], values: &mut [f32]) {
    let size = norms.first().map_or(1, |norm| norm.weight.len());
    for (part, norm) in values.chunks_exact_mut(size).zip(norms.iter().cycle()) {
        norm.apply(simd, part);
    }
}
