//! The encoders of T5 (Raffel et al. 2020), T5 v1.1, Flan-T5 (Chung et al. 2022) and mT5 (Xue et al. 2021).
//!
//! Source: `models/t5/modeling_t5.py` of Hugging Face transformers.

use crate::models::declarations::activation::Activation;
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{self, Draw, Initial};
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{self, Attention, DistanceBias, Norm, NormKind, Spec};
use crate::models::error::Result;

const DOWN: &str = "encoder.block.{}.layer.1.DenseReluDense.wo";

/// What stands for the table of tokens in checkpoints of an encoder alone.
const ENCODER_TOKENS: &str = "encoder.embed_tokens";

fn names(gated: bool) -> Names {
    let mlp = if gated {
        Mlp::Gated {
            gate: linear("encoder.block.{}.layer.1.DenseReluDense.wi_0").bias(false),
            up: linear("encoder.block.{}.layer.1.DenseReluDense.wi_1").bias(false),
            down: linear(DOWN).bias(false),
        }
    } else {
        Mlp::Plain {
            up: linear("encoder.block.{}.layer.1.DenseReluDense.wi").bias(false),
            down: linear(DOWN).bias(false),
        }
    };
    Names {
        // Those of classifiers have it before every name.
        prefixes: &["", "transformer."],
        other_tokens: Some(ENCODER_TOKENS),
        final_norm: Some("encoder.final_layer_norm"),
        ..Names::new(
            "shared",
            Block {
                distance_bias: Some("encoder.block.0.layer.0.SelfAttention.relative_attention_bias"),
                ..Block::new(
                    Qkv::separate(
                        "encoder.block.{}.layer.0.SelfAttention.q",
                        "encoder.block.{}.layer.0.SelfAttention.k",
                        "encoder.block.{}.layer.0.SelfAttention.v",
                        false,
                    ),
                    linear("encoder.block.{}.layer.0.SelfAttention.o").bias(false),
                    mlp,
                )
                .norms_before("encoder.block.{}.layer.0.layer_norm", "encoder.block.{}.layer.1.layer_norm")
            },
        )
    }
}

pub(in crate::models) fn t5(config: &Config) -> Result<Declaration> {
    declare(config, "relu")
}

pub(in crate::models) fn mt5(config: &Config) -> Result<Declaration> {
    declare(config, "gated-gelu")
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
    Ok(Declaration { spec, names: names(gated) })
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
