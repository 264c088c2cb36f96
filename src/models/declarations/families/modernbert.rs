//! ModernBERT (Warner et al. 2024), and Ettin's encoders and decoders (Weller et al. 2025).
//!
//! Source: `models/{modernbert,modernbert_decoder}/modeling_*.py` of Hugging Face transformers.

use serde_json::Value;

use super::rope;
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{self, Draw, Initial};
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{self, Attention, Norm, NormKind, Spec};
use crate::models::error::Result;

const fn names(qkv: Qkv, attention_bias: bool, mlp_bias: bool) -> Names {
    Names {
        prefixes: &["", "model."],
        embedding_norm: Some("embeddings.norm"),
        final_norm: Some("final_norm"),
        ..Names::new(
            "embeddings.tok_embeddings",
            Block::new(
                qkv,
                linear("layers.{}.attn.Wo").bias(attention_bias),
                Mlp::GatedStacked {
                    gate_up: linear("layers.{}.mlp.Wi").bias(mlp_bias),
                    down: linear("layers.{}.mlp.Wo").bias(mlp_bias),
                },
            )
            .norms_before("layers.{}.attn_norm", "layers.{}.mlp_norm"),
        )
    }
}

/// What both have, of which the layers of a kind reach `reach` far.
fn spec(config: &Config, attention: fn(usize, usize) -> Attention, reach: usize) -> Result<Spec> {
    for unused in
        ["deterministic_flash_attn", "sparse_prediction", "sparse_pred_ignore_index", "reference_compile"]
    {
        config.ignore(unused);
    }
    for unused in [
        "decoder_bias",
        "embedding_dropout",
        "repad_logits_with_grad",
        "layer_norm_eps",
        "position_embedding_type",
    ] {
        config.ignore(unused);
    }
    let d_model = config.count("hidden_size")?;
    let (n_heads, d_head) = config.heads("hidden_size", "num_attention_heads")?;
    let n_layers = config.layers("num_hidden_layers")?;
    let n_positions = config.count_or("max_position_embeddings", 8192)?;

    let global = rope::with_base(config, "global_rope_theta", 160_000.0)?;
    let local = rope::with_base(config, "local_rope_theta", 10_000.0)?;
    let parameters = config.part_or_empty("rope_parameters")?;
    let of = |kind: &str, defaults| -> Result<_> {
        let part = parameters.part_or_empty(kind)?.overlaid(config.part("rope_scaling")?);
        rope::of_kind(config, part, d_head, n_positions, defaults)
    };
    let (global, local) = (of("full_attention", global)?, of("sliding_attention", local)?);
    parameters.finish()?;

    let every = config.count_or("global_attn_every_n_layers", 3)?;
    let kinds = config.strings("layer_types")?;
    let is_local = |layer: usize| match kinds.as_ref().and_then(|kinds| kinds.get(layer)).map(String::as_str)
    {
        None => Ok(!layer.is_multiple_of(every)),
        Some("sliding_attention") => Ok(true),
        Some("full_attention") => Ok(false),
        Some(other) => Err(config.other_layer(other)),
    };
    let block = |layer: usize| -> Result<spec::Block> {
        let is_local = is_local(layer)?;
        Ok(spec::Block {
            reach: is_local.then_some(reach),
            rotary: Some(if is_local { local.rotary.clone() } else { global.rotary.clone() }),
            bare: layer == 0,
            ..spec::Block::default()
        })
    };
    let kind = if config.flag_or("norm_bias", false)? { NormKind::Layer } else { NormKind::LayerUnbiased };
    Ok(Spec {
        n_positions: Some(local.limit(global.limit(n_positions))),
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind, eps: config.number_or("norm_eps", 1e-5)? as f32 },
            attention(n_heads, d_head),
            (0..n_layers).map(block).collect::<Result<_>>()?,
            spec::Mlp {
                d: config.count("intermediate_size")?,
                activation: config.activation_or("hidden_activation", "gelu")?,
            },
        )
    })
}

pub(in crate::models) fn encoder(config: &Config) -> Result<Declaration> {
    let spec = spec(config, Attention::full, config.count_or("local_attention", 128)? / 2)?;
    let bias = config.flag_or("attention_bias", false)?;
    let qkv = Qkv::Stacked(linear("layers.{}.attn.Wqkv").bias(bias));
    Ok(Declaration { spec, names: names(qkv, bias, config.flag_or("mlp_bias", false)?) })
}

pub(in crate::models) fn decoder(config: &Config) -> Result<Declaration> {
    config.only("causal_mask", &Value::from(true))?;
    // Here the window has the token itself in it, and is half as wide as the encoder's on both sides.
    let half = config.count_or("local_attention", 128).map(|both| both / 2);
    let window = match config.count_if_any("sliding_window")? {
        Some(window) => window,
        None => half?,
    };
    let reach = window
        .checked_sub(1)
        .ok_or_else(|| config.error("local_attention", "leaves a window without a token"))?;
    let spec = spec(config, Attention::causal, reach)?;
    let bias = config.flag_or("attention_bias", false)?;
    let qkv = Qkv::separate("layers.{}.attn.q_proj", "layers.{}.attn.k_proj", "layers.{}.attn.v_proj", bias);
    Ok(Declaration { spec, names: names(qkv, bias, config.flag_or("mlp_bias", false)?) })
}

/// A narrower cut would have a value drawn more than a hundred times.
const LEAST_CUTOFF: f64 = 0.01;

/// As GPT-2, and values far out are drawn again.
pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    let deviation = initial::deviation(config, "initializer_range", 0.02)?;
    let narrower = deviation * (1.0 / (2.0 * config.count("num_hidden_layers")? as f64).sqrt());
    let key = "initializer_cutoff_factor";
    let beyond = config.number_or(key, 3.0)?;
    // Values are drawn until one is within.
    if beyond < LEAST_CUTOFF {
        return Err(config.error(key, format!("is {beyond}, which leaves next to nothing to draw")));
    }
    Ok(Initial {
        rules: vec![("Wo.weight", Draw::Truncated { deviation: narrower, beyond })],
        otherwise: Draw::Truncated { deviation, beyond },
    })
}
