//! ALBERT (Lan et al. 2020): one block, run again and again, on embeddings that are smaller than the residual stream.
//!
//! Source: `models/albert/modeling_albert.py` of Hugging Face transformers.

use serde_json::Value;

use super::bert;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::error::Result;

const NAMES: Names = Names {
    prefixes: &["", "albert."],
    positions: "embeddings.position_embeddings",
    segments: "embeddings.token_type_embeddings",
    embedding_norm: Some("embeddings.LayerNorm"),
    embedding_projection: Some(linear("encoder.embedding_hidden_mapping_in")),
    ..Names::new(
        "embeddings.word_embeddings",
        Block::new(
            Qkv::separate(
                "encoder.albert_layer_groups.0.albert_layers.0.attention.query",
                "encoder.albert_layer_groups.0.albert_layers.0.attention.key",
                "encoder.albert_layer_groups.0.albert_layers.0.attention.value",
                true,
            ),
            linear("encoder.albert_layer_groups.0.albert_layers.0.attention.dense"),
            Mlp::Plain {
                up: linear("encoder.albert_layer_groups.0.albert_layers.0.ffn"),
                down: linear("encoder.albert_layer_groups.0.albert_layers.0.ffn_output"),
            },
        )
        .norms_after(
            "encoder.albert_layer_groups.0.albert_layers.0.attention.LayerNorm",
            "encoder.albert_layer_groups.0.albert_layers.0.full_layer_layer_norm",
        ),
    )
};

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    config.only("num_hidden_groups", &Value::from(1))?;
    config.only("inner_group_num", &Value::from(1))?;
    for unused in
        ["down_scale_factor", "gap_size", "layers_to_keep", "net_structure_type", "num_memory_blocks"]
    {
        config.ignore(unused);
    }
    let mut spec = bert::spec(config)?;
    spec.mlp.activation = config.activation_or("hidden_act", "gelu_new")?;
    spec.embeddings.d = config.count_or("embedding_size", 128)?;
    // The mapping is there even where the sizes agree.
    Ok(Declaration { spec, names: NAMES })
}
