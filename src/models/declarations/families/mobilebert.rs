//! `MobileBERT` (Sun et al. 2020): BERT whose blocks work in a narrow part, with several MLPs, and in which norms are a scale and a shift.
//!
//! Source: `models/mobilebert/modeling_mobilebert.py` of Hugging Face transformers.

use serde_json::Value;

use super::bert;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Names, linear};
use crate::models::declarations::spec::{
    self, Attention, Embeddings, FeedForward, Mixer, Mobile, NormKind, Projected,
};
use crate::models::error::Result;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    for unused in ["true_hidden_size", "classifier_activation"] {
        config.ignore(unused);
    }
    config.only("use_bottleneck", &Value::from(true))?;
    config.only("normalization_type", &Value::from("no_norm"))?;
    let mut spec = bert::spec(config)?;
    let d = config.count_or("intra_bottleneck_size", 128)?;
    let n_heads = spec.attention.n_heads;
    if !d.is_multiple_of(n_heads) {
        let message = format!("is {d}, not a multiple of {n_heads} heads");
        return Err(config.error("intra_bottleneck_size", message));
    }
    let within = config.flag_or("use_bottleneck_attention", false)?;
    let shared = config.flag_or("key_query_shared_bottleneck", true)?;
    if !within && !shared {
        let message =
            "is false, and so is `use_bottleneck_attention`: queries would be made of the wide part";
        return Err(config.error("key_query_shared_bottleneck", message));
    }
    let n_mlps = config.count_or("num_feedforward_networks", 4)?;
    if n_mlps > 1 << 10 {
        return Err(config
            .error("num_feedforward_networks", format!("is {n_mlps}, which is more than any model has")));
    }
    let mixer = Mixer::Mobile(Mobile { d, d_mlp: spec.mlp.d, n_mlps, shared: shared && !within });
    spec.mlp.activation = config.activation_or("hidden_act", "relu")?;
    spec.norm.kind = NormKind::Scaled;
    spec.attention = Attention::full(n_heads, d / n_heads);
    spec.blocks =
        vec![spec::Block { mixer, feed_forward: FeedForward::None, ..spec::Block::default() }; spec.n_layers];
    let d_tokens = config.count_or("embedding_size", 128)?;
    let neighbours = config.flag_or("trigram_input", true)?;
    let projected = neighbours || d_tokens != spec.d_model;
    spec.embeddings = Embeddings {
        d: d_tokens,
        neighbours,
        projected: Projected::BeforePositions,
        ..spec.embeddings.clone()
    };
    let block = Block {
        mixer: "encoder.layer.{}",
        attention: linear("encoder.layer.{}.output.bottleneck.dense"),
        after_attention: Some("encoder.layer.{}.output.bottleneck.LayerNorm"),
        after_mlp: None,
        ..bert::NAMES.block
    };
    let names = Names {
        prefixes: &["", "mobilebert."],
        block,
        embedding_projection: projected.then_some(linear("embeddings.embedding_transformation")),
        ..bert::NAMES
    };
    Ok(Declaration { spec, names })
}
