//! BERT (Devlin et al. 2019) and everything of its architecture: MiniLM, BGE, E5, GTE, …
//!
//! Source: `models/bert/configuration_bert.py` and `modeling_bert.py` of Hugging Face transformers.

use serde_json::Value;

use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{self, Attention, Embeddings, Norm, NormKind, Spec};
use crate::models::error::Result;

/// The names that BERT and its descendants share.
pub(super) const NAMES: Names = Names {
    prefixes: &["", "bert."],
    positions: "embeddings.position_embeddings",
    segments: "embeddings.token_type_embeddings",
    embedding_norm: Some("embeddings.LayerNorm"),
    ..Names::new(
        "embeddings.word_embeddings",
        Block::new(
            Qkv::separate(
                "encoder.layer.{}.attention.self.query",
                "encoder.layer.{}.attention.self.key",
                "encoder.layer.{}.attention.self.value",
                true,
            ),
            linear("encoder.layer.{}.attention.output.dense"),
            Mlp::Plain {
                up: linear("encoder.layer.{}.intermediate.dense"),
                down: linear("encoder.layer.{}.output.dense"),
            },
        )
        .norms_after("encoder.layer.{}.attention.output.LayerNorm", "encoder.layer.{}.output.LayerNorm"),
    )
};

/// The numbers that BERT and its descendants share.
pub(super) fn spec(config: &Config) -> Result<Spec> {
    config.count_or("type_vocab_size", 2)?;
    spec_of(config, "absolute")
}

/// The same, where `config.json` may say that positions are of this kind.
pub(super) fn spec_of(config: &Config, positions: &str) -> Result<Spec> {
    config.only("position_embedding_type", &Value::from(positions))?;
    config.only("is_decoder", &Value::from(false))?;
    config.only("add_cross_attention", &Value::from(false))?;
    config.only("pruned_heads", &Value::Object(serde_json::Map::new()))?;
    let d_model = config.count("hidden_size")?;
    let (n_heads, d_head) = config.heads("hidden_size", "num_attention_heads")?;
    let n_layers = config.layers("num_hidden_layers")?;
    let n_positions = config.count_or("max_position_embeddings", 512)?;
    Ok(Spec {
        n_positions: Some(n_positions),
        embeddings: Embeddings {
            n_segments: config.whole_or("type_vocab_size", 2)?,
            ..Embeddings::with_positions(d_model, n_positions)
        },
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: NormKind::Layer, eps: config.number_or("layer_norm_eps", 1e-12)? as f32 },
            Attention::full(n_heads, d_head),
            vec![spec::Block::default(); n_layers],
            spec::Mlp {
                d: config.count("intermediate_size")?,
                activation: config.activation_or("hidden_act", "gelu")?,
            },
        )
    })
}

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    let spec = spec(config)?;
    config.only("embedding_size", &Value::from(spec.d_model))?;
    Ok(Declaration { spec, names: NAMES })
}
