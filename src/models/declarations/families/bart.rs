//! The encoders and decoders of BART (Lewis et al. 2020), mBART (Liu et al. 2020), M2M-100 (Fan et al. 2021; NLLB too), Marian and PEGASUS.
//!
//! Source: `models/{bart,mbart,m2m_100,marian,pegasus}/modeling_*.py` of Hugging Face transformers.

use serde_json::Value;

use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Cross, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{
    self, Attention, Decoder, Embeddings, Norm, NormKind, Positions, Spec, Start,
};
use crate::models::error::Result;

const BLOCK: Block = Block::new(
    Qkv::separate(
        "encoder.layers.{}.self_attn.q_proj",
        "encoder.layers.{}.self_attn.k_proj",
        "encoder.layers.{}.self_attn.v_proj",
        true,
    ),
    linear("encoder.layers.{}.self_attn.out_proj"),
    Mlp::Plain { up: linear("encoder.layers.{}.fc1"), down: linear("encoder.layers.{}.fc2") },
);
const ATTENTION_NORM: &str = "encoder.layers.{}.self_attn_layer_norm";
const MLP_NORM: &str = "encoder.layers.{}.final_layer_norm";

/// Learned positions, and norms after each half.
const BART: Names = Names {
    prefixes: &["", "model."],
    positions: "encoder.embed_positions",
    embedding_norm: Some("encoder.layernorm_embedding"),
    ..Names::new("shared", BLOCK.norms_after(ATTENTION_NORM, MLP_NORM))
};

/// Norms before each half, and a last one.
const MBART: Names = Names {
    block: BLOCK.norms_before(ATTENTION_NORM, MLP_NORM),
    final_norm: Some("encoder.layer_norm"),
    ..BART
};

/// The same with no norm of the embeddings.
const M2M_100: Names = Names { embedding_norm: None, ..MBART };

/// Rows of the learned table before that of the first token.
const OFFSET: usize = 2;

/// That of BART with sines and cosines for positions, and no norm of the embeddings.
const MARIAN: Names = Names { embedding_norm: None, other_tokens: Some("encoder.embed_tokens"), ..BART };

/// The same with norms before each half, and a last one.
const PEGASUS: Names = Names { other_tokens: Some("encoder.embed_tokens"), ..M2M_100 };

/// A block of the decoder, which attends to the encoder between its own attention and the MLP.
const DECODER_BLOCK: Block = Block::new(
    Qkv::separate(
        "decoder.layers.{}.self_attn.q_proj",
        "decoder.layers.{}.self_attn.k_proj",
        "decoder.layers.{}.self_attn.v_proj",
        true,
    ),
    linear("decoder.layers.{}.self_attn.out_proj"),
    Mlp::Plain { up: linear("decoder.layers.{}.fc1"), down: linear("decoder.layers.{}.fc2") },
);

/// The names of the decoder beside the encoder that is called `encoder`.
fn decoder_names(encoder: &Names) -> Names {
    let first = encoder.block.attention_in.is_some();
    let norm = Some("decoder.layers.{}.encoder_attn_layer_norm");
    let cross = Cross {
        query: linear("decoder.layers.{}.encoder_attn.q_proj"),
        key: linear("decoder.layers.{}.encoder_attn.k_proj"),
        value: linear("decoder.layers.{}.encoder_attn.v_proj"),
        output: linear("decoder.layers.{}.encoder_attn.out_proj"),
        before: norm.filter(|_| first),
        out: None,
        after: norm.filter(|_| !first),
    };
    let norms = ("decoder.layers.{}.self_attn_layer_norm", "decoder.layers.{}.final_layer_norm");
    let block = Block { cross: Some(cross), ..DECODER_BLOCK };
    Names {
        other_tokens: Some("decoder.embed_tokens"),
        positions: "decoder.embed_positions",
        embedding_norm: encoder.embedding_norm.map(|_| "decoder.layernorm_embedding"),
        final_norm: encoder.final_norm.map(|_| "decoder.layer_norm"),
        block: if first { block.norms_before(norms.0, norms.1) } else { block.norms_after(norms.0, norms.1) },
        ..*encoder
    }
}

fn spec(config: &Config, activation: &str) -> Result<Spec> {
    config.only("static_position_embeddings", &Value::from(false))?;
    config.only("extra_pos_embeddings", &Value::from(OFFSET))?;
    let mut spec = sizes(config, activation)?;
    if let Some(positions) = &mut spec.embeddings.positions {
        positions.rows += OFFSET;
        positions.first = OFFSET;
    }
    Ok(spec)
}

/// What all have, with learned positions from 0.
fn sizes(config: &Config, activation: &str) -> Result<Spec> {
    for decoder in [
        "decoder_layers",
        "decoder_attention_heads",
        "decoder_ffn_dim",
        "decoder_layerdrop",
        "encoder_layerdrop",
        "num_hidden_layers",
        "max_encoder_position_embeddings",
        "max_decoder_position_embeddings",
        "add_bias_logits",
        "force_bos_token_to_be_generated",
        "save_step",
    ] {
        config.ignore(decoder);
    }
    config.only("is_decoder", &Value::from(false))?;
    let d_model = config.count("d_model")?;
    let (n_heads, d_head) = config.heads("d_model", "encoder_attention_heads")?;
    let n_layers = config.layers("encoder_layers")?;
    let n_positions = config.count_or("max_position_embeddings", 1024)?;
    let scaled = config.flag_or("scale_embedding", false)?;
    Ok(Spec {
        n_positions: Some(n_positions),
        embeddings: Embeddings {
            scale: if scaled { (d_model as f32).sqrt() } else { 1.0 },
            positions: Some(Positions { learned: true, rows: n_positions, first: 0, uncounted: None }),
            ..Embeddings::tokens(d_model)
        },
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: NormKind::Layer, eps: 1e-5 },
            Attention::full(n_heads, d_head),
            vec![spec::Block::default(); n_layers],
            spec::Mlp {
                d: config.count("encoder_ffn_dim")?,
                activation: config.activation_or("activation_function", activation)?,
            },
        )
    })
}

/// Refuses a configuration, of times when these keys existed, whose norms are elsewhere than this model type has them.
fn norms_are(config: &Config, first: bool) -> Result<()> {
    config.only("normalize_before", &Value::from(first))?;
    config.only("add_final_layer_norm", &Value::from(first))?;
    config.only("normalize_embedding", &Value::from(true))
}

/// BART with learned positions from 0, for a family that says how many there are.
pub(super) fn without_offset(config: &Config) -> Result<Declaration> {
    Ok(Declaration { spec: sizes(config, "gelu")?, names: BART })
}

pub(in crate::models) fn bart(config: &Config) -> Result<Declaration> {
    norms_are(config, false)?;
    Ok(Declaration { spec: spec(config, "gelu")?, names: BART })
}

pub(in crate::models) fn mbart(config: &Config) -> Result<Declaration> {
    norms_are(config, true)?;
    Ok(Declaration { spec: spec(config, "gelu")?, names: MBART })
}

/// Marian (Junczys-Dowmunt et al. 2018), as its translation models of OPUS are stored.
pub(in crate::models) fn marian(config: &Config) -> Result<Declaration> {
    Ok(Declaration { spec: waves(config, false)?, names: MARIAN })
}

/// PEGASUS (Zhang et al. 2020).
pub(in crate::models) fn pegasus(config: &Config) -> Result<Declaration> {
    Ok(Declaration { spec: waves(config, true)?, names: PEGASUS })
}

/// What the two have whose positions are sines and cosines; `first` says that norms stand before each half.
fn waves(config: &Config, first: bool) -> Result<Spec> {
    config.only("static_position_embeddings", &Value::from(true))?;
    config.only("normalize_before", &Value::from(first))?;
    config.only("add_final_layer_norm", &Value::from(first))?;
    config.only("normalize_embedding", &Value::from(false))?;
    for unused in ["extra_pos_embeddings", "decoder_vocab_size", "share_encoder_decoder_embeddings"] {
        config.ignore(unused);
    }
    let mut spec = sizes(config, "gelu")?;
    spec.embeddings.waves_unless_stored = true;
    Ok(spec)
}

pub(in crate::models) fn m2m_100(config: &Config) -> Result<Declaration> {
    config.only("normalize_before", &Value::from(true))?;
    config.only("add_final_layer_norm", &Value::from(true))?;
    config.only("normalize_embedding", &Value::from(false))?;
    let mut spec = spec(config, "relu")?;
    spec.embeddings.scale =
        if config.flag_or("scale_embedding", true)? { (spec.d_model as f32).sqrt() } else { 1.0 };
    let padding = config.token_or("pad_token_id", 1)?;
    let first = padding as usize + 1;
    spec.embeddings.positions = spec.embeddings.positions.map(|layout| Positions {
        learned: false,
        rows: layout.rows - OFFSET + first,
        first,
        uncounted: Some(padding),
    });
    if spec.d_model < 4 {
        return Err(config.error("d_model", "is too small for sines and cosines"));
    }
    Ok(Declaration { spec, names: M2M_100 })
}

/// The decoder beside what `encoder` declares, which begins as `start` says.
fn decoder(config: &Config, encoder: Declaration, start: Start) -> Result<Declaration> {
    let names = decoder_names(&encoder.names);
    let (n_heads, d_head) = config.heads("d_model", "decoder_attention_heads")?;
    let n_layers = config.layers("decoder_layers")?;
    let spec = Spec {
        n_layers,
        blocks: vec![spec::Block::default(); n_layers],
        attention: Attention::causal(n_heads, d_head),
        mlp: spec::Mlp { d: config.count("decoder_ffn_dim")?, ..encoder.spec.mlp },
        decoder: Some(Decoder {
            cross: Attention::full(n_heads, d_head),
            d_source: encoder.spec.d_model,
            start,
        }),
        ..encoder.spec
    };
    Ok(Declaration { spec, names })
}

/// That of a model whose decoder begins with one token, by default `usual`.
fn with_token(config: &Config, encoder: Declaration, usual: u32) -> Result<Declaration> {
    let token = config.token_or("decoder_start_token_id", usual)?;
    decoder(config, encoder, Start::Token(token))
}

/// The decoder of BART.
pub(in crate::models) fn bart_decoder(config: &Config, encoder: Declaration) -> Result<Declaration> {
    with_token(config, encoder, 2)
}

/// The decoder of mBART, whose text begins with the token of its language, which stands at its end.
pub(in crate::models) fn mbart_decoder(config: &Config, encoder: Declaration) -> Result<Declaration> {
    decoder(config, encoder, Start::Last)
}

/// The decoder of M2M-100 and NLLB.
pub(in crate::models) fn m2m_100_decoder(config: &Config, encoder: Declaration) -> Result<Declaration> {
    with_token(config, encoder, 2)
}

/// The decoder of Marian, which may have a table of tokens of its own.
pub(in crate::models) fn marian_decoder(config: &Config, encoder: Declaration) -> Result<Declaration> {
    let shared = config.flag_or("share_encoder_decoder_embeddings", true)?;
    let mut decoder = with_token(config, encoder, 58_100)?;
    if let Some(size) = config.count_if_any("decoder_vocab_size")? {
        decoder.spec.vocab_size = size;
    }
    if !shared {
        (decoder.names.tokens, decoder.names.other_tokens) = ("decoder.embed_tokens", None);
    }
    Ok(decoder)
}

/// The decoder of PEGASUS.
pub(in crate::models) fn pegasus_decoder(config: &Config, encoder: Declaration) -> Result<Declaration> {
    with_token(config, encoder, 0)
}
