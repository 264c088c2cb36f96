//! What recurrences share: tokens before and after, convolutions over the tokens before, and one step after another.

use candle_core::{Device, Result, Tensor};

use super::layers::activate;
use super::padded::Padded;
use crate::models::declarations::activation::Activation;

/// `x`, `(batch, length, channels)`, in which each token has the row of the token `by` before it (after it where `by` is
/// negative); zeros where there is none.
pub(super) fn shift(x: &Tensor, by: i64) -> Result<Tensor> {
    let length = x.dim(1)?;
    let size = (by.unsigned_abs() as usize).min(length);
    match by {
        0 => Ok(x.clone()),
        1.. => x.narrow(1, 0, length - size)?.pad_with_zeros(1, size, 0),
        _ => x.narrow(1, size, length - size)?.pad_with_zeros(1, 0, size),
    }
}

/// A convolution of each channel over the tokens before, then an activation, if there is one.
pub(super) struct Convolution {
    /// `(width, channels)`; the last row is the token's own.
    weight: Tensor,
    /// `(channels,)`.
    bias: Tensor,
    activation: Option<Activation>,
}

impl Convolution {
    pub(super) fn upload(
        (weight, bias): (&[f32], &[f32]),
        activation: Option<Activation>,
        device: &Device,
    ) -> Result<Self> {
        let channels = bias.len();
        Ok(Self {
            weight: Tensor::from_slice(weight, (weight.len() / channels, channels), device)?,
            bias: Tensor::new(bias, device)?,
            activation,
        })
    }

    /// `(batch * length, channels)` to the same shape.
    pub(super) fn forward(&self, x: &Tensor, padded: &Padded) -> Result<Tensor> {
        let (rows, channels) = x.dims2()?;
        let x = x.reshape((padded.batch, padded.length, channels))?;
        let width = self.weight.dim(0)?;
        let mut sum: Option<Tensor> = None;
        for place in 0..width {
            let weight = self.weight.narrow(0, place, 1)?.reshape((1, 1, channels))?;
            let term = shift(&x, (width - 1 - place) as i64)?.broadcast_mul(&weight)?;
            sum = Some(match sum {
                Some(sum) => (sum + term)?,
                None => term,
            });
        }
        let sum = sum.unwrap_or(x).broadcast_add(&self.bias)?;
        let sum = sum.reshape((rows, channels))?;
        match self.activation {
            Some(activation) => activate(&sum, activation),
            None => Ok(sum),
        }
    }
}

/// Runs a recurrence over `length` tokens: `step` takes the state and the token's place, and gives the next state and the token's
/// output, `(batch, …)`. The result is `(batch * length, width)`.
pub(super) fn scan(
    padded: &Padded,
    width: usize,
    mut state: Tensor,
    mut step: impl FnMut(&Tensor, usize) -> Result<(Tensor, Tensor)>,
) -> Result<Tensor> {
    let mut outputs = Vec::with_capacity(padded.length);
    for place in 0..padded.length {
        let (next, output) = step(&state, place)?;
        state = next;
        outputs.push(output.reshape((padded.batch, 1, width))?);
    }
    Tensor::cat(&outputs, 1)?.reshape((padded.batch * padded.length, width))
}

/// The token before less the token itself; before the first there are zeros.
pub(super) fn less_before(x: &Tensor, padded: &Padded) -> Result<Tensor> {
    let (rows, d) = x.dims2()?;
    shift(&x.reshape((padded.batch, padded.length, d))?, 1)?.reshape((rows, d))? - x
}

/// `x + less · shift`.
pub(super) fn mix(x: &Tensor, less: &Tensor, shift: &Tensor) -> Result<Tensor> {
    x + less.broadcast_mul(shift)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_before_and_after_are_zeros_beyond_the_ends() {
        let x = Tensor::new(&[[[1f32], [2.0], [3.0]]], &Device::Cpu).unwrap();
        let shifted = |by| shift(&x, by).unwrap().flatten_all().unwrap().to_vec1::<f32>().unwrap();
        assert_eq!(shifted(0), [1.0, 2.0, 3.0]);
        assert_eq!(shifted(1), [0.0, 1.0, 2.0]);
        assert_eq!(shifted(-2), [3.0, 0.0, 0.0]);
        assert_eq!(shifted(3), [0.0; 3]);
        assert_eq!(shifted(-7), [0.0; 3]);
    }
}
