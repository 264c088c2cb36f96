//! `RecurrentGemma` (Botev et al. 2024): Griffin's recurrence in two blocks of three, attention to a window in the third.
//!
//! Source: `models/recurrent_gemma/modeling_recurrent_gemma.py` of Hugging Face transformers.

use super::rope;
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{Draw, Initial};
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{self, Attention, Mixer, Norm, NormKind, Recurrent, Spec};
use crate::models::error::Result;

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    for unused in
        ["logits_soft_cap", "w_init_variance_scale", "final_w_init_variance_scale", "max_position_embeddings"]
    {
        config.ignore(unused);
    }
    for said_again in ["head_dim", "layers_block_type", "layer_types"] {
        config.ignore(said_again);
    }
    config.only("embeddings_scale_by_sqrt_dim", &serde_json::Value::from(true))?;
    let (n_heads, d_head) = config.heads("hidden_size", "num_attention_heads")?;
    let d_model = n_heads * d_head;
    let n_kv_heads = config.count_or("num_key_value_heads", n_heads)?;
    if !n_heads.is_multiple_of(n_kv_heads) {
        let message = format!("is {n_kv_heads}, which does not divide {n_heads} heads");
        return Err(config.error("num_key_value_heads", message));
    }
    let d = config.count_or("lru_width", d_model)?;
    if !d.is_multiple_of(n_heads) {
        return Err(config.error("lru_width", format!("is {d}, not a multiple of {n_heads} heads")));
    }
    let activation = config.activation_or("hidden_activation", "gelu_pytorch_tanh")?;
    let window = config.count_or("attention_window_size", config.count_or("sliding_window", 2048)?)?;
    let defaults = rope::Defaults { part: 0.5, ..rope::Defaults::PLAIN };
    let rope = rope::read(config, d_head, 1 << 20, defaults)?;
    let recurrent =
        Recurrent { d, n_groups: n_heads, width: config.count_or("conv1d_width", 4)?, activation };
    let kinds = config.strings("block_types")?;
    let kinds = kinds.unwrap_or_else(|| ["recurrent", "recurrent", "attention"].map(str::to_owned).to_vec());
    if kinds.is_empty() {
        return Err(config.error("block_types", "lists none"));
    }
    let block = |layer: usize| match kinds[layer % kinds.len()].as_str() {
        "recurrent" => spec::Block { mixer: Mixer::Recurrent(recurrent), ..spec::Block::default() },
        _ => spec::Block {
            reach: Some(window - 1),
            rotary: Some(rope.rotary.clone()),
            ..spec::Block::default()
        },
    };
    let blocks = (0..config.layers("num_hidden_layers")?).map(block).collect();
    let mlp = spec::Mlp { d: config.count_or("intermediate_size", 7680)? / 2, activation };
    if mlp.d == 0 {
        return Err(config.error("intermediate_size", "leaves no units: half of it is taken"));
    }
    let norm = Norm { kind: NormKind::RmsPlusOne, eps: config.number_or("rms_norm_eps", 1e-6)? as f32 };
    let attention = Attention { n_kv_heads, ..Attention::causal(n_heads, d_head) };
    let mut spec = Spec::new(config.count("vocab_size")?, d_model, norm, attention, blocks, mlp);
    spec.embeddings.scale = rounded((d_model as f32).sqrt());
    Ok(Declaration { spec, names: names(config.flag_or("attention_bias", false)?) })
}

/// To the digits of bf16, in which the factor is kept.
fn rounded(x: f32) -> f32 {
    let bits = x.to_bits();
    f32::from_bits((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff_0000)
}

fn names(bias: bool) -> Names {
    let block = Block::new(
        Qkv::separate(
            "layers.{}.temporal_block.q_proj",
            "layers.{}.temporal_block.k_proj",
            "layers.{}.temporal_block.v_proj",
            bias,
        ),
        linear("layers.{}.temporal_block.o_proj"),
        Mlp::Gated {
            gate: linear("layers.{}.mlp_block.gate_proj"),
            up: linear("layers.{}.mlp_block.up_proj"),
            down: linear("layers.{}.mlp_block.down_proj"),
        },
    )
    .norms_before("layers.{}.temporal_pre_norm", "layers.{}.channel_pre_norm");
    Names {
        prefixes: &["", "model."],
        final_norm: Some("final_norm"),
        ..Names::new("embed_tokens", Block { mixer: "layers.{}.temporal_block", is_of_kinds: true, ..block })
    }
}

/// Deviations by the size of what is read, and decays that lie in a ring (De et al. 2024).
pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    let scale = config.number_or("w_init_variance_scale", 0.01)?;
    let d_model = config.count("hidden_size")? as f64;
    let width = config.count_or("lru_width", config.count("hidden_size")?)? as f64;
    let size = width / config.count("num_attention_heads")? as f64;
    let last = 2.0 / config.count("num_hidden_layers")? as f64;
    let normal = |variance: f64| Draw::Normal { deviation: variance.sqrt() };
    let mut rules = vec![
        ("linear_out.weight", normal(last / width)),
        ("o_proj.weight", normal(last / d_model)),
        ("input_gate_weight", normal(scale / size)),
        ("recurrent_gate_weight", normal(scale / size)),
        ("recurrent_param", Draw::Ring { least: 0.9, most: 0.999 }),
    ];
    for name in ["linear_x.weight", "linear_y.weight", "q_proj.weight", "k_proj.weight", "v_proj.weight"] {
        rules.push((name, normal(1.0 / d_model)));
    }
    Ok(Initial { rules, otherwise: normal(scale / config.count_or("conv1d_width", 4)? as f64) })
}
