//! RoBERTa (Liu et al. 2019), XLM-RoBERTa (Conneau et al. 2020) and CamemBERT (Martin et al. 2020): BERT with positions
//! that begin after the padding's.
//!
//! Source: `models/roberta/modeling_roberta.py` of Hugging Face transformers.

use super::bert;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Names};
use crate::models::declarations::spec::{Embeddings, Positions};
use crate::models::error::Result;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    let mut spec = bert::spec(config)?;
    spec.embeddings = after_padding(config, &spec.embeddings, config.token_or("pad_token_id", 1)?)?;
    spec.n_positions = spec.embeddings.positions.map(|layout| layout.rows - layout.first);
    Ok(Declaration { spec, names: Names { prefixes: &["", "roberta."], ..bert::NAMES } })
}

/// XLM-RoBERTa-XL (Goyal et al. 2021): norms before each half, a last one, and none of the embeddings.
pub(in crate::models) fn xl(config: &Config) -> Result<Declaration> {
    let Declaration { mut spec, names } = declare(config)?;
    spec.norm.eps = config.number_or("layer_norm_eps", 1e-5)? as f32;
    spec.embeddings.n_segments = config.count_or("type_vocab_size", 1)?;
    let block = Block {
        attention_in: Some("encoder.layer.{}.attention.self_attn_layer_norm"),
        after_attention: None,
        mlp_in: Some("encoder.layer.{}.LayerNorm"),
        after_mlp: None,
        ..names.block
    };
    Ok(Declaration {
        spec,
        names: Names { embedding_norm: None, block, final_norm: Some("encoder.LayerNorm"), ..names },
    })
}

/// The same embeddings, with positions that begin after the row of padding.
pub(super) fn after_padding(config: &Config, embeddings: &Embeddings, padding: u32) -> Result<Embeddings> {
    let positions = embeddings.positions.map(|layout| Positions {
        first: padding as usize + 1,
        uncounted: Some(padding),
        ..layout
    });
    match positions {
        Some(layout) if layout.rows <= layout.first => Err(config.error(
            "max_position_embeddings",
            format!("is {}, which leaves none after padding {padding}", layout.rows),
        )),
        _ => Ok(Embeddings { positions, ..embeddings.clone() }),
    }
}
