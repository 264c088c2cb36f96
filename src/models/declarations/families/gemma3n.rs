//! Gemma 3n (2025), the text model: four streams of which blocks read one, embeddings for each block, a path beside attention, and
//! keys and values that later blocks take from earlier ones.
//!
//! Source: `models/gemma3n/modeling_gemma3n.py` of Hugging Face transformers.

use serde_json::json;

use super::llama::{self, Biases, QK_NORM};
use super::wrapped;
use super::{gemma, rope};
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{Draw, Initial, deviation};
use crate::models::declarations::names::{Block, Declaration, Names};
use crate::models::declarations::spec::{NormKind, PerLayer, Spec, Streams};
use crate::models::error::Result;

/// The table of what each block is given of a token, the layer beside it, and the norm of that.
pub(super) const PER_LAYER: [&str; 3] =
    ["embed_tokens_per_layer", "per_layer_model_projection", "per_layer_projection_norm"];

/// Norms before and after each half, and of queries and keys.
pub(super) fn names(config: &Config) -> Result<Names> {
    let bias = config.flag_or("attention_bias", false)?;
    let names = gemma::four_norms(&llama::names(Biases { qkv: bias, attention: bias, mlp: false }));
    let block = Block { qk_norm: Some(QK_NORM), ..names.block };
    Ok(Names { prefixes: wrapped::PREFIXES, block, ..names })
}

/// Gives the last blocks the keys and values of the last block of their kind before them; `usual` of them where nothing is said.
pub(super) fn share_keys(config: &Config, spec: &mut Spec, usual: usize) -> Result<()> {
    const KEY: &str = "num_kv_shared_layers";
    let shared = config.whole_or(KEY, usual)?;
    let Some(first) = spec.n_layers.checked_sub(shared).filter(|&first| first > 0) else {
        let message = format!("comes to {shared}, and there are {} blocks", spec.n_layers);
        return Err(config.error(KEY, message));
    };
    for layer in first..spec.n_layers {
        let slides = spec.blocks[layer].reach.is_some();
        let source = (0..first).rev().find(|&other| spec.blocks[other].reach.is_some() == slides);
        let Some(source) = source else {
            let message =
                format!("comes to {shared}, and no block before them is of the kind of block {layer}");
            return Err(config.error(KEY, message));
        };
        spec.blocks[layer].keys_of = Some(source);
        spec.blocks[source].keeps_keys = true;
    }
    Ok(())
}

/// Embeddings of tokens for each block.
pub(super) fn per_layer(config: &Config, spec: &mut Spec) -> Result<()> {
    let d = config.whole_or("hidden_size_per_layer_input", 256)?;
    let rows = config.count_or("vocab_size_per_layer_input", 262_144)?;
    spec.per_layer = (d > 0).then_some(PerLayer { d, rows });
    Ok(())
}

pub(in crate::models) fn text(config: &Config) -> Result<Declaration> {
    // Of training, and of the logits.
    for unused in ["altup_coef_clip", "final_logit_softcapping", "query_pre_attn_scalar", "hidden_act"] {
        config.ignore(unused);
    }
    let n_positions = config.count("max_position_embeddings")?;
    let d_head = llama::d_head(config, gemma::D_HEAD)?;
    let (full, local) = gemma::two_rotations(config, d_head, n_positions)?;
    let n_layers = config.layers("num_hidden_layers")?;
    let sizes = sizes(config, n_layers)?;
    let limit = local.limit(full.limit(n_positions));
    let mlp = crate::models::declarations::spec::Mlp {
        d: sizes[0],
        activation: config.activation_or("hidden_activation", "gelu_pytorch_tanh")?,
    };
    let mut spec = llama::spec_of(config, d_head, full, (NormKind::Rms, ("rms_norm_eps", 1e-6)), mlp)?;
    llama::key_heads(config, &mut spec, 2)?;
    spec.n_positions = Some(limit);
    spec.embeddings.scale = (spec.d_model as f32).sqrt();
    spec.attention.scale = 1.0;
    spec.attention.value_norm = Some(spec.norm.eps);
    let window = config.count_or("sliding_window", 512)?;
    llama::slide(config, &mut spec, Some(window), |layer| !(layer + 1).is_multiple_of(5))?;
    let sparsity = match config.numbers("activation_sparsity_pattern")? {
        Some(pattern) if pattern.len() != n_layers => {
            let message = format!("lists {} layers, but there are {n_layers}", pattern.len());
            return Err(config.error("activation_sparsity_pattern", message));
        }
        Some(pattern) => pattern,
        None => (0..n_layers).map(|layer| if n_layers > 10 && layer < 10 { 0.95 } else { 0.0 }).collect(),
    };
    for ((block, d), part) in spec.blocks.iter_mut().zip(sizes).zip(sparsity) {
        if block.reach.is_some() {
            block.rotary = Some(local.rotary.clone());
        }
        block.d_mlp = Some(d);
        if part >= 1.0 {
            return Err(
                config.error("activation_sparsity_pattern", format!("has {part}, which leaves nothing"))
            );
        }
        block.sparse_above = (part > 0.0).then(|| above(part) as f32);
    }
    share_keys(config, &mut spec, 15)?;
    per_layer(config, &mut spec)?;
    if spec.per_layer.is_none() {
        return Err(
            config.error("hidden_size_per_layer_input", "is 0, which is not supported for this family")
        );
    }
    let count = config.count_or("altup_num_inputs", 4)?;
    let read = config.whole_or("altup_active_idx", 0)?;
    if read >= count {
        return Err(config.error("altup_active_idx", format!("is {read}, and there are {count} streams")));
    }
    let scaled = config.flag_or("altup_correct_scale", true)?;
    spec.streams = Some(Streams { count, read, scaled, rank: config.count_or("laurel_rank", 64)? });
    Ok(Declaration { spec, names: Names { per_layer: Some(PER_LAYER), ..names(config)? } })
}

/// The sizes of the hidden layers of MLPs: one for all, or one for each.
fn sizes(config: &Config, n_layers: usize) -> Result<Vec<usize>> {
    const KEY: &str = "intermediate_size";
    if !config.value(KEY).is_some_and(serde_json::Value::is_array) {
        return Ok(vec![config.count_or(KEY, 16_384)?; n_layers]);
    }
    let sizes = config.numbers(KEY)?.unwrap_or_default();
    if sizes.len() != n_layers || sizes.iter().any(|&size| size < 1.0 || size.fract() != 0.0) {
        let message = format!("has to be a positive whole number, or one for each of {n_layers} layers");
        return Err(config.error(KEY, message));
    }
    Ok(sizes.into_iter().map(|size| size as usize).collect())
}

/// How many deviations above its mean a normal distribution has had `part` of itself.
fn above(part: f64) -> f64 {
    // Bisection of the distribution function, by the series and the continued fraction of the error function.
    let (mut low, mut high) = (-9.0, 9.0);
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if below(middle) < part { low = middle } else { high = middle }
    }
    f64::midpoint(low, high)
}

/// The part of a normal distribution that is below `x`.
fn below(x: f64) -> f64 {
    let density = (-x * x / 2.0).exp() / std::f64::consts::TAU.sqrt();
    if x.abs() < 3.0 {
        // 1/2 + φ(x) (x + x³/3 + x⁵/15 + …)
        let (mut term, mut sum) = (x, x);
        for n in 1..80 {
            term *= x * x / f64::from(2 * n + 1);
            sum += term;
        }
        return 0.5 + density * sum;
    }
    let fraction = (1..60).rev().fold(0.0, |rest, n| f64::from(n) / (x.abs() + rest));
    let tail = density / (x.abs() + fraction);
    if x > 0.0 { 1.0 - tail } else { tail }
}

/// The text model of Gemma 3n, which also sees and hears.
pub(in crate::models) fn wrapped(config: &Config) -> Result<Declaration> {
    let text = config.part_or_empty("text_config")?.with_defaults(&json!({
        "vocab_size": 262_400, "hidden_size": 2048, "num_hidden_layers": 35, "num_attention_heads": 8, "num_key_value_heads": 2,
        "head_dim": 256, "max_position_embeddings": 32_768,
    }));
    ignore_others(config);
    let declaration = self::text(&text)?;
    text.finish()?;
    Ok(declaration)
}

/// The keys of the sides that see and hear.
pub(super) fn ignore_others(config: &Config) {
    wrapped::ignore_images(config);
    for key in [
        "audio_config",
        "audio_soft_tokens_per_image",
        "vision_soft_tokens_per_image",
        "boa_token_id",
        "boa_token_index",
        "eoa_token_id",
        "eoa_token_index",
        "audio_token_id",
    ] {
        config.ignore(key);
    }
}

/// What the updates are scaled by is 0 at first, and so its block's own embeddings count for nothing.
pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    Ok(Initial {
        rules: vec![("altup.correct_output_scale", Draw::Zero)],
        otherwise: Draw::Normal { deviation: deviation(config, "initializer_range", 0.02)? },
    })
}

/// The rotation of one kind of block, which may be `proportional`.
pub(super) fn rotation(
    config: &Config,
    parameters: Config,
    d_head: usize,
    n_positions: usize,
    defaults: rope::Defaults,
) -> Result<rope::Rope> {
    if parameters.string_or("rope_type", "default")? == "proportional" {
        return rope::proportional(config, parameters, d_head, n_positions, defaults);
    }
    rope::of_kind(config, parameters, d_head, n_positions, defaults)
}

#[cfg(test)]
mod tests {
    use super::above;

    #[test]
    fn quantiles_of_the_normal_distribution() {
        for (part, x) in
            [(0.95, 1.644_853_626_951), (0.5, 0.0), (0.001, -3.090_232_306_168), (0.999_9, 3.719_016_485_456)]
        {
            assert!((above(part) - x).abs() < 1e-9, "{part}: {}", above(part));
        }
    }
}
