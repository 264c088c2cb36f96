//! The one table of what is supported: a row per `model_type` of `config.json`.

use super::config::Config;
pub use super::family::Family;
use super::general;
use super::names::Declaration;
use super::refused::reason;
use super::rows::FAMILIES;
use super::spec::Start;
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
            supported: FAMILIES
                .iter()
                .filter(|row| row.decoder.is_some())
                .map(|row| row.model_type)
                .collect(),
        });
    };
    general::of_decoder(config)?;
    let declaration = decoder(config, encoder)?;
    let rows = declaration.spec.vocab_size;
    match declaration.spec.decoder.as_ref().map(|decoder| decoder.start) {
        Some(Start::Token(token)) if token as usize >= rows => {
            let message = format!(
                "is {token}, and the table of tokens has {rows} rows: it is what the decoder reads first"
            );
            Err(config.error("decoder_start_token_id", message))
        }
        _ => Ok(declaration),
    }
}
