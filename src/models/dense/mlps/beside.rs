//! An MLP and a mixture of experts side by side, on a device.

use candle_core::{Device, Result, Tensor};

use super::experts::Experts;
use super::mlp::Mlp;
use crate::models::dense::layers::Norm;
use crate::models::packed::mlps::beside as packed;

/// Both with their weights; [`packed::Beside`] says what each is.
pub(in crate::models::dense) struct Beside {
    mlp_in: Norm,
    mlp: Mlp,
    mlp_out: Norm,
    router_in: Norm,
    experts_in: Norm,
    experts: Experts,
    experts_out: Norm,
}

impl Beside {
    pub(super) fn upload(of: &packed::Beside, device: &Device) -> Result<Self> {
        let norm = |norm| Norm::upload(norm, device);
        Ok(Self {
            mlp_in: norm(&of.mlp_in)?,
            mlp: Mlp::upload(&of.mlp, device)?,
            mlp_out: norm(&of.mlp_out)?,
            router_in: norm(&of.router_in)?,
            experts_in: norm(&of.experts_in)?,
            experts: Experts::upload(&of.experts, device)?,
            experts_out: norm(&of.experts_out)?,
        })
    }

    /// The probability of each expert for the residual stream `x`, `(batch * length, count)`.
    pub(super) fn probabilities(&self, x: &Tensor) -> Result<Tensor> {
        self.experts.probabilities(&self.router_in.forward(x)?)
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let made = self.mlp_out.forward(&self.mlp.forward(&self.mlp_in.forward(x)?)?)?;
        let (chooses, reads) = (self.router_in.forward(x)?, self.experts_in.forward(x)?);
        made + self.experts_out.forward(&self.experts.forward(&chooses, &reads)?)?
    }
}
