//! RoBERTa (Liu et al. 2019), XLM-RoBERTa (Conneau et al. 2020) and CamemBERT (Martin et al. 2020): BERT with positions
//! that begin after the padding's; and LUKE (Yamada et al. 2020), which is RoBERTa that also takes entities.
//!
//! Source: `models/{roberta,xlm_roberta_xl,roberta_prelayernorm,luke}/modeling_*.py` of Hugging Face transformers.

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

/// RoBERTa with norms before each half, and a last one beside that of the embeddings.
pub(in crate::models) fn norms_first(config: &Config) -> Result<Declaration> {
    let Declaration { spec, names } = declare(config)?;
    let block = Block {
        attention_in: Some("encoder.layer.{}.attention.LayerNorm"),
        after_attention: None,
        mlp_in: Some("encoder.layer.{}.intermediate.LayerNorm"),
        after_mlp: None,
        ..names.block
    };
    let names =
        Names { prefixes: &["", "roberta_prelayernorm."], block, final_norm: Some("LayerNorm"), ..names };
    Ok(Declaration { spec, names })
}

/// LUKE (Yamada et al. 2020), for sentences in which no entities are marked: those take part in attention as further tokens.
pub(in crate::models) fn luke(config: &Config) -> Result<Declaration> {
    for of_entities in
        ["entity_vocab_size", "entity_emb_size", "use_entity_aware_attention", "cls_entity_prediction"]
    {
        config.ignore(of_entities);
    }
    let Declaration { spec, names } = declare(config)?;
    Ok(Declaration { spec, names: Names { prefixes: &["", "luke."], ..names } })
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
