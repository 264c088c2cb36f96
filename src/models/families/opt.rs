//! OPT (Zhang et al. 2022).
//!
//! Source: `models/opt/modeling_opt.py` of Hugging Face transformers.

use serde_json::Value;

use crate::models::config::Config;
use crate::models::error::Result;
use crate::models::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::spec::{self, Attention, Embeddings, Norm, NormKind, Positions, Spec};

const fn names(bias: bool) -> Names {
    Names {
        prefixes: &["decoder.", "model.decoder.", ""],
        positions: "embed_positions",
        final_norm: Some("final_layer_norm"),
        ..Names::new(
            "embed_tokens",
            Block::new(
                Qkv::separate(
                    "layers.{}.self_attn.q_proj",
                    "layers.{}.self_attn.k_proj",
                    "layers.{}.self_attn.v_proj",
                    bias,
                ),
                linear("layers.{}.self_attn.out_proj").bias(bias),
                Mlp::Plain {
                    up: linear("layers.{}.fc1").bias(bias),
                    down: linear("layers.{}.fc2").bias(bias),
                },
            )
            .norms_before("layers.{}.self_attn_layer_norm", "layers.{}.final_layer_norm"),
        )
    }
}

/// Rows before that of the first token.
const OFFSET: usize = 2;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    // opt-350m alone has its norms elsewhere, and projections.
    config.only("do_layer_norm_before", &Value::from(true))?;
    config.only("_remove_final_layer_norm", &Value::from(false))?;
    let d_model = config.count("hidden_size")?;
    config.only("word_embed_proj_dim", &Value::from(d_model))?;
    let (n_heads, d_head) = config.heads("hidden_size", "num_attention_heads")?;
    let n_layers = config.count("num_hidden_layers")?;
    let n_positions = config.count_or("max_position_embeddings", 2048)?;
    let affine = config.flag_or("layer_norm_elementwise_affine", true)?;
    let spec = Spec {
        vocab_size: config.count("vocab_size")?,
        d_model,
        n_layers,
        n_positions: Some(n_positions),
        embeddings: Embeddings {
            positions: Some(Positions { rows: n_positions + OFFSET, first: OFFSET, uncounted: None }),
            ..Embeddings::tokens(d_model)
        },
        norm: Norm { kind: if affine { NormKind::Layer } else { NormKind::LayerPlain }, eps: 1e-5 },
        attention: Attention::causal(n_heads, d_head),
        blocks: vec![spec::Block::default(); n_layers],
        mlp: spec::Mlp {
            d: config.count("ffn_dim")?,
            activation: config.activation_or("activation_function", "relu")?,
        },
        parallel: false,
        residual_scale: 1.0,
    };
    Ok(Declaration { spec, names: names(config.flag_or("enable_bias", true)?) })
}
