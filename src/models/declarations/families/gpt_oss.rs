//! gpt-oss (`OpenAI` 2025): attention that may be paid to nothing, and experts whose gates are clamped.
//!
//! Source: `models/gpt_oss/modeling_gpt_oss.py` of Hugging Face transformers.

use serde_json::{Value, json};

use super::llama::{self, Biases};
use super::{mixture, rope};
use crate::models::declarations::activation::Activation;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{self, Block, Declaration, ExpertLayers, Names};
use crate::models::declarations::spec::{NormKind, Router};
use crate::models::error::Result;

const EXPERTS: names::Experts = names::Experts::new(
    "layers.{}.mlp.router",
    ExpertLayers::Interleaved {
        gate_up: "layers.{}.mlp.experts.gate_up_proj",
        down: "layers.{}.mlp.experts.down_proj",
    },
);

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    // Said once more in other keys, or not read.
    for unused in ["experts_per_token", "initial_context_length", "hidden_act"] {
        config.ignore(unused);
    }
    config.only("swiglu_alpha", &Value::from(1.702))?;
    let d_head = config.count_unless_null("head_dim", 64)?;
    let d_head = llama::d_head(config, d_head)?;
    let n_positions = config.count("max_position_embeddings")?;
    let theta = config.number_or("rope_theta", 150_000.0)?;
    let defaults = rope::Defaults { theta, ..rope::Defaults::PLAIN };
    let rope = if config.has("rope_scaling") || config.has("rope_parameters") {
        rope::read(config, d_head, n_positions, defaults)?
    } else {
        let assumed = json!({
            "rope_type": "yarn", "factor": 32.0, "beta_fast": 32.0, "beta_slow": 1.0, "truncate": false,
            "original_max_position_embeddings": 4096,
        });
        rope::of_part(config, &Config::empty(config).with_defaults(&assumed), d_head, n_positions, defaults)?
    };
    let mut spec = llama::spec_with(config, d_head, rope, NormKind::Rms, ("rms_norm_eps", 1e-5))?;
    llama::key_heads(config, &mut spec, 8)?;
    let window = config.count_unless_null("sliding_window", 128)?;
    llama::slide(config, &mut spec, window, |layer| layer.is_multiple_of(2))?;
    let count = mixture::count(config, &["num_local_experts", "num_experts"], 128)?;
    let router = Router { bias: true, ..Router::softmax(true) };
    let mut experts = mixture::experts(config, (count, 4), spec.mlp.d, &spec.mlp, router)?;
    experts.activation = Activation::GeluSigmoid;
    experts.clamp = Some(config.number_or("swiglu_limit", 7.0)? as f32);
    mixture::everywhere(&mut spec, experts);
    let bias = config.flag_or("attention_bias", true)?;
    let names = llama::names(Biases { qkv: bias, attention: bias, mlp: false });
    let block = Block { sinks: Some("layers.{}.self_attn.sinks"), experts: Some(EXPERTS), ..names.block };
    Ok(Declaration { spec, names: Names { block, ..names } })
}
