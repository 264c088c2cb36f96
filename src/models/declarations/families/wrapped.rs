//! The language models inside of models that also see: Mistral 3 (with Ministral 3 or Mistral), Gemma 3, `LLaVA` (Liu et al. 2023)
//! and Idefics 3 (Laurençon et al. 2024) with `SmolVLM`.
//!
//! A sentence without an image goes through the language model alone. Source: `models/{mistral3,gemma3,llava,llava_next,idefics3,smolvlm}/modeling_*.py` of
//! Hugging Face transformers.

use serde_json::json;

use super::{gemma, llama};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Declaration, Names};
use crate::models::error::Result;

/// What stands before the names of the language model, in checkpoints of several ages.
pub(super) const PREFIXES: &[&str] = &[
    "language_model.model.",
    "model.language_model.",
    "language_model.",
    "model.text_model.",
    "text_model.",
    "",
    "model.",
];

/// The keys of the image's side, and of where images go.
pub(super) fn ignore_images(config: &Config) {
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
        "vision_feature_select_strategy",
        "vision_start_token_id",
        "vision_end_token_id",
        "vision_token_id",
        "video_token_id",
        "image_grid_pinpoints",
        "image_seq_length",
        "image_seq_len",
        "scale_factor",
        "use_image_newline_parameter",
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

/// What transformers assumes of a text model inside of another, and does not write there.
fn assumed(model_type: &str) -> Option<serde_json::Value> {
    Some(match model_type {
        "llama" => json!({
            "vocab_size": 32_000, "hidden_size": 4096, "intermediate_size": 11_008, "num_hidden_layers": 32,
            "num_attention_heads": 32, "max_position_embeddings": 2048,
        }),
        "mistral" => json!({
            "vocab_size": 32_000, "hidden_size": 4096, "intermediate_size": 14_336, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 8, "max_position_embeddings": 131_072,
        }),
        "qwen2" => json!({
            "vocab_size": 151_936, "hidden_size": 4096, "intermediate_size": 22_016, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 32, "max_position_embeddings": 32_768,
        }),
        _ => return None,
    })
}

/// `LLaVA` and `LLaVA-NeXT`: Llama, Mistral or Qwen 2.
pub(in crate::models) fn llava(config: &Config) -> Result<Declaration> {
    let text = config.part_or_empty("text_config")?.with_defaults(&json!({"model_type": "llama"}));
    let model_type = text.string("model_type")?;
    let Some(sizes) = assumed(&model_type) else {
        let message = format!("is `{model_type}`; supported are llama, mistral and qwen2");
        return Err(text.error("model_type", message));
    };
    let text = text.with_defaults(&sizes);
    let declare = match model_type.as_str() {
        "mistral" => llama::mistral,
        "qwen2" => llama::qwen2,
        _ => llama::llama,
    };
    language_model(config, &text, declare)
}

/// Idefics 3 and `SmolVLM`: Llama.
pub(in crate::models) fn idefics3(config: &Config) -> Result<Declaration> {
    let text = config.part("text_config")?.ok_or_else(|| config.error("text_config", "is missing"))?;
    text.only("model_type", &"llama".into())?;
    text.only("qk_layer_norms", &false.into())?;
    // Versions of transformers differ in what they assume.
    if !text.has("rms_norm_eps") {
        return Err(text.error("rms_norm_eps", "is missing"));
    }
    for unused in ["neftune_noise_alpha", "perceiver_config", "pixel_shuffle_factor", "use_resampler"] {
        text.ignore(unused);
    }
    let sizes = assumed("llama").unwrap_or_default();
    language_model(config, &text.with_defaults(&sizes), llama::llama)
}
