//! Llama (Touvron et al. 2023) and the families that are Llama with a change or two: Mistral, Qwen 2 and 3, SmolLM 3,
//! Granite, StableLM and EuroBERT.
//!
//! Source: `models/{llama,mistral,ministral,qwen2,qwen3,smollm3,granite,stablelm,eurobert}/modeling_*.py` of Hugging Face
//! transformers.

use serde_json::{Value, json};

use super::rope::{self, Rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{
    Block, Declaration, Linear, Mlp, Names, NormOver, QkNorm, Qkv, linear,
};
use crate::models::declarations::spec::{self, Attention, Norm, NormKind, QueryGrowth, Spec};
use crate::models::error::Result;

/// Which linear layers have biases.
#[derive(Clone, Copy)]
pub(super) struct Biases {
    pub(super) qkv: bool,
    pub(super) attention: bool,
    pub(super) mlp: bool,
}

/// The names that Llama and its descendants share.
pub(super) const fn names(biases: Biases) -> Names {
    const fn part(name: &'static str, bias: bool) -> Linear {
        linear(name).bias(bias)
    }
    Names {
        prefixes: &["", "model."],
        final_norm: Some("norm"),
        ..Names::new(
            "embed_tokens",
            Block::new(
                Qkv::separate(
                    "layers.{}.self_attn.q_proj",
                    "layers.{}.self_attn.k_proj",
                    "layers.{}.self_attn.v_proj",
                    biases.qkv,
                ),
                part("layers.{}.self_attn.o_proj", biases.attention),
                Mlp::Gated {
                    gate: part("layers.{}.mlp.gate_proj", biases.mlp),
                    up: part("layers.{}.mlp.up_proj", biases.mlp),
                    down: part("layers.{}.mlp.down_proj", biases.mlp),
                },
            )
            .norms_before("layers.{}.input_layernorm", "layers.{}.post_attention_layernorm"),
        )
    }
}

/// Norms of each head's queries and keys.
pub(super) const QK_NORM: QkNorm =
    QkNorm { query: "layers.{}.self_attn.q_norm", key: "layers.{}.self_attn.k_norm", over: NormOver::Head };

/// Units of a head: a key of their own, or what the family assumes, or what is left of the model's size.
pub(super) fn d_head(config: &Config, usual: Option<usize>) -> Result<usize> {
    match config.count_if_any("head_dim")?.or(usual) {
        Some(d_head) => Ok(d_head),
        None => Ok(config.heads("hidden_size", "num_attention_heads")?.1),
    }
}

/// Sizes, rotation and MLP, as Llama's keys have them. Norms are `kind`, with the epsilon under a key and its default.
pub(super) fn spec(
    config: &Config,
    defaults: rope::Defaults,
    kind: NormKind,
    eps: (&str, f64),
) -> Result<Spec> {
    let d_head = d_head(config, defaults.d_head)?;
    let rope = rope::read(config, d_head, config.count("max_position_embeddings")?, defaults)?;
    spec_with(config, d_head, rope, kind, eps)
}

/// The same with a rotation that was read already.
pub(super) fn spec_with(
    config: &Config,
    d_head: usize,
    rope: Rope,
    kind: NormKind,
    eps: (&str, f64),
) -> Result<Spec> {
    let mlp = spec::Mlp {
        d: config.count("intermediate_size")?,
        activation: config.activation_or("hidden_act", "silu")?,
    };
    spec_of(config, d_head, rope, (kind, eps), mlp)
}

/// The same with an MLP that was read already.
pub(super) fn spec_of(
    config: &Config,
    d_head: usize,
    rope: Rope,
    (kind, eps): (NormKind, (&str, f64)),
    mlp: spec::Mlp,
) -> Result<Spec> {
    let d_model = config.count("hidden_size")?;
    let n_heads = config.count("num_attention_heads")?;
    let n_kv_heads = config.count_or("num_key_value_heads", n_heads)?;
    if !n_heads.is_multiple_of(n_kv_heads) {
        let message = format!("is {n_kv_heads}, which does not divide {n_heads} heads");
        return Err(config.error("num_key_value_heads", message));
    }
    let n_layers = config.layers("num_hidden_layers")?;
    let n_positions = config.count("max_position_embeddings")?;
    Ok(Spec {
        n_positions: Some(rope.limit(n_positions)),
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind, eps: config.number_or(eps.0, eps.1)? as f32 },
            Attention { n_kv_heads, ..Attention::causal(n_heads, d_head) },
            vec![spec::Block { rotary: Some(rope.rotary), ..spec::Block::default() }; n_layers],
            mlp,
        )
    })
}

/// Gives a model `usual` heads of keys where its configuration does not say how many.
pub(super) fn key_heads(config: &Config, spec: &mut Spec, usual: usize) -> Result<()> {
    let n_heads = spec.attention.n_heads;
    let n_kv_heads = config.count_unless_null("num_key_value_heads", usual)?.unwrap_or(n_heads);
    if !n_heads.is_multiple_of(n_kv_heads) {
        let message = format!("comes to {n_kv_heads}, which does not divide {n_heads} heads");
        return Err(config.error("num_key_value_heads", message));
    }
    spec.attention.n_kv_heads = n_kv_heads;
    Ok(())
}

/// Llama's own numbers.
fn rms_spec(config: &Config) -> Result<Spec> {
    spec(config, rope::Defaults::PLAIN, NormKind::Rms, ("rms_norm_eps", 1e-6))
}

/// Lets the blocks that `layer_types` calls `sliding_attention` (or, where it is silent, `default` says so) see a window.
pub(super) fn slide(
    config: &Config,
    spec: &mut Spec,
    window: Option<usize>,
    default: impl Fn(usize) -> bool,
) -> Result<()> {
    let kinds = config.layer_types(spec.n_layers)?;
    for (layer, block) in spec.blocks.iter_mut().enumerate() {
        let slides = match kinds.as_ref().map(|kinds| kinds[layer].as_str()) {
            None => default(layer),
            Some("sliding_attention") => true,
            Some("full_attention") => false,
            Some(other) => return Err(config.other_layer(other)),
        };
        if slides {
            let window = window.ok_or_else(|| config.error("sliding_window", "is missing"))?;
            block.reach = Some(window - 1);
        }
    }
    Ok(())
}

pub(in crate::models) fn llama(config: &Config) -> Result<Declaration> {
    // SmolLM was written by another program, which could have had it otherwise.
    config.ignore("is_llama_config");
    config.only("rope_interleaved", &Value::from(false))?;
    let bias = config.flag_or("attention_bias", false)?;
    let biases = Biases { qkv: bias, attention: bias, mlp: config.flag_or("mlp_bias", false)? };
    Ok(Declaration { spec: rms_spec(config)?, names: names(biases) })
}

/// Ministral: a window in the layers that say so, and biases of none.
pub(in crate::models) fn ministral(config: &Config) -> Result<Declaration> {
    mistral(config)
}

/// Ministral 3 (2025): Mistral whose queries grow with position.
pub(in crate::models) fn ministral3(config: &Config) -> Result<Declaration> {
    let assumed = json!({
        "type": "yarn", "rope_theta": 1e6, "factor": 16.0, "original_max_position_embeddings": 16_384,
        "mscale": 1.0, "mscale_all_dim": 1.0, "llama_4_scaling_beta": 0.1,
    });
    let parameters = match config.part("rope_parameters")? {
        Some(parameters) => parameters,
        None => Config::empty(config).with_defaults(&assumed),
    };
    let growth = match parameters.number_if_any("llama_4_scaling_beta")? {
        None => return Err(parameters.error("llama_4_scaling_beta", "is missing")),
        Some(beta) => {
            QueryGrowth { beta: beta as f32, period: parameters.count("original_max_position_embeddings")? }
        }
    };
    // Says once more what stands outside.
    let parameters = parameters.without(&["llama_4_scaling_beta", "max_position_embeddings"]);
    let parameters = match parameters.string_or("rope_type", "")?.as_str() {
        "default" => parameters.without(&["original_max_position_embeddings"]),
        _ => parameters,
    };
    let n_positions = config.count("max_position_embeddings")?;
    let d_head = d_head(config, Some(128))?;
    let rope = rope::of_part(config, &parameters, d_head, n_positions, rope::Defaults::PLAIN)?;
    let mut spec = spec_with(config, d_head, rope, NormKind::Rms, ("rms_norm_eps", 1e-5))?;
    spec.attention.growth = Some(growth);
    let window = config.count_if_any("sliding_window")?;
    slide(config, &mut spec, window, |_| window.is_some())?;
    Ok(Declaration { spec, names: names(Biases { qkv: false, attention: false, mlp: false }) })
}

pub(in crate::models) fn mistral(config: &Config) -> Result<Declaration> {
    let mut spec = rms_spec(config)?;
    let window = config.count_unless_null("sliding_window", 4096)?;
    slide(config, &mut spec, window, |_| window.is_some())?;
    Ok(Declaration { spec, names: names(Biases { qkv: false, attention: false, mlp: false }) })
}

/// The window of Qwen's and SmolLM's keys, and from which layer on it holds.
fn optional_window(config: &Config, usual: Option<usize>) -> Result<Option<usize>> {
    let window = match usual {
        Some(usual) => config.count_unless_null("sliding_window", usual)?,
        None => config.count_if_any("sliding_window")?,
    };
    Ok(if config.flag_or("use_sliding_window", false)? { window } else { None })
}

pub(in crate::models) fn qwen2(config: &Config) -> Result<Declaration> {
    // For sequences of hundreds of thousands of tokens, and for images.
    config.ignore("dual_chunk_attention_config");
    config.only("use_mrope", &Value::from(false))?;
    let mut spec = rms_spec(config)?;
    let (window, first) = (optional_window(config, Some(4096))?, config.whole_or("max_window_layers", 28)?);
    slide(config, &mut spec, window, |layer| window.is_some() && layer >= first)?;
    Ok(Declaration { spec, names: names(Biases { qkv: true, attention: false, mlp: false }) })
}

pub(in crate::models) fn qwen3(config: &Config) -> Result<Declaration> {
    config.only("use_mrope", &Value::from(false))?;
    let defaults = rope::Defaults { d_head: Some(128), ..rope::Defaults::PLAIN };
    let mut spec = spec(config, defaults, NormKind::Rms, ("rms_norm_eps", 1e-6))?;
    let (window, first) = (optional_window(config, Some(4096))?, config.whole_or("max_window_layers", 28)?);
    slide(config, &mut spec, window, |layer| window.is_some() && layer >= first)?;
    let bias = config.flag_or("attention_bias", false)?;
    let mut names = names(Biases { qkv: bias, attention: bias, mlp: false });
    names.block.qk_norm = Some(QK_NORM);
    Ok(Declaration { spec, names })
}

pub(in crate::models) fn smollm3(config: &Config) -> Result<Declaration> {
    let defaults = rope::Defaults { theta: 2_000_000.0, ..rope::Defaults::PLAIN };
    let mut spec = spec(config, defaults, NormKind::Rms, ("rms_norm_eps", 1e-6))?;
    let interval = config.count_or("no_rope_layer_interval", 4)?;
    // 1 where a layer has the rotation, though the key's name says the opposite.
    let turned = config.numbers("no_rope_layers")?;
    if let Some(turned) = turned.as_ref().filter(|turned| turned.len() != spec.n_layers) {
        let message = format!("lists {} layers, but there are {}", turned.len(), spec.n_layers);
        return Err(config.error("no_rope_layers", message));
    }
    let is_turned = |layer: usize| {
        turned.as_ref().map_or(!(layer + 1).is_multiple_of(interval), |turned| turned[layer] != 0.0)
    };
    for (layer, block) in spec.blocks.iter_mut().enumerate() {
        if !is_turned(layer) {
            block.rotary = None;
        }
    }
    // Where the layers are listed, the list says which have the window.
    let window = match optional_window(config, None)? {
        None if config.has("layer_types") => config.count_if_any("sliding_window")?,
        window => window,
    };
    config.ignore("max_window_layers");
    slide(config, &mut spec, window, |layer| window.is_some() && !is_turned(layer))?;
    let bias = config.flag_or("attention_bias", false)?;
    let biases = Biases { qkv: bias, attention: bias, mlp: config.flag_or("mlp_bias", false)? };
    Ok(Declaration { spec, names: names(biases) })
}

pub(in crate::models) fn granite(config: &Config) -> Result<Declaration> {
    let Declaration { mut spec, names } = llama(config)?;
    // Of the logits, which are none of the hidden states.
    config.ignore("logits_scaling");
    granite_scales(config, &mut spec)?;
    Ok(Declaration { spec, names })
}

/// Granite's factors.
pub(super) fn granite_scales(config: &Config, spec: &mut Spec) -> Result<()> {
    spec.embeddings.scale = config.number_or("embedding_multiplier", 1.0)? as f32;
    spec.attention.scale = config.number_or("attention_multiplier", 1.0)? as f32;
    spec.residual_scale = config.number_or("residual_multiplier", 1.0)? as f32;
    Ok(())
}

pub(in crate::models) fn stablelm(config: &Config) -> Result<Declaration> {
    let defaults = rope::Defaults { part: 0.25, ..rope::Defaults::PLAIN };
    let mut spec = spec(config, defaults, NormKind::Layer, ("layer_norm_eps", 1e-5))?;
    spec.parallel = config.flag_or("use_parallel_residual", false)?;
    let mut names =
        names(Biases { qkv: config.flag_or("use_qkv_bias", false)?, attention: false, mlp: false });
    if spec.parallel {
        // One norm serves both halves.
        names.block.mlp_in = None;
    }
    if config.flag_or("qk_layernorm", false)? {
        names.block.qk_norm = Some(QkNorm {
            query: "layers.{}.self_attn.q_layernorm.norms.{head}",
            key: "layers.{}.self_attn.k_layernorm.norms.{head}",
            over: NormOver::OwnHead,
        });
    }
    Ok(Declaration { spec, names })
}

pub(in crate::models) fn eurobert(config: &Config) -> Result<Declaration> {
    let Declaration { mut spec, names } = llama(config)?;
    spec.norm.eps = config.number_or("rms_norm_eps", 1e-5)? as f32;
    spec.attention.causal = false;
    Ok(Declaration { spec, names })
}
