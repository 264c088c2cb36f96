//! An attention layer, on a device.

use candle_core::{Device, Result, Tensor};
use candle_nn::ops::sigmoid;

use super::disentangled::Distances;
use crate::models::declarations::spec;
use crate::models::dense::layers::{Linear, Norms};
use crate::models::dense::pass::{Pass, Visible, by_pair};
use crate::models::dense::scores;
use crate::models::packed::distances::DistanceTable;
use crate::models::packed::mixers::attention as packed;

/// An attention layer with its weights.
pub(in crate::models::dense) struct Attention {
    pub(super) spec: spec::Attention,
    reach: Option<usize>,
    rotary: Option<usize>,
    qkv: Linear,
    qk_norm: Option<(Norms, Norms)>,
    value_norm: Option<Norms>,
    keys_of: Option<usize>,
    keeps: Option<usize>,
    distances: Option<Distances>,
    bias: Option<DistanceTable>,
    /// `(1, n_heads, 1, 1)`.
    sinks: Option<Tensor>,
    gate: Option<Linear>,
    pub(super) output: Linear,
}

impl Attention {
    pub(super) fn upload(layer: &packed::Attention, device: &Device) -> Result<Self> {
        let scale = layer.spec.scale;
        let distances = layer.distances.as_ref();
        Ok(Self {
            spec: layer.spec.clone(),
            reach: layer.reach,
            rotary: layer.rotary,
            qkv: Linear::upload(&layer.qkv, device)?,
            qk_norm: match &layer.qk_norm {
                Some((query, key)) => {
                    // Where keys are those of another block, there is no norm of them, and this one is not looked at.
                    let key = if key.is_empty() { query } else { key };
                    Some((Norms::upload(query, device)?, Norms::upload(key, device)?))
                }
                None => None,
            },
            value_norm: match &layer.value_norm {
                Some(norm) => Some(Norms::upload(std::slice::from_ref(norm), device)?),
                None => None,
            },
            keys_of: layer.keys_of,
            keeps: layer.keeps,
            bias: layer.bias.clone(),
            distances: distances.map(|of| Distances::upload(of, scale, device)).transpose()?,
            sinks: match &layer.sinks {
                Some(sinks) => Some(Tensor::from_slice(sinks, (1, sinks.len(), 1, 1), device)?),
                None => None,
            },
            gate: layer.gate.as_ref().map(|gate| Linear::upload(gate, device)).transpose()?,
            output: Linear::upload(&layer.output, device)?,
        })
    }

    /// What its tokens see.
    pub(in crate::models::dense) fn visible(&self) -> Visible {
        Visible { causal: self.spec.causal, reach: self.reach }
    }

    /// What each token takes from those it sees, `(batch * length, n_heads d_head)`.
    pub(super) fn mix(&self, x: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let mixed = self.attend(&self.project(x)?, pass)?;
        match &self.gate {
            Some(gate) => {
                // One for each unit, or one for each head.
                let gate = sigmoid(&gate.forward(x)?)?;
                let (rows, gates) = gate.dims2()?;
                let each = mixed.dim(1)? / gates;
                let gated =
                    mixed.reshape((rows, gates, each))?.broadcast_mul(&gate.reshape((rows, gates, 1))?)?;
                gated.reshape((rows, gates * each))
            }
            None => Ok(mixed),
        }
    }

    /// Queries, keys and values, `(batch * length, (n_heads + 2 n_kv_heads) d_head)`.
    pub(super) fn project(&self, x: &Tensor) -> Result<Tensor> {
        self.qkv.forward(x)
    }

    /// What each token takes, of queries, keys and values.
    pub(super) fn attend(&self, qkv: &Tensor, pass: &Pass<'_>) -> Result<Tensor> {
        let spec::Attention { n_heads, n_kv_heads, d_head, scale, growth, .. } = self.spec;
        let (of_queries, of_keys) = (n_heads * d_head, n_kv_heads * d_head);
        let part = |start, size| qkv.narrow(1, start, size)?.contiguous();
        let clipped = |x: Tensor| match self.spec.clip {
            Some(clip) => x.clamp(-clip, clip),
            None => Ok(x),
        };
        let turned = |x: Tensor| match self.rotary {
            Some(rotary) => scores::rotate(&x, &pass.rotations[rotary]),
            None => Ok(x),
        };
        let mut queries = part(0, of_queries)?;
        if let Some((norms, _)) = &self.qk_norm {
            queries = norms.forward(&queries)?;
        }
        let mut queries = turned(scores::by_head(&clipped(queries)?, n_heads, d_head, pass)?)?;
        let kept = self.keys_of.and_then(|layer| pass.carried.keys.borrow().get(&layer).cloned());
        let (keys, values) = if let Some(kept) = kept {
            kept
        } else {
            let mut keys = part(of_queries, of_keys)?;
            let mut values = part(of_queries + of_keys, of_keys)?;
            if let Some((_, norms)) = &self.qk_norm {
                keys = norms.forward(&keys)?;
            }
            if let Some(norms) = &self.value_norm {
                values = norms.forward(&values)?;
            }
            let keys = turned(scores::by_head(&clipped(keys)?, n_kv_heads, d_head, pass)?)?;
            (keys, scores::by_head(&clipped(values)?, n_kv_heads, d_head, pass)?)
        };
        if let Some(layer) = self.keeps {
            pass.carried.keys.borrow_mut().insert(layer, (keys.clone(), values.clone()));
        }
        if let Some(growth) = growth {
            let factors = (0..pass.length)
                .map(|position| growth.beta.mul_add(((1 + position / growth.period) as f32).ln(), 1.0));
            let factors = Tensor::from_iter(factors, &pass.device)?;
            queries = queries.broadcast_mul(&factors.reshape((1, 1, pass.length, 1))?)?;
        }
        let queries = (queries * f64::from(scale))?;
        let extra = match &self.distances {
            Some(distances) => distances.scores(&queries, &keys, pass)?,
            None => None,
        };
        let own = match &self.bias {
            Some(bias) => Some(by_pair(&bias.up_to(pass.length), pass.length, &pass.device)?),
            None => None,
        };
        let extra = extra.or(own);
        let qkv = (&queries, &keys, &values);
        scores::attend(qkv, (extra.as_ref(), self.sinks.as_ref()), &self.spec, self.visible(), pass)
    }
}
