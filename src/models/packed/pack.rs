//! Weights as they are stored become layers as the kernels take them.

use super::kernels::linear::PackedLinear;
use super::kernels::mlp::{PackedMlp, Stored};
use super::kernels::norm::Norm;
use crate::models::checkpoint::initialize::Role;
use crate::models::checkpoint::matrix::Matrix;
use crate::models::checkpoint::weights::{Weights, in_block};
use crate::models::declarations::activation::Activation;
use crate::models::declarations::spec::{self, NormKind};
use crate::models::error::Result;

impl Matrix {
    /// Lays it out for the kernels.
    pub(in crate::models) fn pack(&self) -> PackedLinear {
        PackedLinear::new(&self.weight, self.bias.as_deref(), self.outputs, self.inputs, self.form)
    }

    fn stored(&self) -> Stored<'_> {
        (&self.weight, self.bias.as_deref())
    }

    /// Lays out an MLP: what goes through the activation, what that is multiplied by, and the last layer.
    pub(in crate::models) fn pack_mlp(
        activation: Activation,
        activated: &Self,
        factor: Option<&Self>,
        down: &Self,
    ) -> PackedMlp {
        let sizes = (activated.inputs, activated.outputs);
        let (first, last) = (activated.stored(), down.stored());
        PackedMlp::new(activation, sizes, first, factor.map(Self::stored), last, activated.form)
    }
}

impl Weights {
    /// A norm of `size` values, in block `layer` if it is in one, under its new names or its old ones.
    pub(in crate::models) fn norm(
        &self,
        name: &str,
        layer: usize,
        size: usize,
        spec: spec::Norm,
    ) -> Result<Norm> {
        let name = in_block(name, layer);
        // Under the first of several names that is there, and of each under its old form.
        let named = |part: &str, old: &str| -> Vec<String> {
            name.split('|').flat_map(|name| [format!("{name}.{part}"), format!("{name}.{old}")]).collect()
        };
        let plus_one = matches!(spec.kind, NormKind::RmsPlusOne | NormKind::LayerPlusOne);
        let role = if plus_one { Role::Zero } else { Role::One };
        let mut weight = match spec.kind {
            NormKind::LayerPlain | NormKind::RmsPlain => vec![1.0; size],
            _ => self.floats(&named("weight", "gamma"), &[size], role)?,
        };
        if plus_one {
            for value in &mut weight {
                *value += 1.0;
            }
        }
        let bias = match spec.kind {
            NormKind::Layer | NormKind::LayerPlusOne | NormKind::Scaled => {
                self.floats(&named("bias", "beta"), &[size], Role::Zero)?
            }
            _ => vec![0.0; size],
        };
        let scaled = spec.kind == NormKind::Scaled;
        let of_squares = matches!(spec.kind, NormKind::Rms | NormKind::RmsPlusOne | NormKind::RmsPlain);
        Ok(Norm { centre: !of_squares && !scaled, scaled, eps: spec.eps, weight, bias })
    }
}
