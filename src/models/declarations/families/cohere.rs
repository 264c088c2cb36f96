//! Command R (Cohere 2024; `cohere`) and Command R7B (Cohere 2024; `cohere2`): Llama with one norm for attention and MLP side by
//! side.
//!
//! Source: `models/{cohere,cohere2}/modeling_*.py` of Hugging Face transformers.

use serde_json::Value;

use super::{llama, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Names};
use crate::models::declarations::spec::{NormKind, Pairs};
use crate::models::error::Result;

fn parallel(config: &Config, theta: f64) -> Result<Declaration> {
    // Of the logits, which are none of the hidden states.
    config.ignore("logit_scale");
    config.only("use_qk_norm", &Value::from(false))?;
    let defaults = rope::Defaults { theta, ..rope::Defaults::PLAIN };
    let mut spec = llama::spec(config, defaults, NormKind::LayerUnbiased, ("layer_norm_eps", 1e-5))?;
    spec.attention.pairs = Pairs::Neighbours;
    spec.parallel = true;
    let bias = config.flag_or("attention_bias", false)?;
    let names = llama::names(llama::Biases { qkv: bias, attention: bias, mlp: false });
    Ok(Declaration { spec, names: Names { block: Block { mlp_in: None, ..names.block }, ..names } })
}

pub(in crate::models) fn cohere(config: &Config) -> Result<Declaration> {
    parallel(config, 500_000.0)
}

/// Three layers of four see a window, and they alone have rotations.
pub(in crate::models) fn cohere2(config: &Config) -> Result<Declaration> {
    config.only("use_gated_activation", &Value::from(true))?;
    config.only("use_parallel_block", &Value::from(true))?;
    config.only("rotary_pct", &Value::from(1.0))?;
    for unused in [
        "layer_switch",
        "order_of_interleaved_layers",
        "position_embedding_type",
        "use_embedding_sharing",
        "use_parallel_embedding",
    ] {
        config.ignore(unused);
    }
    let Declaration { mut spec, names } = parallel(config, 10_000.0)?;
    let pattern = config.count_or("sliding_window_pattern", 4)?;
    let window = config.count_unless_null("sliding_window", 4096)?;
    llama::slide(config, &mut spec, window, |layer| !(layer + 1).is_multiple_of(pattern))?;
    for block in spec.blocks.iter_mut().filter(|block| block.reach.is_none()) {
        block.rotary = None;
    }
    Ok(Declaration { spec, names })
}
