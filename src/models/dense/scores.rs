//! Attention itself: from queries, keys and values by head to what each token takes from those it sees.

use candle_core::{Result, Tensor};
use candle_nn::ops;
use candle_nn::rotary_emb::rope;

use super::pass::{Pass, Visible};
use crate::models::declarations::spec::Attention;

/// Rows of heads, `(batch * length, heads * d_head)`, as `(batch, heads, length, d_head)`.
pub(super) fn by_head(x: &Tensor, heads: usize, d_head: usize, pass: &Pass<'_>) -> Result<Tensor> {
    x.reshape((pass.batch, pass.length, heads, d_head))?.transpose(1, 2)?.contiguous()
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
/// `(batch, n_kv_heads, length, d_head)`; `extra` is added to the scores, and of
/// `sinks` each head's, `(1, n_heads, 1, 1)`, takes a share that goes to nothing. The result is `(batch * length, n_heads d_head)`.
pub(super) fn attend(
    (queries, keys, values): (&Tensor, &Tensor, &Tensor),
    (extra, sinks): (Option<&Tensor>, Option<&Tensor>),
    spec: &Attention,
    visible: Visible,
    pass: &Pass<'_>,
) -> Result<Tensor> {
    let Attention { n_heads, n_kv_heads, d_head, cap, .. } = *spec;
    let (batch, length) = (pass.batch, pass.length);
    // The queries that share keys stand one under another.
    let group = n_heads / n_kv_heads * length;
    let stacked = queries.reshape((batch, n_kv_heads, group, d_head))?;
    let mut scores = stacked.matmul(&keys.t()?)?.reshape((batch, n_heads, length, length))?;
    if let Some(extra) = extra {
        scores = scores.broadcast_add(extra)?;
    }
    if let Some(bias) = &pass.bias {
        scores = scores.broadcast_add(bias)?;
    }
    if let Some(cap) = cap {
        scores = ((scores / f64::from(cap))?.tanh()? * f64::from(cap))?;
    }
    if let Some(mask) = pass.mask(visible) {
        scores = scores.broadcast_add(mask)?;
    }
    let weights = match sinks {
        None => ops::softmax_last_dim(&scores)?,
        Some(sinks) => {
            let sinks = sinks.broadcast_as((batch, n_heads, length, 1))?;
            let all = ops::softmax_last_dim(&Tensor::cat(&[&scores, &sinks.contiguous()?], 3)?)?;
            all.narrow(3, 0, length)?.contiguous()?
        }
    };
    let weights = weights.reshape((batch, n_kv_heads, group, length))?;
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
    use candle_core::Device;

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
