//! The one table of what is supported: a row per `model_type` of `config.json`.

use super::config::Config;
pub use super::family::Family;
use super::general;
use super::names::Declaration;
use super::refused::reason;
use super::rows::FAMILIES;
use crate::models::error::{Error, Result};

/// Every architecture that can be loaded.
#[must_use]
pub fn families() -> &'static [Family] {
    FAMILIES
}

/// The family of a configuration.
pub(in crate::models) fn family(config: &Config) -> Result<&'static Family> {
    let model_type = config.string("model_type")?;
    FAMILIES.iter().find(|family| family.model_type == model_type).ok_or_else(|| {
        Error::UnsupportedModelType {
            id: config.id().to_owned(),
            reason: reason(&model_type),
            model_type,
            supported: FAMILIES.iter().map(|family| family.model_type).collect(),
        }
    })
}

/// The family of a configuration, and what it makes of it: every key was read that may matter.
pub(in crate::models) fn declare(config: &Config) -> Result<(&'static Family, Declaration)> {
    let family = family(config)?;
    let declaration = general::apply(config, family.model_type, (family.declare)(config)?)?;
    config.finish()?;
    Ok((family, declaration))
}

/// The declaration of the decoder of a configuration, beside that of its encoder.
pub(in crate::models) fn declare_decoder(config: &Config) -> Result<Declaration> {
    let (family, encoder) = declare(config)?;
    let Some(decoder) = family.decoder else {
        return Err(Error::NoDecoder {
            id: config.id().to_owned(),
            model_type: family.model_type.to_owned(),
            reads_before: encoder.spec.attention.causal,
            supported: FAMILIES.iter().filter(|row| row.decoder.is_some()).map(|row| row.model_type).collect(),
        });
    };
    general::of_decoder(config)?;
    decoder(config, encoder)
}
