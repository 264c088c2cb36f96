//! Jamba (Lieber et al. 2024): Mamba in most blocks and attention in some, experts in every second.
//!
//! Source: `models/jamba/modeling_jamba.py` of Hugging Face transformers.

use super::mixture;
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{Draw, Initial, deviation};
use crate::models::declarations::names::{self, Block, Declaration, ExpertLayers, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{
    self, Attention, FeedForward, Mamba, Mixer, Norm, NormKind, Router, Spec,
};
use crate::models::error::Result;

fn mamba(config: &Config, d_model: usize, eps: f32) -> Result<Mamba> {
    for of_speed in ["use_mamba_kernels", "use_mambapy", "use_associative_scan"] {
        config.ignore(of_speed);
    }
    let d_inner = config.count_or("mamba_expand", 2)?.checked_mul(d_model).filter(|&d| d < 1 << 31);
    let d_inner =
        d_inner.ok_or_else(|| config.error("mamba_expand", "makes more channels than any model has"))?;
    let auto = config.value("mamba_dt_rank").is_none_or(|rank| rank.as_str() == Some("auto"));
    Ok(Mamba {
        d_inner,
        d_state: config.count_or("mamba_d_state", 16)?,
        d_step: if auto { d_model.div_ceil(16) } else { config.count("mamba_dt_rank")? },
        width: config.count_or("mamba_d_conv", 4)?,
        bias: config.flag_or("mamba_proj_bias", false)?,
        convolution_bias: config.flag_or("mamba_conv_bias", true)?,
        activation: config.activation_or("hidden_act", "silu")?,
        steering_eps: Some(eps),
        steering_weights: true,
    })
}

/// Whether each layer is the `offset`th of a `period`.
fn every(
    config: &Config,
    period: &str,
    offset: &str,
    usual: (usize, usize),
) -> Result<impl Fn(usize) -> bool + use<>> {
    let (of, at) = (config.count_or(period, usual.0)?, config.whole_or(offset, usual.1)?);
    if at >= of {
        return Err(config.error(offset, format!("is {at}, which is not below `{period}`, {of}")));
    }
    Ok(move |layer: usize| layer % of == at)
}

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    for unused in [
        "num_logits_to_keep",
        "max_position_embeddings",
        "sliding_window",
        "layers_block_type",
        "layer_types",
    ] {
        config.ignore(unused);
    }
    for unused in ["calc_logits_for_entire_prompt", "n_ctx"] {
        config.ignore(unused);
    }
    config.only("mamba_inner_layernorms", &serde_json::Value::from(true))?;
    let (n_heads, d_head) = config.heads("hidden_size", "num_attention_heads")?;
    let d_model = n_heads * d_head;
    let n_kv_heads = config.count_unless_null("num_key_value_heads", 8)?.unwrap_or(n_heads);
    if !n_heads.is_multiple_of(n_kv_heads) {
        let message = format!("is {n_kv_heads}, which does not divide {n_heads} heads");
        return Err(config.error("num_key_value_heads", message));
    }
    let norm = Norm { kind: NormKind::Rms, eps: config.number_or("rms_norm_eps", 1e-6)? as f32 };
    let mamba = mamba(config, d_model, norm.eps)?;
    let mlp = spec::Mlp {
        d: config.count("intermediate_size")?,
        activation: config.activation_or("hidden_act", "silu")?,
    };
    let count = mixture::count(config, &["num_experts", "num_local_experts"], 16)?;
    let experts = if count > 1 {
        Some(mixture::experts(config, (count, 2), mlp.d, &mlp, Router::softmax(false))?)
    } else {
        for unused in ["num_experts_per_tok", "router_aux_loss_coef"] {
            config.ignore(unused);
        }
        None
    };
    let attends = every(config, "attn_layer_period", "attn_layer_offset", (8, 4))?;
    let chooses = every(config, "expert_layer_period", "expert_layer_offset", (2, 1))?;
    let blocks = (0..config.layers("num_hidden_layers")?).map(|layer| spec::Block {
        mixer: if attends(layer) { Mixer::Attention } else { Mixer::Mamba(mamba) },
        feed_forward: match experts {
            Some(experts) if chooses(layer) => FeedForward::Experts(experts),
            _ => FeedForward::Mlp,
        },
        ..spec::Block::default()
    });
    let attention = Attention { n_kv_heads, ..Attention::causal(n_heads, d_head) };
    let spec = Spec::new(config.count("vocab_size")?, d_model, norm, attention, blocks.collect(), mlp);
    Ok(Declaration { spec, names: NAMES })
}

const NAMES: Names = Names {
    prefixes: &["", "model."],
    final_norm: Some("final_layernorm"),
    ..Names::new(
        "embed_tokens",
        Block {
            mixer: "layers.{}.mamba",
            is_of_kinds: true,
            experts: Some(names::Experts::new(
                "layers.{}.feed_forward.router",
                ExpertLayers::Apart(Mlp::gated(
                    "layers.{}.feed_forward.experts.{expert}.gate_proj",
                    "layers.{}.feed_forward.experts.{expert}.up_proj",
                    "layers.{}.feed_forward.experts.{expert}.down_proj",
                )),
            )),
            ..Block::new(
                Qkv::separate(
                    "layers.{}.self_attn.q_proj",
                    "layers.{}.self_attn.k_proj",
                    "layers.{}.self_attn.v_proj",
                    false,
                ),
                linear("layers.{}.self_attn.o_proj").bias(false),
                Mlp::gated(
                    "layers.{}.feed_forward.gate_proj",
                    "layers.{}.feed_forward.up_proj",
                    "layers.{}.feed_forward.down_proj",
                ),
            )
            .norms_before("layers.{}.input_layernorm", "layers.{}.pre_ff_layernorm")
        },
    )
};

/// Decays of 1, 2, 3, … in each channel.
pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    Ok(Initial {
        rules: vec![(".A_log", Draw::CountedLog), (".D", Draw::One)],
        otherwise: Draw::Normal { deviation: deviation(config, "initializer_range", 0.02)? },
    })
}
