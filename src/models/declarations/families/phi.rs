//! Phi-1.5 and Phi-2 (Li et al. 2023), and Phi-3 (Abdin et al. 2024).
//!
//! Source: `models/{phi,phi3}/modeling_*.py` of Hugging Face transformers.

use serde_json::Value;

use super::{llama, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, NormOver, QkNorm, Qkv, linear};
use crate::models::declarations::spec::NormKind;
use crate::models::error::Result;

const PHI: Names = Names {
    prefixes: &["", "model."],
    final_norm: Some("final_layernorm"),
    ..Names::new(
        "embed_tokens",
        Block {
            attention_in: Some("layers.{}.input_layernorm"),
            ..Block::new(
                Qkv::separate(
                    "layers.{}.self_attn.q_proj",
                    "layers.{}.self_attn.k_proj",
                    "layers.{}.self_attn.v_proj",
                    true,
                ),
                linear("layers.{}.self_attn.dense"),
                Mlp::Plain { up: linear("layers.{}.mlp.fc1"), down: linear("layers.{}.mlp.fc2") },
            )
        },
    )
};

const PHI3: Names = Names {
    prefixes: &["", "model."],
    final_norm: Some("norm"),
    ..Names::new(
        "embed_tokens",
        Block::new(
            Qkv::Stacked(linear("layers.{}.self_attn.qkv_proj").bias(false)),
            linear("layers.{}.self_attn.o_proj").bias(false),
            Mlp::GatedStacked {
                gate_up: linear("layers.{}.mlp.gate_up_proj").bias(false),
                down: linear("layers.{}.mlp.down_proj").bias(false),
            },
        )
        .norms_before("layers.{}.input_layernorm", "layers.{}.post_attention_layernorm"),
    )
};

/// One norm, and attention and MLP side by side.
pub(in crate::models) fn phi(config: &Config) -> Result<Declaration> {
    let defaults = rope::Defaults { part: 0.5, ..rope::Defaults::PLAIN };
    let mut spec = llama::spec(config, defaults, NormKind::Layer, ("layer_norm_eps", 1e-5))?;
    spec.mlp.activation = config.activation_or("hidden_act", "gelu_new")?;
    spec.parallel = true;
    let mut names = PHI;
    if config.flag_or("qk_layernorm", false)? {
        names.block.qk_norm = Some(QkNorm {
            query: "layers.{}.self_attn.q_layernorm",
            key: "layers.{}.self_attn.k_layernorm",
            over: NormOver::Head,
        });
    }
    Ok(Declaration { spec, names })
}

/// Llama with stacked weights.
pub(in crate::models) fn phi3(config: &Config) -> Result<Declaration> {
    // Phi-4-mini says what is so in every Phi-3.
    for key in ["attention_bias", "mlp_bias"] {
        config.only(key, &Value::from(false))?;
    }
    for key in ["full_attn_mod", "interpolate_factor"] {
        config.only(key, &Value::from(1))?;
    }
    config.ignore("lm_head_bias");
    let defaults = rope::Defaults { original: Some(4096.0), ..rope::Defaults::PLAIN };
    let mut spec = llama::spec(config, defaults, NormKind::Rms, ("rms_norm_eps", 1e-5))?;
    config.ignore("original_max_position_embeddings");
    let window = config.count_if_any("sliding_window")?;
    llama::slide(config, &mut spec, window, |_| window.is_some())?;
    Ok(Declaration { spec, names: PHI3 })
}
