//! What is added to scores by the distance of two tokens: slopes, or learned values of buckets of distances.

use super::kernels::distances::Bias;
use crate::models::checkpoint::weights::{Weights, in_block};
use crate::models::declarations::names;
use crate::models::declarations::spec::{DistanceBias, Spec};
use crate::models::error;

/// What is added to scores, by head and distance.
#[derive(Clone)]
pub(in crate::models) enum DistanceTable {
    /// A slope per head.
    Slopes(Vec<f32>),
    /// `(buckets, heads)`.
    Buckets { table: Vec<Vec<f32>>, max_distance: usize, both_ways: bool },
}

impl DistanceTable {
    pub(in crate::models) fn load(
        spec: &Spec,
        names: &names::Block,
        weights: &Weights,
    ) -> error::Result<Option<Self>> {
        if names.has_own_distances() {
            return Ok(None);
        }
        Self::of_block(spec, names, weights, 0)
    }

    /// The same of block `layer`, where each has a table of its own.
    pub(in crate::models) fn of_block(
        spec: &Spec,
        names: &names::Block,
        weights: &Weights,
        layer: usize,
    ) -> error::Result<Option<Self>> {
        Ok(match spec.attention.bias {
            // Disentangled layers have tables of their own.
            DistanceBias::None | DistanceBias::Disentangled(_) => None,
            DistanceBias::Alibi { scale } => {
                Some(Self::Slopes(alibi_slopes(spec.attention.n_heads).map(|slope| slope * scale).collect()))
            }
            DistanceBias::Buckets { count, max_distance } => {
                let name = in_block(names.distance_bias.unwrap_or_default(), layer);
                let table = weights.table(&name, count, spec.attention.n_heads)?.to_vec2()?;
                Some(Self::Buckets { table, max_distance, both_ways: !spec.attention.causal })
            }
        })
    }

    /// The values for sequences of up to `longest` tokens.
    pub(in crate::models) fn up_to(&self, longest: usize) -> Bias {
        let distances = || (0..2 * longest - 1).map(|index| index as i64 - (longest as i64 - 1));
        let values = match self {
            Self::Slopes(slopes) => slopes
                .iter()
                .flat_map(|slope| distances().map(move |distance| slope * distance as f32))
                .collect(),
            Self::Buckets { table, max_distance, both_ways } => {
                // Of one direction all buckets are for what stands before; what stands after is not seen.
                let of = |distance: i64| {
                    if *both_ways {
                        bucket(distance, table.len(), *max_distance)
                    } else {
                        bucket(distance.min(0), 2 * table.len(), *max_distance)
                    }
                };
                let buckets: Vec<usize> = distances().map(of).collect();
                let n_heads = table.first().map_or(0, Vec::len);
                (0..n_heads).flat_map(|head| buckets.iter().map(move |&bucket| table[bucket][head])).collect()
            }
        };
        Bias { longest, values }
    }
}

/// The slopes of Press et al. 2022: powers of one number when there are `2^k` heads, else those and every other one of the
/// next `2^k`.
fn alibi_slopes(n_heads: usize) -> impl Iterator<Item = f32> {
    let whole = if n_heads.is_power_of_two() { n_heads } else { n_heads.next_power_of_two() / 2 };
    let base = |heads: usize| 2f64.powf(-8.0 / heads as f64);
    let first = (1..=whole).map(move |power| base(whole).powi(power as i32) as f32);
    let rest = (0..n_heads - whole).map(move |index| base(2 * whole).powi(2 * index as i32 + 1) as f32);
    first.chain(rest)
}

/// The bucket of a distance (key less query), in both directions (Raffel et al. 2020): each small distance has its own, and
/// larger ones share more and more.
fn bucket(distance: i64, count: usize, max_distance: usize) -> usize {
    let half = count / 2;
    let direction = if distance > 0 { half } else { 0 };
    let distance = distance.unsigned_abs() as usize;
    let exact = half / 2;
    let within = if distance < exact {
        distance
    } else {
        // In f32, as transformers computes it: the rounding decides where buckets end.
        let ratio = (distance as f32 / exact as f32).ln() / (max_distance as f32 / exact as f32).ln();
        (exact + (ratio * (half - exact) as f32) as usize).min(half - 1)
    };
    direction + within
}
