//! Nemotron-4 and Minitron (Parmar et al. 2024; Muralidharan et al. 2024): Llama with layer norms whose weights are stored less 1,
//! and squares in the MLP.
//!
//! Source: `models/nemotron/modeling_nemotron.py` of Hugging Face transformers.

use super::{llama, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{self, Initial};
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, linear};
use crate::models::declarations::spec::NormKind;
use crate::models::error::Result;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    let defaults = rope::Defaults { part: 0.5, ..rope::Defaults::PLAIN };
    let mut spec = llama::spec(config, defaults, NormKind::LayerPlusOne, ("norm_eps", 1e-5))?;
    spec.mlp.activation = config.activation_or("hidden_act", "relu2")?;
    let (bias, mlp_bias) = (config.flag_or("attention_bias", false)?, config.flag_or("mlp_bias", false)?);
    let names = llama::names(llama::Biases { qkv: bias, attention: bias, mlp: mlp_bias });
    let mlp = Mlp::Plain {
        up: linear("layers.{}.mlp.up_proj").bias(mlp_bias),
        down: linear("layers.{}.mlp.down_proj").bias(mlp_bias),
    };
    Ok(Declaration { spec, names: Names { block: Block { mlp, ..names.block }, ..names } })
}

pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    initial::usually(config, "initializer_range", 0.0134)
}
