//! `ConvBERT` (Jiang et al. 2020): BERT in which a convolution stands beside every head of attention.
//!
//! Source: `models/convbert/modeling_convbert.py` of Hugging Face transformers.

use super::bert;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, linear};
use crate::models::declarations::spec::{Attention, Mixer, Span};
use crate::models::error::Result;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    let mut spec = bert::spec(config)?;
    spec.embeddings.d = config.count_or("embedding_size", 768)?;
    let ratio = config.count_or("head_ratio", 2)?;
    let n_heads = (spec.attention.n_heads / ratio).max(1);
    if !spec.d_model.is_multiple_of(2 * n_heads) {
        let message = format!("is {}, not a multiple of {n_heads} heads of two halves", spec.d_model);
        return Err(config.error("hidden_size", message));
    }
    spec.attention = Attention::full(n_heads, spec.d_model / n_heads / 2);
    let width = config.count_or("conv_kernel_size", 9)?;
    if width.is_multiple_of(2) {
        return Err(config.error("conv_kernel_size", format!("is {width}, which has no middle")));
    }
    for block in &mut spec.blocks {
        block.mixer = Mixer::Span(Span { width });
    }
    let groups = config.count_or("num_groups", 1)?;
    for (key, size) in [("hidden_size", spec.d_model), ("intermediate_size", spec.mlp.d)] {
        if !size.is_multiple_of(groups) {
            return Err(config.error(key, format!("is {size}, not a multiple of {groups} groups")));
        }
    }
    let block = Block {
        mixer: "encoder.layer.{}.attention.self",
        mlp: Mlp::Plain {
            up: linear("encoder.layer.{}.intermediate.dense").grouped(groups),
            down: linear("encoder.layer.{}.output.dense").grouped(groups),
        },
        ..bert::NAMES.block
    };
    let names = Names {
        prefixes: &["", "convbert."],
        embedding_projection: (spec.embeddings.d != spec.d_model).then_some(linear("embeddings_project")),
        block,
        ..bert::NAMES
    };
    Ok(Declaration { spec, names })
}
