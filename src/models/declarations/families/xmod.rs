//! X-MOD (Pfeiffer et al. 2022): `RoBERTa` whose blocks end in an MLP for each language, of which that of one language is used.
//!
//! Source: `models/xmod/modeling_xmod.py` of Hugging Face transformers.

use super::roberta;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{self, Block, Declaration, Names};
use crate::models::declarations::spec;
use crate::models::error::Result;

const ATTENTION_NORM: &str = "encoder.layer.{}.attention.output.LayerNorm";
const MLP_NORM: &str = "encoder.layer.{}.output.LayerNorm";

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    let Declaration { mut spec, names } = roberta::declare(config)?;
    let first = config.flag_or("pre_norm", false)?;
    let languages = config.strings("languages")?.unwrap_or_else(|| vec!["en_XX".to_owned()]);
    let name = config.string_or("default_language", "")?;
    if !languages.contains(&name) {
        let known = languages.join(", ");
        let message = if name.is_empty() {
            format!(
                "says of no language that it is the sentences': put one of {known} there, in a copy of config.json"
            )
        } else {
            format!("is `{name}`, and the model has {known}")
        };
        return Err(config.error("default_language", message));
    }
    if languages.len() > 1 {
        config.note(format!(
            "all sentences are read with the adapters of `{name}`, the `default_language` of config.json"
        ));
    }
    let factor = config.number_or("adapter_reduction_factor", 2.0)?;
    let d = if factor > 0.0 { (spec.d_model as f64 / factor).floor() as usize } else { 0 };
    if d == 0 {
        let message = format!("is {factor}, which leaves nothing of {} units", spec.d_model);
        return Err(config.error("adapter_reduction_factor", message));
    }
    let own = config.flag_or("adapter_layer_norm", false)?;
    let reused = config.flag_or("adapter_reuse_layer_norm", true)?;
    let norm = match (own, reused) {
        (true, _) => Some("encoder.layer.{}.output.adapter_layer_norm"),
        (false, true) => Some(MLP_NORM),
        (false, false) => None,
    };
    spec.language = Some(spec::Language { name, d, normed: config.flag_or("ln_before_adapter", true)? });
    let language = names::Language {
        norm,
        up: "encoder.layer.{}.output.adapter_modules.{language}.dense1",
        down: "encoder.layer.{}.output.adapter_modules.{language}.dense2",
    };
    let mut block = Block { language: Some(language), ..names.block };
    if first {
        (block.after_attention, block.after_mlp) = (None, None);
        block = block.norms_before(ATTENTION_NORM, MLP_NORM);
    }
    let final_norm = first.then_some("encoder.LayerNorm");
    Ok(Declaration { spec, names: Names { block, final_norm, ..names } })
}
