//! GPT-Neo (Black et al. 2021): GPT-2 in which every other block sees a window, and scores are not divided.
//!
//! Source: `models/gpt_neo/modeling_gpt_neo.py` of Hugging Face transformers.

use serde_json::Value;

use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{self, Attention, Embeddings, Norm, NormKind, Spec};
use crate::models::error::Result;

const NAMES: Names = Names {
    prefixes: &["", "transformer."],
    positions: "wpe",
    final_norm: Some("ln_f"),
    ..Names::new(
        "wte",
        Block::new(
            Qkv::separate(
                "h.{}.attn.attention.q_proj",
                "h.{}.attn.attention.k_proj",
                "h.{}.attn.attention.v_proj",
                false,
            ),
            linear("h.{}.attn.attention.out_proj"),
            Mlp::Plain { up: linear("h.{}.mlp.c_fc"), down: linear("h.{}.mlp.c_proj") },
        )
        .norms_before("h.{}.ln_1", "h.{}.ln_2"),
    )
};

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    // Says the same as `attention_types`, written out.
    config.ignore("attention_layers");
    let d_model = config.count("hidden_size")?;
    let (n_heads, d_head) = config.heads("hidden_size", "num_heads")?;
    let n_layers = config.layers("num_layers")?;
    let n_positions = config.count_or("max_position_embeddings", 2048)?;
    let spec = Spec {
        n_positions: Some(n_positions),
        embeddings: Embeddings::with_positions(d_model, n_positions),
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: NormKind::Layer, eps: config.number_or("layer_norm_epsilon", 1e-5)? as f32 },
            Attention { scale: 1.0, ..Attention::causal(n_heads, d_head) },
            blocks(config, n_layers)?,
            spec::Mlp {
                d: config.count_or("intermediate_size", 4 * d_model)?,
                activation: config.activation_or("activation_function", "gelu_new")?,
            },
        )
    };
    Ok(Declaration { spec, names: NAMES })
}

/// `attention_types` is a list of pairs: kinds in turn, and how often they recur.
fn blocks(config: &Config, n_layers: usize) -> Result<Vec<spec::Block>> {
    let key = "attention_types";
    let window = config.count_or("window_size", 256)?;
    let not_understood = || config.error(key, "is not a list of kinds (global, local) with their numbers");
    let parse = |types: &Value| -> Option<Vec<spec::Block>> {
        let mut blocks = Vec::new();
        for pair in types.as_array()? {
            let [kinds, times] = pair.as_array()?.as_slice() else { return None };
            // One more than there are is enough to see that there are too many.
            for _ in 0..times.as_u64()?.min(n_layers as u64 + 1) {
                for kind in kinds.as_array()? {
                    let reach = match kind.as_str()? {
                        "global" => None,
                        "local" => Some(window - 1),
                        _ => return None,
                    };
                    blocks.push(spec::Block { reach, ..spec::Block::default() });
                }
            }
        }
        Some(blocks)
    };
    let default = serde_json::json!([[["global", "local"], n_layers / 2]]);
    let blocks = parse(config.value(key).unwrap_or(&default)).ok_or_else(not_understood)?;
    if blocks.len() != n_layers {
        return Err(config.error(key, format!("lists {} blocks, but there are {n_layers}", blocks.len())));
    }
    Ok(blocks)
}
