//! Attention in some blocks and Mamba-2 in the others: Bamba (IBM 2024), Granite 4 (IBM 2025) and Falcon-H1 (Zuo et al. 2025), which
//! has both in each.
//!
//! Source: `models/{bamba,granitemoehybrid,falcon_h1}/modeling_*.py` of Hugging Face transformers.

use serde_json::Value;

use super::llama::{self, Biases};
use super::qwen3_next::by_kind;
use super::{mamba, mixture, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{Draw, Initial, deviation};
use crate::models::declarations::names::{self, Block, Declaration, Linear, Mlp, Names, linear};
use crate::models::declarations::spec::{self, Gated, Mamba2, Mixer, NormKind, Router};
use crate::models::error::Result;

/// Mamba-2 of `d_inner` channels, as all three have its keys.
fn mamba2(config: &Config, d_inner: usize) -> Result<Mamba2> {
    for of_speed in ["mamba_chunk_size", "use_mamba_kernels", "mamba_use_mlp"] {
        config.ignore(of_speed);
    }
    let n_heads = config.count_or("mamba_n_heads", 128)?;
    let auto = config.value("mamba_d_head").is_none_or(|size| size.as_str() == Some("auto"));
    let d_head = if auto { d_inner / n_heads } else { config.count("mamba_d_head")? };
    if d_head == 0 || n_heads.checked_mul(d_head) != Some(d_inner) {
        let message = format!("is {n_heads}, but with heads of {d_head} units they do not make {d_inner}");
        return Err(config.error("mamba_n_heads", message));
    }
    let n_groups = config.count_or("mamba_n_groups", 1)?;
    if !n_heads.is_multiple_of(n_groups) {
        let message = format!("is {n_groups}, which does not divide {n_heads} heads");
        return Err(config.error("mamba_n_groups", message));
    }
    let bias = config.flag_or("mamba_proj_bias", false)?;
    Ok(Mamba2 {
        n_groups,
        d_state: config.count_or("mamba_d_state", 256)?,
        width: config.count_or("mamba_d_conv", 4)?,
        bias: (bias, bias),
        convolution_bias: config.flag_or("mamba_conv_bias", true)?,
        activation: config.activation_or("hidden_act", "silu")?,
        step_limits: mamba::step_limits(config)?,
        ..Mamba2::plain(n_heads, d_head)
    })
}

/// `mamba_expand` times the model's size.
fn expanded(config: &Config) -> Result<usize> {
    let d_inner = config.count_or("mamba_expand", 2)?.checked_mul(config.count("hidden_size")?);
    d_inner
        .filter(|&d| d < 1 << 31)
        .ok_or_else(|| config.error("mamba_expand", "makes more channels than any model has"))
}

/// Llama's names, with the biases of attention and of the MLP, and those of the mixer.
fn names(config: &Config, mlp: bool) -> Result<Names> {
    let bias = config.flag_or("attention_bias", false)?;
    let names = llama::names(Biases { qkv: bias, attention: bias, mlp: false });
    let part = |name: &'static str| -> Linear { linear(name).bias(mlp) };
    let block = Block {
        mixer: "layers.{}.mamba",
        is_of_kinds: true,
        mlp_in: Some("layers.{}.pre_ff_layernorm"),
        mlp: Mlp::Gated {
            gate: part("layers.{}.feed_forward.gate_proj"),
            up: part("layers.{}.feed_forward.up_proj"),
            down: part("layers.{}.feed_forward.down_proj"),
        },
        ..names.block
    };
    Ok(Names { block, final_norm: Some("final_layernorm"), ..names })
}

pub(in crate::models) fn bamba(config: &Config) -> Result<Declaration> {
    for unused in ["num_logits_to_keep", "z_loss_coefficient", "layers_block_type", "layer_types"] {
        config.ignore(unused);
    }
    // Fixed, whatever the file says.
    config.only("partial_rotary_factor", &Value::from(0.5))?;
    let defaults = rope::Defaults { part: 0.5, ..rope::Defaults::PLAIN };
    let mut spec = llama::spec(config, defaults, NormKind::Rms, ("rms_norm_eps", 1e-5))?;
    llama::key_heads(config, &mut spec, 8)?;
    let attends = config.numbers("attn_layer_indices")?.unwrap_or_default();
    let mixer = Mixer::Mamba2(mamba2(config, expanded(config)?)?);
    let kinds = Config::empty(config);
    by_kind(&kinds, &mut spec, |layer| attends.contains(&(layer as f64)), mixer)?;
    Ok(Declaration { spec, names: names(config, config.flag_or("mlp_bias", false)?)? })
}

pub(in crate::models) fn granitemoehybrid(config: &Config) -> Result<Declaration> {
    config.ignore("init_method");
    config.only("normalization_function", &Value::from("rmsnorm"))?;
    config.ignore("logits_scaling");
    let kind = config.string_or("position_embedding_type", "")?;
    if !["", "rope", "nope"].contains(&kind.as_str()) {
        return Err(
            config.error("position_embedding_type", format!("is `{kind}`; supported are rope and nope"))
        );
    }
    let d_head = llama::d_head(config, None)?;
    let n_positions = config.count("max_position_embeddings")?;
    let rope = rope::read(config, d_head, n_positions, rope::Defaults::PLAIN)?;
    let shared = config.count_or("shared_intermediate_size", 1024)?;
    let mlp = spec::Mlp { d: shared, activation: config.activation_or("hidden_act", "silu")? };
    let mut spec = llama::spec_of(config, d_head, rope, (NormKind::Rms, ("rms_norm_eps", 1e-6)), mlp)?;
    if kind != "rope" {
        spec.blocks.iter_mut().for_each(|block| block.rotary = None);
    }
    llama::granite_scales(config, &mut spec)?;
    let list = if config.has("layers_block_type") { "layers_block_type" } else { "layer_types" };
    let kinds = config.strings(list)?.map(|kinds| serde_json::json!({ "layer_types": kinds }));
    let kinds = Config::empty(config).with_defaults(&kinds.unwrap_or_default());
    by_kind(&kinds, &mut spec, |_| false, Mixer::Mamba2(mamba2(config, expanded(config)?)?))?;
    let count = config.whole_or("num_local_experts", 8)?;
    let mut names = names(config, false)?;
    names.final_norm = Some("norm");
    names.block.mlp_in = Some("layers.{}.post_attention_layernorm");
    let both = Mlp::GatedStacked {
        gate_up: linear("layers.{}.shared_mlp.input_linear").bias(false),
        down: linear("layers.{}.shared_mlp.output_linear").bias(false),
    };
    names.block.mlp = both;
    if count > 0 {
        names.block.experts = Some(names::Experts { shared: both, ..mixture::GRANITE });
        let d = config.count_or("intermediate_size", 11_008)?;
        let mut experts = mixture::experts(config, (count, 2), d, &spec.mlp, Router::softmax(true))?;
        experts.shared = Some(shared);
        mixture::everywhere(&mut spec, experts);
    } else {
        for unused in ["num_experts_per_tok", "router_aux_loss_coef", "intermediate_size"] {
            config.ignore(unused);
        }
    }
    Ok(Declaration { spec, names })
}

/// Factors in a list, or 1 for each.
fn factors<const N: usize>(config: &Config, key: &str) -> Result<[f32; N]> {
    let Some(factors) = config.numbers(key)? else { return Ok([1.0; N]) };
    let factors: Vec<f32> = factors.into_iter().map(|factor| factor as f32).collect();
    let count = factors.len();
    factors.try_into().map_err(|_| config.error(key, format!("has {count} numbers and not {N}")))
}

pub(in crate::models) fn falcon_h1(config: &Config) -> Result<Declaration> {
    for unused in
        ["num_logits_to_keep", "lm_head_multiplier", "attn_layer_indices", "layers_block_type", "layer_types"]
    {
        config.ignore(unused);
    }
    for unread in
        ["mlp_expansion_factor", "time_step_floor", "time_step_max", "time_step_min", "time_step_rank"]
    {
        config.ignore(unread);
    }
    let mut spec = llama::spec(config, rope::Defaults::PLAIN, NormKind::Rms, ("rms_norm_eps", 1e-5))?;
    llama::key_heads(config, &mut spec, 8)?;
    let factor = |key: &str| config.number_or(key, 1.0).map(|factor| factor as f32);
    spec.embeddings.scale = factor("embedding_multiplier")?;
    let [gate, down] = factors(config, "mlp_multipliers")?;
    spec.mlp_scales = (gate, down);
    config.ignore("mamba_expand");
    let d_inner = match config.count_unless_null("mamba_d_ssm", 1024)? {
        Some(d_inner) => d_inner,
        None => expanded(config)?,
    };
    let mamba2 = mamba2(config, d_inner)?;
    let normed = config.flag_or("mamba_rms_norm", false)?;
    let before = config.flag_or("mamba_norm_before_gate", true)?;
    let both = spec::Both {
        mamba2: Mamba2 {
            bias: (mamba2.bias.0, config.flag_or("projectors_bias", false)?),
            gated: match (normed, before) {
                (false, _) => Gated::Alone,
                (true, true) => Gated::AfterNorm,
                (true, false) => Gated::BeforeNorm,
            },
            inward_scales: factors(config, "ssm_multipliers")?,
            outer_scales: (factor("ssm_in_multiplier")?, factor("ssm_out_multiplier")?),
            ..mamba2
        },
        attention_scales: [
            factor("attention_in_multiplier")?,
            factor("key_multiplier")?,
            factor("attention_out_multiplier")?,
        ],
    };
    spec.blocks.iter_mut().for_each(|block| block.mixer = Mixer::Both(both));
    Ok(Declaration { spec, names: names(config, config.flag_or("mlp_bias", false)?)? })
}

/// Decays that grow from 1 over the heads, and steps that are biased by 1.
pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    Ok(Initial {
        rules: vec![
            (".A_log", Draw::CountedLog),
            (".D", Draw::One),
            (".dt_bias", Draw::One),
            ("mamba.norm.weight", Draw::One),
            ("mixer.norm.weight", Draw::One),
        ],
        otherwise: Draw::Normal { deviation: deviation(config, "initializer_range", 0.02)? },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn granite_4_turns_nothing_unless_it_says_so() {
        let config = |more: &str| {
            let text = format!(
                r#"{{"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 2, "max_position_embeddings": 8,
                "vocab_size": 9, "mamba_n_heads": 4, "layer_types": ["attention", "mamba"] {more}}}"#
            );
            Config::parse("x", &text).unwrap()
        };
        let turned = |more: &str| granitemoehybrid(&config(more)).unwrap().spec.blocks[0].rotary.is_some();
        assert!(!turned(""));
        assert!(turned(r#", "position_embedding_type": "rope""#));
    }
}
