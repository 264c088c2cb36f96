//! LED (Beltagy et al. 2020): BART whose encoder sees half a window on either side, without tokens that attend to everything, as
//! transformers has it where none are named.
//!
//! Source: `models/led/modeling_led.py` of Hugging Face transformers.

use super::{bart, longformer};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Qkv, linear};
use crate::models::declarations::spec::{Positions, Spec};
use crate::models::error::Result;

/// The encoder.
pub(in crate::models) fn encoder(config: &Config) -> Result<Declaration> {
    let Declaration { mut spec, mut names } = bart::without_offset(config)?;
    for (block, window) in spec.blocks.iter_mut().zip(longformer::windows(config, spec.n_layers)?) {
        block.reach = Some(window / 2);
    }
    set_positions(&mut spec, config.count_or("max_encoder_position_embeddings", 16_384)?);
    names.prefixes = &["", "led.", "model."];
    names.block = Block {
        qkv: Qkv::separate(
            "encoder.layers.{}.self_attn.longformer_self_attn.query",
            "encoder.layers.{}.self_attn.longformer_self_attn.key",
            "encoder.layers.{}.self_attn.longformer_self_attn.value",
            true,
        ),
        attention: linear("encoder.layers.{}.self_attn.output"),
        ..names.block
    };
    Ok(Declaration { spec, names })
}

/// The decoder beside it, which sees all that stands before.
pub(in crate::models) fn decoder(config: &Config, encoder: Declaration) -> Result<Declaration> {
    let mut decoder = bart::bart_decoder(config, encoder)?;
    set_positions(&mut decoder.spec, config.count_or("max_decoder_position_embeddings", 1024)?);
    Ok(decoder)
}

/// Learned positions from 0, beside embeddings that nothing scales, whatever `scale_embedding` says: the class does not read it.
fn set_positions(spec: &mut Spec, rows: usize) {
    spec.n_positions = Some(rows);
    spec.embeddings.scale = 1.0;
    spec.embeddings.positions = Some(Positions { learned: true, rows, first: 0, uncounted: None });
}
