//! GPT-J (Wang and Komatsuzaki 2021), and `CodeGen` (Nijkamp et al. 2022), which is GPT-J with other names and one layer for
//! queries, keys and values.
//!
//! Source: `models/{gptj,codegen}/modeling_*.py` of Hugging Face transformers.

use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::rotary::{Rotary, Scaling};
use crate::models::declarations::spec::{self, Attention, Norm, NormKind, Pairs, Spec};
use crate::models::error::Result;

/// One norm, and attention and MLP side by side.
const fn names(qkv: Qkv) -> Names {
    Names {
        prefixes: &["", "transformer."],
        final_norm: Some("ln_f"),
        ..Names::new(
            "wte",
            Block {
                attention_in: Some("h.{}.ln_1"),
                ..Block::new(
                    qkv,
                    linear("h.{}.attn.out_proj").bias(false),
                    Mlp::Plain { up: linear("h.{}.mlp.fc_in"), down: linear("h.{}.mlp.fc_out") },
                )
            },
        )
    }
}

/// `CodeGen` was trained on so many machines, each with its part of every head's layer.
const SHARDS: usize = 4;

fn spec(config: &Config) -> Result<Spec> {
    let d_model = config.count("n_embd")?;
    let (n_heads, d_head) = config.heads("n_embd", "n_head")?;
    let n_layers = config.layers("n_layer")?;
    let dims = config.count_or("rotary_dim", 64)?;
    if dims > d_head || !dims.is_multiple_of(2) {
        return Err(config.error("rotary_dim", format!("turns {dims} of a head's {d_head} units")));
    }
    // The base is no key of these configurations.
    let rotary = Rotary::new(dims, 10_000.0, &Scaling::None);
    let attention = Attention { pairs: Pairs::Neighbours, ..Attention::causal(n_heads, d_head) };
    Ok(Spec {
        n_positions: Some(config.count_or("n_positions", 2048)?),
        parallel: true,
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: NormKind::Layer, eps: config.number_or("layer_norm_epsilon", 1e-5)? as f32 },
            attention,
            vec![spec::Block { rotary: Some(rotary), ..spec::Block::default() }; n_layers],
            spec::Mlp {
                d: config.count_or("n_inner", 4 * d_model)?,
                activation: config.activation_or("activation_function", "gelu_new")?,
            },
        )
    })
}

pub(in crate::models) fn gptj(config: &Config) -> Result<Declaration> {
    for unused in ["rotary", "scale_attn_weights"] {
        config.only(unused, &serde_json::Value::from(true))?;
    }
    let qkv = Qkv::separate("h.{}.attn.q_proj", "h.{}.attn.k_proj", "h.{}.attn.v_proj", false);
    Ok(Declaration { spec: spec(config)?, names: names(qkv) })
}

pub(in crate::models) fn codegen(config: &Config) -> Result<Declaration> {
    config.only("scale_attn_weights", &serde_json::Value::from(true))?;
    config.ignore("n_ctx");
    let spec = spec(config)?;
    if !spec.d_model.is_multiple_of(SHARDS) {
        let message = format!("is {}, which is not {SHARDS} equal parts", spec.d_model);
        return Err(config.error("n_embd", message));
    }
    let qkv = Qkv::Sharded(linear("h.{}.attn.qkv_proj").bias(false), SHARDS);
    Ok(Declaration { spec, names: names(qkv) })
}
