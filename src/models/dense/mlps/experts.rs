//! A mixture of experts, on a device. What chooses a token's experts is computed there, and the choice is made on the processor.

use candle_core::{Device, Result, Tensor};
use candle_nn::ops::sigmoid;

use super::mlp::Mlp;
use crate::models::declarations::spec;
use crate::models::dense::layers::Linear;
use crate::models::packed::kernels::route::{probabilities, route};
use crate::models::packed::mlps::experts as packed;

/// A mixture of experts, with its weights; [`packed::Experts`] says what each is.
#[expect(clippy::struct_field_names, reason = "the field's words for its parts")]
pub(in crate::models::dense) struct Experts {
    spec: spec::Experts,
    router: Linear,
    correction: Vec<f32>,
    experts: Vec<Mlp>,
    shared: Option<Mlp>,
    shared_gate: Option<Linear>,
    inner: Option<(Linear, Linear)>,
    scales: Vec<f32>,
}

impl Experts {
    pub(super) fn upload(of: &packed::Experts, device: &Device) -> Result<Self> {
        let inner = of.inner.as_ref();
        Ok(Self {
            spec: of.spec,
            router: Linear::upload(&of.router, device)?,
            scales: of.scales.clone(),
            correction: of.correction.clone(),
            experts: of.experts.iter().map(|mlp| Mlp::upload(mlp, device)).collect::<Result<_>>()?,
            shared: of.shared.as_ref().map(|mlp| Mlp::upload(mlp, device)).transpose()?,
            shared_gate: of.shared_gate.as_ref().map(|gate| Linear::upload(gate, device)).transpose()?,
            inner: match inner {
                Some((to, back)) => Some((Linear::upload(to, device)?, Linear::upload(back, device)?)),
                None => None,
            },
        })
    }

    /// The probability of each expert for `x`, `(batch * length, count)`.
    pub(super) fn probabilities(&self, x: &Tensor) -> Result<Tensor> {
        let outputs = self.router.forward(x)?;
        let (rows, count) = outputs.dims2()?;
        let outputs = outputs.flatten_all()?.to_vec1::<f32>()?;
        Tensor::from_vec(probabilities(&outputs, &self.spec.router, count), (rows, count), x.device())
    }

    /// What is made of `x`, with experts that are chosen by `chooses`.
    pub(super) fn forward(&self, chooses: &Tensor, x: &Tensor) -> Result<Tensor> {
        let outputs = self.router.forward(chooses)?.flatten_all()?.to_vec1::<f32>()?;
        let counts = (self.spec.count, self.spec.chosen);
        let routes = route(&outputs, &self.spec.router, &self.correction, counts);
        let reads = match &self.inner {
            Some((to, _)) => to.forward(x)?,
            None => x.clone(),
        };
        let mut sum = reads.zeros_like()?;
        let experts = self.experts.iter().zip(routes).enumerate();
        for (number, (expert, rows)) in experts.filter(|(_, (_, rows))| !rows.is_empty()) {
            let scale = f64::from(self.scales.get(number).copied().unwrap_or(1.0));
            let n = rows.len();
            let (rows, weights): (Vec<u32>, Vec<f32>) = rows.into_iter().unzip();
            let rows = Tensor::new(rows, x.device())?;
            let weights = (Tensor::from_vec(weights, (n, 1), x.device())? * scale)?;
            let made = expert.forward(&reads.index_select(&rows, 0)?)?.broadcast_mul(&weights)?;
            sum = sum.index_add(&rows, &made, 0)?;
        }
        if let Some((_, back)) = &self.inner {
            sum = back.forward(&sum)?;
        }
        let Some(shared) = &self.shared else { return Ok(sum) };
        let mut made = shared.forward(x)?;
        if let Some(gate) = &self.shared_gate {
            made = made.broadcast_mul(&sigmoid(&gate.forward(x)?)?)?;
        }
        sum + made
    }
}
