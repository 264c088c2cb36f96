//! RWKV-7 "Goose" (Peng et al. 2025), in the layout of flash-linear-attention.
//!
//! Hugging Face transformers has no such model: the frozen states come from a recurrence in float64
//! (`tests/golden/rwkv7.py`), and final outputs agree with candle-transformers'.

use serde_json::Value;

use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Names};
use crate::models::declarations::spec::{self, FeedForward, Mixer, Norm, NormKind, Spec};
use crate::models::error::Result;

const NAMES: Names = Names {
    prefixes: &["model.", ""],
    first_norm: Some("layers.0.pre_norm"),
    block: Block {
        mlp_in: Some("layers.{}.ffn_norm"),
        feed_forward: "layers.{}.ffn",
        ..Block::mixing("layers.{}.attn", "layers.{}.attn_norm")
    },
    final_norm: Some("norm"),
    ..Names::mixing("embeddings", "", "")
};

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    for key in [
        // How it is computed, not what; and heads counted otherwise than `head_dim` says, in published files.
        "attn_mode",
        "fuse_norm",
        "fuse_cross_entropy",
        "fuse_linear_cross_entropy",
        "use_l2warp",
        "max_position_embeddings",
        "num_heads",
    ] {
        config.ignore(key);
    }
    config.only("attn", &Value::Null)?;
    config.only("norm_first", &Value::from(true))?;
    config.only("hidden_act", &Value::from("sqrelu"))?;
    let d_model = config.count("hidden_size")?;
    let d_head = config.count_or("head_dim", 64)?;
    if !d_model.is_multiple_of(d_head) {
        return Err(config.error("head_dim", format!("is {d_head}, which does not divide {d_model} units")));
    }
    let n_layers = config.layers("num_hidden_layers")?;
    if let Some(sizes) = config.value("value_dim") {
        let sizes = sizes.as_array().cloned().unwrap_or_else(|| vec![sizes.clone()]);
        if sizes.iter().any(|size| size.as_u64() != Some(d_model as u64)) {
            return Err(config.error("value_dim", format!("is not {d_model} in every layer")));
        }
    }
    let ratio = config.number_or("hidden_ratio", 4.0)?;
    let usual = (d_model as f64 * ratio) as usize;
    let d_mlp = config.count_or("intermediate_size", usual.next_multiple_of(32))?;
    let mixer = spec::Rwkv7 {
        d_head,
        d_decay: config.count("decay_low_rank_dim")?,
        d_rate: config.count("a_low_rank_dim")?,
        d_gate: config.count("gate_low_rank_dim")?,
        d_value: config.count("v_low_rank_dim")?,
    };
    let kind = if config.flag_or("norm_bias", true)? { NormKind::Layer } else { NormKind::LayerUnbiased };
    let norm = Norm { kind, eps: config.number_or("norm_eps", 1e-5)? as f32 };
    let vocab_size = config.count("vocab_size")?;
    let block = spec::Block {
        mixer: Mixer::Rwkv7(mixer),
        feed_forward: FeedForward::Rwkv7 { d: d_mlp },
        ..spec::Block::default()
    };
    let spec = Spec::without_attention(vocab_size, d_model, norm, n_layers, block);
    Ok(Declaration { spec, names: NAMES })
}
