//! OLMo (Groeneveld et al. 2024), OLMo 2 (2025) and OLMo 3 (2025): Llama with other norms in other places.
//!
//! Source: `models/{olmo,olmo2,olmo3}/modeling_*.py` of Hugging Face transformers.

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

/// Those of the second and the third: norms after each half, and of queries and keys, all heads at once.
pub(super) fn norms_after(bias: bool) -> Names {
    let names = llama::names(Biases { qkv: bias, attention: bias, mlp: false });
    let block = Block {
        attention_in: None,
        attention_out: Some("layers.{}.post_attention_layernorm"),
        mlp_in: None,
        mlp_out: Some("layers.{}.post_feedforward_layernorm"),
        qk_norm: Some(QkNorm { over: NormOver::All, ..QK_NORM }),
        ..names.block
    };
    Names { block, ..names }
}

/// The second.
pub(in crate::models) fn olmo2(config: &Config) -> Result<Declaration> {
    let spec = llama::spec(config, rope::Defaults::PLAIN, NormKind::Rms, ("rms_norm_eps", 1e-5))?;
    Ok(Declaration { spec, names: norms_after(config.flag_or("attention_bias", false)?) })
}

/// The base of the third's rotations where nothing is said.
const THETA: f64 = 500_000.0;

/// The third: three layers of four see a window, and the others have a rotation of their own.
pub(in crate::models) fn olmo3(config: &Config) -> Result<Declaration> {
    let n_positions = config.count_or("max_position_embeddings", 2048)?;
    let d_head = llama::d_head(config, None)?;
    let defaults = rope::Defaults { theta: THETA, ..rope::Defaults::PLAIN };
    let by_kind = config.part_or_empty("rope_parameters")?;
    let full = by_kind.part_or_empty("full_attention")?.overlaid(config.part("rope_scaling")?);
    let local = by_kind.part_or_empty("sliding_attention")?;
    by_kind.finish()?;
    // Older versions of transformers take this key for all layers, newer ones for those without a window alone.
    let theta = config.number_or("rope_theta", THETA)?;
    if theta.to_bits() != THETA.to_bits() && !(full.has("rope_theta") && local.has("rope_theta")) {
        let message = format!(
            "is {theta}, and versions of transformers differ in which layers it is for; write a rope_theta for each kind \
             of layer in rope_parameters"
        );
        return Err(config.error("rope_theta", message));
    }
    let full = rope::of_kind(config, full, d_head, n_positions, defaults)?;
    let local = rope::of_kind(config, local, d_head, n_positions, defaults)?;
    let mut spec = llama::spec_with(config, d_head, full, NormKind::Rms, ("rms_norm_eps", 1e-5))?;
    let window = config.count_unless_null("sliding_window", 4096)?;
    llama::slide(config, &mut spec, window, |layer| !(layer + 1).is_multiple_of(4))?;
    for block in spec.blocks.iter_mut().filter(|block| block.reach.is_some()) {
        block.rotary = Some(local.rotary.clone());
    }
    spec.n_positions = spec.n_positions.map(|limit| local.limit(limit));
    Ok(Declaration { spec, names: norms_after(config.flag_or("attention_bias", false)?) })
}
