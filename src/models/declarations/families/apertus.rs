//! Apertus (Swiss AI 2025), whose non-linearity has weights of its own, and nanochat (Karpathy 2025), whose norms have none.
//!
//! Source: `models/{apertus,nanochat}/modeling_*.py` of Hugging Face transformers.

use serde_json::json;

use super::llama::{self, Biases, QK_NORM};
use super::rope::{self, Defaults};
use crate::models::declarations::activation::Activation;
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{Draw, Initial, deviation};
use crate::models::declarations::names::{Block, Declaration, Mlp, Names};
use crate::models::declarations::spec::{self, FeedForward, NormKind};
use crate::models::error::Result;

/// The names that both have, of an MLP of two layers.
fn names(config: &Config, up: &'static str, down: &'static str) -> Result<Names> {
    let bias = config.flag_or("attention_bias", false)?;
    let names = llama::names(Biases { qkv: bias, attention: bias, mlp: false });
    let block = Block { qk_norm: Some(QK_NORM), mlp: Mlp::plain(up, down, false), ..names.block };
    Ok(Names { block, ..names })
}

pub(in crate::models) fn apertus(config: &Config) -> Result<Declaration> {
    // Published files say of the MLP's layers, and of norms of queries and keys, what they are anyway.
    for (key, only) in [("mlp_bias", false), ("qk_norm", true), ("post_norm", false)] {
        config.only(key, &json!(only))?;
    }
    let n_positions = config.count("max_position_embeddings")?;
    let d_head = llama::d_head(config, None)?;
    let defaults = Defaults { theta: 12e6, ..Defaults::PLAIN };
    let rope = if ["rope_parameters", "rope_scaling", "rope_theta"].iter().any(|key| config.has(key)) {
        rope::read(config, d_head, n_positions, defaults)?
    } else {
        let assumed = json!({
            "rope_type": "llama3", "factor": 8.0, "original_max_position_embeddings": 8192, "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
        });
        rope::of_part(config, &Config::empty(config).with_defaults(&assumed), d_head, n_positions, defaults)?
    };
    let own = config.string_or("hidden_act", "xielu")? == "xielu";
    let activation = if own { Activation::Relu } else { config.activation_or("hidden_act", "xielu")? };
    let mlp = spec::Mlp { d: config.count("intermediate_size")?, activation };
    let mut spec = llama::spec_of(config, d_head, rope, (NormKind::Rms, ("rms_norm_eps", 1e-5)), mlp)?;
    if own {
        spec.blocks.iter_mut().for_each(|block| block.feed_forward = FeedForward::Xielu);
    }
    let names = names(config, "layers.{}.mlp.up_proj", "layers.{}.mlp.down_proj")?;
    let block = names.block.norms_before("layers.{}.attention_layernorm", "layers.{}.feedforward_layernorm");
    Ok(Declaration { spec, names: Names { block, ..names } })
}

/// The weights of the non-linearity stand for 0.8 on both sides of 0.
pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    let stands_for = |value: f64| Draw::Same { factor: value.exp_m1().ln() };
    Ok(Initial {
        rules: vec![("act_fn.alpha_p", stands_for(0.8)), ("act_fn.alpha_n", stands_for(0.3))],
        otherwise: Draw::Normal { deviation: deviation(config, "initializer_range", 0.02)? },
    })
}

pub(in crate::models) fn nanochat(config: &Config) -> Result<Declaration> {
    // Of the logits, which are none of the hidden states.
    config.ignore("final_logit_softcapping");
    let d_head = llama::d_head(config, None)?;
    let n_positions = config.count("max_position_embeddings")?;
    let mut rope = rope::read(config, d_head, n_positions, Defaults::PLAIN)?;
    if rope.rotary.scale.to_bits() != 1.0f32.to_bits() {
        // Norms stand after the rotation, and so undo its scale; before it they are the same without one.
        return Err(config
            .error("rope_parameters", "scales queries and keys, which is not supported for this family"));
    }
    // It turns the other way.
    rope.rotary.frequencies.iter_mut().for_each(|angle| *angle = -*angle);
    let mlp = spec::Mlp {
        d: config.count("intermediate_size")?,
        activation: config.activation_or("hidden_act", "relu2")?,
    };
    let spec = llama::spec_of(config, d_head, rope, (NormKind::RmsPlain, ("rms_norm_eps", 1e-6)), mlp)?;
    let names = names(config, "layers.{}.mlp.fc1", "layers.{}.mlp.fc2")?;
    Ok(Declaration { spec, names: Names { embedding_norm: Some("norm"), ..names } })
}
