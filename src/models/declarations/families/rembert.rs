//! `RemBERT` (Chung et al. 2021): BERT whose embeddings are smaller than the residual stream.
//!
//! Source: `models/rembert/modeling_rembert.py` of Hugging Face transformers.

use super::bert;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Declaration, Names, linear};
use crate::models::error::Result;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    // Of the head that predicts tokens.
    config.ignore("output_embedding_size");
    let mut spec = bert::spec(config)?;
    spec.embeddings.d = config.count_or("input_embedding_size", 256)?;
    let names = Names {
        prefixes: &["", "rembert."],
        embedding_projection: Some(linear("encoder.embedding_hidden_mapping_in")),
        ..bert::NAMES
    };
    Ok(Declaration { spec, names })
}
