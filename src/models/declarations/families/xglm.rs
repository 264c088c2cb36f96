//! XGLM (Lin et al. 2022).
//!
//! Source: `models/xglm/modeling_xglm.py` of Hugging Face transformers.

use serde_json::Value;

use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{self, Attention, Embeddings, Norm, NormKind, Positions, Spec};
use crate::models::error::Result;

const NAMES: Names = Names {
    prefixes: &["", "model."],
    final_norm: Some("layer_norm"),
    ..Names::new(
        "embed_tokens",
        Block::new(
            Qkv::separate(
                "layers.{}.self_attn.q_proj",
                "layers.{}.self_attn.k_proj",
                "layers.{}.self_attn.v_proj",
                true,
            ),
            linear("layers.{}.self_attn.out_proj"),
            Mlp::Plain { up: linear("layers.{}.fc1"), down: linear("layers.{}.fc2") },
        )
        .norms_before("layers.{}.self_attn_layer_norm", "layers.{}.final_layer_norm"),
    )
};

/// The row of the first token in the table of sines and cosines.
const OFFSET: usize = 2;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    config.only("add_cross_attention", &Value::from(false))?;
    let d_model = config.count("d_model")?;
    if d_model < 4 {
        return Err(config.error("d_model", "is too small for sines and cosines"));
    }
    // Its row of the table is 0, and no position has a row before the offset.
    let padding = config.token_or("pad_token_id", 1)? as usize;
    if padding >= OFFSET {
        return Err(config.error("pad_token_id", format!("is {padding}, which blanks a position")));
    }
    let (n_heads, d_head) = config.heads("d_model", "attention_heads")?;
    let n_layers = config.layers("num_layers")?;
    let n_positions = config.count_or("max_position_embeddings", 2048)?;
    let scaled = config.flag_or("scale_embedding", true)?;
    let positions = Positions { learned: false, rows: n_positions + OFFSET, first: OFFSET, uncounted: None };
    let spec = Spec {
        n_positions: Some(n_positions),
        embeddings: Embeddings {
            scale: if scaled { (d_model as f32).sqrt() } else { 1.0 },
            positions: Some(positions),
            ..Embeddings::tokens(d_model)
        },
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: NormKind::Layer, eps: 1e-5 },
            Attention::causal(n_heads, d_head),
            vec![spec::Block::default(); n_layers],
            spec::Mlp {
                d: config.count("ffn_dim")?,
                activation: config.activation_or("activation_function", "gelu")?,
            },
        )
    };
    Ok(Declaration { spec, names: NAMES })
}
