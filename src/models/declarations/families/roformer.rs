//! `RoFormer` (Su et al. 2021): BERT whose positions turn queries and keys.
//!
//! Source: `models/roformer/modeling_roformer.py` of Hugging Face transformers.

use serde_json::Value;

use super::bert;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Declaration, Names, linear};
use crate::models::declarations::rotary::{Rotary, Scaling};
use crate::models::declarations::spec::{Embeddings, Pairs};
use crate::models::error::Result;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    config.only("rotary_value", &Value::from(false))?;
    let mut spec = bert::spec(config)?;
    spec.n_positions = Some(config.count_or("max_position_embeddings", 1536)?);
    spec.embeddings = Embeddings {
        d: config.count_or("embedding_size", spec.d_model)?,
        positions: None,
        ..spec.embeddings
    };
    let d_head = spec.attention.d_head;
    if !d_head.is_multiple_of(2) {
        return Err(
            config.error("num_attention_heads", format!("makes heads of {d_head} units, an odd number"))
        );
    }
    spec.attention.pairs = Pairs::Neighbours;
    for block in &mut spec.blocks {
        block.rotary = Some(Rotary::new(d_head, 10_000.0, &Scaling::None));
    }
    let names = Names {
        prefixes: &["", "roformer."],
        embedding_projection: (spec.embeddings.d != spec.d_model).then_some(linear("embeddings_project")),
        ..bert::NAMES
    };
    Ok(Declaration { spec, names })
}
