//! DistilBERT (Sanh et al. 2019): BERT without segments, under other names.
//!
//! Source: `models/distilbert/modeling_distilbert.py` of Hugging Face transformers.

use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{self, Attention, Embeddings, Norm, NormKind, Spec};
use crate::models::error::Result;

const NAMES: Names = Names {
    prefixes: &["", "distilbert."],
    positions: "embeddings.position_embeddings",
    embedding_norm: Some("embeddings.LayerNorm"),
    ..Names::new(
        "embeddings.word_embeddings",
        Block::new(
            Qkv::separate(
                "transformer.layer.{}.attention.q_lin",
                "transformer.layer.{}.attention.k_lin",
                "transformer.layer.{}.attention.v_lin",
                true,
            ),
            linear("transformer.layer.{}.attention.out_lin"),
            Mlp::Plain {
                up: linear("transformer.layer.{}.ffn.lin1"),
                down: linear("transformer.layer.{}.ffn.lin2"),
            },
        )
        .norms_after("transformer.layer.{}.sa_layer_norm", "transformer.layer.{}.output_layer_norm"),
    )
};

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    // Sinusoidal positions are stored as a table too.
    config.ignore("sinusoidal_pos_embds");
    config.ignore("tie_weights_");
    let d_model = config.count("dim")?;
    let (n_heads, d_head) = config.heads("dim", "n_heads")?;
    let n_layers = config.layers("n_layers")?;
    let n_positions = config.count_or("max_position_embeddings", 512)?;
    let spec = Spec {
        n_positions: Some(n_positions),
        embeddings: Embeddings::with_positions(d_model, n_positions),
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: NormKind::Layer, eps: 1e-12 },
            Attention::full(n_heads, d_head),
            vec![spec::Block::default(); n_layers],
            spec::Mlp {
                d: config.count("hidden_dim")?,
                activation: config.activation_or("activation", "gelu")?,
            },
        )
    };
    Ok(Declaration { spec, names: NAMES })
}
