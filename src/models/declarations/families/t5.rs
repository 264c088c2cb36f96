//! The encoders and decoders of T5 (Raffel et al. 2020), T5 v1.1, Flan-T5 (Chung et al. 2022), mT5 (Xue et al. 2021) and `UMT5`.
//!
//! Source: `models/t5/modeling_t5.py` of Hugging Face transformers.

use crate::models::declarations::activation::Activation;
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{self, Draw, Initial};
use crate::models::declarations::names::{Block, Cross, Declaration, Linear, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{
    self, Attention, Decoder, DistanceBias, Norm, NormKind, Spec, Start,
};
use crate::models::error::Result;

/// The names of a block's layers in one part.
struct OfPart {
    self_attention: (Qkv, Linear, &'static str),
    bias: &'static str,
    cross: Option<Cross>,
    /// The two layers before the activation of a gated MLP, and the one of a plain.
    inner: [&'static str; 3],
    down: &'static str,
    mlp_norm: &'static str,
    final_norm: &'static str,
    tokens: &'static str,
}

const ENCODER: OfPart = OfPart {
    self_attention: (
        Qkv::separate(
            "encoder.block.{}.layer.0.SelfAttention.q",
            "encoder.block.{}.layer.0.SelfAttention.k",
            "encoder.block.{}.layer.0.SelfAttention.v",
            false,
        ),
        linear("encoder.block.{}.layer.0.SelfAttention.o").bias(false),
        "encoder.block.{}.layer.0.layer_norm",
    ),
    bias: "encoder.block.0.layer.0.SelfAttention.relative_attention_bias",
    cross: None,
    inner: [
        "encoder.block.{}.layer.1.DenseReluDense.wi_0",
        "encoder.block.{}.layer.1.DenseReluDense.wi_1",
        "encoder.block.{}.layer.1.DenseReluDense.wi",
    ],
    down: "encoder.block.{}.layer.1.DenseReluDense.wo",
    mlp_norm: "encoder.block.{}.layer.1.layer_norm",
    final_norm: "encoder.final_layer_norm",
    // What stands for the table of tokens in checkpoints of an encoder alone.
    tokens: "encoder.embed_tokens",
};

const DECODER: OfPart = OfPart {
    self_attention: (
        Qkv::separate(
            "decoder.block.{}.layer.0.SelfAttention.q",
            "decoder.block.{}.layer.0.SelfAttention.k",
            "decoder.block.{}.layer.0.SelfAttention.v",
            false,
        ),
        linear("decoder.block.{}.layer.0.SelfAttention.o").bias(false),
        "decoder.block.{}.layer.0.layer_norm",
    ),
    bias: "decoder.block.0.layer.0.SelfAttention.relative_attention_bias",
    cross: Some(Cross {
        query: linear("decoder.block.{}.layer.1.EncDecAttention.q").bias(false),
        key: linear("decoder.block.{}.layer.1.EncDecAttention.k").bias(false),
        value: linear("decoder.block.{}.layer.1.EncDecAttention.v").bias(false),
        output: linear("decoder.block.{}.layer.1.EncDecAttention.o").bias(false),
        before: Some("decoder.block.{}.layer.1.layer_norm"),
        out: None,
        after: None,
    }),
    inner: [
        "decoder.block.{}.layer.2.DenseReluDense.wi_0",
        "decoder.block.{}.layer.2.DenseReluDense.wi_1",
        "decoder.block.{}.layer.2.DenseReluDense.wi",
    ],
    down: "decoder.block.{}.layer.2.DenseReluDense.wo",
    mlp_norm: "decoder.block.{}.layer.2.layer_norm",
    final_norm: "decoder.final_layer_norm",
    tokens: "decoder.embed_tokens",
};

fn names(gated: bool, of: &OfPart) -> Names {
    let ([gate, up, plain], down) = (of.inner, linear(of.down).bias(false));
    let mlp = if gated {
        Mlp::Gated { gate: linear(gate).bias(false), up: linear(up).bias(false), down }
    } else {
        Mlp::Plain { up: linear(plain).bias(false), down }
    };
    let (qkv, output, norm) = of.self_attention;
    let block = Block { distance_bias: Some(of.bias), cross: of.cross, ..Block::new(qkv, output, mlp) };
    Names {
        // Those of classifiers have it before every name.
        prefixes: &["", "transformer."],
        other_tokens: Some(of.tokens),
        final_norm: Some(of.final_norm),
        ..Names::new("shared", block.norms_before(norm, of.mlp_norm))
    }
}

pub(in crate::models) fn t5(config: &Config) -> Result<Declaration> {
    declare(config, "relu")
}

pub(in crate::models) fn mt5(config: &Config) -> Result<Declaration> {
    declare(config, "gated-gelu")
}

/// `UMT5` (Chung et al. 2023): mT5 with a table of distances in each block.
pub(in crate::models) fn umt5(config: &Config) -> Result<Declaration> {
    let mut declaration = declare(config, "gated-gelu")?;
    declaration.names.block.distance_bias =
        Some("encoder.block.{}.layer.0.SelfAttention.relative_attention_bias");
    Ok(declaration)
}

/// Its decoder.
pub(in crate::models) fn umt5_decoder(config: &Config, encoder: Declaration) -> Result<Declaration> {
    let mut declaration = decoder(config, encoder)?;
    declaration.names.block.distance_bias =
        Some("decoder.block.{}.layer.0.SelfAttention.relative_attention_bias");
    Ok(declaration)
}

/// T5 without gates, for a family that has other names of its MLPs.
pub(super) fn plain(config: &Config) -> Result<Declaration> {
    declare(config, "relu")
}

/// A block with the names that Switch Transformers has of its MLP.
pub(super) fn of_switch(block: &Block, decodes: bool) -> Block {
    let mlp = if decodes {
        Mlp::plain("decoder.block.{}.layer.2.mlp.wi", "decoder.block.{}.layer.2.mlp.wo", false)
    } else {
        Mlp::plain("encoder.block.{}.layer.1.mlp.wi", "encoder.block.{}.layer.1.mlp.wo", false)
    };
    Block { mlp, ..*block }
}

/// `LongT5` (Guo et al. 2022), whose encoder sees so many tokens on either side. Summaries of blocks of tokens, which it may see besides,
/// begin with the first whole block: longer sequences are refused then.
pub(in crate::models) fn longt5(config: &Config) -> Result<Declaration> {
    let Declaration { mut spec, mut names } = declare(config, "relu")?;
    let radius = config.count_or("local_radius", 127)?;
    let block_size = config.count_or("global_block_size", 16)?;
    for block in &mut spec.blocks {
        block.reach = Some(radius);
    }
    let kind = config.string_or("encoder_attention_type", "local")?;
    let (qkv, output, bias) = match kind.as_str() {
        "local" => (
            Qkv::separate(
                "encoder.block.{}.layer.0.LocalSelfAttention.q",
                "encoder.block.{}.layer.0.LocalSelfAttention.k",
                "encoder.block.{}.layer.0.LocalSelfAttention.v",
                false,
            ),
            "encoder.block.{}.layer.0.LocalSelfAttention.o",
            "encoder.block.0.layer.0.LocalSelfAttention.relative_attention_bias",
        ),
        "transient-global" if block_size > 1 => {
            spec.n_positions = Some(block_size - 1);
            (
                Qkv::separate(
                    "encoder.block.{}.layer.0.TransientGlobalSelfAttention.q",
                    "encoder.block.{}.layer.0.TransientGlobalSelfAttention.k",
                    "encoder.block.{}.layer.0.TransientGlobalSelfAttention.v",
                    false,
                ),
                "encoder.block.{}.layer.0.TransientGlobalSelfAttention.o",
                "encoder.block.0.layer.0.TransientGlobalSelfAttention.relative_attention_bias",
            )
        }
        "transient-global" => {
            let message =
                format!("is {block_size}: every token has a summary of its own, which is not computed here");
            return Err(config.error("global_block_size", message));
        }
        other => {
            let message = format!("is `{other}`; supported are local and transient-global");
            return Err(config.error("encoder_attention_type", message));
        }
    };
    names.block =
        Block { qkv, attention: linear(output).bias(false), distance_bias: Some(bias), ..names.block };
    Ok(Declaration { spec, names })
}

/// Its decoder, which is T5's.
pub(in crate::models) fn longt5_decoder(config: &Config, mut encoder: Declaration) -> Result<Declaration> {
    encoder.spec.n_positions = None;
    decoder(config, encoder)
}

fn declare(config: &Config, usual: &str) -> Result<Declaration> {
    for decoder in
        ["num_decoder_layers", "is_decoder", "scale_decoder_outputs", "n_positions", "dropout_rate"]
    {
        config.ignore(decoder);
    }
    let d_model = config.count("d_model")?;
    let n_layers = config.layers("num_layers")?;
    let projection = config.string_or("feed_forward_proj", usual)?;
    let (gated, activation) = match projection.strip_prefix("gated-") {
        // The first gated checkpoints were written with a name that meant the tanh form.
        Some("gelu") => (true, Some(Activation::GeluTanh)),
        Some(name) => (true, Activation::parse(name)),
        None => (false, Activation::parse(&projection)),
    };
    let activation =
        activation.ok_or_else(|| config.error("feed_forward_proj", format!("is `{projection}`")))?;
    // Newer files say both once more, and there they count.
    let gated = config.flag_or("is_gated_act", gated)?;
    let activation =
        if config.has("dense_act_fn") { config.activation_or("dense_act_fn", "relu")? } else { activation };
    let spec = Spec::new(
        config.count("vocab_size")?,
        d_model,
        Norm { kind: NormKind::Rms, eps: config.number_or("layer_norm_epsilon", 1e-6)? as f32 },
        Attention {
            scale: 1.0,
            bias: DistanceBias::Buckets {
                count: config.count_or("relative_attention_num_buckets", 32)?,
                max_distance: config.count_or("relative_attention_max_distance", 128)?,
            },
            ..Attention::full(config.count("num_heads")?, config.count("d_kv")?)
        },
        vec![spec::Block::default(); n_layers],
        spec::Mlp { d: config.count("d_ff")?, activation },
    );
    Ok(Declaration { spec, names: names(gated, &ENCODER) })
}

/// The decoder beside what `encoder` declares.
pub(in crate::models) fn decoder(config: &Config, encoder: Declaration) -> Result<Declaration> {
    let gated = matches!(encoder.names.block.mlp, Mlp::Gated { .. });
    let n_layers = if config.has("num_decoder_layers") {
        config.layers("num_decoder_layers")?
    } else {
        encoder.spec.n_layers
    };
    let start = if config.has("decoder_start_token_id") {
        config.token_or("decoder_start_token_id", 0)?
    } else {
        let padding = config.token_or("pad_token_id", 0)?;
        config.note(format!(
            "config.json has no `decoder_start_token_id`: the decoder begins with `pad_token_id`, {padding}, as T5's do"
        ));
        padding
    };
    let attention = encoder.spec.attention.clone();
    let cross = Attention { bias: DistanceBias::None, ..attention.clone() };
    let spec = Spec {
        n_layers,
        blocks: vec![spec::Block::default(); n_layers],
        attention: Attention { causal: true, ..attention },
        decoder: Some(Decoder { cross, d_source: encoder.spec.d_model, start: Start::Token(start) }),
        ..encoder.spec
    };
    Ok(Declaration { spec, names: names(gated, &DECODER) })
}

/// Each layer by its inputs (Raffel et al. 2020); the embeddings' deviation is the general one.
pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    let size = |key: &str| config.count(key).map(|size| size as f64);
    let (d_model, d_kv, n_heads, d_ff) = (size("d_model")?, size("d_kv")?, size("num_heads")?, size("d_ff")?);
    let factor = initial::deviation(config, "initializer_factor", 1.0)?;
    let spread = |spread: f64| Draw::Normal { deviation: factor * spread };
    Ok(Initial {
        rules: vec![
            ("Attention.q.weight", spread((d_model * d_kv).powf(-0.5))),
            ("Attention.o.weight", spread((d_kv * n_heads).powf(-0.5))),
            ("wo.weight", spread(d_ff.powf(-0.5))),
            ("shared.weight", spread(1.0)),
        ],
        otherwise: spread(d_model.powf(-0.5)),
    })
}
