//! Linear layers, norms and activations, on a device.

use candle_core::{D, DType, Device, Result, Tensor};
use candle_nn::ops;

use crate::models::declarations::activation::Activation;
use crate::models::packed::kernels::linear::PackedLinear;
use crate::models::packed::kernels::norm as packed;

/// A linear layer.
pub(super) struct Linear {
    /// `(outputs, inputs)`, of whatever type it is held as.
    weight: Tensor,
    /// `(outputs,)`.
    bias: Option<Tensor>,
}

impl Linear {
    pub(super) fn upload(layer: &PackedLinear, device: &Device) -> Result<Self> {
        let (weight, bias) = layer.unpack();
        let inputs = weight.len() / bias.len();
        let weight = Tensor::from_vec(weight, (bias.len(), inputs), &Device::Cpu)?;
        let held = weight.to_dtype(layer.dtype().into())?;
        Ok(Self { weight: held.to_device(device)?, bias: unless_zero(bias, device)? })
    }

    /// `(rows, inputs)` to `(rows, outputs)`.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        // Everything is computed in f32, and where weights are held in half they are made f32 as they are needed.
        let y = x.matmul(&self.weight.to_dtype(DType::F32)?.t()?)?;
        match &self.bias {
            Some(bias) => y.broadcast_add(bias),
            None => Ok(y),
        }
    }
}

/// A vector on the device; none if it would change no sum.
fn unless_zero(values: Vec<f32>, device: &Device) -> Result<Option<Tensor>> {
    if values.iter().all(|&value| value == 0.0) {
        return Ok(None);
    }
    Tensor::new(values, device).map(Some)
}

/// A norm of the last dimension.
pub(super) struct Norm {
    centre: bool,
    scaled: bool,
    eps: f32,
    /// `(d,)`.
    weight: Tensor,
    bias: Option<Tensor>,
}

impl Norm {
    pub(super) fn upload(norm: &packed::Norm, device: &Device) -> Result<Self> {
        Ok(Self {
            centre: norm.centre,
            scaled: norm.scaled,
            eps: norm.eps,
            weight: Tensor::new(norm.weight.as_slice(), device)?,
            bias: unless_zero(norm.bias.clone(), device)?,
        })
    }

    /// `(…, d)` to the same shape.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        // candle's own layer norm takes the variance as a difference of two large numbers where the mean is large; the mean
        // square of what is centred already has no such loss.
        let centred =
            if self.centre { x.broadcast_sub(&x.mean_keepdim(D::Minus1)?)? } else { x.contiguous()? };
        let y = if self.scaled {
            x.broadcast_mul(&self.weight)?
        } else {
            ops::rms_norm(&centred, &self.weight, self.eps)?
        };
        match &self.bias {
            Some(bias) => y.broadcast_add(bias),
            None => Ok(y),
        }
    }
}

/// Norms of equal parts of a row, one after another, all alike but for their weights.
pub(super) struct Norms {
    /// Without weights, of a part.
    plain: Norm,
    size: usize,
    /// `(norms, size)` each.
    weights: Tensor,
    biases: Option<Tensor>,
}

impl Norms {
    /// `norms` are one for all parts, or one for each.
    pub(super) fn upload(norms: &[packed::Norm], device: &Device) -> Result<Self> {
        let Some(first) = norms.first() else { candle_core::bail!("there are no norms") };
        let size = first.weight.len();
        let rows = |of: fn(&packed::Norm) -> &Vec<f32>| -> Result<Option<Tensor>> {
            let values: Vec<f32> = norms.iter().flat_map(of).copied().collect();
            unless_zero(values, device)?.map(|values| values.reshape((norms.len(), size))).transpose()
        };
        let plain = packed::Norm { weight: vec![1.0; size], bias: vec![0.0; size], ..first.clone() };
        let weights = match rows(|norm| &norm.weight)? {
            Some(weights) => weights,
            None => Tensor::zeros((norms.len(), size), DType::F32, device)?,
        };
        Ok(Self { plain: Norm::upload(&plain, device)?, size, weights, biases: rows(|norm| &norm.bias)? })
    }

    /// `(rows, parts * size)` to the same shape.
    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (rows, width) = x.dims2()?;
        let mut y = self.plain.forward(&x.reshape((rows, width / self.size, self.size))?)?;
        y = y.broadcast_mul(&self.weights)?;
        if let Some(biases) = &self.biases {
            y = y.broadcast_add(biases)?;
        }
        y.reshape((rows, width))
    }
}

/// The activation of every value.
pub(super) fn activate(x: &Tensor, activation: Activation) -> Result<Tensor> {
    match activation {
        Activation::Gelu => x.gelu_erf(),
        Activation::GeluTanh => x.gelu(),
        Activation::GeluSigmoid => x * ops::sigmoid(&(x * 1.702)?)?,
        Activation::Relu => x.relu(),
        Activation::ReluSquared => x.relu()?.sqr(),
        Activation::Silu => x.silu(),
        Activation::Tanh => x.tanh(),
    }
}

/// `ln(1 + e^x)`.
pub(super) fn softplus(x: &Tensor) -> Result<Tensor> {
    // max(x, 0) + ln(1 + u) with u = e^-|x|. Where 1 + u is rounded, ln(1 + u) / u is that of the rounded u (Kahan).
    let u = x.abs()?.neg()?.exp()?;
    let sum = (&u + 1.0)?;
    let rounded = (&sum - 1.0)?;
    let log = sum.log()?.mul(&(&u / &rounded)?)?;
    let log = rounded.ne(0.0)?.where_cond(&log, &u)?;
    x.relu()? + log
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn softplus_keeps_its_digits_where_it_is_small() {
        let x = [-90.0f32, -30.0, -17.0, -9.5, -2.0, -0.1, 0.0, 0.7, 15.0, 40.0];
        let found = softplus(&Tensor::new(&x, &Device::Cpu).unwrap()).unwrap().to_vec1::<f32>().unwrap();
        for (x, found) in x.iter().zip(found) {
            let expected = f64::from(*x).exp().ln_1p();
            assert!((f64::from(found) / expected - 1.0).abs() < 1e-6, "{x}: {found} {expected}");
        }
    }

    #[test]
    fn norms_of_parts_are_those_of_each_part() {
        let norm = |seed: usize, size: usize| packed::Norm {
            centre: seed.is_multiple_of(2),
            scaled: false,
            eps: 1e-3,
            weight: (0..size).map(|unit| (unit * 7 + seed) as f32 / 9.0 - 1.0).collect(),
            bias: (0..size).map(|unit| (unit + seed) as f32 / 5.0).collect(),
        };
        let x: Vec<f32> = (0..48).map(|i| (i * 37 % 11) as f32 + 100.0).collect();
        let tensor = Tensor::from_slice(&x, (4, 12), &Device::Cpu).unwrap();
        let shared = norm(1, 4);
        for norms in [vec![norm(0, 12)], vec![shared.clone()], vec![norm(2, 4), norm(4, 4), norm(6, 4)]] {
            let expected: Vec<f32> = x
                .chunks_exact(norms[0].weight.len())
                .zip(norms.iter().cycle())
                .flat_map(|(part, norm)| norm.forward(part))
                .collect();
            let found = Norms::upload(&norms, &Device::Cpu).unwrap().forward(&tensor).unwrap();
            let found = found.flatten_all().unwrap().to_vec1::<f32>().unwrap();
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 2e-5, "{found} {expected}");
            }
        }
    }
}
