//! Heads: what makes a score for each token of the vocabulary of the last hidden state, family by family.
//!
//! ```text
//! h ──(dense, activation, norm)──▶ z ──▶ cap(factor · (z Wᵀ + b) / divisor)      of most decoders z is h, and b nothing
//! ```
//!
//! Source: the classes `…ForCausalLM` and `…ForMaskedLM` of Hugging Face transformers 5.24. A family that is in no list here has no such
//! class there, or one that reads an encoder.

use serde_json::Value;

use super::activation::Activation;
use super::config::Config;
use super::names::Tied;
use super::spec::{Norm, NormKind, Spec};
use super::tied::head_tied;
use crate::models::error::Result;

/// A family's head.
#[derive(Debug, Clone)]
pub(in crate::models) struct Head {
    /// What stands before the last layer.
    pub(in crate::models) transform: Option<Transform>,
    /// What the last layer may be called, without `.weight`.
    pub(in crate::models) last: &'static [&'static str],
    /// What its bias may be called, the first that is there; empty where it has none.
    pub(in crate::models) biases: &'static [&'static str],
    /// Whether the table of tokens takes its place where it is not there.
    pub(in crate::models) tied: Tied,
    /// More columns of it, stored `(columns, vocab_size)` (`MobileBERT`).
    pub(in crate::models) beside: Option<&'static str>,
    /// Columns of the last layer, without those.
    pub(in crate::models) inputs: usize,
    pub(in crate::models) factor: f32,
    pub(in crate::models) divisor: f32,
    /// Scores `s` become `cap · tanh(s / cap)`.
    pub(in crate::models) cap: Option<f32>,
}

/// A layer, its activation and a norm.
#[derive(Debug, Clone)]
pub(in crate::models) struct Transform {
    pub(in crate::models) dense: &'static str,
    pub(in crate::models) bias: bool,
    pub(in crate::models) activation: Activation,
    /// Names with `|` between.
    pub(in crate::models) norm: &'static str,
    pub(in crate::models) norm_spec: Norm,
    pub(in crate::models) outputs: usize,
}

/// Decoders with one layer without a bias, and nothing else.
const PLAIN: &str = "apertus arcee bamba bloom deepseek_v2 deepseek_v3 ernie4_5 exaone4 falcon falcon_mamba flex_olmo gemma gemma3 glm glm4 \
    gpt2 gpt_bigcode gpt_neo gpt_neox gpt_oss helium idefics3 jamba lfm2 lfm2_moe lfm3 llama llava llava_next mamba mamba2 ministral \
    ministral3 mistral mistral3 mixtral mpt nemotron nemotron_h olmo olmo2 olmo3 olmo_hybrid olmoe opt phi3 qwen2 qwen2_5_vl \
    qwen2_moe qwen2_vl qwen3 qwen3_5 qwen3_5_moe qwen3_5_moe_text qwen3_5_text qwen3_moe qwen3_next qwen3_vl seed_oss smollm3 smolvlm \
    stablelm starcoder2 xglm youtu zamba2";
/// Decoders whose layer has a bias.
const BIASED: &str = "codegen gptj phi";
/// Decoders whose scores are scaled or capped: [`scaled`].
const SCALED: &str = "cohere cohere2 falcon_h1 gemma2 gemma3_text gemma3n gemma3n_text gemma4 gemma4_text granite granitemoe \
    granitemoehybrid nanochat recurrent_gemma";
/// Encoders with a head as BERT's.
const AS_BERT: &str = "bert big_bird ernie megatron-bert mobilebert nomic_bert roformer";
/// Encoders with a head as RoBERTa's.
const AS_ROBERTA: &str = "camembert gte jina_embeddings_v3 longformer luke mpnet roberta roberta-prelayernorm xlm-roberta xlm-roberta-xl xmod";

fn lists(list: &str, model_type: &str) -> bool {
    list.split_whitespace().any(|other| other == model_type)
}

/// The head of a family called `model_type`, of which the rest is `spec`; nothing where it is not known.
pub(in crate::models) fn head(config: &Config, model_type: &str, spec: &Spec) -> Result<Option<Head>> {
    let tied = head_tied(config);
    let plain = Head {
        transform: None,
        last: &["lm_head"],
        biases: &[],
        tied,
        beside: None,
        inputs: spec.d_at(spec.n_layers),
        factor: 1.0,
        divisor: 1.0,
        cap: None,
    };
    let flag = |key: &str, default| config.flag_or(key, default);
    let biases: &'static [&'static str] = &["lm_head.bias"];
    Ok(Some(match model_type {
        "gpt_neox" => Head { last: &["embed_out", "lm_head"], ..plain },
        // Its class ties nothing, whatever the file says.
        "nemotron_h" => Head { tied: Tied::No, ..plain },
        "phimoe" if flag("lm_head_bias", false)? => Head { biases, ..plain },
        "eurobert" if flag("mlp_bias", false)? => Head { biases, ..plain },
        "phimoe" | "eurobert" => plain,
        other if lists(SCALED, other) => scaled(config, other, plain)?,
        other if lists(PLAIN, other) => plain,
        other if lists(BIASED, other) => Head { biases, ..plain },
        "xlm" | "flaubert" => {
            config.only("asm", &Value::Bool(false))?;
            Head { last: &["pred_layer.proj"], biases: &["pred_layer.proj.bias"], ..plain }
        }
        other => return transformed(config, other, spec, plain),
    }))
}

/// The head of a decoder whose scores are scaled or capped.
fn scaled(config: &Config, model_type: &str, plain: Head) -> Result<Head> {
    let text = config.part("text_config")?;
    let text = text.as_ref().unwrap_or(config);
    let number = |key: &str, default| text.number_or(key, default).map(|number| number as f32);
    let cap = |key: &str, default: Option<f64>| -> Result<Option<f32>> {
        let cap = match default {
            Some(default) => text.number_unless_null(key, default)?,
            None => text.number_if_any(key)?,
        };
        match cap {
            Some(cap) if cap.is_nan() || cap <= 0.0 => {
                Err(text.error(key, format!("is {cap}, which caps nothing")))
            }
            cap => Ok(cap.map(|cap| cap as f32)),
        }
    };
    const CAP: &str = "final_logit_softcapping";
    Ok(match model_type {
        "cohere" | "cohere2" => Head { factor: number("logit_scale", 0.0625)?, ..plain },
        "falcon_h1" => Head { factor: number("lm_head_multiplier", 1.0)?, ..plain },
        "granite" | "granitemoe" | "granitemoehybrid" => match number("logits_scaling", 1.0)? {
            0.0 => return Err(text.error("logits_scaling", "is 0, and scores are divided by it")),
            divisor => Head { divisor, ..plain },
        },
        "gemma2" | "gemma3n" | "gemma3n_text" => Head { cap: cap(CAP, Some(30.0))?, ..plain },
        "nanochat" => Head { cap: cap(CAP, Some(15.0))?, ..plain },
        "recurrent_gemma" => Head { cap: cap("logits_soft_cap", Some(30.0))?, ..plain },
        _ => Head { cap: cap(CAP, None)?, ..plain },
    })
}

/// The head of an encoder, or of the decoder made like one: a layer, an activation and a norm come first.
fn transformed(config: &Config, model_type: &str, spec: &Spec, plain: Head) -> Result<Option<Head>> {
    let layer_norm = |eps: f32| Norm { kind: NormKind::Layer, eps };
    let transform = |dense: &'static str, norm: &'static str| Transform {
        dense,
        bias: true,
        activation: spec.mlp.activation,
        norm,
        norm_spec: layer_norm(spec.norm.eps),
        outputs: spec.d_model,
    };
    let bert = || {
        transform(
            "cls.predictions.transform.dense",
            "cls.predictions.transform.LayerNorm|cls.predictions.transform.layer_norm",
        )
    };
    let of_embeddings = spec.embeddings.d;
    let as_bert = |transform: Transform| Head {
        inputs: transform.outputs,
        transform: Some(transform),
        last: &["cls.predictions.decoder"],
        biases: &["cls.predictions.decoder.bias", "cls.predictions.bias"],
        ..plain.clone()
    };
    Ok(Some(match model_type {
        "mobilebert" => {
            let eps = config.number_or("layer_norm_eps", 1e-12)? as f32;
            let transform = Transform { norm_spec: layer_norm(eps), ..bert() };
            Head { inputs: of_embeddings, beside: Some("cls.predictions.dense.weight"), ..as_bert(transform) }
        }
        "roformer" => as_bert(Transform { outputs: of_embeddings, ..bert() }),
        other if lists(AS_BERT, other) => as_bert(bert()),
        "deberta" | "deberta-v2" if config.flag_or("legacy", true)? => {
            as_bert(Transform { outputs: of_embeddings, ..bert() })
        }
        // The head that DeBERTa's authors wrote has no last layer but the table of tokens.
        "deberta" | "deberta-v2" => Head {
            transform: Some(transform("lm_predictions.lm_head.dense", "lm_predictions.lm_head.LayerNorm")),
            last: &[],
            biases: &["lm_predictions.lm_head.bias"],
            tied: Tied::Yes,
            ..plain
        },
        "rembert" => {
            let outputs = config.count_or("output_embedding_size", 1664)?;
            let first = transform("cls.predictions.dense", "cls.predictions.LayerNorm");
            // Its class ties nothing.
            Head { tied: Tied::No, ..as_bert(Transform { outputs, ..first }) }
        }
        "albert" => {
            let first = transform("predictions.dense", "predictions.LayerNorm");
            Head {
                inputs: of_embeddings,
                transform: Some(Transform { outputs: of_embeddings, ..first }),
                last: &["predictions.decoder"],
                biases: &["predictions.decoder.bias", "predictions.bias"],
                ..plain
            }
        }
        "electra" | "convbert" => {
            let first = transform("generator_predictions.dense", "generator_predictions.LayerNorm");
            Head {
                inputs: of_embeddings,
                transform: Some(Transform { outputs: of_embeddings, activation: Activation::Gelu, ..first }),
                last: &["generator_lm_head"],
                biases: &["generator_lm_head.bias"],
                ..plain
            }
        }
        "distilbert" => Head {
            transform: Some(Transform {
                norm_spec: layer_norm(1e-12),
                ..transform("vocab_transform", "vocab_layer_norm")
            }),
            last: &["vocab_projector"],
            biases: &["vocab_projector.bias"],
            ..plain
        },
        "modernbert" => of_modernbert(config, transform("head.dense", "head.norm"), plain)?,
        "modernbert-decoder" => of_modernbert(config, transform("lm_head.dense", "lm_head.norm"), plain)?,
        other if lists(AS_ROBERTA, other) => {
            let first = transform("lm_head.dense", "lm_head.layer_norm|lm_head.norm");
            Head {
                transform: Some(Transform { activation: Activation::Gelu, ..first }),
                last: &["lm_head.decoder"],
                biases: &["lm_head.decoder.bias", "lm_head.bias"],
                // LUKE's class ties the biases alone.
                tied: if model_type == "luke" { Tied::No } else { plain.tied },
                ..plain
            }
        }
        _ => return Ok(None),
    }))
}

/// The head of ModernBERT, whose first layer and norm are those of `first`.
fn of_modernbert(config: &Config, first: Transform, plain: Head) -> Result<Head> {
    let kind = if config.flag_or("norm_bias", false)? { NormKind::Layer } else { NormKind::LayerUnbiased };
    let first = Transform {
        bias: config.flag_or("classifier_bias", false)?,
        activation: config.activation_or("classifier_activation", "gelu")?,
        norm_spec: Norm { kind, ..first.norm_spec },
        ..first
    };
    let biases: &'static [&'static str] =
        if config.flag_or("decoder_bias", true)? { &["decoder.bias"] } else { &[] };
    Ok(Head { transform: Some(first), last: &["decoder"], biases, ..plain })
}

impl Head {
    /// A tensor that every checkpoint with this head has, without which it has none: of the first layer, or of the last.
    pub(in crate::models) fn landmarks(&self) -> Vec<String> {
        match &self.transform {
            Some(transform) => vec![format!("{}.weight", transform.dense)],
            None => self.last.iter().map(|name| format!("{name}.weight")).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::declarations::registry;

    #[test]
    fn every_list_names_families_once() {
        let lists = [PLAIN, BIASED, SCALED, AS_BERT, AS_ROBERTA].join(" ");
        let mut all: Vec<&str> = lists.split_whitespace().collect();
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        let known = |name: &&str| registry::families().iter().any(|family| family.model_type == *name);
        assert!(all.iter().all(known), "{all:?}");
    }
}
