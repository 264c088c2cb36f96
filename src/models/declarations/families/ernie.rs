//! ERNIE (Sun et al. 2019, 2020): BERT, in later versions with a table of tasks, of which the first is meant here as it is in
//! transformers.
//!
//! Source: `models/ernie/modeling_ernie.py` of Hugging Face transformers.

use super::bert;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Declaration, Names};
use crate::models::error::Result;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    let mut spec = bert::spec(config)?;
    let n_tasks = config.count_or("task_type_vocab_size", 3)?;
    spec.embeddings.n_tasks = if config.flag_or("use_task_id", false)? { n_tasks } else { 0 };
    let names = Names { prefixes: &["", "ernie."], tasks: "embeddings.task_type_embeddings", ..bert::NAMES };
    Ok(Declaration { spec, names })
}
