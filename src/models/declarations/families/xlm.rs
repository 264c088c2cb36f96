//! XLM (Conneau and Lample 2019) and `FlauBERT` (Le et al. 2020): BERT under other names, without segments.
//!
//! Source: `models/{xlm,flaubert}/modeling_*.py` of Hugging Face transformers.

use serde_json::Value;

use crate::models::declarations::activation::Activation;
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{self, Draw, Initial};
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{self, Attention, Embeddings, Norm, NormKind, Spec};
use crate::models::error::Result;

const BLOCK: Block = Block::new(
    Qkv::separate("attentions.{}.q_lin", "attentions.{}.k_lin", "attentions.{}.v_lin", true),
    linear("attentions.{}.out_lin"),
    Mlp::Plain { up: linear("ffns.{}.lin1"), down: linear("ffns.{}.lin2") },
);

const NAMES: Names = Names {
    prefixes: &["", "transformer."],
    positions: "position_embeddings",
    embedding_norm: Some("layer_norm_emb"),
    ..Names::new("embeddings", BLOCK.norms_after("layer_norm1.{}", "layer_norm2.{}"))
};

fn spec(config: &Config) -> Result<Spec> {
    config.only("is_encoder", &Value::from(true))?;
    let (n_langs, by_language) = (config.count_or("n_langs", 1)?, config.flag_or("use_lang_emb", true)?);
    if n_langs > 1 && by_language {
        let message = "is true: each token's language takes part, and none is given here; set it to false in config.json to \
                       compute as transformers does where no language is given";
        return Err(config.error("use_lang_emb", message));
    }
    for unused in [
        // Words for the vocabulary, of the head, and of the training.
        "n_words",
        "id2lang",
        "lang2id",
        "lang_id",
        "asm",
        "sinusoidal_embeddings",
        "embed_init_std",
        "bos_index",
        "eos_index",
        "pad_index",
        "unk_index",
        "mask_index",
        "start_n_top",
        "end_n_top",
        "max_vocab",
        "min_count",
        "same_enc_dec",
        "share_inout_emb",
        "tokens_per_batch",
        "amp",
        "bptt",
        "fp16",
        "encoder_only",
        "group_by_size",
        "mask_token_id",
    ] {
        config.ignore(unused);
    }
    let d_model = config.count("emb_dim")?;
    let (n_heads, d_head) = config.heads("emb_dim", "n_heads")?;
    let n_layers = config.layers("n_layers")?;
    let n_positions = config.count_or("max_position_embeddings", 512)?;
    let gelu = config.flag_or("gelu_activation", true)?;
    let attention = if config.flag_or("causal", false)? { Attention::causal } else { Attention::full };
    Ok(Spec {
        n_positions: Some(n_positions),
        embeddings: Embeddings::with_positions(d_model, n_positions),
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: NormKind::Layer, eps: config.number_or("layer_norm_eps", 1e-12)? as f32 },
            attention(n_heads, d_head),
            vec![spec::Block::default(); n_layers],
            spec::Mlp { d: 4 * d_model, activation: if gelu { Activation::Gelu } else { Activation::Relu } },
        )
    })
}

pub(in crate::models) fn xlm(config: &Config) -> Result<Declaration> {
    Ok(Declaration { spec: spec(config)?, names: NAMES })
}

pub(in crate::models) fn flaubert(config: &Config) -> Result<Declaration> {
    let spec = spec(config)?;
    let mut names = NAMES;
    if config.flag_or("pre_norm", false)? {
        names.block = BLOCK.norms_before("layer_norm1.{}", "layer_norm2.{}");
    }
    Ok(Declaration { spec, names })
}

/// Tables have a deviation of their own.
pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    let table = config.number_or("embed_init_std", 2048f64.powf(-0.5))?;
    Ok(Initial {
        rules: vec![("embeddings.weight", Draw::Normal { deviation: table })],
        ..initial::init_std(config)?
    })
}
