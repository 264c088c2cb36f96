//! Qwen3-Next (Qwen Team 2025) and Qwen 3.5 (2026): the gated delta rule in three blocks of four, and gated attention in the others.
//!
//! Source: `models/{qwen3_next,qwen3_5,qwen3_5_moe}/modeling_*.py` of Hugging Face transformers.

use super::llama::{self, Biases, QK_NORM};
use super::qwen_moe::WITH_SHARED;
use super::{mixture, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{Draw, Initial, deviation};
use crate::models::declarations::names::{Block, Declaration, Names, Qkv, linear};
use crate::models::declarations::spec::{Delta, DeltaLayout, Mixer, Mlp, NormKind, Router, Spec};
use crate::models::error::Result;

const DEFAULTS: rope::Defaults = rope::Defaults { part: 0.25, d_head: Some(256), ..rope::Defaults::PLAIN };

/// What all have: blocks of two kinds, and a rotation of a part of each head. `d_mlp` is the size of MLPs that are no experts.
fn spec(config: &Config, key_heads: usize, layout: DeltaLayout, d_mlp: usize) -> Result<Spec> {
    // No layer has a window.
    for unread in ["use_sliding_window", "sliding_window", "max_window_layers"] {
        config.ignore(unread);
    }
    let d_head = llama::d_head(config, DEFAULTS.d_head)?;
    let rope = rope::read(config, d_head, config.count("max_position_embeddings")?, DEFAULTS)?;
    let mlp = Mlp { d: d_mlp, activation: config.activation_or("hidden_act", "silu")? };
    let mut spec = llama::spec_of(config, d_head, rope, (NormKind::RmsPlusOne, ("rms_norm_eps", 1e-6)), mlp)?;
    llama::key_heads(config, &mut spec, key_heads)?;
    let delta = delta(config, layout, [16, 32, 128, 128])?;
    let interval = config.count_or("full_attention_interval", 4)?;
    by_kind(config, &mut spec, |layer| (layer + 1).is_multiple_of(interval), Mixer::Delta(delta))?;
    Ok(spec)
}

/// The delta rule of a configuration's keys; `usual` are heads of keys, heads of values, and units of each.
pub(super) fn delta(config: &Config, layout: DeltaLayout, usual: [usize; 4]) -> Result<Delta> {
    let n_key_heads = config.count_or("linear_num_key_heads", usual[0])?;
    let n_value_heads = config.count_or("linear_num_value_heads", usual[1])?;
    if !n_value_heads.is_multiple_of(n_key_heads) {
        let message = format!("is {n_key_heads}, which does not divide {n_value_heads} heads of values");
        return Err(config.error("linear_num_key_heads", message));
    }
    Ok(Delta {
        n_key_heads,
        n_value_heads,
        d_key: config.count_or("linear_key_head_dim", usual[2])?,
        d_value: config.count_or("linear_value_head_dim", usual[3])?,
        width: config.count_or("linear_conv_kernel_dim", 4)?,
        activation: config.activation_or("hidden_act", "silu")?,
        doubled: false,
        eps: None,
        layout,
    })
}

/// Gives `mixer` to the blocks that `layer_types` calls `linear_attention` (or, where it is silent, to those that `attends` does not
/// name), and no rotation.
pub(super) fn by_kind(
    config: &Config,
    spec: &mut Spec,
    attends: impl Fn(usize) -> bool,
    mixer: Mixer,
) -> Result<()> {
    let kinds = config.layer_types(spec.n_layers)?;
    for (layer, block) in spec.blocks.iter_mut().enumerate() {
        let attends = match kinds.as_ref().map(|kinds| kinds[layer].as_str()) {
            None => attends(layer),
            Some("full_attention" | "attention") => true,
            Some("linear_attention" | "mamba") => false,
            Some(other) => return Err(config.other_layer(other)),
        };
        if !attends {
            block.mixer = mixer;
            block.rotary = None;
        }
    }
    Ok(())
}

fn names(config: &Config) -> Result<Names> {
    let bias = config.flag_or("attention_bias", false)?;
    let names = llama::names(Biases { qkv: bias, attention: bias, mlp: false });
    let part = |name| linear(name).bias(bias);
    let block = Block {
        mixer: "layers.{}.linear_attn",
        is_of_kinds: true,
        qkv: Qkv::Gated(
            part("layers.{}.self_attn.q_proj"),
            part("layers.{}.self_attn.k_proj"),
            part("layers.{}.self_attn.v_proj"),
        ),
        qk_norm: Some(QK_NORM),
        ..names.block
    };
    Ok(Names { block, ..names })
}

/// Experts and the MLP beside them.
fn with_experts(
    config: &Config,
    (spec, names): (&mut Spec, Names),
    (count, chosen): (usize, usize),
    normalized: bool,
) -> Result<Names> {
    let count = config.count_or("num_experts", count)?;
    let d = config.count_or("moe_intermediate_size", 512)?;
    let mut experts = mixture::experts(config, (count, chosen), d, &spec.mlp, Router::softmax(normalized))?;
    experts.shared = Some(config.count_or("shared_expert_intermediate_size", 512)?);
    mixture::by_step(config, spec, experts)?;
    Ok(Names { block: Block { experts: Some(WITH_SHARED), ..names.block }, ..names })
}

pub(in crate::models) fn qwen3_next(config: &Config) -> Result<Declaration> {
    config.ignore("num_local_experts");
    let mut spec = spec(config, 2, DeltaLayout::ByHead, config.count_or("intermediate_size", 5632)?)?;
    let normalized = config.flag_or("norm_topk_prob", true)?;
    let names = with_experts(config, (&mut spec, names(config)?), (512, 10), normalized)?;
    Ok(Declaration { spec, names })
}

/// Keys of Qwen 3.5 that are of the predicted tokens beyond the next, or of speed.
fn of_others(config: &Config) {
    for unused in
        ["mtp_num_hidden_layers", "mtp_use_dedicated_embeddings", "mamba_ssm_dtype", "attn_output_gate"]
    {
        config.ignore(unused);
    }
}

/// Where Qwen 3.5 puts its text model.
const PREFIXES: &[&str] =
    &["", "model.", "model.language_model.", "language_model.", "language_model.model."];

pub(in crate::models) fn qwen3_5_text(config: &Config) -> Result<Declaration> {
    config.only("attn_output_gate", &serde_json::Value::from(true))?;
    of_others(config);
    let spec = spec(config, 4, DeltaLayout::InOrder, config.count("intermediate_size")?)?;
    Ok(Declaration { spec, names: Names { prefixes: PREFIXES, ..names(config)? } })
}

pub(in crate::models) fn qwen3_5_moe_text(config: &Config) -> Result<Declaration> {
    config.only("attn_output_gate", &serde_json::Value::from(true))?;
    of_others(config);
    config.only("norm_topk_prob", &serde_json::Value::from(true))?;
    for unused in ["intermediate_size", "num_local_experts"] {
        config.ignore(unused);
    }
    let mut spec = spec(config, 2, DeltaLayout::InOrder, 1)?;
    let names = with_experts(config, (&mut spec, names(config)?), (256, 8), true)?;
    Ok(Declaration { spec, names: Names { prefixes: PREFIXES, ..names } })
}

/// The text model of one that sees.
fn of_seeing(config: &Config, declare: fn(&Config) -> Result<Declaration>) -> Result<Declaration> {
    for unused in [
        "vision_config",
        "image_token_id",
        "video_token_id",
        "vision_start_token_id",
        "vision_end_token_id",
        "language_model_only",
    ] {
        config.ignore(unused);
    }
    let text = config.part_or_empty("text_config")?;
    let declaration = declare(&text)?;
    text.finish()?;
    Ok(declaration)
}

pub(in crate::models) fn qwen3_5(config: &Config) -> Result<Declaration> {
    of_seeing(config, qwen3_5_text)
}

pub(in crate::models) fn qwen3_5_moe(config: &Config) -> Result<Declaration> {
    of_seeing(config, qwen3_5_moe_text)
}

/// Decays between two numbers, and steps that are biased by 1.
pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    Ok(Initial {
        rules: vec![
            ("linear_attn.A_log", Draw::UniformLog { least: 0.01, most: 16.0 }),
            ("linear_attn.dt_bias", Draw::One),
            ("linear_attn.norm.weight", Draw::One),
        ],
        otherwise: Draw::Normal { deviation: deviation(config, "initializer_range", 0.02)? },
    })
}
