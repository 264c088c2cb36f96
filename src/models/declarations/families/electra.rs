//! ELECTRA's discriminator (Clark et al. 2020): BERT whose embeddings may be smaller than the residual stream.
//!
//! Source: `models/electra/modeling_electra.py` of Hugging Face transformers.

use super::bert;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Declaration, Names, linear};
use crate::models::error::Result;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    let mut spec = bert::spec(config)?;
    spec.embeddings.d = config.count_or("embedding_size", 128)?;
    let names = Names {
        prefixes: &["", "electra."],
        embedding_projection: (spec.embeddings.d != spec.d_model).then_some(linear("embeddings_project")),
        ..bert::NAMES
    };
    Ok(Declaration { spec, names })
}
