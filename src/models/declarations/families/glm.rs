//! Descendants of Llama that turn neighbouring units together: GLM-4 (Zeng et al. 2024; `glm`, and with four norms a block `glm4`),
//! Helium (Kyutai 2025) and ERNIE 4.5 (Baidu 2025).
//!
//! Source: `models/{glm,glm4,helium,ernie4_5}/modeling_*.py` of Hugging Face transformers.

use super::{llama, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, linear};
use crate::models::declarations::spec::{NormKind, Pairs, Spec};
use crate::models::error::Result;

fn spec(config: &Config, defaults: rope::Defaults, eps: f64, n_kv_heads: usize) -> Result<Spec> {
    let mut spec = llama::spec(config, defaults, NormKind::Rms, ("rms_norm_eps", eps))?;
    llama::key_heads(config, &mut spec, n_kv_heads)?;
    spec.attention.pairs = Pairs::Neighbours;
    Ok(spec)
}

pub(in crate::models) fn glm(config: &Config) -> Result<Declaration> {
    let defaults = rope::Defaults { part: 0.5, d_head: Some(128), ..rope::Defaults::PLAIN };
    let spec = spec(config, defaults, 1.5625e-7, 2)?;
    let bias = config.flag_or("attention_bias", true)?;
    let names = llama::names(llama::Biases { qkv: bias, attention: false, mlp: false });
    let mlp = Mlp::GatedStacked {
        gate_up: linear("layers.{}.mlp.gate_up_proj").bias(false),
        down: linear("layers.{}.mlp.down_proj").bias(false),
    };
    Ok(Declaration { spec, names: Names { block: Block { mlp, ..names.block }, ..names } })
}

pub(in crate::models) fn glm4(config: &Config) -> Result<Declaration> {
    let Declaration { spec, names } = glm(config)?;
    let block = Block {
        attention_out: Some("layers.{}.post_self_attn_layernorm"),
        mlp_out: Some("layers.{}.post_mlp_layernorm"),
        ..names.block
    };
    Ok(Declaration { spec, names: Names { block, ..names } })
}

pub(in crate::models) fn helium(config: &Config) -> Result<Declaration> {
    let defaults = rope::Defaults { theta: 100_000.0, d_head: Some(128), ..rope::Defaults::PLAIN };
    let spec = spec(config, defaults, 1e-8, 20)?;
    let (bias, mlp) = (config.flag_or("attention_bias", false)?, config.flag_or("mlp_bias", false)?);
    Ok(Declaration { spec, names: llama::names(llama::Biases { qkv: bias, attention: false, mlp }) })
}

pub(in crate::models) fn ernie4_5(config: &Config) -> Result<Declaration> {
    let defaults = rope::Defaults { theta: 500_000.0, d_head: Some(128), ..rope::Defaults::PLAIN };
    let spec = spec(config, defaults, 1e-5, 2)?;
    let bias = config.flag_or("use_bias", false)?;
    Ok(Declaration { spec, names: llama::names(llama::Biases { qkv: bias, attention: bias, mlp: bias }) })
}
