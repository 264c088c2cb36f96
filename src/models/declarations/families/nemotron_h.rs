//! Nemotron-H and Nemotron 3 (NVIDIA 2025): blocks that are either Mamba-2, attention, an MLP or experts.
//!
//! Source: `models/nemotron_h/modeling_nemotron_h.py` of Hugging Face transformers.

use super::mixture;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{self, Block, Declaration, ExpertLayers, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{
    self, Attention, Experts, FeedForward, Groups, Mamba2, Mixer, Norm, NormKind, Router, Score, Spec,
};
use crate::models::error::Result;

/// What is not read, whatever it says.
const UNREAD: &[&str] = &[
    "num_hidden_layers",
    "mamba_proj_bias",
    "attention_bias",
    "attention_head_dim",
    "sliding_window",
    "expand",
    "mamba_expand",
    "time_step_max",
    "time_step_floor",
    "time_step_rank",
    "time_step_limit",
    "mamba_dt_max",
    "mamba_dt_limit",
    "mamba_dt_init_floor",
    "chunk_size",
    "mamba_chunk_size",
    "rescale_prenorm_residual",
    "residual_in_fp32",
    "num_logits_to_keep",
    "num_query_groups",
    "use_mamba_kernels",
    "mamba_ssm_cache_dtype",
    "n_shared_experts",
    "moe_shared_expert_overlap",
    "num_nextn_predict_layers",
    "mtp_layers_block_type",
    "mtp_hybrid_override_pattern",
    "max_position_embeddings",
    "rms_norm_eps",
    "norm_eps",
    "rope_theta",
    "rope_parameters",
    "partial_rotary_factor",
    "hidden_dropout",
];

/// The kinds of the blocks, under the names of newer files.
fn kinds(config: &Config) -> Result<Vec<String>> {
    let key = if config.has("layers_block_type") { "layers_block_type" } else { "layer_types" };
    if let Some(kinds) = config.strings(key)? {
        config.ignore("hybrid_override_pattern");
        return Ok(kinds);
    }
    let pattern = config.string_or("hybrid_override_pattern", "ME*-")?;
    let kinds = pattern.chars().map(|letter| match letter {
        'M' => Ok("linear_attention".to_owned()),
        '*' => Ok("full_attention".to_owned()),
        '-' => Ok("mlp".to_owned()),
        'E' => Ok("moe".to_owned()),
        other => Err(config.error("hybrid_override_pattern", format!("has a layer of `{other}`"))),
    });
    kinds.collect()
}

fn mamba2(config: &Config) -> Result<Mamba2> {
    let either = |old: &str, new: &str, usual| config.count_or(old, config.count_or(new, usual)?);
    let (n_heads, d_head) =
        (config.count_or("mamba_num_heads", 128)?, config.count_or("mamba_head_dim", 64)?);
    let n_groups = either("mamba_n_groups", "n_groups", 8)?;
    if !n_heads.is_multiple_of(n_groups) {
        return Err(config.error("n_groups", format!("is {n_groups}, which does not divide {n_heads} heads")));
    }
    let bias = config.flag_or("use_bias", false)?;
    let convolution_bias = config.flag_or("use_conv_bias", true)?;
    let least = config.number_or("time_step_min", 0.001)?;
    Ok(Mamba2 {
        n_groups,
        d_state: config.count_or("ssm_state_size", 128)?,
        width: either("mamba_d_conv", "conv_kernel", 4)?,
        bias: (bias, bias),
        convolution_bias: config.flag_or("mamba_conv_bias", convolution_bias)?,
        activation: config.activation_or("mamba_hidden_act", "silu")?,
        step_limits: (config.number_or("mamba_dt_min", least)? as f32, f32::INFINITY),
        ..Mamba2::plain(n_heads, d_head)
    })
}

fn experts(config: &Config, mlp: &spec::Mlp) -> Result<Experts> {
    let count = mixture::count(config, &["n_routed_experts", "num_local_experts"], 8)?;
    let groups =
        Groups { count: config.count_or("n_group", 1)?, chosen: config.count_or("topk_group", 1)?, best: 2 };
    if !count.is_multiple_of(groups.count) || groups.chosen > groups.count {
        let message = format!("is {}, which does not go with {count} experts", groups.count);
        return Err(config.error("n_group", message));
    }
    let router = Router {
        score: Score::Sigmoid,
        corrected: true,
        groups: (groups.count > 1).then_some(groups),
        normalized: config.flag_or("norm_topk_prob", true)?.then_some(1e-20),
        scale: config.number_or("routed_scaling_factor", 1.0)? as f32,
        ..Router::softmax(false)
    };
    let d = config.count_or("moe_intermediate_size", 7688)?;
    let mut experts = mixture::experts(config, (count, 2), d, mlp, router)?;
    if experts.chosen * groups.count > groups.chosen * count {
        let message = format!("is {}, more than there are in the groups that are chosen", experts.chosen);
        return Err(config.error("num_experts_per_tok", message));
    }
    experts.shared = Some(config.count_or("moe_shared_expert_intermediate_size", 7688)?);
    experts.inner = config.count_if_any("moe_latent_size")?;
    Ok(experts)
}

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    for key in UNREAD {
        config.ignore(key);
    }
    let d_model = config.count("hidden_size")?;
    let n_heads = config.count_or("num_attention_heads", 32)?;
    let n_kv_heads = config.count_unless_null("num_key_value_heads", 8)?.unwrap_or(n_heads);
    if !n_heads.is_multiple_of(n_kv_heads) {
        let message = format!("is {n_kv_heads}, which does not divide {n_heads} heads");
        return Err(config.error("num_key_value_heads", message));
    }
    let attention = Attention { n_kv_heads, ..Attention::causal(n_heads, config.count_or("head_dim", 128)?) };
    let mlp = spec::Mlp {
        d: config.count_or("intermediate_size", 21_504)?,
        activation: config.activation_or("mlp_hidden_act", "relu2")?,
    };
    let (mamba2, experts) = (mamba2(config)?, experts(config, &mlp)?);
    let block = |kind: &String| {
        let (mixer, feed_forward) = match kind.as_str() {
            "linear_attention" | "mamba" => (Mixer::Mamba2(mamba2), FeedForward::None),
            "full_attention" | "attention" => (Mixer::Attention, FeedForward::None),
            "mlp" => (Mixer::None, FeedForward::Mlp),
            "moe" => (Mixer::None, FeedForward::Experts(experts)),
            other => return Err(config.error("layers_block_type", format!("has a layer of `{other}`"))),
        };
        Ok(spec::Block { mixer, feed_forward, ..spec::Block::default() })
    };
    let blocks = kinds(config)?.iter().map(block).collect::<Result<Vec<_>>>()?;
    if blocks.is_empty() {
        return Err(config.error("layers_block_type", "lists no layers"));
    }
    let norm = Norm { kind: NormKind::Rms, eps: config.number_or("layer_norm_epsilon", 1e-5)? as f32 };
    let spec = Spec::new(config.count("vocab_size")?, d_model, norm, attention, blocks, mlp);
    Ok(Declaration { spec, names: names(config.flag_or("mlp_bias", false)?) })
}

fn names(bias: bool) -> Names {
    let inner = |name| linear(name).bias(bias);
    let layers = ExpertLayers::Apart(Mlp::plain(
        "layers.{}.mixer.experts.{expert}.up_proj",
        "layers.{}.mixer.experts.{expert}.down_proj",
        false,
    ));
    let experts = names::Experts {
        correction: "layers.{}.mixer.gate.e_score_correction_bias",
        shared: Mlp::plain(
            "layers.{}.mixer.shared_experts.up_proj",
            "layers.{}.mixer.shared_experts.down_proj",
            bias,
        ),
        inner: Some((inner("layers.{}.mixer.fc1_latent_proj"), inner("layers.{}.mixer.fc2_latent_proj"))),
        ..names::Experts::new("layers.{}.mixer.gate", layers)
    };
    let block = Block::new(
        Qkv::separate("layers.{}.mixer.q_proj", "layers.{}.mixer.k_proj", "layers.{}.mixer.v_proj", false),
        linear("layers.{}.mixer.o_proj").bias(false),
        Mlp::plain("layers.{}.mixer.up_proj", "layers.{}.mixer.down_proj", bias),
    )
    .norms_before("layers.{}.norm", "layers.{}.norm");
    Names {
        prefixes: &["", "backbone.", "model."],
        final_norm: Some("norm_f"),
        ..Names::new(
            "embeddings",
            Block { mixer: "layers.{}.mixer", is_of_kinds: true, experts: Some(experts), ..block },
        )
    }
}
