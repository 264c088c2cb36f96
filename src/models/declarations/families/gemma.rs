//! Gemma 1 to 3 (Gemma Team 2024, 2025), text models.
//!
//! Source: `models/{gemma,gemma2,gemma3}/modeling_*.py` of Hugging Face transformers.

use serde_json::{Value, json};

use super::llama::{self, Biases, QK_NORM};
use super::rope::{self, Defaults, Rope};
use crate::models::declarations::activation::Activation;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Names};
use crate::models::declarations::spec::{NormKind, Spec};
use crate::models::error::Result;

/// Units of a head where a configuration is silent.
pub(super) const D_HEAD: Option<usize> = Some(256);

/// What the first two share.
fn spec(config: &Config) -> Result<Spec> {
    config.only("use_bidirectional_attention", &Value::from(false))?;
    let mut spec = llama::spec(
        config,
        Defaults { d_head: D_HEAD, ..Defaults::PLAIN },
        NormKind::RmsPlusOne,
        ("rms_norm_eps", 1e-6),
    )?;
    spec.embeddings.scale = (spec.d_model as f32).sqrt();
    Ok(spec)
}

fn names(config: &Config) -> Result<Names> {
    let bias = config.flag_or("attention_bias", false)?;
    Ok(llama::names(Biases { qkv: bias, attention: bias, mlp: false }))
}

/// Norms before and after each half.
pub(super) fn four_norms(names: &Names) -> Names {
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
    // Where it says `gelu` the tanh form was meant. The other key came later, and says nothing that counts.
    spec.mlp.activation = config.activation_or("hidden_act", "gelu_pytorch_tanh")?;
    if config.string_or("hidden_act", "")? == "gelu" {
        spec.mlp.activation = Activation::GeluTanh;
    }
    config.ignore("hidden_activation");
    Ok(Declaration { spec, names: names(config)? })
}

pub(in crate::models) fn gemma2(config: &Config) -> Result<Declaration> {
    let mut spec = spec(config)?;
    config.ignore("hidden_act");
    spec.mlp.activation = config.activation_or("hidden_activation", "gelu_pytorch_tanh")?;
    scores(config, &mut spec)?;
    spec.attention.cap = config.number_unless_null("attn_logit_softcapping", 50.0)?.map(|cap| cap as f32);
    let window = Some(config.count_or("sliding_window", 4096)?);
    llama::slide(config, &mut spec, window, |layer| layer.is_multiple_of(2))?;
    Ok(Declaration { spec, names: four_norms(&names(config)?) })
}

/// The scale of the scores.
fn scores(config: &Config, spec: &mut Spec) -> Result<()> {
    // Of the logits, which are none of the hidden states.
    config.ignore("final_logit_softcapping");
    spec.attention.scale = 1.0 / (config.number_or("query_pre_attn_scalar", 256.0)? as f32).sqrt();
    Ok(())
}

/// `part`, of a larger configuration, with the sizes that transformers assumes of Gemma 2 and 3 and does not write in a part.
pub(super) fn assumed_sizes(part: Config) -> Config {
    part.with_defaults(&json!({
        "hidden_size": 2304,
        "intermediate_size": 9216,
        "num_hidden_layers": 26,
        "num_attention_heads": 8,
        "num_key_value_heads": 4,
        "head_dim": 256,
    }))
}

/// The rotations of Gemma 3's full and sliding layers. Newer files have an object for each; older ones have scaling for the
/// first alone, and bases beside each other.
pub(super) fn two_rotations(config: &Config, d_head: usize, n_positions: usize) -> Result<(Rope, Rope)> {
    let of_full = rope::with_base(config, "rope_theta", 1_000_000.0)?;
    let of_local = rope::with_base(config, "rope_local_base_freq", 10_000.0)?;
    let scaling = config.part("rope_scaling")?;
    let by_kind = config.part_or_empty("rope_parameters")?;
    let full = by_kind.part_or_empty("full_attention")?.overlaid(scaling);
    let local = by_kind.part_or_empty("sliding_attention")?;
    by_kind.finish()?;
    Ok((
        rope::of_kind(config, full, d_head, n_positions, of_full)?,
        rope::of_kind(config, local, d_head, n_positions, of_local)?,
    ))
}

pub(in crate::models) fn gemma3(config: &Config) -> Result<Declaration> {
    let n_positions = config.count("max_position_embeddings")?;
    let d_head = llama::d_head(config, D_HEAD)?;
    let (full, local) = two_rotations(config, d_head, n_positions)?;
    let mut spec = llama::spec_with(config, d_head, full, NormKind::RmsPlusOne, ("rms_norm_eps", 1e-6))?;
    spec.embeddings.scale = (spec.d_model as f32).sqrt();
    spec.mlp.activation = config.activation_or("hidden_activation", "gelu_pytorch_tanh")?;
    scores(config, &mut spec)?;
    // Queries and keys are normalized instead, and transformers does not read it.
    config.ignore("attn_logit_softcapping");
    let mut window = config.count_or("sliding_window", 4096)?;
    // EmbeddingGemma: the window is over both sides.
    if config.flag_or("use_bidirectional_attention", false)? {
        spec.attention.causal = false;
        window = window / 2 + 1;
    }
    let pattern =
        config.count_or("sliding_window_pattern", config.count_or("_sliding_window_pattern", 6)?)?;
    llama::slide(config, &mut spec, Some(window), |layer| !(layer + 1).is_multiple_of(pattern))?;
    for block in spec.blocks.iter_mut().filter(|block| block.reach.is_some()) {
        block.rotary = Some(local.rotary.clone());
    }
    spec.n_positions = spec.n_positions.map(|limit| local.limit(limit));
    let mut names = four_norms(&names(config)?);
    names.block.qk_norm = Some(QK_NORM);
    Ok(Declaration { spec, names })
}
