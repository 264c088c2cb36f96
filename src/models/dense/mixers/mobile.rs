//! A block in a narrow part, on a device (`MobileBERT`).

use candle_core::{Device, Result, Tensor};

use crate::models::declarations::spec;
use crate::models::dense::layers::{Linear, Norm};
use crate::models::dense::mlps::mlp::Mlp;
use crate::models::dense::pass::{Pass, Visible};
use crate::models::dense::scores::{attend, by_head};
use crate::models::packed::mixers::mobile as packed;

/// All of a block but the layer that writes to the residual stream.
pub(in crate::models::dense) struct Mobile {
    attention: spec::Attention,
    input: (Linear, Norm),
    shared: Option<(Linear, Norm)>,
    queries: Linear,
    values: Linear,
    mixed: (Linear, Norm),
    mlps: Vec<(Mlp, Norm)>,
    pub(super) output: Linear,
}

impl Mobile {
    /// What its tokens see.
    pub(super) const VISIBLE: Visible = Visible { causal: false, reach: None };

    pub(super) fn upload(of: &packed::Mobile, device: &Device) -> Result<Self> {
        let normed = |(layer, norm): &packed::Normed<_>| -> Result<(Linear, Norm)> {
            Ok((Linear::upload(layer, device)?, Norm::upload(norm, device)?))
        };
        let mlp = |(mlp, norm): &packed::Normed<_>| -> Result<(Mlp, Norm)> {
            Ok((Mlp::upload(mlp, device)?, Norm::upload(norm, device)?))
        };
        Ok(Self {
            attention: of.attention.clone(),
            input: normed(&of.input)?,
            shared: of.shared.as_ref().map(normed).transpose()?,
            queries: Linear::upload(&of.queries, device)?,
            values: Linear::upload(&of.values, device)?,
            mixed: normed(&of.mixed)?,
            mlps: of.mlps.iter().map(mlp).collect::<Result<_>>()?,
            output: Linear::upload(&of.output, device)?,
        })
    }

    /// What the narrow part makes of `x`, `(batch * length, d_model)`.
    pub(super) fn mix(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let input = self.input.1.forward(&self.input.0.forward(x)?)?;
        let (both, values) = match &self.shared {
            Some((layer, norm)) => {
                (self.queries.forward(&norm.forward(&layer.forward(x)?)?)?, self.values.forward(x)?)
            }
            None => (self.queries.forward(&input)?, self.values.forward(&input)?),
        };
        let spec::Attention { n_heads, d_head, scale, .. } = self.attention;
        let narrow = n_heads * d_head;
        let part =
            |x: &Tensor, start| by_head(&x.narrow(1, start, narrow)?.contiguous()?, n_heads, d_head, pass);
        let queries = (part(&both, 0)? * f64::from(scale))?;
        let (keys, values) = (part(&both, narrow)?, part(&values, 0)?);
        let mixed = attend((&queries, &keys, &values), (None, None), &self.attention, Self::VISIBLE, pass)?;
        let mut state = self.mixed.1.forward(&(self.mixed.0.forward(&mixed)? + &input)?)?;
        for (mlp, norm) in &self.mlps {
            state = norm.forward(&(mlp.forward(&state)? + &state)?)?;
        }
        Ok(state)
    }
}
