//! OLMo (Groeneveld et al. 2024) and OLMo 2 (2025): Llama with other norms in other places.
//!
//! Source: `models/{olmo,olmo2}/modeling_*.py` of Hugging Face transformers.

use super::llama::{self, Biases, QK_NORM};
use super::rope;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Names, NormOver, QkNorm};
use crate::models::declarations::spec::NormKind;
use crate::models::error::Result;

/// The first: norms without weights.
pub(in crate::models) fn olmo(config: &Config) -> Result<Declaration> {
    let mut spec =
        llama::spec(config, rope::Defaults::PLAIN, NormKind::LayerPlain, ("layer_norm_eps", 1e-5))?;
    spec.attention.clip = config.number_if_any("clip_qkv")?.map(|clip| clip as f32);
    let bias = config.flag_or("attention_bias", false)?;
    Ok(Declaration { spec, names: llama::names(Biases { qkv: bias, attention: bias, mlp: false }) })
}

/// The second: norms after each half, and of queries and keys, all heads at once.
pub(in crate::models) fn olmo2(config: &Config) -> Result<Declaration> {
    let spec = llama::spec(config, rope::Defaults::PLAIN, NormKind::Rms, ("rms_norm_eps", 1e-5))?;
    let bias = config.flag_or("attention_bias", false)?;
    let names = llama::names(Biases { qkv: bias, attention: bias, mlp: false });
    let block = Block {
        attention_in: None,
        attention_out: Some("layers.{}.post_attention_layernorm"),
        mlp_in: None,
        mlp_out: Some("layers.{}.post_feedforward_layernorm"),
        qk_norm: Some(QkNorm { over: NormOver::All, ..QK_NORM }),
        ..names.block
    };
    Ok(Declaration { spec, names: Names { block, ..names } })
}
