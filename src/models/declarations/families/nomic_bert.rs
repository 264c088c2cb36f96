//! Nomic's BERT (Nussbaum et al. 2024): rotary positions, gates in the MLP, and few biases.
//!
//! Source: `models/nomic_bert/modeling_nomic_bert.py` of Hugging Face transformers, which reads BERT's keys alone; published
//! files have GPT-2's and some of their own, and those are read here too.

use serde_json::{Value, json};

use super::rope;
use crate::models::declarations::activation::Activation;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::rotary::{Rotary, Scaling};
use crate::models::declarations::spec::{self, Attention, Embeddings, Norm, NormKind, Spec};
use crate::models::error::Result;

/// Which layers have biases.
#[derive(Clone, Copy, Default)]
struct Biases {
    attention: bool,
    mlp_in: bool,
    mlp_out: bool,
}

const fn names(biases: Biases) -> Names {
    Names {
        prefixes: &["", "nomic_bert.", "bert."],
        segments: "embeddings.token_type_embeddings",
        embedding_norm: Some("emb_ln"),
        ..Names::new(
            "embeddings.word_embeddings",
            Block::new(
                Qkv::Stacked(linear("encoder.layers.{}.attn.Wqkv").bias(biases.attention)),
                linear("encoder.layers.{}.attn.out_proj").bias(biases.attention),
                Mlp::Gated {
                    gate: linear("encoder.layers.{}.mlp.fc12").bias(biases.mlp_in),
                    up: linear("encoder.layers.{}.mlp.fc11").bias(biases.mlp_in),
                    down: linear("encoder.layers.{}.mlp.fc2").bias(biases.mlp_out),
                },
            )
            .norms_after("encoder.layers.{}.norm1", "encoder.layers.{}.norm2"),
        )
    }
}

/// What both kinds of keys come to.
struct Keys {
    d_model: usize,
    n_layers: usize,
    heads: (usize, usize),
    d_mlp: usize,
    activation: Activation,
    eps: f64,
    n_positions: usize,
    rotary: Rotary,
}

fn spec(config: &Config, keys: Keys) -> Result<Spec> {
    let (n_heads, d_head) = keys.heads;
    let block = spec::Block { rotary: Some(keys.rotary), ..spec::Block::default() };
    Ok(Spec {
        n_positions: Some(keys.n_positions),
        embeddings: Embeddings {
            n_segments: config.whole_or("type_vocab_size", 2)?,
            ..Embeddings::tokens(keys.d_model)
        },
        ..Spec::new(
            config.count("vocab_size")?,
            keys.d_model,
            Norm { kind: NormKind::Layer, eps: keys.eps as f32 },
            Attention::full(n_heads, d_head),
            vec![block; keys.n_layers],
            spec::Mlp { d: keys.d_mlp, activation: keys.activation },
        )
    })
}

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    if config.has("n_embd") {
        return published(config);
    }
    let (n_heads, mut d_head) = config.heads("hidden_size", "num_attention_heads")?;
    d_head = config.count_or("head_dim", d_head)?;
    let n_positions = config.count_or("max_position_embeddings", 2048)?;
    let defaults = rope::Defaults { theta: 1000.0, ..rope::Defaults::PLAIN };
    let rope = rope::read(config, d_head, n_positions, defaults)?;
    let keys = Keys {
        d_model: config.count("hidden_size")?,
        n_layers: config.layers("num_hidden_layers")?,
        heads: (n_heads, d_head),
        d_mlp: config.count("intermediate_size")?,
        activation: config.activation_or("hidden_act", "silu")?,
        eps: config.number_or("layer_norm_eps", 1e-12)?,
        n_positions: rope.limit(n_positions),
        rotary: rope.rotary,
    };
    Ok(Declaration { spec: spec(config, keys)?, names: names(Biases::default()) })
}

/// The keys of the files that Nomic published.
fn published(config: &Config) -> Result<Declaration> {
    for (key, only) in [
        ("prenorm", json!(false)),
        ("parallel_block", json!(false)),
        ("use_rms_norm", json!(false)),
        ("causal", json!(false)),
        ("rotary_emb_interleaved", json!(false)),
        ("rotary_emb_scale_base", Value::Null),
        ("scale_attn_weights", json!(true)),
        ("scale_attn_by_inverse_layer_idx", json!(false)),
        ("num_experts", json!(0)),
        ("moe_every_n_layers", json!(0)),
        ("add_cross_attention", json!(false)),
    ] {
        config.only(key, &only)?;
    }
    for unused in [
        // How it is computed and how it was trained; and experts, of which there are none.
        "dense_seq_output",
        "expert_choice_router",
        "ffn_div",
        "fused_bias_fc",
        "fused_dropout_add_ln",
        "max_trained_positions",
        "moe_impl",
        "moe_normalize_expert_weights",
        "moe_resid_pdrop",
        "moe_top_k",
        "num_shared_experts",
        "pad_vocab_size_multiple",
        "parallel_block_tied_norm",
        "reorder_and_upcast_attn",
        "router_aux_loss_coef",
        "use_flash_attn",
        "use_xentropy",
    ] {
        config.ignore(unused);
    }
    let activation = match config.string("activation_function")?.as_str() {
        "swiglu" => Activation::Silu,
        "geglu" => Activation::Gelu,
        other => {
            let message = format!("is `{other}`; supported are swiglu and geglu");
            return Err(config.error("activation_function", message));
        }
    };
    let (n_heads, d_head) = config.heads("n_embd", "n_head")?;
    let n_positions = config.count_or("n_positions", 8192)?;
    // With a factor, angles change in sequences that are longer than those of the training.
    let factor = config.number_if_any("rotary_scaling_factor")?;
    let trained = config.count_or("max_trained_positions", 2048)?;
    let share = config.number_or("rotary_emb_fraction", 1.0)?;
    let dims = (d_head as f64 * share) as usize;
    if dims < 2 || dims > d_head || !dims.is_multiple_of(2) {
        return Err(config.error("rotary_emb_fraction", format!("turns {dims} of a head's {d_head} units")));
    }
    let d_model = config.count("n_embd")?;
    let keys = Keys {
        d_model,
        n_layers: config.layers("n_layer")?,
        heads: (n_heads, d_head),
        d_mlp: config.count_or("n_inner", 4 * d_model)?,
        activation,
        eps: config.number_or("layer_norm_epsilon", 1e-5)?,
        n_positions: if factor.is_some() { trained.min(n_positions) } else { n_positions },
        rotary: Rotary::new(dims, config.number_or("rotary_emb_base", 10_000.0)?, &Scaling::None),
    };
    let biases = Biases {
        attention: config.flag_or("qkv_proj_bias", true)?,
        mlp_in: config.flag_or("mlp_fc1_bias", true)?,
        mlp_out: config.flag_or("mlp_fc2_bias", true)?,
    };
    Ok(Declaration { spec: spec(config, keys)?, names: names(biases) })
}
