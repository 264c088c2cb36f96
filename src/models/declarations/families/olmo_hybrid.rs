//! OLMo Hybrid (Merrill et al. 2026): OLMo 3's attention in one block of four, and the gated delta rule in the others.
//!
//! Source: `models/olmo_hybrid/modeling_olmo_hybrid.py` of Hugging Face transformers.

use super::llama;
use super::qwen3_next::{by_kind, delta};
use super::{olmo, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{Draw, Initial, deviation};
use crate::models::declarations::names::{Block, Declaration, Names};
use crate::models::declarations::spec::{DeltaLayout, Mixer, Mlp, NormKind};
use crate::models::error::Result;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    for of_training in
        ["linear_a_log_min", "linear_a_log_max", "linear_dt_min", "linear_dt_max", "linear_dt_init_floor"]
    {
        config.ignore(of_training);
    }
    let d_head = llama::d_head(config, None)?;
    let n_positions = config.count("max_position_embeddings")?;
    // Published ones have no rotation: the base is null.
    let turned = config.part("rope_parameters")?.is_some_and(|rope| rope.has("rope_theta"));
    if !turned {
        config.ignore("rope_parameters");
    }
    if config.has("rope_theta") && !turned {
        return Err(config.error("rope_theta", "stands outside of `rope_parameters`; write it there"));
    }
    let rope = if turned {
        rope::read(config, d_head, n_positions, rope::Defaults::PLAIN)?
    } else {
        rope::of_part(config, &Config::empty(config), d_head, n_positions, rope::Defaults::PLAIN)?
    };
    let mlp = Mlp {
        d: config.count("intermediate_size")?,
        activation: config.activation_or("hidden_act", "silu")?,
    };
    let norm = (NormKind::Rms, ("rms_norm_eps", 1e-6));
    let mut spec = llama::spec_of(config, d_head, rope, norm, mlp)?;
    if !turned {
        spec.blocks.iter_mut().for_each(|block| block.rotary = None);
    }
    let heads = spec.attention.n_heads;
    let n_key_heads = config.count_or("linear_num_key_heads", heads)?;
    let d_key = (0.75 * spec.d_model as f64 / n_key_heads as f64) as usize;
    let d_key = config.count_or("linear_key_head_dim", d_key)?;
    if d_key == 0 {
        return Err(
            config.error("linear_num_key_heads", format!("is {n_key_heads}, more than there are units"))
        );
    }
    let mut of = delta(config, DeltaLayout::Apart, [n_key_heads, heads, d_key, 2 * d_key])?;
    of.doubled = config.flag_or("linear_allow_neg_eigval", true)?;
    // Of the norm after the rule, whatever `rms_norm_eps` is.
    of.eps = Some(1e-5);
    let last = spec.n_layers - 1;
    by_kind(config, &mut spec, |layer| layer % 4 == 3 || (layer == last && last < 3), Mixer::Delta(of))?;
    // transformers renames norms of one kind of block when it writes a file, and catches those of the other with them.
    let mut names = olmo::norms_after(config.flag_or("attention_bias", false)?);
    names.block.attention_out = Some("layers.{}.post_attention_layernorm|layers.{}.feedforward_layer_norm");
    let mixing = Block {
        attention_in: Some("layers.{}.attention_layer_norm|layers.{}.input_layernorm"),
        attention_out: None,
        mlp_in: Some("layers.{}.feedforward_layer_norm|layers.{}.post_attention_layernorm"),
        mlp_out: None,
        mixer: "layers.{}.linear_attn",
        ..names.block
    };
    Ok(Declaration { spec, names: Names { mixing: Some(mixing), ..names } })
}

/// Decays between two numbers, and steps between two sizes.
pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    let number = |key: &str, usual| config.number_or(key, usual);
    let least = number("linear_a_log_min", 0.0)?;
    let most = number("linear_a_log_max", 16.0)?;
    let steps = Draw::Steps {
        least: number("linear_dt_min", 0.001)?,
        most: number("linear_dt_max", 0.1)?,
        floor: number("linear_dt_init_floor", 1e-4)?,
    };
    Ok(Initial {
        rules: vec![
            ("linear_attn.A_log", Draw::UniformLog { least, most }),
            ("linear_attn.dt_bias", steps),
            ("linear_attn.o_norm.weight", Draw::One),
        ],
        otherwise: Draw::Normal { deviation: deviation(config, "initializer_range", 0.02)? },
    })
}
