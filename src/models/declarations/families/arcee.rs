//! AFM of Arcee (2025), Llama with an MLP of two layers; and Seed-OSS (`ByteDance` 2025), Llama with biases.
//!
//! Source: `models/{arcee,seed_oss}/modeling_*.py` of Hugging Face transformers.

use super::{llama, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, linear};
use crate::models::declarations::spec::NormKind;
use crate::models::error::Result;

pub(in crate::models) fn arcee(config: &Config) -> Result<Declaration> {
    let mut spec = llama::spec(config, rope::Defaults::PLAIN, NormKind::Rms, ("rms_norm_eps", 1e-5))?;
    spec.mlp.activation = config.activation_or("hidden_act", "relu2")?;
    let (bias, mlp_bias) = (config.flag_or("attention_bias", false)?, config.flag_or("mlp_bias", false)?);
    let names = llama::names(llama::Biases { qkv: bias, attention: bias, mlp: mlp_bias });
    let mlp = Mlp::Plain {
        up: linear("layers.{}.mlp.up_proj").bias(mlp_bias),
        down: linear("layers.{}.mlp.down_proj").bias(mlp_bias),
    };
    Ok(Declaration { spec, names: Names { block: Block { mlp, ..names.block }, ..names } })
}

pub(in crate::models) fn seed_oss(config: &Config) -> Result<Declaration> {
    let defaults = rope::Defaults { d_head: Some(128), ..rope::Defaults::PLAIN };
    let mut spec = llama::spec(config, defaults, NormKind::Rms, ("rms_norm_eps", 1e-6))?;
    llama::key_heads(config, &mut spec, 8)?;
    let names = llama::names(llama::Biases {
        qkv: config.flag_or("attention_bias", true)?,
        attention: config.flag_or("attention_out_bias", false)?,
        mlp: config.flag_or("mlp_bias", false)?,
    });
    Ok(Declaration { spec, names })
}
