//! What the attention layers of a pass share, and attention itself.

use candle_core::{Device, Result, Tensor};
use candle_nn::ops;
use candle_nn::rotary_emb::rope;

use super::padded::Padded;
use crate::models::declarations::rotary::Rotary;
use crate::models::declarations::spec::Attention;
use crate::models::packed::distances::DistanceTable;
use crate::models::packed::kernels::distances::Bias;

/// Added to a score, it leaves nothing of it; twice it is still a number, so that a row which sees nothing at all (in the
/// padding) comes out as numbers too, and 0 times these is 0.
const UNSEEN: f32 = -1e30;

/// Which tokens a token sees, of those that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Visible {
    pub(super) causal: bool,
    pub(super) reach: Option<usize>,
}

impl Visible {
    /// Whether the token at `query` sees that at `key`.
    fn sees(self, query: usize, key: usize) -> bool {
        !(self.causal && key > query) && self.reach.is_none_or(|reach| query.abs_diff(key) <= reach)
    }
}

/// What all blocks of a pass share.
pub(super) struct Shared {
    pub(super) batch: usize,
    pub(super) length: usize,
    pub(super) device: Device,
    /// For each of the trunk's rotations its cosines and sines, `(length, pairs)` each.
    pub(super) rotations: Vec<(Tensor, Tensor)>,
    /// `(1, n_heads, length, length)`.
    bias: Option<Tensor>,
    /// For each kind of layer what is added to its scores, `(1 or batch, 1, 1 or length, length)`, if something is.
    masks: Vec<(Visible, Option<Tensor>)>,
}

impl Shared {
    pub(super) fn new(
        padded: &Padded,
        rotaries: &[Rotary],
        distances: Option<&DistanceTable>,
        visible: impl Iterator<Item = Visible>,
        device: &Device,
    ) -> Result<Self> {
        let length = padded.length;
        let mut rotations = Vec::with_capacity(rotaries.len());
        for rotary in rotaries {
            let (cosines, sines) = rotary.tables(length);
            let table = |values| Tensor::from_vec(values, (length, rotary.frequencies.len()), device);
            rotations.push((table(cosines)?, table(sines)?));
        }
        let mut masks: Vec<(Visible, Option<Tensor>)> = Vec::new();
        for kind in visible {
            if masks.iter().all(|(known, _)| *known != kind) {
                masks.push((kind, mask(kind, padded, device)?));
            }
        }
        let bias =
            distances.map(|distances| by_pair(&distances.up_to(length), length, device)).transpose()?;
        Ok(Self { batch: padded.batch, length, device: device.clone(), rotations, bias, masks })
    }
}

/// What is added to scores so that tokens see what they should: nothing where everything is seen.
fn mask(visible: Visible, padded: &Padded, device: &Device) -> Result<Option<Tensor>> {
    let (batch, length) = (padded.batch, padded.length);
    let score = |seen: bool| if seen { 0.0 } else { UNSEEN };
    let pairs = || (0..length).flat_map(|query| (0..length).map(move |key| visible.sees(query, key)));
    let of_pairs = if pairs().all(|seen| seen) {
        None
    } else {
        Some(Tensor::from_iter(pairs().map(score), device)?.reshape((1, 1, length, length))?)
    };
    // What comes before the end of a sequence does not see what comes after it where attention is causal.
    let of_keys = if visible.causal || !padded.has_padding() {
        None
    } else {
        let keys = padded.is_token().into_iter().map(score);
        Some(Tensor::from_iter(keys, device)?.reshape((batch, 1, 1, length))?)
    };
    match (of_pairs, of_keys) {
        (Some(pairs), Some(keys)) => pairs.broadcast_add(&keys).map(Some),
        (one, other) => Ok(one.or(other)),
    }
}

/// The values of distances for each query and key, `(1, n_heads, length, length)`.
fn by_pair(bias: &Bias, length: usize, device: &Device) -> Result<Tensor> {
    let width = 2 * bias.longest - 1;
    let values = bias.values.chunks_exact(width).flat_map(|head| {
        (0..length).flat_map(move |query| {
            let first = bias.longest - 1 - query;
            head[first..first + length].iter().copied()
        })
    });
    Tensor::from_iter(values, device)?.reshape((1, bias.values.len() / width, length, length))
}

/// Rows of heads, `(batch * length, heads * d_head)`, as `(batch, heads, length, d_head)`.
pub(super) fn by_head(x: &Tensor, heads: usize, d_head: usize, shared: &Shared) -> Result<Tensor> {
    x.reshape((shared.batch, shared.length, heads, d_head))?.transpose(1, 2)?.contiguous()
}

/// Turns the first units of each head, `(batch, heads, length, d_head)`, by position.
pub(super) fn rotate(x: &Tensor, (cosines, sines): &(Tensor, Tensor)) -> Result<Tensor> {
    let d_head = x.dim(3)?;
    let turned = 2 * cosines.dim(1)?;
    match turned {
        0 => Ok(x.clone()),
        _ if turned == d_head => rope(x, cosines, sines),
        _ => {
            let first = rope(&x.narrow(3, 0, turned)?.contiguous()?, cosines, sines)?;
            Tensor::cat(&[&first, &x.narrow(3, turned, d_head - turned)?], 3)
        }
    }
}

/// Attention of queries `(batch, n_heads, length, d_head)`, scaled already, over keys and values
/// `(batch, n_kv_heads, length, d_head)`; `extra` is added to the scores. The result is `(batch * length, n_heads d_head)`.
pub(super) fn attend(
    (queries, keys, values): (&Tensor, &Tensor, &Tensor),
    extra: Option<&Tensor>,
    spec: &Attention,
    visible: Visible,
    shared: &Shared,
) -> Result<Tensor> {
    let Attention { n_heads, n_kv_heads, d_head, cap, .. } = *spec;
    let (batch, length) = (shared.batch, shared.length);
    // The queries that share keys stand one under another.
    let group = n_heads / n_kv_heads * length;
    let stacked = queries.reshape((batch, n_kv_heads, group, d_head))?;
    let mut scores = stacked.matmul(&keys.t()?)?.reshape((batch, n_heads, length, length))?;
    if let Some(extra) = extra {
        scores = (scores + extra)?;
    }
    if let Some(bias) = &shared.bias {
        scores = scores.broadcast_add(bias)?;
    }
    if let Some(cap) = cap {
        scores = ((scores / f64::from(cap))?.tanh()? * f64::from(cap))?;
    }
    let mask = shared.masks.iter().find(|(kind, _)| *kind == visible).and_then(|(_, mask)| mask.as_ref());
    if let Some(mask) = mask {
        scores = scores.broadcast_add(mask)?;
    }
    let weights = ops::softmax_last_dim(&scores)?.reshape((batch, n_kv_heads, group, length))?;
    let mixed = weights.matmul(values)?.reshape((batch, n_heads, length, d_head))?;
    mixed.transpose(1, 2)?.reshape((batch * length, n_heads * d_head))
}

/// For rows of values by distance, `(batch, heads, length, 2 length - 1)`, in which column `length - 1 + other - row` belongs to
/// the token at `other`: the same by token, `(batch, heads, length, length)`.
pub(super) fn by_token(x: &Tensor) -> Result<Tensor> {
    let (batch, heads, length, width) = x.dims4()?;
    if length == 1 {
        return Ok(x.clone());
    }
    // Value (row, column) stands at row · width + length - 1 + other - row: rows are width - 1 apart, from length - 1 on.
    let flat = x.reshape((batch, heads, length * width))?.narrow(2, length - 1, length * (width - 1))?;
    flat.contiguous()?.reshape((batch, heads, length, width - 1))?.narrow(3, 0, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_by_distance_find_their_tokens() {
        for length in [1usize, 2, 5] {
            let width = 2 * length - 1;
            let distances: Vec<f32> = (0..2 * length * width).map(|i| (i % width) as f32).collect();
            let x = Tensor::from_vec(distances, (1, 2, length, width), &Device::Cpu).unwrap();
            let found = by_token(&x).unwrap().reshape((2, length, length)).unwrap().to_vec3::<f32>().unwrap();
            for head in found {
                for (row, values) in head.iter().enumerate() {
                    for (other, &value) in values.iter().enumerate() {
                        assert_eq!(value, (length - 1 + other - row) as f32);
                    }
                }
            }
        }
    }
}
