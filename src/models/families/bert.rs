//! BERT (Devlin et al. 2019) and everything of its architecture: MiniLM, BGE, E5, GTE, …
//!
//! Source: `models/bert/configuration_bert.py` and `modeling_bert.py` of Hugging Face transformers.

use serde_json::Value;

use crate::models::activation::Activation;
use crate::models::config::Config;
use crate::models::error::Result;
use crate::models::spec::{Declaration, Names, Spec};

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    let d_model = config.count("hidden_size")?;
    let n_heads = config.count("num_attention_heads")?;
    if !d_model.is_multiple_of(n_heads) {
        return Err(config.error("hidden_size", format!("is {d_model}, not a multiple of {n_heads} heads")));
    }
    config.only("position_embedding_type", &Value::from("absolute"))?;
    config.only("is_decoder", &Value::from(false))?;
    config.only("add_cross_attention", &Value::from(false))?;
    config.only("pruned_heads", &Value::Object(serde_json::Map::new()))?;
    config.only("embedding_size", &Value::from(d_model))?;
    let activation = config.string_or("hidden_act", "gelu")?;
    let spec = Spec {
        vocab_size: config.count("vocab_size")?,
        d_model,
        n_layers: config.count("num_hidden_layers")?,
        n_heads,
        d_mlp: config.count("intermediate_size")?,
        n_positions: config.count_or("max_position_embeddings", 512)?,
        n_segments: config.count_or("type_vocab_size", 2)?,
        activation: Activation::parse(&activation).ok_or_else(|| {
            config.error(
                "hidden_act",
                format!("is `{activation}`; supported are {}", Activation::names().join(", ")),
            )
        })?,
        norm_eps: config.number_or("layer_norm_eps", 1e-12)?,
    };
    let names = Names {
        prefixes: &["", "bert."],
        tokens: "embeddings.word_embeddings",
        positions: "embeddings.position_embeddings",
        segments: "embeddings.token_type_embeddings",
        embedding_norm: "embeddings.LayerNorm",
        query: "encoder.layer.{}.attention.self.query",
        key: "encoder.layer.{}.attention.self.key",
        value: "encoder.layer.{}.attention.self.value",
        attention_output: "encoder.layer.{}.attention.output.dense",
        attention_norm: "encoder.layer.{}.attention.output.LayerNorm",
        mlp_up: "encoder.layer.{}.intermediate.dense",
        mlp_down: "encoder.layer.{}.output.dense",
        mlp_norm: "encoder.layer.{}.output.LayerNorm",
    };
    Ok(Declaration { spec, names })
}
