//! The one table of what is supported: a row per `model_type` of `config.json`.

use super::config::Config;
use super::error::{Error, Result};
use super::families::bert;
use super::spec::Declaration;

/// A supported architecture.
#[derive(Debug, Clone, Copy)]
pub struct Family {
    /// `model_type` in `config.json`.
    pub model_type: &'static str,
    /// The architecture's name.
    pub name: &'static str,
    /// Checkpoints (or configurations) that were compared with Hugging Face transformers, layer by layer.
    pub checked: &'static [&'static str],
    /// Reads the configuration.
    pub(super) declare: fn(&Config) -> Result<Declaration>,
}

/// The table.
const FAMILIES: &[Family] = &[Family {
    model_type: "bert",
    name: "BERT",
    checked: &["sentence-transformers/all-MiniLM-L6-v2", "random weights, 3 configurations"],
    declare: bert::declare,
}];

/// Every architecture that can be loaded.
#[must_use]
pub fn families() -> &'static [Family] {
    FAMILIES
}

/// The family of a configuration.
pub(super) fn family(config: &Config) -> Result<&'static Family> {
    let model_type = config.string("model_type")?;
    FAMILIES
        .iter()
        .find(|family| family.model_type == model_type)
        .ok_or_else(|| Error::UnsupportedModelType { id: config.id().to_owned(), model_type })
}
