//! `T5Gemma` (Zhang et al. 2025): Gemma 2 whose tokens see in both directions, as an encoder, and beside it a decoder.
//!
//! Source: `models/t5gemma/modeling_t5gemma.py` of Hugging Face transformers.

use serde_json::{Value, json};

use super::gemma::{assumed_sizes, gemma2};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Cross, Declaration, Names, linear};
use crate::models::declarations::spec::{Attention, Decoder, Start};
use crate::models::error::Result;

/// One of the two parts of a configuration, which are alike.
fn part(config: &Config, name: &str) -> Result<Config> {
    let part = config.part(name)?.ok_or_else(|| config.error(name, "is missing"))?;
    let part =
        assumed_sizes(part).with_defaults(&json!({"vocab_size": 256_000, "max_position_embeddings": 8192}));
    for unused in ["dropout_rate", "cross_attention_hidden_size"] {
        part.ignore(unused);
    }
    Ok(part)
}

/// What both parts call the norms around attention.
fn names(names: &Names) -> Names {
    let block = Block {
        attention_in: Some("layers.{}.pre_self_attn_layernorm"),
        attention_out: Some("layers.{}.post_self_attn_layernorm"),
        ..names.block
    };
    Names { block, ..*names }
}

/// The encoder.
pub(in crate::models) fn encoder(config: &Config) -> Result<Declaration> {
    for decoder in ["decoder", "dropout_rate", "classifier_dropout_rate", "vocab_size"] {
        config.ignore(decoder);
    }
    let part = part(config, "encoder")?;
    part.only("is_decoder", &Value::from(false))?;
    let Declaration { mut spec, names: of_gemma } = gemma2(&part)?;
    part.finish()?;
    spec.attention.causal = false;
    for block in &mut spec.blocks {
        // In both directions the window counts the tokens on each side, the token itself not among them.
        block.reach = block.reach.map(|reach| reach + 1);
    }
    let names = names(&of_gemma);
    Ok(Declaration { spec, names: Names { prefixes: &["encoder.", "model.encoder."], ..names } })
}

/// The decoder beside what `encoder` declares.
pub(in crate::models) fn decoder(config: &Config, encoder: Declaration) -> Result<Declaration> {
    let part = part(config, "decoder")?;
    part.ignore("is_decoder");
    let Declaration { mut spec, names: of_gemma } = gemma2(&part)?;
    let bias = part.flag_or("attention_bias", false)?;
    let start = Start::Token(part.token_or("bos_token_id", 2)?);
    part.finish()?;
    let cross = Attention { causal: false, ..spec.attention.clone() };
    spec.decoder = Some(Decoder { cross, d_source: encoder.spec.d_model, start });
    let mut names = names(&of_gemma);
    names.block.cross = Some(Cross {
        query: linear("layers.{}.cross_attn.q_proj").bias(bias),
        key: linear("layers.{}.cross_attn.k_proj").bias(bias),
        value: linear("layers.{}.cross_attn.v_proj").bias(bias),
        output: linear("layers.{}.cross_attn.o_proj").bias(bias),
        before: Some("layers.{}.pre_cross_attn_layernorm"),
        out: Some("layers.{}.post_cross_attn_layernorm"),
        after: None,
    });
    Ok(Declaration { spec, names: Names { prefixes: &["decoder.", "model.decoder."], ..names } })
}
