//! The language models inside of models that also see: Mistral 3 (with Ministral 3 or Mistral) and Gemma 3.
//!
//! A sentence without an image goes through the language model alone. Source: `models/{mistral3,gemma3}/modeling_*.py` of
//! Hugging Face transformers.

use serde_json::json;

use super::{gemma, llama};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Declaration, Names};
use crate::models::error::Result;

/// What stands before the names of the language model, in checkpoints of several ages.
const PREFIXES: &[&str] =
    &["language_model.model.", "model.language_model.", "language_model.", "", "model."];

/// The keys of the image's side, and of where images go.
fn ignore_images(config: &Config) {
    for key in [
        "vision_config",
        "image_token_index",
        "image_token_id",
        "boi_token_index",
        "boi_token_id",
        "eoi_token_index",
        "eoi_token_id",
        "mm_tokens_per_image",
        "projector_hidden_act",
        "multimodal_projector_bias",
        "spatial_merge_size",
        "vision_feature_layer",
    ] {
        config.ignore(key);
    }
}

fn language_model(
    config: &Config,
    text: &Config,
    declare: fn(&Config) -> Result<Declaration>,
) -> Result<Declaration> {
    ignore_images(config);
    let Declaration { spec, names } = declare(text)?;
    text.finish()?;
    Ok(Declaration { spec, names: Names { prefixes: PREFIXES, ..names } })
}

pub(in crate::models) fn mistral3(config: &Config) -> Result<Declaration> {
    let text = config.part("text_config")?.ok_or_else(|| config.error("text_config", "is missing"))?;
    // What transformers assumes is not written in a part.
    let text = text.with_defaults(&json!({
        "model_type": "mistral",
        "hidden_size": 4096,
        "intermediate_size": 14_336,
        "num_attention_heads": 32,
        "num_key_value_heads": 8,
    }));
    let model_type = text.string("model_type")?;
    let text = text.with_defaults(&match model_type.as_str() {
        "ministral3" => json!({
            "vocab_size": 131_072, "num_hidden_layers": 34, "head_dim": 128, "max_position_embeddings": 262_144,
        }),
        _ => json!({"vocab_size": 32_000, "num_hidden_layers": 32, "max_position_embeddings": 131_072}),
    });
    match model_type.as_str() {
        "mistral" => language_model(config, &text, llama::mistral),
        "ministral" => language_model(config, &text, llama::ministral),
        "ministral3" => language_model(config, &text, llama::ministral3),
        other => {
            let known = "supported are mistral, ministral and ministral3";
            Err(text.error("model_type", format!("is `{other}`; {known}")))
        }
    }
}

pub(in crate::models) fn gemma3(config: &Config) -> Result<Declaration> {
    let text = config.part("text_config")?.ok_or_else(|| config.error("text_config", "is missing"))?;
    // Published files leave out what transformers assumes.
    let text = gemma::assumed_sizes(text)
        .with_defaults(&json!({"vocab_size": 262_208, "max_position_embeddings": 131_072}));
    language_model(config, &text, gemma::gemma3)
}
