//! What families with mixtures of experts share: how many, which layers have them, and what they are called.

use crate::models::declarations::config::Config;
use crate::models::declarations::names::{self, ExpertLayers, Mlp};
use crate::models::declarations::spec::{self, Experts, FeedForward, Router, Spec};
use crate::models::error::Result;

/// The names of Qwen's experts, which many others have.
pub(super) const QWEN: names::Experts = names::Experts::new(
    "layers.{}.mlp.gate",
    ExpertLayers::Either {
        apart: Mlp::gated(
            "layers.{}.mlp.experts.{expert}.gate_proj",
            "layers.{}.mlp.experts.{expert}.up_proj",
            "layers.{}.mlp.experts.{expert}.down_proj",
        ),
        gate_up: "layers.{}.mlp.experts.gate_up_proj",
        down: "layers.{}.mlp.experts.down_proj",
    },
);

/// Those of Mixtral's.
pub(super) const MIXTRAL: names::Experts = names::Experts::new(
    "layers.{}.block_sparse_moe.gate",
    ExpertLayers::Apart(Mlp::gated(
        "layers.{}.block_sparse_moe.experts.{expert}.w1",
        "layers.{}.block_sparse_moe.experts.{expert}.w3",
        "layers.{}.block_sparse_moe.experts.{expert}.w2",
    )),
);

/// Those of Granite's.
pub(super) const GRANITE: names::Experts = names::Experts::new(
    "layers.{}.block_sparse_moe.router.layer",
    ExpertLayers::Stacked {
        gate_up: "layers.{}.block_sparse_moe.input_linear.weight",
        down: "layers.{}.block_sparse_moe.output_linear.weight",
        turned: false,
    },
);

/// The number of experts, under any of `keys`, which mean the same.
pub(super) fn count(config: &Config, keys: &[&str], usual: usize) -> Result<usize> {
    let mut found = None;
    for key in keys {
        let count = config.count_if_any(key)?;
        if let Some((count, (other, known))) = count.zip(found)
            && count != known
        {
            return Err(config.error(key, format!("is {count}, but `{other}` is {known}")));
        }
        found = found.or(count.map(|count| (*key, count)));
    }
    Ok(found.map_or(usual, |(_, count)| count))
}

/// Experts of hidden layers of `d` units: how many, and how many of them are `chosen` where nothing is said.
pub(super) fn experts(
    config: &Config,
    (count, chosen): (usize, usize),
    d: usize,
    mlp: &spec::Mlp,
    router: Router,
) -> Result<Experts> {
    // Of training alone.
    for unused in ["router_aux_loss_coef", "router_z_loss_coef", "input_jitter_noise", "router_jitter_noise"]
    {
        config.ignore(unused);
    }
    let chosen = config.count_or("num_experts_per_tok", chosen)?;
    if chosen > count {
        let message = format!("is {chosen}, but there are {count} experts");
        return Err(config.error("num_experts_per_tok", message));
    }
    let activation = mlp.activation;
    Ok(Experts { count, chosen, d, activation, clamp: None, router, shared: None, inner: None })
}

/// Every block has them.
pub(super) fn everywhere(spec: &mut Spec, experts: Experts) {
    for block in &mut spec.blocks {
        block.feed_forward = FeedForward::Experts(experts);
    }
}

/// Every `decoder_sparse_step`th block has them, but those of `mlp_only_layers`.
pub(super) fn by_step(config: &Config, spec: &mut Spec, experts: Experts) -> Result<()> {
    let step = config.count_or("decoder_sparse_step", 1)?;
    let plain = config.numbers("mlp_only_layers")?.unwrap_or_default();
    for (layer, block) in spec.blocks.iter_mut().enumerate() {
        let has_them = (layer + 1).is_multiple_of(step) && !plain.contains(&(layer as f64));
        if has_them {
            block.feed_forward = FeedForward::Experts(experts);
        }
    }
    Ok(())
}
