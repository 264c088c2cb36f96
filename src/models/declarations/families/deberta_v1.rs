//! The first `DeBERTa` (He et al. 2021): BERT whose scores take in the distance of tokens by learned vectors, a row of the table
//! for each distance.
//!
//! Source: `models/deberta/modeling_deberta.py` of Hugging Face transformers.

use serde_json::Value;

use super::{bert, deberta};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{self, Block, Declaration, Names, Qkv, linear};
use crate::models::declarations::spec::{
    self, Attention, Disentangled, DistanceBias, Embeddings, Norm, NormKind, Projected, Spec,
};
use crate::models::error::Result;

const NAMES: Names = Names {
    prefixes: &["", "deberta."],
    block: Block {
        qkv: Qkv::InterleavedApart {
            layer: linear("encoder.layer.{}.attention.self.in_proj").bias(false),
            query_bias: "encoder.layer.{}.attention.self.q_bias",
            value_bias: "encoder.layer.{}.attention.self.v_bias",
        },
        disentangled: Some(names::Disentangled {
            table: "encoder.rel_embeddings",
            norm: "",
            query: linear("encoder.layer.{}.attention.self.pos_q_proj"),
            key: linear("encoder.layer.{}.attention.self.pos_proj").bias(false),
        }),
        ..bert::NAMES.block
    },
    ..bert::NAMES
};

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    // Of the heads for tasks.
    config.ignore("legacy");
    config.only("talking_head", &Value::from(false))?;
    config.only("position_embedding_type", &Value::from("absolute"))?;
    let d_model = config.count("hidden_size")?;
    let (n_heads, d_head) = config.heads("hidden_size", "num_attention_heads")?;
    let n_layers = config.layers("num_hidden_layers")?;
    let n_positions = config.count_or("max_position_embeddings", 512)?;
    let d = config.count_or("embedding_size", d_model)?;
    let absolute = config.flag_or("position_biased_input", true)?;
    let plain = if absolute {
        Embeddings { d, ..Embeddings::with_positions(d_model, n_positions) }
    } else {
        Embeddings { d, ..Embeddings::tokens(d_model) }
    };
    let kinds = deberta::kinds(config)?;
    if kinds.listed != kinds.count() {
        return Err(config.error("pos_att_type", "lists something twice, or nothing"));
    }
    let span = config.count_if_positive("max_relative_positions")?.unwrap_or(n_positions);
    let relative = config.flag_or("relative_attention", false)?;
    let bias = if relative && kinds.count() > 0 {
        DistanceBias::Disentangled(Disentangled {
            to_position: kinds.to_position,
            from_position: kinds.from_position,
            shared: false,
            normalized: false,
            span,
            log_up_to: None,
        })
    } else {
        DistanceBias::None
    };
    let spec = Spec {
        n_positions: absolute.then_some(n_positions),
        embeddings: Embeddings {
            projected: Projected::BeforeNorm,
            n_segments: config.whole_or("type_vocab_size", 0)?,
            ..plain
        },
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: NormKind::Layer, eps: config.number_or("layer_norm_eps", 1e-7)? as f32 },
            Attention {
                scale: 1.0 / ((d_head * (1 + kinds.count())) as f32).sqrt(),
                bias,
                ..Attention::full(n_heads, d_head)
            },
            vec![spec::Block::default(); n_layers],
            spec::Mlp {
                d: config.count("intermediate_size")?,
                activation: config.activation_or("hidden_act", "gelu")?,
            },
        )
    };
    let projection = (d != d_model).then_some(linear("embeddings.embed_proj").bias(false));
    Ok(Declaration { spec, names: Names { embedding_projection: projection, ..NAMES } })
}
