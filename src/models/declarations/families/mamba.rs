//! Mamba (Gu and Dao 2023), Falcon Mamba (Zuo et al. 2024) and Mamba-2 (Dao and Gu 2024).
//!
//! Source: `models/{mamba,falcon_mamba,mamba2}/modeling_*.py` of Hugging Face transformers. Hidden states are numbered as
//! everywhere: 0 the embeddings, the last one after the final norm. (transformers' own `hidden_states` of these families
//! begin after the first block, and have the last block's output both before and after the norm.)

use serde_json::Value;

use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{self, Draw, Initial};
use crate::models::declarations::names::{Declaration, Names};
use crate::models::declarations::spec::{self, FeedForward, Mixer, Norm, NormKind, Spec};
use crate::models::error::Result;

const NAMES: Names = Names {
    prefixes: &["", "backbone."],
    // As Mamba's own code calls it.
    other_tokens: Some("embedding"),
    final_norm: Some("norm_f"),
    ..Names::mixing("embeddings", "layers.{}.mixer", "layers.{}.norm")
};

/// What the three share. The size inside of a block is `expand` times the model's.
fn common(config: &Config) -> Result<(usize, usize)> {
    for key in [
        // How a scan is cut, or of the original's configuration, said again in the keys that are read.
        "chunk_size",
        "use_mambapy",
        "use_associative_scan",
        "residual_in_fp32",
        "rescale_prenorm_residual",
        "fused_add_norm",
        "pad_vocab_size_multiple",
        "d_inner",
        "d_model",
        "n_layer",
        "ssm_cfg",
        "time_step_floor",
        "time_step_init_scheme",
        "time_step_max",
        "time_step_min",
        "time_step_scale",
        "norm_before_gate",
    ] {
        config.ignore(key);
    }
    config.only("rms_norm", &Value::from(true))?;
    let d_model = config.count("hidden_size")?;
    let expand = config.number_or("expand", 2.0)?;
    let d_inner = expand * d_model as f64;
    if !(1.0..=f64::from(u32::MAX)).contains(&d_inner) {
        return Err(
            config.error("expand", format!("is {expand}, which makes {d_inner} channels of {d_model}"))
        );
    }
    Ok((d_model, d_inner as usize))
}

fn spec(config: &Config, d_model: usize, mixer: Mixer) -> Result<Spec> {
    let norm = Norm { kind: NormKind::Rms, eps: config.number_or("layer_norm_epsilon", 1e-5)? as f32 };
    let (vocab_size, n_layers) = (config.count("vocab_size")?, config.layers("num_hidden_layers")?);
    let block = spec::Block { mixer, feed_forward: FeedForward::None, ..spec::Block::default() };
    Ok(Spec::without_attention(vocab_size, d_model, norm, n_layers, block))
}

fn first(config: &Config, steering_eps: Option<f32>) -> Result<Declaration> {
    let (d_model, expanded) = common(config)?;
    // Falcon Mamba 7B says 16 times, which is not so, and then the size itself.
    let d_inner = config.count_or("intermediate_size", expanded)?;
    for unused in ["use_falcon_mambapy", "chunk_size"] {
        config.ignore(unused);
    }
    let auto = config.value("time_step_rank").is_none_or(|rank| rank.as_str() == Some("auto"));
    let d_step = if auto { d_model.div_ceil(16) } else { config.count("time_step_rank")? };
    let mixer = spec::Mamba {
        d_inner,
        d_state: config.count_or("state_size", 16)?,
        d_step,
        width: config.count_or("conv_kernel", 4)?,
        bias: config.flag_or("use_bias", false)?,
        convolution_bias: config.flag_or("use_conv_bias", true)?,
        activation: config.activation_or("hidden_act", "silu")?,
        steering_eps,
        steering_weights: false,
    };
    Ok(Declaration { spec: spec(config, d_model, Mixer::Mamba(mixer))?, names: NAMES })
}

pub(in crate::models) fn mamba(config: &Config) -> Result<Declaration> {
    first(config, None)
}

pub(in crate::models) fn falcon_mamba(config: &Config) -> Result<Declaration> {
    first(config, Some(config.number_or("mixer_rms_eps", 1e-6)? as f32))
}

/// What steps are kept between.
pub(super) fn step_limits(config: &Config) -> Result<(f32, f32)> {
    match config.numbers("time_step_limit")?.as_deref() {
        None => Ok((0.0, f32::INFINITY)),
        Some(&[least, most]) => Ok((least as f32, most as f32)),
        Some(_) => Err(config.error("time_step_limit", "is not a pair of numbers")),
    }
}

pub(in crate::models) fn mamba2(config: &Config) -> Result<Declaration> {
    let (d_model, d_inner) = common(config)?;
    for unused in ["time_step_rank", "intermediate_size"] {
        config.ignore(unused);
    }
    let (n_heads, d_head) = (config.count_or("num_heads", 128)?, config.count_or("head_dim", 64)?);
    if n_heads * d_head != d_inner {
        let message = format!("is {n_heads}, but with heads of {d_head} units they do not make {d_inner}");
        return Err(config.error("num_heads", message));
    }
    let n_groups = config.count_or("n_groups", 8)?;
    if !n_heads.is_multiple_of(n_groups) {
        return Err(config.error("n_groups", format!("is {n_groups}, which does not divide {n_heads} heads")));
    }
    let step_limits = step_limits(config)?;
    let bias = config.flag_or("use_bias", false)?;
    let mixer = spec::Mamba2 {
        n_groups,
        d_state: config.count_or("state_size", 128)?,
        width: config.count_or("conv_kernel", 4)?,
        bias: (bias, bias),
        convolution_bias: config.flag_or("use_conv_bias", true)?,
        activation: config.activation_or("hidden_act", "silu")?,
        step_limits,
        ..spec::Mamba2::plain(n_heads, d_head)
    };
    Ok(Declaration { spec: spec(config, d_model, Mixer::Mamba2(mixer))?, names: NAMES })
}

/// Steps between two sizes, decays that grow from 1, and some layers uniform (Gu and Dao 2023; Dao and Gu 2024).
pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    let number = |key: &str, default| config.number_or(key, default);
    let rescaled = config.flag_or("rescale_prenorm_residual", false)?;
    let narrower = if rescaled { 1.0 / (config.count("num_hidden_layers")? as f64).sqrt() } else { 1.0 };
    let factor = number("time_step_scale", 1.0)?;
    let steps = Draw::Steps {
        least: number("time_step_min", 0.001)?,
        most: number("time_step_max", 0.1)?,
        floor: number("time_step_floor", 1e-4)?,
    };
    let random = config.string_or("time_step_init_scheme", "random")? == "random";
    Ok(Initial {
        rules: vec![
            // Decays of 1, 2, 3, … in each channel, or over the heads.
            ("mixer.A_log", Draw::CountedLog),
            ("mixer.D", Draw::One),
            ("mixer.norm.weight", Draw::One),
            ("mixer.conv1d.weight", Draw::Uniform { factor: 1.0 }),
            ("mixer.out_proj.weight", Draw::Uniform { factor: narrower }),
            ("mixer.dt_proj.weight", if random { Draw::Uniform { factor } } else { Draw::Same { factor } }),
            ("mixer.dt_proj.bias", steps),
            ("mixer.dt_bias", steps),
            ("mixer.conv1d.bias", Draw::Zero),
        ],
        otherwise: Draw::Normal { deviation: initial::deviation(config, "initializer_range", 0.1)? },
    })
}
