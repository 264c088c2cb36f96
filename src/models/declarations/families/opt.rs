//! OPT (Zhang et al. 2022).
//!
//! Source: `models/opt/modeling_opt.py` of Hugging Face transformers.

use serde_json::Value;

use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{
    self, Attention, Embeddings, Norm, NormKind, Positions, Projected, Spec,
};
use crate::models::error::Result;

const fn names(bias: bool) -> Names {
    Names {
        prefixes: &["decoder.", "model.decoder.", ""],
        positions: "embed_positions",
        final_norm: Some("final_layer_norm"),
        ..Names::new(
            "embed_tokens",
            Block::new(
                Qkv::separate(
                    "layers.{}.self_attn.q_proj",
                    "layers.{}.self_attn.k_proj",
                    "layers.{}.self_attn.v_proj",
                    bias,
                ),
                linear("layers.{}.self_attn.out_proj").bias(bias),
                Mlp::Plain {
                    up: linear("layers.{}.fc1").bias(bias),
                    down: linear("layers.{}.fc2").bias(bias),
                },
            )
            .norms_before("layers.{}.self_attn_layer_norm", "layers.{}.final_layer_norm"),
        )
    }
}

/// Rows before that of the first token.
const OFFSET: usize = 2;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    // Galactica says what is so in every OPT.
    config.only("learned_embeddings", &Value::from(true))?;
    config.only("scale_embeddings", &Value::from(false))?;
    let d_model = config.count("hidden_size")?;
    // opt-350m alone has its norms elsewhere, and projections.
    let norms_first = config.flag_or("do_layer_norm_before", true)?;
    let d_tokens = config.count_or("word_embed_proj_dim", d_model)?;
    let (n_heads, d_head) = config.heads("hidden_size", "num_attention_heads")?;
    let n_layers = config.layers("num_hidden_layers")?;
    let n_positions = config.count_or("max_position_embeddings", 2048)?;
    let affine = config.flag_or("layer_norm_elementwise_affine", true)?;
    let spec = Spec {
        n_positions: Some(n_positions),
        embeddings: Embeddings {
            d: d_tokens,
            projected: Projected::BeforePositions,
            positions: Some(Positions {
                learned: true,
                rows: n_positions + OFFSET,
                first: OFFSET,
                uncounted: None,
            }),
            ..Embeddings::tokens(d_model)
        },
        d_last: (d_tokens != d_model).then_some(d_tokens),
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: if affine { NormKind::Layer } else { NormKind::LayerPlain }, eps: 1e-5 },
            Attention::causal(n_heads, d_head),
            vec![spec::Block::default(); n_layers],
            spec::Mlp {
                d: config.count("ffn_dim")?,
                activation: config.activation_or("activation_function", "relu")?,
            },
        )
    };
    let mut names = names(config.flag_or("enable_bias", true)?);
    if config.flag_or("_remove_final_layer_norm", false)? {
        names.final_norm = None;
    }
    if !norms_first {
        let Block { attention_in, mlp_in, .. } = names.block;
        names.block = Block {
            attention_in: None,
            mlp_in: None,
            after_attention: attention_in,
            after_mlp: mlp_in,
            ..names.block
        };
        names.final_norm = None;
    }
    if spec.d_last.is_some() {
        names.embedding_projection = Some(linear("project_in").bias(false));
        names.last_projection = Some(linear("project_out").bias(false));
    }
    Ok(Declaration { spec, names })
}
