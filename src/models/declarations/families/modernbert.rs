//! ModernBERT (Warner et al. 2024), and Ettin's encoders (Weller et al. 2025).
//!
//! Source: `models/modernbert/modeling_modernbert.py` of Hugging Face transformers.

use super::rope;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{self, Attention, Embeddings, Norm, NormKind, Spec};
use crate::models::error::Result;

const fn names(attention_bias: bool, mlp_bias: bool) -> Names {
    Names {
        prefixes: &["", "model."],
        embedding_norm: Some("embeddings.norm"),
        final_norm: Some("final_norm"),
        ..Names::new(
            "embeddings.tok_embeddings",
            Block::new(
                Qkv::Stacked(linear("layers.{}.attn.Wqkv").bias(attention_bias)),
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

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
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
        rope::of_part(config, &part, d_head, n_positions, defaults)
    };
    let (global, local) = (of("full_attention", global)?, of("sliding_attention", local)?);
    parameters.finish()?;

    let every = config.count_or("global_attn_every_n_layers", 3)?;
    let reach = config.count_or("local_attention", 128)? / 2;
    let kinds = config.strings("layer_types")?;
    let is_local = |layer: usize| match kinds.as_ref().and_then(|kinds| kinds.get(layer)).map(String::as_str)
    {
        None => Ok(!layer.is_multiple_of(every)),
        Some("sliding_attention") => Ok(true),
        Some("full_attention") => Ok(false),
        Some(other) => Err(config.error("layer_types", format!("has a layer of `{other}`"))),
    };
    let block = |layer: usize| -> Result<spec::Block> {
        let is_local = is_local(layer)?;
        Ok(spec::Block {
            reach: is_local.then_some(reach),
            rotary: Some(if is_local { local.rotary.clone() } else { global.rotary.clone() }),
            bare: layer == 0,
            scale: None,
        })
    };
    let kind = if config.flag_or("norm_bias", false)? { NormKind::Layer } else { NormKind::LayerUnbiased };
    let spec = Spec {
        vocab_size: config.count("vocab_size")?,
        d_model,
        n_layers,
        n_positions: Some(local.limit(global.limit(n_positions))),
        embeddings: Embeddings::tokens(d_model),
        norm: Norm { kind, eps: config.number_or("norm_eps", 1e-5)? as f32 },
        attention: Attention::full(n_heads, d_head),
        blocks: (0..n_layers).map(block).collect::<Result<_>>()?,
        mlp: spec::Mlp {
            d: config.count("intermediate_size")?,
            activation: config.activation_or("hidden_activation", "gelu")?,
        },
        parallel: false,
        residual_scale: 1.0,
        convolution: None,
        d_last: None,
        recurrence: None,
    };
    let names = names(config.flag_or("attention_bias", false)?, config.flag_or("mlp_bias", false)?);
    Ok(Declaration { spec, names })
}
