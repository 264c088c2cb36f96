//! GPT-NeoX (Black et al. 2022), of which Pythia (Biderman et al. 2023) is made.
//!
//! Source: `models/gpt_neox/modeling_gpt_neox.py` of Hugging Face transformers.

use serde_json::Value;

use super::rope;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{self, Attention, Norm, NormKind, Spec};
use crate::models::error::Result;

const fn names(bias: bool) -> Names {
    Names {
        prefixes: &["", "gpt_neox."],
        final_norm: Some("final_layer_norm"),
        ..Names::new(
            "embed_in",
            Block::new(
                Qkv::Interleaved(linear("layers.{}.attention.query_key_value").bias(bias)),
                linear("layers.{}.attention.dense").bias(bias),
                Mlp::Plain {
                    up: linear("layers.{}.mlp.dense_h_to_4h"),
                    down: linear("layers.{}.mlp.dense_4h_to_h"),
                },
            )
            .norms_before("layers.{}.input_layernorm", "layers.{}.post_attention_layernorm"),
        )
    }
}

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    config
        .only("is_decoder", &Value::from(false))
        .or_else(|_| config.only("is_decoder", &Value::from(true)))?;
    let d_model = config.count("hidden_size")?;
    let (n_heads, d_head) = config.heads("hidden_size", "num_attention_heads")?;
    let n_layers = config.layers("num_hidden_layers")?;
    let n_positions = config.count_or("max_position_embeddings", 2048)?;
    let defaults = rope::Defaults {
        theta: config.number_or("rotary_emb_base", 10_000.0)?,
        part: config.number_or("rotary_pct", 0.25)?,
        ..rope::Defaults::PLAIN
    };
    // Later names of the same, which transformers writes beside these and does not read.
    for unused in ["rope_theta", "partial_rotary_factor"] {
        config.ignore(unused);
    }
    let rope = rope::read_part(config, d_head, n_positions, defaults)?;
    let spec = Spec {
        n_positions: Some(rope.limit(n_positions)),
        parallel: config.flag_or("use_parallel_residual", true)?,
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: NormKind::Layer, eps: config.number_or("layer_norm_eps", 1e-5)? as f32 },
            Attention::causal(n_heads, d_head),
            vec![spec::Block { rotary: Some(rope.rotary), ..spec::Block::default() }; n_layers],
            spec::Mlp {
                d: config.count("intermediate_size")?,
                activation: config.activation_or("hidden_act", "gelu")?,
            },
        )
    };
    Ok(Declaration { spec, names: names(config.flag_or("attention_bias", true)?) })
}
