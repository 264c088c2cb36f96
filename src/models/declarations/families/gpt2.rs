//! GPT-2 (Radford et al. 2019).
//!
//! Source: `models/gpt2/modeling_gpt2.py` of Hugging Face transformers.

use serde_json::Value;

use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{self, Draw, Initial};
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
            Qkv::Stacked(linear("h.{}.attn.c_attn").turned()),
            linear("h.{}.attn.c_proj").turned(),
            Mlp::Plain { up: linear("h.{}.mlp.c_fc").turned(), down: linear("h.{}.mlp.c_proj").turned() },
        )
        .norms_before("h.{}.ln_1", "h.{}.ln_2"),
    )
};

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    config.only("add_cross_attention", &Value::from(false))?;
    // Changes the order of two exact operations.
    config.ignore("reorder_and_upcast_attn");
    config.ignore("n_ctx");
    let d_model = config.count("n_embd")?;
    let (n_heads, d_head) = config.heads("n_embd", "n_head")?;
    let n_layers = config.layers("n_layer")?;
    let n_positions = config.count_or("n_positions", 1024)?;
    let mut attention = Attention::causal(n_heads, d_head);
    if !config.flag_or("scale_attn_weights", true)? {
        attention.scale = 1.0;
    }
    // Stanford's Mistral, and other models that were trained with its settings.
    let by_depth = config.flag_or("scale_attn_by_inverse_layer_idx", false)?;
    let scale = attention.scale;
    let block = |layer: usize| spec::Block {
        scale: by_depth.then(|| scale / (layer + 1) as f32),
        ..spec::Block::default()
    };
    let spec = Spec {
        n_positions: Some(n_positions),
        embeddings: Embeddings::with_positions(d_model, n_positions),
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: NormKind::Layer, eps: config.number_or("layer_norm_epsilon", 1e-5)? as f32 },
            attention,
            (0..n_layers).map(block).collect(),
            spec::Mlp {
                d: config.count_or("n_inner", 4 * d_model)?,
                activation: config.activation_or("activation_function", "gelu_new")?,
            },
        )
    };
    Ok(Declaration { spec, names: NAMES })
}

/// Layers that write to the residual stream are narrower, by the root of twice the number of blocks.
pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    let deviation = initial::deviation(config, "initializer_range", 0.02)?;
    let narrower = deviation * (1.0 / (2.0 * config.count("n_layer")? as f64).sqrt());
    Ok(Initial {
        rules: vec![("c_proj.weight", Draw::Normal { deviation: narrower })],
        otherwise: Draw::Normal { deviation },
    })
}
