//! GPT-BigCode: `SantaCoder` (Ben Allal et al. 2023) and `StarCoder` (Li et al. 2023), GPT-2 whose heads may share keys.
//!
//! Source: `models/gpt_bigcode/modeling_gpt_bigcode.py` of Hugging Face transformers.

use serde_json::Value;

use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{self, Attention, Embeddings, Norm, NormKind, Spec};
use crate::models::error::Result;

const fn names(qkv: Qkv) -> Names {
    Names {
        prefixes: &["", "transformer."],
        positions: "wpe",
        final_norm: Some("ln_f"),
        ..Names::new(
            "wte",
            Block::new(
                qkv,
                linear("h.{}.attn.c_proj"),
                Mlp::Plain { up: linear("h.{}.mlp.c_fc"), down: linear("h.{}.mlp.c_proj") },
            )
            .norms_before("h.{}.ln_1", "h.{}.ln_2"),
        )
    }
}

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    config.only("add_cross_attention", &Value::from(false))?;
    for unused in [
        // How scores are rounded in half precision.
        "attention_softmax_in_fp32",
        "scale_attention_softmax_in_fp32",
        // Says again what `multi_query` says.
        "num_key_value_heads",
        // Of the program that the published models were first run with.
        "inference_runner",
        "max_batch_size",
        "pad_key_length",
        "pre_allocate_kv_cache",
        "validate_runner_input",
    ] {
        config.ignore(unused);
    }
    let d_model = config.count("n_embd")?;
    let (n_heads, d_head) = config.heads("n_embd", "n_head")?;
    let n_layers = config.layers("n_layer")?;
    let n_positions = config.count_or("n_positions", 1024)?;
    let one_key = config.flag_or("multi_query", true)?;
    let mut attention =
        Attention { n_kv_heads: if one_key { 1 } else { n_heads }, ..Attention::causal(n_heads, d_head) };
    if !config.flag_or("scale_attn_weights", true)? {
        attention.scale = 1.0;
    }
    let spec = Spec {
        n_positions: Some(n_positions),
        embeddings: Embeddings::with_positions(d_model, n_positions),
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: NormKind::Layer, eps: config.number_or("layer_norm_epsilon", 1e-5)? as f32 },
            attention,
            vec![spec::Block::default(); n_layers],
            spec::Mlp {
                d: config.count_or("n_inner", 4 * d_model)?,
                activation: config.activation_or("activation_function", "gelu_pytorch_tanh")?,
            },
        )
    };
    let layer = linear("h.{}.attn.c_attn");
    let qkv = if one_key { Qkv::Stacked(layer) } else { Qkv::Interleaved(layer) };
    Ok(Declaration { spec, names: names(qkv) })
}
