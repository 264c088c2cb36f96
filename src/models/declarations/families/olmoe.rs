//! `OLMoE` (Muennighoff et al. 2024) and `FlexOlmo` (Shi et al. 2025): OLMo 2 whose MLPs are mixtures of experts.
//!
//! Source: `models/{olmoe,flex_olmo}/modeling_*.py` of Hugging Face transformers.

use super::llama::{self, Biases, QK_NORM};
use super::{mixture, olmo, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Names, NormOver, QkNorm};
use crate::models::declarations::spec::{NormKind, Router};
use crate::models::error::Result;

fn declare(config: &Config, names: &Names, defaults: (f64, usize, usize), theta: f64) -> Result<Declaration> {
    let (eps, count, chosen) = defaults;
    let defaults = rope::Defaults { theta, ..rope::Defaults::PLAIN };
    let mut spec = llama::spec(config, defaults, NormKind::Rms, ("rms_norm_eps", eps))?;
    let router = Router::softmax(config.flag_or("norm_topk_prob", false)?);
    let count = mixture::count(config, &["num_local_experts", "num_experts"], count)?;
    let experts = mixture::experts(config, (count, chosen), spec.mlp.d, &spec.mlp, router)?;
    mixture::everywhere(&mut spec, experts);
    spec.attention.clip = config.number_if_any("clip_qkv")?.map(|clip| clip as f32);
    let block = Block { experts: Some(mixture::QWEN), ..names.block };
    Ok(Declaration { spec, names: Names { block, ..*names } })
}

/// Norms before each half, and of queries and keys, all heads at once.
pub(in crate::models) fn olmoe(config: &Config) -> Result<Declaration> {
    let bias = config.flag_or("attention_bias", false)?;
    let names = llama::names(Biases { qkv: bias, attention: bias, mlp: false });
    let block = Block { qk_norm: Some(QkNorm { over: NormOver::All, ..QK_NORM }), ..names.block };
    declare(config, &Names { block, ..names }, (1e-5, 64, 8), 10_000.0)
}

/// Norms after each half.
pub(in crate::models) fn flex_olmo(config: &Config) -> Result<Declaration> {
    config.only("clip_qkv", &serde_json::Value::Null)?;
    let names = olmo::norms_after(config.flag_or("attention_bias", false)?);
    declare(config, &names, (1e-6, 7, 5), 500_000.0)
}
