//! LFM2 (Liquid AI 2025), with experts, and LFM3 (2026): short convolutions in most blocks, and attention in some.
//!
//! Source: `models/{lfm2,lfm2_moe,lfm3}/modeling_*.py` of Hugging Face transformers.

use super::llama::{self, Biases, QK_NORM};
use super::{mixture, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{
    self, Block, Declaration, ExpertLayers, Mlp, Names, NormOver, QkNorm, linear,
};
use crate::models::declarations::spec::{self, FeedForward, Mixer, NormKind, Router, Score, Short, Spec};
use crate::models::error::Result;

const DEFAULTS: rope::Defaults = rope::Defaults { theta: 1_000_000.0, ..rope::Defaults::PLAIN };

/// The names that all three share; `bias` is of attention.
fn names(bias: bool, output: &'static str) -> Names {
    let names = llama::names(Biases { qkv: bias, attention: bias, mlp: false });
    let block = Block {
        mixer: "layers.{}.conv",
        is_of_kinds: true,
        attention: linear(output).bias(bias),
        attention_in: Some("layers.{}.operator_norm"),
        mlp_in: Some("layers.{}.ffn_norm"),
        mlp: Mlp::gated(
            "layers.{}.feed_forward.w1",
            "layers.{}.feed_forward.w3",
            "layers.{}.feed_forward.w2",
        ),
        ..names.block
    };
    Names { block, final_norm: Some("embedding_norm"), ..names }
}

/// LFM2's norms of queries and keys.
const NORMS: QkNorm = QkNorm {
    query: "layers.{}.self_attn.q_layernorm",
    key: "layers.{}.self_attn.k_layernorm",
    over: NormOver::Head,
};

/// The block of a convolution.
fn convolution(config: &Config, width: usize) -> Result<spec::Block> {
    let short =
        Short { width: config.count_or("conv_L_cache", width)?, bias: config.flag_or("conv_bias", false)? };
    Ok(spec::Block { mixer: Mixer::Short(short), ..spec::Block::default() })
}

/// Blocks by `layer_types`, or, where it is silent, by what `attends` says.
fn lfm2_spec(config: &Config, d_mlp: usize, attends: impl Fn(usize) -> bool) -> Result<Spec> {
    // Said once more in other keys, by the first files.
    for unused in [
        "block_dim",
        "conv_dim",
        "conv_dim_out",
        "block_norm_eps",
        "block_mlp_init_scale",
        "block_out_init_scale",
        "block_use_swiglu",
        "block_use_xavier_init",
        "conv_use_xavier_init",
        "num_heads",
        "theta",
        "use_pos_enc",
        "tie_embedding",
    ] {
        config.ignore(unused);
    }
    let d_head = llama::d_head(config, None)?;
    let rope = rope::read(config, d_head, config.count("max_position_embeddings")?, DEFAULTS)?;
    let mlp = spec::Mlp { d: d_mlp, activation: crate::models::declarations::activation::Activation::Silu };
    let mut spec = llama::spec_of(config, d_head, rope, (NormKind::Rms, ("norm_eps", 1e-5)), mlp)?;
    llama::key_heads(config, &mut spec, 8)?;
    let kinds = config.layer_types(spec.n_layers)?;
    let convolution = convolution(config, 3)?;
    for (layer, block) in spec.blocks.iter_mut().enumerate() {
        let attends = match kinds.as_ref().map(|kinds| kinds[layer].as_str()) {
            None => attends(layer),
            Some("full_attention") => true,
            Some("conv") => false,
            Some(other) => return Err(config.other_layer(other)),
        };
        if !attends {
            *block = convolution.clone();
        }
    }
    Ok(spec)
}

pub(in crate::models) fn lfm2(config: &Config) -> Result<Declaration> {
    // The older name counts.
    let given = config.count_or("intermediate_size", 12_288)?;
    let mut d = config.count_or("block_ff_dim", given)?;
    let (multiple, times) = (
        config.count_or("block_multiple_of", 256)?,
        config.number_unless_null("block_ffn_dim_multiplier", 1.0)?,
    );
    if config.flag_or("block_auto_adjust_ff_dim", true)? {
        d = 2 * d / 3;
        if let Some(times) = times {
            d = (times * d as f64) as usize;
            if d > 1 << 31 || multiple > 1 << 31 {
                return Err(config
                    .error("block_ffn_dim_multiplier", format!("makes {d} units, more than any model has")));
            }
            d = d.next_multiple_of(multiple);
        }
        if d == 0 {
            return Err(config.error("block_ffn_dim_multiplier", "leaves no units"));
        }
    }
    let full = config.numbers("full_attn_idxs")?;
    let spec = lfm2_spec(config, d, |layer| full.as_ref().is_none_or(|full| full.contains(&(layer as f64))))?;
    let names = names(false, "layers.{}.self_attn.out_proj");
    Ok(Declaration { spec, names: Names { block: Block { qk_norm: Some(NORMS), ..names.block }, ..names } })
}

pub(in crate::models) fn lfm2_moe(config: &Config) -> Result<Declaration> {
    if !config.has("layer_types") {
        return Err(config.error("layer_types", "is missing"));
    }
    let mut spec = lfm2_spec(config, config.count_or("intermediate_size", 7168)?, |_| true)?;
    let dense = config.whole_or("num_dense_layers", 2)?;
    let router = Router {
        score: Score::Sigmoid,
        corrected: config.flag_or("use_expert_bias", true)?,
        normalized: config.flag_or("norm_topk_prob", true)?.then_some(1e-6),
        scale: config.number_or("routed_scaling_factor", 1.0)? as f32,
        ..Router::softmax(false)
    };
    let d = config.count_or("moe_intermediate_size", 1792)?;
    let count = config.count_or("num_experts", 32)?;
    let experts = mixture::experts(config, (count, 4), d, &spec.mlp, router)?;
    for block in spec.blocks.iter_mut().skip(dense) {
        block.feed_forward = FeedForward::Experts(experts);
    }
    let names = names(false, "layers.{}.self_attn.out_proj");
    let experts = names::Experts {
        correction: "layers.{}.feed_forward.expert_bias",
        ..names::Experts::new(
            "layers.{}.feed_forward.gate",
            ExpertLayers::Apart(Mlp::gated(
                "layers.{}.feed_forward.experts.{expert}.w1",
                "layers.{}.feed_forward.experts.{expert}.w3",
                "layers.{}.feed_forward.experts.{expert}.w2",
            )),
        )
    };
    let block = Block { qk_norm: Some(NORMS), experts: Some(experts), ..names.block };
    Ok(Declaration { spec, names: Names { block, ..names } })
}

/// The rotation of one kind of layer.
fn lfm3_rotary(config: &Config, parameters: Config, d_head: usize, theta: f64) -> Result<Option<rope::Rope>> {
    if parameters.is_empty() {
        return Ok(None);
    }
    let n_positions = config.count("max_position_embeddings")?;
    let defaults = rope::Defaults { theta, ..DEFAULTS };
    if parameters.string_or("rope_type", "default")? != "proportional" {
        return rope::of_kind(config, parameters, d_head, n_positions, defaults).map(Some);
    }
    rope::proportional(config, parameters, d_head, n_positions, defaults).map(Some)
}

pub(in crate::models) fn lfm3(config: &Config) -> Result<Declaration> {
    config.ignore("tie_embedding");
    let d_head = llama::d_head(config, Some(128))?;
    let (full, local) = if let Some(kinds) = config.part("rope_parameters")? {
        let read = |key: &str, theta| lfm3_rotary(config, kinds.part_or_empty(key)?, d_head, theta);
        let found = (read("full_attention", DEFAULTS.theta)?, read("sliding_attention", DEFAULTS.theta)?);
        kinds.finish()?;
        found
    } else {
        let whole = serde_json::json!({"rope_type": "proportional", "partial_rotary_factor": 0.5});
        let whole = Config::empty(config).with_defaults(&whole);
        let local = serde_json::json!({"rope_type": "default"});
        let local = Config::empty(config).with_defaults(&local);
        (lfm3_rotary(config, whole, d_head, 1_000_000.0)?, lfm3_rotary(config, local, d_head, 10_000.0)?)
    };
    let n_positions = config.count("max_position_embeddings")?;
    let first = match full.as_ref().or(local.as_ref()) {
        Some(rope) => rope::Rope { rotary: rope.rotary.clone(), n_positions: rope.n_positions },
        None => return Err(config.error("rope_parameters", "has no layers that attend")),
    };
    let mlp = spec::Mlp {
        d: config.count_or("intermediate_size", 7680)?,
        activation: crate::models::declarations::activation::Activation::Silu,
    };
    let key = if config.has("rms_norm_eps") { "rms_norm_eps" } else { "norm_eps" };
    let mut spec = llama::spec_of(config, d_head, first, (NormKind::Rms, (key, 1e-5)), mlp)?;
    llama::key_heads(config, &mut spec, 4)?;
    let kinds = match config.layer_types(spec.n_layers)? {
        Some(kinds) => kinds,
        None => (0..spec.n_layers)
            .map(|layer| match layer % 4 {
                2 => "full_attention".to_owned(),
                0 if layer > 0 => "sliding_attention".to_owned(),
                _ => "conv".to_owned(),
            })
            .collect(),
    };
    let window = config.count_unless_null("sliding_window", 256)?;
    let convolution = convolution(config, 7)?;
    for (kind, block) in kinds.iter().zip(&mut spec.blocks) {
        let rotary = match kind.as_str() {
            "full_attention" => &full,
            "sliding_attention" => {
                block.reach = window.map(|window| window - 1);
                &local
            }
            "conv" => {
                *block = convolution.clone();
                continue;
            }
            other => return Err(config.other_layer(other)),
        };
        let rotary = rotary.as_ref().ok_or_else(|| {
            config.error("rope_parameters", format!("says nothing of layers of `{kind}`, which there are"))
        })?;
        block.rotary = Some(rotary.rotary.clone());
    }
    for rope in [&full, &local].into_iter().flatten() {
        spec.n_positions = spec.n_positions.map(|limit| rope.limit(limit.min(n_positions)));
    }
    let bias = config.flag_or("attention_bias", false)?;
    let names = names(bias, "layers.{}.self_attn.o_proj");
    let sandwich = config.flag_or("use_sandwich_norm", true)?;
    let gated = config.flag_or("use_attention_gate", true)?;
    let block = Block {
        qk_norm: Some(QK_NORM),
        gate: gated.then_some(linear("layers.{}.self_attn.gate_proj").bias(false)),
        attention_out: sandwich.then_some("layers.{}.post_operator_norm"),
        mlp_out: sandwich.then_some("layers.{}.post_ffn_norm"),
        ..names.block
    };
    Ok(Declaration { spec, names: Names { block, ..names } })
}
