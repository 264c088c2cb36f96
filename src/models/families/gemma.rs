//! Gemma 1 to 3 (Gemma Team 2024, 2025), text models.
//!
//! Source: `models/{gemma,gemma2,gemma3}/modeling_*.py` of Hugging Face transformers.

use serde_json::Value;

use super::llama::{self, Biases, QK_NORM};
use super::rope::{self, Defaults};
use crate::models::activation::Activation;
use crate::models::config::Config;
use crate::models::error::Result;
use crate::models::names::{Block, Declaration, Names};
use crate::models::spec::{NormKind, Spec};

/// What the first two share.
fn spec(config: &Config) -> Result<Spec> {
    config.only("use_bidirectional_attention", &Value::from(false))?;
    let mut spec = llama::spec(config, Defaults::PLAIN, NormKind::RmsPlusOne, ("rms_norm_eps", 1e-6))?;
    spec.embeddings.scale = (spec.d_model as f32).sqrt();
    // `hidden_act` came first, and where it said `gelu` the tanh form was meant.
    config.ignore("hidden_act");
    spec.mlp.activation = config.activation_or("hidden_activation", "gelu_pytorch_tanh")?;
    Ok(spec)
}

fn names(config: &Config) -> Result<Names> {
    let bias = config.flag_or("attention_bias", false)?;
    Ok(llama::names(Biases { qkv: bias, attention: bias, mlp: false }))
}

/// Norms before and after each half.
fn four_norms(names: &Names) -> Names {
    let block = Block {
        attention_out: Some("layers.{}.post_attention_layernorm"),
        mlp_in: Some("layers.{}.pre_feedforward_layernorm"),
        mlp_out: Some("layers.{}.post_feedforward_layernorm"),
        ..names.block
    };
    Names { block, ..*names }
}

pub(in crate::models) fn gemma(config: &Config) -> Result<Declaration> {
    let mut spec = spec(config)?;
    let activation = config.activation_or("hidden_act", "gelu_pytorch_tanh")?;
    if !config.has("hidden_activation") {
        spec.mlp.activation = if activation == Activation::Gelu { Activation::GeluTanh } else { activation };
    }
    Ok(Declaration { spec, names: names(config)? })
}

pub(in crate::models) fn gemma2(config: &Config) -> Result<Declaration> {
    let mut spec = spec(config)?;
    scores(config, &mut spec)?;
    let window = Some(config.count_or("sliding_window", 4096)?);
    llama::slide(config, &mut spec, window, |layer| layer.is_multiple_of(2))?;
    Ok(Declaration { spec, names: four_norms(&names(config)?) })
}

/// Scale and cap of the scores.
fn scores(config: &Config, spec: &mut Spec) -> Result<()> {
    // Of the logits, which are none of the hidden states.
    config.ignore("final_logit_softcapping");
    spec.attention.scale = 1.0 / (config.number_or("query_pre_attn_scalar", 256.0)? as f32).sqrt();
    spec.attention.cap = config.number_if_any("attn_logit_softcapping")?.map(|cap| cap as f32);
    Ok(())
}

/// `T5Gemma` (Zhang et al. 2025): Gemma 2 whose tokens see in both directions, as an encoder.
pub(in crate::models) fn t5gemma(config: &Config) -> Result<Declaration> {
    for decoder in ["decoder", "dropout_rate", "classifier_dropout_rate", "vocab_size"] {
        config.ignore(decoder);
    }
    let part = config.part("encoder")?.ok_or_else(|| config.error("encoder", "is missing"))?;
    part.only("is_decoder", &Value::from(false))?;
    for unused in ["dropout_rate", "cross_attention_hidden_size"] {
        part.ignore(unused);
    }
    let Declaration { mut spec, names } = gemma2(&part)?;
    part.finish()?;
    spec.attention.causal = false;
    for block in &mut spec.blocks {
        // In both directions the window counts the tokens on each side, the token itself not among them.
        block.reach = block.reach.map(|reach| reach + 1);
    }
    let block = Block {
        attention_in: Some("layers.{}.pre_self_attn_layernorm"),
        attention_out: Some("layers.{}.post_self_attn_layernorm"),
        ..names.block
    };
    Ok(Declaration { spec, names: Names { prefixes: &["encoder.", "model.encoder."], block, ..names } })
}

pub(in crate::models) fn gemma3(config: &Config) -> Result<Declaration> {
    let by_kind = config.part("rope_parameters")?;
    let defaults = Defaults { theta: 1_000_000.0, part: 1.0 };
    let local_defaults = Defaults { theta: config.number_or("rope_local_base_freq", 10_000.0)?, part: 1.0 };
    config.only("use_bidirectional_attention", &Value::from(false))?;
    let n_positions = config.count("max_position_embeddings")?;
    let d_head = llama::d_head(config)?;
    let (full, local) = match &by_kind {
        Some(by_kind) => {
            let of = |kind: &str, defaults| match by_kind.part(kind)? {
                Some(part) => rope::of_part(config, &part, d_head, n_positions, defaults),
                None => Err(by_kind.error(kind, "is missing")),
            };
            let both = (of("full_attention", defaults)?, of("sliding_attention", local_defaults)?);
            by_kind.finish()?;
            both
        }
        None => (
            rope::read(config, d_head, n_positions, defaults)?,
            rope::of_part(config, &Config::empty(config), d_head, n_positions, local_defaults)?,
        ),
    };
    let mut spec = llama::spec_with(config, full, NormKind::RmsPlusOne, ("rms_norm_eps", 1e-6))?;
    spec.embeddings.scale = (spec.d_model as f32).sqrt();
    spec.mlp.activation = config.activation_or("hidden_activation", "gelu_pytorch_tanh")?;
    scores(config, &mut spec)?;
    let window = Some(config.count_or("sliding_window", 4096)?);
    let pattern =
        config.count_or("sliding_window_pattern", config.count_or("_sliding_window_pattern", 6)?)?;
    llama::slide(config, &mut spec, window, |layer| !(layer + 1).is_multiple_of(pattern))?;
    for block in spec.blocks.iter_mut().filter(|block| block.reach.is_some()) {
        block.rotary = Some(local.rotary.clone());
    }
    let mut names = four_norms(&names(config)?);
    names.block.qk_norm = Some(QK_NORM);
    Ok(Declaration { spec, names })
}
