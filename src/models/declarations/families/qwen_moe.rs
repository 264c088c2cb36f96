//! Qwen 1.5 and 2 (Qwen Team 2024) and Qwen 3 (2025) with mixtures of experts.
//!
//! Source: `models/{qwen2_moe,qwen3_moe}/modeling_*.py` of Hugging Face transformers.

use super::llama::{self, Biases, QK_NORM};
use super::{mixture, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{self, Block, Declaration, Mlp, Names};
use crate::models::declarations::spec::{NormKind, Router, Spec};
use crate::models::error::Result;

/// What both have of Llama.
fn spec(config: &Config) -> Result<Spec> {
    config.only("use_mrope", &serde_json::Value::from(false))?;
    llama::spec(config, rope::Defaults::PLAIN, NormKind::Rms, ("rms_norm_eps", 1e-6))
}

/// The names of an MLP that all tokens go through beside Qwen's experts, with a gate.
pub(super) const WITH_SHARED: names::Experts = names::Experts {
    shared: Mlp::gated(
        "layers.{}.mlp.shared_expert.gate_proj",
        "layers.{}.mlp.shared_expert.up_proj",
        "layers.{}.mlp.shared_expert.down_proj",
    ),
    shared_gate: Some("layers.{}.mlp.shared_expert_gate"),
    ..mixture::QWEN
};

pub(in crate::models) fn qwen2_moe(config: &Config) -> Result<Declaration> {
    let mut spec = spec(config)?;
    llama::key_heads(config, &mut spec, 16)?;
    // Every second layer below a limit, not as in Qwen 2 those from it on.
    let slides = config.flag_or("use_sliding_window", false)?;
    let below = config.whole_or("max_window_layers", 28)?;
    let window = if slides {
        config.count_unless_null("sliding_window", 4096)?
    } else {
        config.ignore("sliding_window");
        None
    };
    llama::slide(config, &mut spec, window, |layer| slides && layer.is_multiple_of(2) && layer < below)?;
    let d = config.count_or("moe_intermediate_size", 1408)?;
    let router = Router::softmax(config.flag_or("norm_topk_prob", false)?);
    let count = config.count_or("num_experts", 60)?;
    config.ignore("num_local_experts");
    let mut experts = mixture::experts(config, (count, 4), d, &spec.mlp, router)?;
    experts.shared = Some(config.count_or("shared_expert_intermediate_size", 5632)?);
    mixture::by_step(config, &mut spec, experts)?;
    let bias = config.flag_or("qkv_bias", true)?;
    let names = llama::names(Biases { qkv: bias, attention: false, mlp: false });
    let block = Block { experts: Some(WITH_SHARED), ..names.block };
    Ok(Declaration { spec, names: Names { block, ..names } })
}

pub(in crate::models) fn qwen3_moe(config: &Config) -> Result<Declaration> {
    let mut spec = spec(config)?;
    llama::key_heads(config, &mut spec, 4)?;
    config.ignore("max_window_layers");
    let slides = config.flag_or("use_sliding_window", false)?;
    let window = config.value("sliding_window").is_some() || slides;
    if slides && window {
        let window = config.count_unless_null("sliding_window", 4096)?;
        spec.blocks.iter_mut().for_each(|block| block.reach = window.map(|window| window - 1));
    }
    let d = config.count_or("moe_intermediate_size", 768)?;
    let router = Router::softmax(config.flag_or("norm_topk_prob", false)?);
    let count = mixture::count(config, &["num_local_experts", "num_experts"], 128)?;
    let experts = mixture::experts(config, (count, 8), d, &spec.mlp, router)?;
    mixture::by_step(config, &mut spec, experts)?;
    let bias = config.flag_or("attention_bias", false)?;
    let names = llama::names(Biases { qkv: bias, attention: bias, mlp: false });
    let block = Block { qk_norm: Some(QK_NORM), experts: Some(mixture::QWEN), ..names.block };
    Ok(Declaration { spec, names: Names { block, ..names } })
}
