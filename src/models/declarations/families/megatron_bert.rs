//! Megatron-BERT (Shoeybi et al. 2019): BERT with norms before each half, a last one, and none of the embeddings.
//!
//! Source: `models/megatron_bert/modeling_megatron_bert.py` of Hugging Face transformers.

use super::bert;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Names};
use crate::models::error::Result;

const NAMES: Names = Names {
    embedding_norm: None,
    block: Block {
        attention_in: Some("encoder.layer.{}.attention.ln"),
        after_attention: None,
        mlp_in: Some("encoder.layer.{}.ln"),
        after_mlp: None,
        ..bert::NAMES.block
    },
    final_norm: Some("encoder.ln"),
    ..bert::NAMES
};

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    Ok(Declaration { spec: bert::spec(config)?, names: NAMES })
}
