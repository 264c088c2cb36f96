//! Disentangled attention (He et al. 2021): keys and queries of distances, which scores take in beside those of tokens.
//!
//! Source: `DisentangledSelfAttention` of `models/deberta_v2/modeling_deberta_v2.py` in Hugging Face transformers.

use crate::models::declarations::names::{Linear, Qkv};
use crate::models::declarations::spec::{Disentangled, DistanceBias};
use crate::models::error;
use crate::models::packed::kernels::distances::Distances;
use crate::models::packed::kernels::linear::Finish;
use crate::models::packed::parts::Parts;

/// A layer's keys and queries of distances: for each row of the table `n_heads * d_head` values.
pub(in crate::models) struct LayerDistances {
    pub(in crate::models) spec: Disentangled,
    n_heads: usize,
    d_head: usize,
    /// `(2 span, n_heads d_head)` each, or empty.
    pub(in crate::models) keys: Vec<f32>,
    pub(in crate::models) queries: Vec<f32>,
}

impl LayerDistances {
    pub(super) fn load(parts: Parts<'_>) -> error::Result<Option<Self>> {
        let (spec, layer, weights) = (parts.spec, parts.layer, parts.weights);
        let (DistanceBias::Disentangled(of), Some(names_of)) =
            (spec.attention.bias, parts.names.disentangled)
        else {
            return Ok(None);
        };
        let (n_heads, d_head, d) = (spec.attention.n_heads, spec.attention.d_head, spec.d_model);
        let mut table = weights.values(&format!("{}.weight", names_of.table), 0, &[2 * of.span, d])?;
        if of.normalized {
            table = weights.norm(names_of.norm, 0, d, spec.norm)?.forward(&table);
        }
        let (query, key) = match parts.names.qkv {
            Qkv::Separate(query, key, _) if of.shared => (query, key),
            _ => (names_of.query, names_of.key),
        };
        let through = |wanted: bool, name: Linear| -> error::Result<Vec<f32>> {
            if !wanted {
                return Ok(Vec::new());
            }
            Ok(weights.matrix(name, layer, n_heads * d_head, d)?.pack().forward(&table, Finish::Plain))
        };
        let (keys, queries) = (through(of.to_position, key)?, through(of.from_position, query)?);
        Ok(Some(Self { spec: of, n_heads, d_head, keys, queries }))
    }

    /// The tables for sequences of up to `longest` tokens.
    pub(in crate::models) fn up_to(&self, longest: usize) -> Distances {
        let columns = Distances::columns(longest);
        let rows: Vec<usize> =
            (0..2 * longest - 1).map(|column| row(&self.spec, longest as i64 - 1 - column as i64)).collect();
        let lay_out = |table: &[f32]| {
            if table.is_empty() {
                return Vec::new();
            }
            let width = self.n_heads * self.d_head;
            let mut laid_out = vec![0.0; width * columns];
            for (unit, values) in laid_out.chunks_exact_mut(columns).enumerate() {
                for (value, row) in values.iter_mut().zip(&rows) {
                    *value = table[row * width + unit];
                }
            }
            laid_out
        };
        Distances { longest, columns, keys: lay_out(&self.keys), queries: lay_out(&self.queries) }
    }
}

/// The row of the table for a distance (query less key).
pub(in crate::models) fn row(of: &Disentangled, distance: i64) -> usize {
    let span = of.span as i64;
    let bucket = match of.log_up_to {
        Some(most) => log_bucket(distance, of.span, most),
        None => distance,
    };
    (bucket + span).clamp(0, 2 * span - 1) as usize
}

/// The bucket of a distance: itself up to half of `span`, and beyond that on a logarithmic scale on which `most - 1` is the
/// last.
fn log_bucket(distance: i64, span: usize, most: usize) -> i64 {
    let middle = (span / 2) as i64;
    let size = distance.abs();
    if size <= middle {
        return distance;
    }
    // In f32, as transformers computes it: the rounding decides where buckets end.
    let middle_f = middle as f32;
    let share = (size as f32 / middle_f).ln() / ((most as f32 - 1.0) / middle_f).ln();
    let bucket = (share * (middle_f - 1.0)).ceil() + middle_f;
    (bucket * distance.signum() as f32) as i64
}
