//! Falcon (Almazrouei et al. 2023), in its three arrangements.
//!
//! Source: `models/falcon/modeling_falcon.py` of Hugging Face transformers.

use super::rope;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{self, Attention, DistanceBias, Norm, NormKind, Spec};
use crate::models::error::Result;

fn names(bias: bool, attention_norm: &'static str, mlp_norm: Option<&'static str>) -> Names {
    let block = Block::new(
        Qkv::Interleaved(linear("h.{}.self_attention.query_key_value").bias(bias)),
        linear("h.{}.self_attention.dense").bias(bias),
        Mlp::Plain {
            up: linear("h.{}.mlp.dense_h_to_4h").bias(bias),
            down: linear("h.{}.mlp.dense_4h_to_h").bias(bias),
        },
    );
    Names {
        prefixes: &["", "transformer."],
        final_norm: Some("ln_f"),
        ..Names::new(
            "word_embeddings",
            Block { attention_in: Some(attention_norm), mlp_in: mlp_norm, ..block },
        )
    }
}

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    // Of the days of the model's own code; transformers does not read them.
    for unused in ["apply_residual_connection_post_layernorm", "ff_factor"] {
        config.ignore(unused);
    }
    let size_key = if config.has("n_embed") { "n_embed" } else { "hidden_size" };
    let heads_key = if config.has("n_head") { "n_head" } else { "num_attention_heads" };
    let layers_key = if config.has("n_layer") { "n_layer" } else { "num_hidden_layers" };
    let d_model = config.count(size_key)?;
    let (n_heads, d_head) = config.heads(size_key, heads_key)?;
    let n_layers = config.layers(layers_key)?;
    let n_positions = config.count_or("max_position_embeddings", 2048)?;

    let new = config.flag_or("new_decoder_architecture", false)?;
    let shared_key = config.flag_or("multi_query", true)?;
    let kv_heads = config.count_or("num_kv_heads", n_heads)?;
    let n_kv_heads = if new {
        kv_heads
    } else if shared_key {
        1
    } else {
        n_heads
    };
    if !n_heads.is_multiple_of(n_kv_heads) {
        return Err(
            config.error("num_kv_heads", format!("is {n_kv_heads}, which does not divide {n_heads} heads"))
        );
    }
    let parallel = config.flag_or("parallel_attn", true)? || new;
    let norms_in_parallel = config.count_or("num_ln_in_parallel_attn", if new { 2 } else { 1 })?;
    let (attention_norm, mlp_norm) = match (new, parallel) {
        (true, _) if norms_in_parallel == 2 => ("h.{}.ln_attn", Some("h.{}.ln_mlp")),
        (_, true) => ("h.{}.input_layernorm", None),
        (_, false) => ("h.{}.input_layernorm", Some("h.{}.post_attention_layernorm")),
    };

    let mut attention = Attention { n_kv_heads, ..Attention::causal(n_heads, d_head) };
    let mut block = spec::Block::default();
    let mut limit = None;
    if config.flag_or("alibi", false)? {
        // The slopes are added before the scores are divided.
        attention.bias = DistanceBias::Alibi { scale: attention.scale };
        config.ignore("rope_theta");
        config.ignore("rope_scaling");
        config.ignore("rope_parameters");
    } else {
        let rope = rope::read(config, d_head, n_positions, rope::Defaults::PLAIN)?;
        limit = Some(rope.limit(n_positions));
        block.rotary = Some(rope.rotary);
    }
    let spec = Spec {
        n_positions: limit,
        parallel,
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: NormKind::Layer, eps: config.number_or("layer_norm_epsilon", 1e-5)? as f32 },
            attention,
            vec![block; n_layers],
            spec::Mlp {
                d: config.count_or("ffn_hidden_size", 4 * d_model)?,
                activation: config.activation_or("activation", "gelu")?,
            },
        )
    };
    Ok(Declaration { spec, names: names(config.flag_or("bias", false)?, attention_norm, mlp_norm) })
}
