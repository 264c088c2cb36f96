//! MPNet (Song et al. 2020): RoBERTa without segments, and with a learned bias by distance.
//!
//! Source: `models/mpnet/modeling_mpnet.py` of Hugging Face transformers.

use serde_json::Value;

use super::{bert, roberta};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{DistanceBias, Embeddings};
use crate::models::error::Result;

const NAMES: Names = Names {
    prefixes: &["", "mpnet."],
    positions: "embeddings.position_embeddings",
    embedding_norm: Some("embeddings.LayerNorm"),
    ..Names::new(
        "embeddings.word_embeddings",
        Block {
            distance_bias: Some("encoder.relative_attention_bias"),
            ..Block::new(
                Qkv::separate(
                    "encoder.layer.{}.attention.attn.q",
                    "encoder.layer.{}.attention.attn.k",
                    "encoder.layer.{}.attention.attn.v",
                    true,
                ),
                linear("encoder.layer.{}.attention.attn.o"),
                Mlp::Plain {
                    up: linear("encoder.layer.{}.intermediate.dense"),
                    down: linear("encoder.layer.{}.output.dense"),
                },
            )
            .norms_after("encoder.layer.{}.attention.LayerNorm", "encoder.layer.{}.output.LayerNorm")
        },
    )
};

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    let mut spec = bert::spec(config)?;
    // Padding is 1 whatever `pad_token_id` says.
    spec.embeddings = Embeddings { n_segments: 0, ..roberta::after_padding(config, &spec.embeddings, 1)? };
    spec.n_positions = spec.embeddings.positions.map(|layout| layout.rows - layout.first);
    // transformers computes with 32 whatever this says.
    config.only("relative_attention_num_buckets", &Value::from(32))?;
    spec.attention.bias = DistanceBias::Buckets { count: 32, max_distance: 128 };
    Ok(Declaration { spec, names: NAMES })
}
