//! Longformer (Beltagy et al. 2020), without tokens that attend to everything, as transformers has it where none are named; and
//! `BigBird` (Zaheer et al. 2020), as far as it attends to everything.
//!
//! Source: `models/{longformer,big_bird}/modeling_*.py` of Hugging Face transformers.

use serde_json::Value;

use super::{bert, roberta};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Names, Qkv};
use crate::models::error::Result;

/// `RoBERTa` whose tokens see half a window on either side.
pub(in crate::models) fn longformer(config: &Config) -> Result<Declaration> {
    for unused in
        ["onnx_export", "attention_mode", "attention_dilation", "autoregressive", "ignore_attention_mask"]
    {
        config.ignore(unused);
    }
    config.only("autoregressive", &Value::from(false))?;
    let Declaration { mut spec, names } = roberta::declare(config)?;
    for (block, window) in spec.blocks.iter_mut().zip(windows(config, spec.n_layers)?) {
        block.reach = Some(window / 2);
    }
    Ok(Declaration { spec, names: Names { prefixes: &["", "longformer."], ..names } })
}

/// The window of each of `n_layers` blocks, an even number of tokens.
pub(super) fn windows(config: &Config, n_layers: usize) -> Result<Vec<usize>> {
    let windows = match config.value("attention_window") {
        Some(Value::Array(_)) => config.numbers("attention_window")?.unwrap_or_default(),
        _ => vec![config.count_or("attention_window", 512)? as f64; n_layers],
    };
    if windows.len() != n_layers {
        let message = format!("lists {} layers, but there are {n_layers}", windows.len());
        return Err(config.error("attention_window", message));
    }
    match windows.iter().find(|&&window| window < 2.0 || window % 2.0 != 0.0) {
        Some(window) => {
            Err(config.error("attention_window", format!("has {window}, which is not an even number")))
        }
        None => Ok(windows.into_iter().map(|window| window as usize).collect()),
    }
}

/// BERT; where blocks of tokens attend to some others alone, sequences that are longer than all of these are refused: which
/// others is drawn anew in every pass.
pub(in crate::models) fn big_bird(config: &Config) -> Result<Declaration> {
    let mut spec = bert::spec(config)?;
    let n_positions = config.count_or("max_position_embeddings", 4096)?;
    let (random, block) = (config.whole_or("num_random_blocks", 3)?, config.count_or("block_size", 64)?);
    let kind = config.string_or("attention_type", "block_sparse")?;
    spec.n_positions = Some(match kind.as_str() {
        "original_full" => n_positions,
        "block_sparse" => n_positions.min((5 + 2 * random) * block),
        other => {
            let message = format!("is `{other}`; supported are original_full and block_sparse");
            return Err(config.error("attention_type", message));
        }
    });
    spec.mlp.activation = config.activation_or("hidden_act", "gelu_new")?;
    if let Some(positions) = &mut spec.embeddings.positions {
        positions.rows = n_positions;
    }
    if config.flag_or("rescale_embeddings", false)? {
        spec.embeddings.scale = (spec.d_model as f32).sqrt();
    }
    let bias = config.flag_or("use_bias", true)?;
    let block = Block {
        qkv: Qkv::separate(
            "encoder.layer.{}.attention.self.query",
            "encoder.layer.{}.attention.self.key",
            "encoder.layer.{}.attention.self.value",
            bias,
        ),
        ..bert::NAMES.block
    };
    Ok(Declaration { spec, names: Names { block, ..bert::NAMES } })
}
