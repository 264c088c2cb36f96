//! Zamba2 (Glorioso et al. 2024): Mamba-2, and in some layers a block of attention that several of them share.
//!
//! Source: `models/zamba2/modeling_zamba2.py` of Hugging Face transformers.

use super::rope;
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{Draw, Initial, deviation};
use crate::models::declarations::names::{Block, Declaration, Names, Qkv, linear};
use crate::models::declarations::spec::{
    self, Attention, FeedForward, Mamba2, Mixer, Norm, NormKind, Shared, Spec,
};
use crate::models::error::Result;

/// What is not read, of speed, or follows from other keys.
const UNREAD: &[&str] = &[
    "use_mamba_kernels",
    "use_mem_eff_path",
    "chunk_size",
    "num_logits_to_keep",
    "time_step_max",
    "time_step_floor",
    "time_step_limit",
    "mamba_headdim",
    "attention_hidden_size",
    "attention_head_dim",
    "head_dim",
    "kv_channels",
    "num_query_groups",
    "hybrid_layer_ids",
    // transformers' convolution has a bias whatever this says.
    "use_conv_bias",
    "num_key_value_heads",
    "ft_lora",
    "use_shared_mlp_adapter",
    "use_shared_block_lora",
    "lora_rank",
    "vocab_size_multiple",
];

fn mamba2(config: &Config, d_model: usize, bias: bool) -> Result<Mamba2> {
    let expand = config.number_or("mamba_expand", 2.0)?;
    let d_inner = (expand * d_model as f64) as usize;
    let n_heads = config.count_or("n_mamba_heads", 8)?;
    if d_inner == 0 || d_inner > 1 << 31 || !d_inner.is_multiple_of(n_heads) {
        let message = format!("is {n_heads}, which does not divide {d_inner} channels");
        return Err(config.error("n_mamba_heads", message));
    }
    let n_groups = config.count_or("mamba_ngroups", 1)?;
    if !n_heads.is_multiple_of(n_groups) {
        let message = format!("is {n_groups}, which does not divide {n_heads} heads");
        return Err(config.error("mamba_ngroups", message));
    }
    Ok(Mamba2 {
        n_groups,
        d_state: config.count_or("mamba_d_state", 64)?,
        width: config.count_or("mamba_d_conv", 4)?,
        bias: (bias, bias),
        step_limits: (config.number_or("time_step_min", 0.001)? as f32, f32::INFINITY),
        eps: Some(1e-5),
        ..Mamba2::plain(n_heads, d_inner / n_heads)
    })
}

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    for key in UNREAD {
        config.ignore(key);
    }
    config.only("use_long_context", &serde_json::Value::from(false))?;
    let d_model = config.count("hidden_size")?;
    let n_heads = config.count_or("num_attention_heads", 32)?;
    if !(2 * d_model).is_multiple_of(n_heads) {
        let message = format!("is {n_heads}, which does not divide twice {d_model} units");
        return Err(config.error("num_attention_heads", message));
    }
    let d_head = 2 * d_model / n_heads;
    let mut attention = Attention::causal(n_heads, d_head);
    attention.scale = 1.0 / (d_head as f32 / 2.0).sqrt();
    let n_positions = config.count_or("max_position_embeddings", 4096)?;
    let turned = config.flag_or("use_mem_rope", false)?;
    let rope = if turned {
        Some(rope::read(config, d_head, n_positions, rope::Defaults::PLAIN)?)
    } else {
        config.ignore("rope_theta");
        config.ignore("rope_parameters");
        None
    };
    let kinds = config.strings("layers_block_type")?;
    let kinds = kinds.ok_or_else(|| config.error("layers_block_type", "is missing"))?;
    config.ignore("layer_types");
    if kinds.len() != config.layers("num_hidden_layers")? {
        return Err(config.error("layers_block_type", format!("lists {} layers", kinds.len())));
    }
    let bias = config.flag_or("add_bias_linear", false)?;
    let mamba2 = mamba2(config, d_model, bias)?;
    let hybrids: Vec<usize> = (0..kinds.len()).filter(|&layer| kinds[layer] == "hybrid").collect();
    let n_blocks = config.count_or("num_mem_blocks", 1)?;
    let d_mlp = config.count_if_positive("intermediate_size")?.unwrap_or(4 * d_model);
    let (rank, added) =
        (config.count_or("adapter_rank", 128)?, config.flag_or("use_shared_attention_adapter", false)?);
    let activation = config.activation_or("hidden_act", "gelu")?;
    let block = |(layer, kind): (usize, &String)| {
        let plain = spec::Block { feed_forward: FeedForward::None, ..spec::Block::default() };
        let Some(index) = hybrids.iter().position(|&hybrid| hybrid == layer) else {
            return match kind.as_str() {
                "linear_attention" | "mamba" => Ok(spec::Block { mixer: Mixer::Mamba2(mamba2), ..plain }),
                other => Err(config.error("layers_block_type", format!("has a layer of `{other}`"))),
            };
        };
        let home = hybrids[index % n_blocks];
        let shared = Shared { mamba2, d_mlp, activation, rank, home, index, bias, attention_added: added };
        let rotary = rope.as_ref().map(|rope| rope.rotary.clone());
        Ok(spec::Block { mixer: Mixer::Shared(shared), bare: true, rotary, ..plain })
    };
    let blocks = kinds.iter().enumerate().map(block).collect::<Result<Vec<_>>>()?;
    let norm = Norm { kind: NormKind::Rms, eps: config.number_or("rms_norm_eps", 1e-5)? as f32 };
    let mlp = spec::Mlp { d: d_mlp, activation };
    let mut spec = Spec::new(config.count("vocab_size")?, d_model, norm, attention, blocks, mlp);
    spec.n_positions = rope.map(|rope| rope.limit(n_positions));
    Ok(Declaration { spec, names: NAMES })
}

const NAMES: Names = Names {
    prefixes: &["", "model."],
    final_norm: Some("final_layernorm"),
    ..Names::new(
        "embed_tokens",
        Block {
            is_of_kinds: true,
            // Of attention every layer has names of its own.
            attention: linear("layers.{}.self_attn"),
            qkv: Qkv::Stacked(linear("layers.{}.self_attn")),
            ..Block::mixing("layers.{}.mamba", "layers.{}.input_layernorm")
        },
    )
};

/// Steps between two sizes, and decays that grow from 1 over the heads.
pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    let number = |key: &str, usual| config.number_or(key, usual);
    let steps = Draw::Steps {
        least: number("time_step_min", 0.001)?,
        most: number("time_step_max", 0.1)?,
        floor: number("time_step_floor", 1e-4)?,
    };
    Ok(Initial {
        rules: vec![
            (".A_log", Draw::CountedLog),
            (".D", Draw::One),
            (".dt_bias", steps),
            ("mamba.norm.weight", Draw::One),
        ],
        otherwise: Draw::Normal { deviation: deviation(config, "initializer_range", 0.02)? },
    })
}
