//! GTE (Zhang et al. 2024), and the encoder of jina-embeddings-v3 (Sturua et al. 2024) without its adapters: BERT with rotary
//! positions, under other names.
//!
//! Source: `models/{gte,jina_embeddings_v3}/modeling_*.py` of Hugging Face transformers.

use serde_json::Value;

use super::{bert, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{Embeddings, Spec};
use crate::models::error::Result;

const GTE: Names = Names {
    prefixes: &["", "new.", "gte."],
    segments: "embeddings.token_type_embeddings",
    embedding_norm: Some("embeddings.LayerNorm"),
    ..Names::new(
        "embeddings.word_embeddings",
        Block::new(
            Qkv::Stacked(linear("encoder.layer.{}.attention.qkv_proj")),
            linear("encoder.layer.{}.attention.o_proj"),
            Mlp::StackedGate {
                up_gate: linear("encoder.layer.{}.mlp.up_gate_proj").bias(false),
                down: linear("encoder.layer.{}.mlp.down_proj"),
            },
        )
        .norms_after("encoder.layer.{}.attn_ln", "encoder.layer.{}.mlp_ln"),
    )
};

const JINA: Names = Names {
    prefixes: &["", "roberta."],
    segments: "embeddings.token_type_embeddings",
    embedding_norm: Some("emb_ln"),
    ..Names::new(
        "embeddings.word_embeddings",
        Block::new(
            Qkv::Stacked(linear("encoder.layers.{}.mixer.Wqkv")),
            linear("encoder.layers.{}.mixer.out_proj"),
            Mlp::Plain { up: linear("encoder.layers.{}.mlp.fc1"), down: linear("encoder.layers.{}.mlp.fc2") },
        )
        .norms_after("encoder.layers.{}.norm1", "encoder.layers.{}.norm2"),
    )
};

/// BERT's numbers, with rotary positions on base `theta`.
fn spec(config: &Config, theta: f64, n_positions: usize) -> Result<Spec> {
    let mut spec = bert::spec_of(config, "rope")?;
    let n_positions = config.count_or("max_position_embeddings", n_positions)?;
    let d_head = config.count_or("head_dim", spec.attention.d_head)?;
    if d_head != spec.attention.d_head {
        return Err(config.error("head_dim", format!("is {d_head}, not {}", spec.attention.d_head)));
    }
    let rope = rope::read(config, d_head, n_positions, rope::Defaults { theta, ..rope::Defaults::PLAIN })?;
    spec.n_positions = Some(rope.limit(n_positions));
    spec.embeddings =
        Embeddings { n_segments: config.whole_or("type_vocab_size", 1)?, ..Embeddings::tokens(spec.d_model) };
    for block in &mut spec.blocks {
        block.rotary = Some(rope.rotary.clone());
    }
    Ok(spec)
}

pub(in crate::models) fn gte(config: &Config) -> Result<Declaration> {
    config.only("layer_norm_type", &Value::from("layer_norm"))?;
    config.only("pack_qkv", &Value::from(true))?;
    config.only("logn_attention_scale", &Value::from(false))?;
    for unused in ["unpad_inputs", "use_memory_efficient_attention", "logn_attention_clip1"] {
        config.ignore(unused);
    }
    Ok(Declaration { spec: spec(config, 160_000.0, 8192)?, names: GTE })
}

pub(in crate::models) fn jina_embeddings_v3(config: &Config) -> Result<Declaration> {
    let mut spec = spec(config, 20_000.0, 8194)?;
    spec.norm.eps = config.number_or("layer_norm_eps", 1e-5)? as f32;
    Ok(Declaration { spec, names: JINA })
}
