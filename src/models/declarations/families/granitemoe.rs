//! Granite 3 with mixtures of experts (IBM 2024).
//!
//! Source: `models/granitemoe/modeling_granitemoe.py` of Hugging Face transformers.

use super::{llama, mixture};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Names};
use crate::models::declarations::spec::Router;
use crate::models::error::Result;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    config.only("mlp_bias", &serde_json::Value::from(false))?;
    // Of versions of transformers in which there was another choice.
    config.only("position_embedding_type", &serde_json::Value::from("rope"))?;
    let Declaration { mut spec, names } = llama::granite(config)?;
    let count = config.count_or("num_local_experts", 8)?;
    // A softmax over the chosen alone is that over all, divided by their sum.
    let experts = mixture::experts(config, (count, 2), spec.mlp.d, &spec.mlp, Router::softmax(true))?;
    mixture::everywhere(&mut spec, experts);
    let block = Block { experts: Some(mixture::GRANITE), ..names.block };
    Ok(Declaration { spec, names: Names { block, ..names } })
}
