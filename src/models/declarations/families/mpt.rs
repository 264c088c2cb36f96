//! MPT (MosaicML 2023): positions are slopes on the scores, and nothing has a bias.
//!
//! Source: `models/mpt/modeling_mpt.py` of Hugging Face transformers, which computes one kind of MPT whatever `config.json` says
//! of others; those are refused here.

use serde_json::Value;

use crate::models::declarations::activation::Activation;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{self, Attention, DistanceBias, Norm, NormKind, Spec};
use crate::models::error::Result;

const NAMES: Names = Names {
    prefixes: &["", "transformer."],
    final_norm: Some("norm_f"),
    ..Names::new(
        "wte",
        Block::new(
            Qkv::Stacked(linear("blocks.{}.attn.Wqkv").bias(false)),
            linear("blocks.{}.attn.out_proj").bias(false),
            Mlp::Plain {
                up: linear("blocks.{}.ffn.up_proj").bias(false),
                down: linear("blocks.{}.ffn.down_proj").bias(false),
            },
        )
        .norms_before("blocks.{}.norm_1", "blocks.{}.norm_2"),
    )
};

/// What `attn_config` says of attention.
fn attention(config: &Config, n_heads: usize, d_head: usize) -> Result<Attention> {
    let part = config.part_or_empty("attn_config")?;
    part.only("attn_type", &Value::from("multihead_attention"))?;
    part.only("alibi", &Value::from(true))?;
    for key in ["prefix_lm", "qk_ln", "qk_gn", "attn_uses_sequence_id", "rope"] {
        part.only(key, &Value::from(false))?;
    }
    part.only("sliding_window_size", &Value::from(-1))?;
    // How it is computed, and, without `rope`, its keys.
    for unused in ["attn_impl", "kv_n_heads", "rope_theta", "rope_impl", "rope_dail_config", "rope_hf_config"]
    {
        part.ignore(unused);
    }
    let mut attention = Attention::causal(n_heads, d_head);
    if let Some(scale) = part.number_if_any("softmax_scale")? {
        attention.scale = scale as f32;
    }
    attention.clip = part.number_if_any("clip_qkv")?.filter(|&clip| clip != 0.0).map(|clip| clip as f32);
    // The model's own code reads it, and transformers computes with 8 whatever it says.
    part.only("alibi_bias_max", &Value::from(8))?;
    attention.bias = DistanceBias::Alibi { scale: 1.0 };
    part.finish()?;
    Ok(attention)
}

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    config.only("expansion_ratio", &Value::from(4))?;
    config.only("no_bias", &Value::from(true))?;
    config
        .only("norm_type", &Value::from("low_precision_layernorm"))
        .or_else(|_| config.only("norm_type", &Value::from("layernorm")))?;
    for unused in [
        // A table that there is only where scores have no slopes.
        "learned_pos_emb",
        // Of gradients, of logits, and of how the training began.
        "embedding_fraction",
        "logit_scale",
        "init_config",
        "init_device",
        "tokenizer_name",
        "verbose",
        "ffn_config",
        "fc_type",
        "use_pad_tok_in_ffn",
    ] {
        config.ignore(unused);
    }
    let d_model = config.count("d_model")?;
    let (n_heads, d_head) = config.heads("d_model", "n_heads")?;
    let n_layers = config.layers("n_layers")?;
    let spec = Spec {
        n_positions: Some(config.count_or("max_seq_len", 2048)?),
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: NormKind::LayerUnbiased, eps: config.number_or("layer_norm_epsilon", 1e-5)? as f32 },
            attention(config, n_heads, d_head)?,
            vec![spec::Block::default(); n_layers],
            spec::Mlp { d: 4 * d_model, activation: Activation::Gelu },
        )
    };
    Ok(Declaration { spec, names: NAMES })
}
