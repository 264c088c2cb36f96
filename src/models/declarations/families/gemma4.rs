//! Gemma 4 (2026), the text model: embeddings for each block, heads of two sizes, keys that are values, keys and values that later
//! blocks take from earlier ones, and experts beside the MLP.
//!
//! Source: `models/gemma4/modeling_gemma4.py` of Hugging Face transformers.

use serde_json::json;

use super::gemma3n::{self, PER_LAYER};
use super::llama;
use super::rope::Defaults;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{self, Block, Declaration, ExpertLayers, Names};
use crate::models::declarations::spec::{Experts, FeedForward, Mlp, NormKind, Router, Spec};
use crate::models::error::Result;

/// What the two kinds of blocks are called.
const FULL: &str = "full_attention";
const SLIDING: &str = "sliding_attention";

/// Experts in one tensor each, chosen by a router with scales of its own.
const EXPERTS: names::Experts = names::Experts {
    scales: Some(["layers.{}.router.scale", "layers.{}.router.per_expert_scale"]),
    ..names::Experts::new(
        "layers.{}.router.proj",
        ExpertLayers::Stacked {
            gate_up: "layers.{}.experts.gate_up_proj",
            down: "layers.{}.experts.down_proj",
            turned: false,
        },
    )
};

pub(in crate::models) fn text(config: &Config) -> Result<Declaration> {
    // Of the logits, which are none of the hidden states.
    config.ignore("final_logit_softcapping");
    let n_layers = config.layers("num_hidden_layers")?;
    let slides = kinds(config, n_layers)?;
    let (heads, [local, global]) = heads(config, &slides)?;
    let mlp = Mlp {
        d: config.count_or("intermediate_size", 9216)?,
        activation: config.activation_or("hidden_activation", "gelu_pytorch_tanh")?,
    };
    let n_positions = config.count("max_position_embeddings")?;
    let by_kind = config.part("rope_parameters")?.unwrap_or_else(|| {
        Config::empty(config).with_defaults(&json!({
            SLIDING: {"rope_type": "default", "rope_theta": 10_000.0},
            FULL: {"rope_type": "proportional", "partial_rotary_factor": 0.25, "rope_theta": 1_000_000.0},
        }))
    });
    let rotation = |kind: &str, d_head: usize| {
        let Some(parameters) = by_kind.part(kind)? else {
            return Err(by_kind.error(kind, "is missing"));
        };
        if !parameters.has("rope_theta") {
            return Err(parameters.error("rope_theta", "is missing"));
        }
        if parameters.string_or("rope_type", "default")? == "default" {
            // Here the whole head is turned, whatever part is named.
            parameters.only("partial_rotary_factor", &json!(1.0))?;
        }
        gemma3n::rotation(config, parameters, d_head, n_positions, Defaults::PLAIN)
    };
    let of_sliding = if slides.contains(&true) { Some(rotation(SLIDING, local.1)?) } else { None };
    let of_full = rotation(FULL, global.1)?;
    by_kind.ignore(SLIDING);
    by_kind.finish()?;
    let limit = of_sliding.as_ref().map_or(n_positions, |rope| rope.limit(n_positions));
    let limit = of_full.limit(limit);
    let norm = (NormKind::Rms, ("rms_norm_eps", 1e-6));
    let mut spec = llama::spec_of(config, global.1, of_full, norm, mlp)?;
    llama::key_heads(config, &mut spec, 4)?;
    spec.n_positions = Some(limit);
    spec.embeddings.scale = (spec.d_model as f32).sqrt();
    spec.attention.scale = 1.0;
    spec.attention.value_norm = Some(spec.norm.eps);
    // The token itself is in a window before it, and in none on both sides.
    let mut reach = config.count_or("sliding_window", 512)? - 1;
    match config.string_or("use_bidirectional_attention", "vision")?.as_str() {
        // Pictures alone are seen from both sides.
        "vision" => {}
        "all" => {
            spec.attention.causal = false;
            reach = reach.div_ceil(2) + 1;
        }
        other => {
            let message = format!("is `{other}`; supported are all and vision");
            return Err(config.error("use_bidirectional_attention", message));
        }
    }
    let equal = config.flag_or("attention_k_eq_v", false)?;
    for ((block, slides), heads) in spec.blocks.iter_mut().zip(slides).zip(heads) {
        block.heads = Some(heads);
        if slides {
            block.reach = Some(reach);
            block.rotary = of_sliding.as_ref().map(|rope| rope.rotary.clone());
        } else {
            block.values_are_keys = equal;
        }
        if !spec.attention.n_heads.is_multiple_of(heads.0) {
            let message =
                format!("comes to {}, which does not divide {} heads", heads.0, spec.attention.n_heads);
            return Err(config.error("num_key_value_heads", message));
        }
    }
    gemma3n::share_keys(config, &mut spec, 0)?;
    if config.flag_or("use_double_wide_mlp", false)? {
        let d = 2 * spec.mlp.d;
        spec.blocks
            .iter_mut()
            .filter(|block| block.keys_of.is_some())
            .for_each(|block| block.d_mlp = Some(d));
    }
    gemma3n::per_layer(config, &mut spec)?;
    if spec.per_layer.is_some_and(|of| of.rows < spec.vocab_size) {
        let message = format!("is below `vocab_size`, {}", spec.vocab_size);
        return Err(config.error("vocab_size_per_layer_input", message));
    }
    let has_experts = experts(config, &mut spec)?;
    let names = gemma3n::names(config)?;
    let block = Block {
        scalar: Some("layers.{}.layer_scalar"),
        experts: has_experts.then_some(EXPERTS),
        // Both halves of experts and MLP have norms of their own.
        mlp_in: names.block.mlp_in.filter(|_| !has_experts),
        is_of_kinds: true,
        ..names.block
    };
    Ok(Declaration { spec, names: Names { per_layer: Some(PER_LAYER), block, ..names } })
}

/// Which blocks see a window.
fn kinds(config: &Config, n_layers: usize) -> Result<Vec<bool>> {
    let mut slides = match config.layer_types(n_layers)? {
        None => (0..n_layers).map(|layer| !(layer + 1).is_multiple_of(6)).collect(),
        Some(kinds) => {
            let slides = kinds.iter().map(|kind| match kind.as_str() {
                SLIDING => Ok(true),
                FULL => Ok(false),
                other => Err(config.other_layer(other)),
            });
            slides.collect::<Result<Vec<bool>>>()?
        }
    };
    if let Some(last) = slides.last_mut()
        && std::mem::replace(last, false)
    {
        config.note(
            "the last block sees everything, whatever its kind in config.json, as in transformers".to_owned(),
        );
    }
    Ok(slides)
}

/// Heads of keys, and units of a head.
type Heads = (usize, usize);

/// Those of each block, and of blocks that see a window and of those that do not.
fn heads(config: &Config, slides: &[bool]) -> Result<(Vec<Heads>, [Heads; 2])> {
    let local = (config.count_or("num_key_value_heads", 4)?, config.count_or("head_dim", 256)?);
    let of_keys = config.count_if_any("num_global_key_value_heads")?;
    let equal = config.flag_or("attention_k_eq_v", false)?;
    let usual = (of_keys.filter(|_| equal).unwrap_or(local.0), config.count_or("global_head_dim", 512)?);
    let Some(by_layer) = config.part("per_layer_config")? else {
        let heads = slides.iter().map(|&slides| if slides { local } else { usual }).collect();
        return Ok((heads, [local, usual]));
    };
    let mut heads = Vec::new();
    for layer in 0..slides.len() {
        // transformers writes numbers with zeros before them, so that their order is that of text.
        let mut names = (1..=4).map(|width: usize| format!("{layer:0width$}"));
        let name = names.find(|name| by_layer.has(name)).unwrap_or_default();
        let own = by_layer.part_or_empty(&name)?;
        heads.push((own.count_or("num_key_value_heads", local.0)?, own.count_or("head_dim", local.1)?));
        own.finish()?;
    }
    by_layer.finish()?;
    let first = |slides_or_not: bool, usual: Heads| {
        let found = slides.iter().zip(&heads).find(|(slides, _)| **slides == slides_or_not);
        found.map_or(usual, |(_, heads)| *heads)
    };
    let both = [first(true, local), first(false, usual)];
    if slides.iter().zip(&heads).any(|(&slides, heads)| *heads != both[usize::from(!slides)]) {
        return Err(config.error("per_layer_config", "differs between blocks of one kind"));
    }
    Ok((heads, both))
}

/// Gives blocks experts beside their MLP, if they have them.
fn experts(config: &Config, spec: &mut Spec) -> Result<bool> {
    let keys = ["num_experts", "top_k_experts", "moe_intermediate_size"];
    if !config.flag_or("enable_moe_block", false)? {
        for key in keys {
            config.ignore(key);
        }
        return Ok(false);
    }
    let [count, chosen, d] = keys.map(|key| config.count(key));
    let (count, chosen) = (count?, chosen?);
    if chosen > count {
        return Err(config.error("top_k_experts", format!("is {chosen}, but there are {count} experts")));
    }
    let experts = Experts {
        count,
        chosen,
        d: d?,
        activation: spec.mlp.activation,
        clamp: None,
        router: Router::softmax(true),
        shared: None,
        inner: None,
    };
    spec.blocks.iter_mut().for_each(|block| block.feed_forward = FeedForward::Beside(experts));
    Ok(true)
}

/// The text model of Gemma 4, which also sees and hears.
pub(in crate::models) fn wrapped(config: &Config) -> Result<Declaration> {
    let text = config.part_or_empty("text_config")?.with_defaults(&json!({
        "vocab_size": 262_144, "hidden_size": 2304, "num_hidden_layers": 30, "num_attention_heads": 8,
        "max_position_embeddings": 131_072,
    }));
    gemma3n::ignore_others(config);
    let declaration = self::text(&text)?;
    text.only("is_causal", &json!(declaration.spec.attention.causal))?;
    text.finish()?;
    Ok(declaration)
}
