//! The convolution of DeBERTa-v2-xlarge: neighbouring tokens' embeddings, mixed and added to the first block's output.
//!
//! Source: `ConvLayer` of `models/deberta_v2/modeling_deberta_v2.py` in Hugging Face transformers.

use super::kernels::linear::{Finish, PackedLinear};
use super::kernels::norm::Norm;
use crate::models::checkpoint::matrix::Matrix;
use crate::models::checkpoint::weights::Weights;
use crate::models::declarations::activation::Activation;
use crate::models::declarations::names::Names;
use crate::models::declarations::spec::{self, Spec};
use crate::models::error;
use crate::models::sequences::Sequences;

/// A convolution over neighbouring tokens, with its weights.
pub(in crate::models) struct Convolution {
    pub(in crate::models) width: usize,
    pub(in crate::models) activation: Activation,
    /// `width * d_model` (the neighbours, from the left) to `d_model`.
    pub(in crate::models) layer: PackedLinear,
    pub(in crate::models) norm: Norm,
}

impl Convolution {
    pub(in crate::models) fn load(
        spec: &Spec,
        names: &Names,
        weights: &Weights,
    ) -> error::Result<Option<Self>> {
        let (Some(convolution), Some((name, norm))) = (spec.convolution, names.convolution) else {
            return Ok(None);
        };
        let spec::Convolution { width, groups, activation } = convolution;
        let d = spec.d_model;
        let size = d / groups;
        let stored = weights.values(&format!("{name}.weight"), 0, &[d, size, width])?;
        let bias = weights.values(&format!("{name}.bias"), 0, &[d])?;
        let mut weight = vec![0.0; d * width * d];
        for (output, row) in weight.chunks_exact_mut(width * d).enumerate() {
            let group = output / size;
            for (input, kernel) in
                stored[output * size * width..][..size * width].chunks_exact(width).enumerate()
            {
                for (place, &value) in kernel.iter().enumerate() {
                    row[place * d + group * size + input] = value;
                }
            }
        }
        let layer = Matrix::new(weight, Some(bias), d, width * d).pack();
        Ok(Some(Self { width, activation, layer, norm: weights.norm(norm, 0, d, spec.norm)? }))
    }

    /// The convolution of `x`, `(n_tokens, d_model)`, within each sequence, through its activation.
    pub(in crate::models) fn forward(&self, x: &[f32], sequences: &Sequences) -> Vec<f32> {
        let d = self.norm.weight.len();
        let before = self.width / 2;
        let mut neighbours = vec![0.0f32; x.len() * self.width];
        for sequence in sequences.iter() {
            for (position, &token) in sequence.path.iter().enumerate() {
                let row = &mut neighbours[token as usize * self.width * d..][..self.width * d];
                for (place, out) in row.chunks_exact_mut(d).enumerate() {
                    let other = (position + place).checked_sub(before);
                    if let Some(&other) = other.and_then(|other| sequence.path.get(other)) {
                        out.copy_from_slice(&x[other as usize * d..][..d]);
                    }
                }
            }
        }
        self.layer.forward(&neighbours, Finish::Activate(self.activation))
    }

    /// Adds the convolution to the first block's output `x`.
    pub(in crate::models) fn add(&self, x: &mut [f32], convolved: &[f32]) {
        for (x, convolved) in x.iter_mut().zip(convolved) {
            *x += convolved;
        }
        self.norm.apply_to_rows(x);
    }
}
