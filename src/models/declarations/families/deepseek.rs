//! DeepSeek-V2 (DeepSeek-AI 2024) and V3 (2024), and Youtu-LLM (Tencent 2025): latent attention, and experts in the first two.
//!
//! Source: `models/{deepseek_v2,deepseek_v3,youtu}/modeling_*.py` of Hugging Face transformers.

use super::llama::{self, Biases};
use super::{mixture, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{Draw, Initial};
use crate::models::declarations::names::{self, Block, Declaration, Mlp, Names};
use crate::models::declarations::spec::{
    Attention, FeedForward, Groups, Latent, Mixer, NormKind, Router, Score, Spec,
};
use crate::models::error::Result;

/// What all three have: latent attention in every block.
fn spec(config: &Config, neighbours: bool) -> Result<Spec> {
    for said_again in
        ["head_dim", "qk_head_dim", "ep_size", "num_nextn_predict_layers", "num_mtp_layers", "moe_layer_freq"]
    {
        config.ignore(said_again);
    }
    let latent = Latent {
        d_turned: config.count_or("qk_rope_head_dim", 64)?,
        d_plain: config.count_or("qk_nope_head_dim", 128)?,
        d_value: config.count_unless_null("v_head_dim", 128)?.unwrap_or(128),
        d_latent: config.count_or("kv_lora_rank", 512)?,
        d_query: config.count_unless_null("q_lora_rank", 1536)?,
        bias: config.flag_or("attention_bias", false)?,
        neighbours,
    };
    if !latent.d_turned.is_multiple_of(2) {
        return Err(config.error("qk_rope_head_dim", format!("is {}, an odd number", latent.d_turned)));
    }
    let head = latent.d_turned + latent.d_plain;
    if latent.d_value > head {
        let message =
            format!("is {}, more than the {head} units of a key, which is not supported", latent.d_value);
        return Err(config.error("v_head_dim", message));
    }
    let n_positions = config.count("max_position_embeddings")?;
    let rope = rope::read(config, latent.d_turned, n_positions, rope::Defaults::PLAIN)?;
    let mut spec = llama::spec_with(config, head, rope, NormKind::Rms, ("rms_norm_eps", 1e-6))?;
    let n_heads = spec.attention.n_heads;
    if spec.attention.n_kv_heads != n_heads {
        return Err(config.error("num_key_value_heads", format!("is not {n_heads}, the number of heads")));
    }
    spec.attention = Attention::causal(n_heads, head);
    spec.attention.scale *= scale(config)?;
    spec.blocks.iter_mut().for_each(|block| block.mixer = Mixer::Latent(latent));
    Ok(spec)
}

/// What scores are multiplied by where the rotation is scaled.
fn scale(config: &Config) -> Result<f32> {
    let scaling = config.part("rope_scaling")?.filter(|scaling| !scaling.is_empty());
    let Some(parameters) = scaling.or(config.part("rope_parameters")?) else { return Ok(1.0) };
    let kind = parameters.string_or("rope_type", &parameters.string_or("type", "default")?)?;
    let all = parameters.number_or("mscale_all_dim", 0.0)?;
    if kind == "default" || all == 0.0 {
        return Ok(1.0);
    }
    let factor = parameters.number_or("factor", 1.0)?;
    let scale = if factor <= 1.0 { 1.0 } else { 0.1 * all * factor.ln() + 1.0 };
    Ok((scale * scale) as f32)
}

fn names(mlp: bool) -> Names {
    let names = llama::names(Biases { qkv: false, attention: false, mlp });
    Names { block: Block { mixer: "layers.{}.self_attn", is_of_kinds: true, ..names.block }, ..names }
}

/// Experts after the first `dense` blocks.
fn with_experts(
    config: &Config,
    mut spec: Spec,
    (count, chosen, d): (usize, usize, usize),
    (dense, shared): (usize, usize),
    router: Router,
) -> Result<Declaration> {
    let d = config.count_or("moe_intermediate_size", d)?;
    let count = mixture::count(config, &["n_routed_experts", "num_experts", "num_local_experts"], count)?;
    if let Some(groups) = router.groups
        && (!count.is_multiple_of(groups.count) || groups.chosen > groups.count)
    {
        let message = format!("is {}, which does not go with {count} experts", groups.count);
        return Err(config.error("n_group", message));
    }
    let mut experts = mixture::experts(config, (count, chosen), d, &spec.mlp, router)?;
    if let Some(groups) = router.groups.filter(|of| experts.chosen * of.count > of.chosen * count) {
        let message = format!("is more than there are in {} groups of {}", groups.chosen, groups.count);
        return Err(config.error("num_experts_per_tok", message));
    }
    let shared = config.count_or("n_shared_experts", shared)?;
    experts.shared = shared.checked_mul(d).filter(|&size| size < 1 << 31);
    if experts.shared.is_none() {
        return Err(config.error("n_shared_experts", format!("is {shared}, more than any model has")));
    }
    for block in spec.blocks.iter_mut().skip(config.whole_or("first_k_dense_replace", dense)?) {
        block.feed_forward = FeedForward::Experts(experts);
    }
    let names = names(config.flag_or("mlp_bias", false)?);
    let experts = names::Experts {
        correction: "layers.{}.mlp.gate.e_score_correction_bias",
        shared: Mlp::gated(
            "layers.{}.mlp.shared_experts.gate_proj",
            "layers.{}.mlp.shared_experts.up_proj",
            "layers.{}.mlp.shared_experts.down_proj",
        ),
        ..mixture::QWEN
    };
    Ok(Declaration { spec, names: Names { block: Block { experts: Some(experts), ..names.block }, ..names } })
}

pub(in crate::models) fn v2(config: &Config) -> Result<Declaration> {
    // Not read by transformers: what is chosen is never divided by its sum.
    for unread in ["norm_topk_prob", "scoring_func", "seq_aux", "aux_loss_alpha"] {
        config.ignore(unread);
    }
    config.only("mlp_bias", &serde_json::Value::from(false))?;
    let spec = spec(config, true)?;
    let groups = match config.string_or("topk_method", "greedy")?.as_str() {
        "greedy" => {
            config.ignore("n_group");
            config.ignore("topk_group");
            None
        }
        "group_limited_greedy" => {
            Some(Groups { count: config.count("n_group")?, chosen: config.count("topk_group")?, best: 1 })
        }
        other => return Err(config.error("topk_method", format!("is `{other}`"))),
    };
    let scale = config.number_or("routed_scaling_factor", 1.0)? as f32;
    let router = Router { groups, scale, ..Router::softmax(false) };
    let chosen = config.count("num_experts_per_tok")?;
    with_experts(config, spec, (64, chosen, 1407), (0, 2), router)
}

pub(in crate::models) fn v3(config: &Config) -> Result<Declaration> {
    for unread in ["topk_method", "scoring_func", "seq_aux", "aux_loss_alpha"] {
        config.ignore(unread);
    }
    let spec = spec(config, config.flag_or("rope_interleave", true)?)?;
    let groups =
        Groups { count: config.count_or("n_group", 8)?, chosen: config.count_or("topk_group", 4)?, best: 2 };
    let router = Router {
        score: Score::Sigmoid,
        corrected: true,
        groups: (groups.count > 1).then_some(groups),
        normalized: config.flag_or("norm_topk_prob", true)?.then_some(1e-20),
        scale: config.number_or("routed_scaling_factor", 2.5)? as f32,
        ..Router::softmax(false)
    };
    with_experts(config, spec, (256, 8, 2048), (3, 1), router)
}

pub(in crate::models) fn youtu(config: &Config) -> Result<Declaration> {
    config.ignore("embedding_initializer_range");
    config.only("mlp_bias", &serde_json::Value::from(false))?;
    let spec = spec(config, config.flag_or("rope_interleave", true)?)?;
    Ok(Declaration { spec, names: names(false) })
}

/// Deviations by the model's size, and a wider one for the table of tokens.
pub(in crate::models) fn youtu_initial(config: &Config) -> Result<Initial> {
    let usual = 2.0 / (5.0 * config.count("hidden_size")? as f64).sqrt();
    let deviation = config.number_or("initializer_range", usual)?;
    let tokens = config.number_or("embedding_initializer_range", 2.0 * deviation)?;
    Ok(Initial {
        rules: vec![("embed_tokens.weight", Draw::Normal { deviation: tokens })],
        otherwise: Draw::Normal { deviation },
    })
}
