//! Mixtral (Jiang et al. 2024) and Phi-3.5-MoE (Abdin et al. 2024).
//!
//! Source: `models/{mixtral,phimoe}/modeling_*.py` of Hugging Face transformers.

use super::llama::{self, Biases};
use super::{mixture, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Names};
use crate::models::declarations::spec::{NormKind, Router, Score, Spec};
use crate::models::error::Result;

const DEFAULTS: rope::Defaults = rope::Defaults { theta: 1_000_000.0, ..rope::Defaults::PLAIN };

fn finish(config: &Config, mut spec: Spec, count: usize, router: Router, bias: bool) -> Result<Declaration> {
    llama::key_heads(config, &mut spec, 8)?;
    let experts = mixture::experts(config, (count, 2), spec.mlp.d, &spec.mlp, router)?;
    mixture::everywhere(&mut spec, experts);
    if let Some(window) = config.count_if_any("sliding_window")? {
        spec.blocks.iter_mut().for_each(|block| block.reach = Some(window - 1));
    }
    let names = llama::names(Biases { qkv: bias, attention: bias, mlp: false });
    let block = Block { experts: Some(mixture::MIXTRAL), ..names.block };
    Ok(Declaration { spec, names: Names { block, ..names } })
}

pub(in crate::models) fn mixtral(config: &Config) -> Result<Declaration> {
    let spec = llama::spec(config, DEFAULTS, NormKind::Rms, ("rms_norm_eps", 1e-5))?;
    let count = mixture::count(config, &["num_local_experts", "num_experts"], 8)?;
    finish(config, spec, count, Router::softmax(true), false)
}

/// Two experts a token, one after the other.
pub(in crate::models) fn phimoe(config: &Config) -> Result<Declaration> {
    config.ignore("lm_head_bias");
    let rope = match rescaled(config)? {
        Some(rope) => rope,
        None => rope::read(
            config,
            llama::d_head(config, None)?,
            config.count("max_position_embeddings")?,
            DEFAULTS,
        )?,
    };
    let d_head = llama::d_head(config, None)?;
    let spec = llama::spec_with(config, d_head, rope, NormKind::Layer, ("rms_norm_eps", 1e-5))?;
    let score = Score::Sparsemixer { nearness: config.number_or("router_jitter_noise", 0.01)? as f32 };
    let count = config.count_or("num_local_experts", 16)?;
    if count < 2 || config.count_or("num_experts_per_tok", 2)? != 2 {
        return Err(config
            .error("num_experts_per_tok", "is not 2, or there are fewer experts; this router takes two"));
    }
    let router = Router { score, ..Router::softmax(false) };
    finish(config, spec, count, router, config.flag_or("attention_bias", false)?)
}

/// LongRoPE, whose cosines and sines have a scale of their own under keys of their own.
fn rescaled(config: &Config) -> Result<Option<rope::Rope>> {
    let key = if config.has("rope_scaling") { "rope_scaling" } else { "rope_parameters" };
    let Some(parameters) = config.part(key)? else { return Ok(None) };
    let kind = parameters.string_or("rope_type", &parameters.string_or("type", "default")?)?;
    if kind == "default" || !parameters.has("short_mscale") {
        return Ok(None);
    }
    let scale = parameters.number_or("short_mscale", 1.0)?;
    let original = parameters.count_if_any("original_max_position_embeddings")?;
    let parameters = parameters.without(&["short_mscale", "long_mscale"]);
    // Every kind has one, for the sake of these scales.
    for of_scales in [&parameters, config] {
        of_scales.ignore("original_max_position_embeddings");
    }
    let theta = config.number_or("rope_theta", DEFAULTS.theta)?;
    let d_head = llama::d_head(config, None)?;
    let n_positions = config.count("max_position_embeddings")?;
    let mut rope =
        rope::of_part(config, &parameters, d_head, n_positions, rope::Defaults { theta, ..DEFAULTS })?;
    rope.rotary.scale = scale as f32;
    // Beyond the first training's length another scale holds, whatever the kind.
    rope.n_positions = rope.n_positions.into_iter().chain(original).min();
    Ok(Some(rope))
}
