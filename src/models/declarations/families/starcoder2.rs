//! `StarCoder2` (Lozhkov et al. 2024).
//!
//! Source: `models/starcoder2/modeling_starcoder2.py` of Hugging Face transformers.

use serde_json::Value;

use super::{llama, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{self, Initial};
use crate::models::declarations::names::{Declaration, Mlp, Names, linear};
use crate::models::declarations::spec::NormKind;
use crate::models::error::Result;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    // Published files say what is so in every one of them, and how scores are rounded in half precision.
    config.only("mlp_type", &Value::from("default"))?;
    config.only("norm_type", &Value::from("layer_norm"))?;
    for unused in ["attention_softmax_in_fp32", "scale_attention_softmax_in_fp32"] {
        config.ignore(unused);
    }
    let mut spec = llama::spec(config, rope::Defaults::PLAIN, NormKind::Layer, ("norm_epsilon", 1e-5))?;
    spec.mlp.activation = config.activation_or("hidden_act", "gelu_pytorch_tanh")?;
    llama::key_heads(config, &mut spec, 2)?;
    let window = config.count_if_any("sliding_window")?;
    for block in &mut spec.blocks {
        block.reach = window.map(|window| window - 1);
    }
    let bias = config.flag_or("use_bias", true)?;
    let names = llama::names(llama::Biases { qkv: bias, attention: bias, mlp: bias });
    let mut block = names.block;
    block.mlp = Mlp::Plain {
        up: linear("layers.{}.mlp.c_fc").bias(bias),
        down: linear("layers.{}.mlp.c_proj").bias(bias),
    };
    Ok(Declaration { spec, names: Names { block, ..names } })
}

pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    initial::usually(config, "initializer_range", 0.018_042)
}
