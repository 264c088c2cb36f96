//! EXAONE 4 (LG AI Research 2025): norms after each half, and, in the larger ones, rotations only where tokens see a window.
//!
//! Source: `models/exaone4/modeling_exaone4.py` of Hugging Face transformers.

use super::{llama, olmo, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Names};
use crate::models::declarations::spec::NormKind;
use crate::models::error::Result;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    let mut spec = llama::spec(config, rope::Defaults::PLAIN, NormKind::Rms, ("rms_norm_eps", 1e-5))?;
    llama::key_heads(config, &mut spec, 32)?;
    let window = config.count_unless_null("sliding_window", 4096)?;
    let pattern = if config.has("layer_types") {
        config.ignore("sliding_window_pattern");
        4
    } else {
        config.count_or("sliding_window_pattern", 4)?
    };
    llama::slide(config, &mut spec, window, |layer| {
        window.is_some() && !(layer + 1).is_multiple_of(pattern)
    })?;
    if window.is_some() {
        for block in spec.blocks.iter_mut().filter(|block| block.reach.is_none()) {
            block.rotary = None;
        }
    }
    let names = olmo::norms_after(false);
    let block = Block { qk_norm: Some(llama::QK_NORM), ..names.block };
    Ok(Declaration { spec, names: Names { block, ..names } })
}
