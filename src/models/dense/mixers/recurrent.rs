//! The recurrent block of Griffin, on a device, one token after another.

use candle_core::{DType, Device, Result, Tensor};
use candle_nn::ops::sigmoid;

use crate::models::declarations::spec;
use crate::models::dense::layers::{Linear, activate};
use crate::models::dense::pass::Pass;
use crate::models::dense::scan::{Convolution, scan};
use crate::models::packed::mixers::recurrent as packed;

/// The mixer with its weights; [`packed::Recurrent`] says what each is.
pub(in crate::models::dense) struct Recurrent {
    spec: spec::Recurrent,
    inwards: Linear,
    beside: Linear,
    convolution: Convolution,
    gates: Vec<Linear>,
    /// `(d,)`.
    decay: Tensor,
    pub(super) output: Linear,
}

impl Recurrent {
    pub(super) fn upload(block: &packed::Recurrent, device: &Device) -> Result<Self> {
        let convolution = (block.convolution.as_slice(), block.convolution_bias.as_slice());
        Ok(Self {
            spec: block.spec,
            inwards: Linear::upload(&block.inwards, device)?,
            beside: Linear::upload(&block.beside, device)?,
            convolution: Convolution::upload(convolution, None, device)?,
            gates: block.gates.iter().map(|gate| Linear::upload(gate, device)).collect::<Result<_>>()?,
            decay: Tensor::new(block.decay.as_slice(), device)?,
            output: Linear::upload(&block.output, device)?,
        })
    }

    /// What each token takes from those before it, `(batch * length, d)`.
    pub(super) fn mix(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let spec::Recurrent { d, n_groups, activation, .. } = self.spec;
        let (batch, length, size) = (pass.batch, pass.length, d / n_groups);
        let convolved = self.convolution.forward(&self.inwards.forward(x)?, pass.padded)?;
        let (mut inputs, mut decays) = (Vec::with_capacity(n_groups), Vec::with_capacity(n_groups));
        for (group, gates) in self.gates.iter().enumerate() {
            let gates = gates.forward(&convolved.narrow(1, group * size, size)?.contiguous()?)?;
            inputs.push(gates.narrow(1, 0, size)?);
            decays.push(gates.narrow(1, size, size)?);
        }
        let input = sigmoid(&Tensor::cat(&inputs, 1)?)?;
        let log = sigmoid(&Tensor::cat(&decays, 1)?)?.broadcast_mul(&self.decay)?;
        let gated = (&convolved * input)?;
        let share = (1.0 - (&log * 2.0)?.exp()?)?.sqrt()?;
        let by_token = |x: &Tensor| x.reshape((batch, length, d));
        let (whole, kept) = (by_token(&gated)?, by_token(&log.exp()?)?);
        let added = by_token(&(gated * share)?)?;
        let state = Tensor::zeros((batch, 1, d), DType::F32, x.device())?;
        let mixed = scan(pass.padded, d, state, |state, place| {
            // The first token comes in whole.
            let added = if place == 0 { &whole } else { &added };
            let state = ((state * kept.narrow(1, place, 1)?)? + added.narrow(1, place, 1)?)?;
            Ok((state.clone(), state))
        })?;
        mixed * activate(&self.beside.forward(x)?, activation)?
    }
}
