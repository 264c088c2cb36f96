//! The language models of Qwen2-VL (Wang et al. 2024), Qwen2.5-VL (Bai et al. 2025) and Qwen3-VL (2025), by themselves or inside of
//! the models that see.
//!
//! Source: `models/{qwen2_vl,qwen2_5_vl,qwen3_vl}/modeling_*.py` of Hugging Face transformers. A token of text has the same place in
//! all three dimensions of the rotation, so that its sections change nothing.

use serde_json::json;

use super::wrapped::{PREFIXES, ignore_images};
use super::{llama, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Declaration, Names};
use crate::models::declarations::spec::NormKind;
use crate::models::error::Result;

pub(in crate::models) fn qwen2_text(config: &Config) -> Result<Declaration> {
    let defaults = rope::Defaults { theta: 1e6, ..rope::Defaults::PLAIN };
    let mut spec = llama::spec(config, defaults, NormKind::Rms, ("rms_norm_eps", 1e-5))?;
    llama::key_heads(config, &mut spec, 8)?;
    let window = config.count_unless_null("sliding_window", 4096)?;
    let window = if config.flag_or("use_sliding_window", false)? { window } else { None };
    let first = config.whole_or("max_window_layers", 80)?;
    llama::slide(config, &mut spec, window, |layer| window.is_some() && layer >= first)?;
    let names = llama::names(llama::Biases { qkv: true, attention: false, mlp: false });
    Ok(Declaration { spec, names: Names { prefixes: PREFIXES, ..names } })
}

pub(in crate::models) fn qwen3_text(config: &Config) -> Result<Declaration> {
    let defaults = rope::Defaults { theta: 500_000.0, d_head: Some(128), ..rope::Defaults::PLAIN };
    let mut spec = llama::spec(config, defaults, NormKind::Rms, ("rms_norm_eps", 1e-6))?;
    llama::key_heads(config, &mut spec, 32)?;
    let bias = config.flag_or("attention_bias", false)?;
    let mut names = llama::names(llama::Biases { qkv: bias, attention: bias, mlp: false });
    names.block.qk_norm = Some(llama::QK_NORM);
    Ok(Declaration { spec, names: Names { prefixes: PREFIXES, ..names } })
}

/// The model inside of one that sees: in a part of its own, or, in older files, beside the keys of the image's side.
fn inside(
    config: &Config,
    sizes: &serde_json::Value,
    text: fn(&Config) -> Result<Declaration>,
) -> Result<Declaration> {
    ignore_images(config);
    let Some(part) = config.part("text_config")? else { return text(config) };
    let part = part.with_defaults(sizes);
    let declaration = text(&part)?;
    part.finish()?;
    // Older files have some of its keys a second time.
    for again in [
        "attention_dropout",
        "hidden_size",
        "intermediate_size",
        "max_position_embeddings",
        "max_window_layers",
        "num_attention_heads",
        "num_hidden_layers",
        "num_key_value_heads",
        "rms_norm_eps",
        "rope_scaling",
        "rope_theta",
        "sliding_window",
        "use_sliding_window",
        "vocab_size",
        "hidden_act",
    ] {
        config.ignore(again);
    }
    Ok(declaration)
}

pub(in crate::models) fn qwen2(config: &Config) -> Result<Declaration> {
    // What transformers assumes is not written in a part.
    let sizes = json!({
        "vocab_size": 152_064, "hidden_size": 8192, "intermediate_size": 29_568, "num_hidden_layers": 80,
        "num_attention_heads": 64, "max_position_embeddings": 32_768,
    });
    inside(config, &sizes, qwen2_text)
}

pub(in crate::models) fn qwen3(config: &Config) -> Result<Declaration> {
    let sizes = json!({
        "vocab_size": 151_936, "hidden_size": 4096, "intermediate_size": 22_016, "num_hidden_layers": 32,
        "num_attention_heads": 32, "max_position_embeddings": 128_000,
    });
    inside(config, &sizes, qwen3_text)
}
