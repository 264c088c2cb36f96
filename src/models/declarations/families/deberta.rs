//! DeBERTa v2 (He et al. 2021) and v3 (He, Gao and Chen 2023): BERT whose scores take in the distance of tokens by learned
//! vectors, and, in the largest, a convolution beside the first block.
//!
//! Source: `models/deberta_v2/modeling_deberta_v2.py` of Hugging Face transformers.

use serde_json::Value;

use super::bert;
use crate::models::declarations::activation::Activation;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{self, Block, Declaration, Names, Qkv, linear};
use crate::models::declarations::spec::{
    self, Attention, Convolution, Disentangled, DistanceBias, Embeddings, Norm, NormKind, Projected, Spec,
};
use crate::models::error::Result;

const NAMES: Names = Names {
    prefixes: &["", "deberta."],
    block: Block {
        qkv: Qkv::separate(
            "encoder.layer.{}.attention.self.query_proj",
            "encoder.layer.{}.attention.self.key_proj",
            "encoder.layer.{}.attention.self.value_proj",
            true,
        ),
        disentangled: Some(names::Disentangled {
            table: "encoder.rel_embeddings",
            norm: "encoder.LayerNorm",
            query: linear("encoder.layer.{}.attention.self.pos_query_proj"),
            key: linear("encoder.layer.{}.attention.self.pos_key_proj"),
        }),
        ..bert::NAMES.block
    },
    convolution: Some(("encoder.conv.conv", "encoder.conv.LayerNorm")),
    ..bert::NAMES
};

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    // Of the heads for tasks.
    config.ignore("legacy");
    config.only("z_steps", &Value::from(0))?;
    config.only("position_embedding_type", &Value::from("absolute"))?;
    let d_model = config.count("hidden_size")?;
    let (n_heads, d_head) = config.heads("hidden_size", "num_attention_heads")?;
    if let Some(other) = config.count_if_any("attention_head_size")?.filter(|&other| other != d_head) {
        let message = format!("is {other}, but {n_heads} heads of {d_model} units have {d_head}");
        return Err(config.error("attention_head_size", message));
    }
    let n_layers = config.layers("num_hidden_layers")?;
    let n_positions = config.count_or("max_position_embeddings", 512)?;
    let absolute = config.flag_or("position_biased_input", true)?;
    let d = config.count_or("embedding_size", d_model)?;
    let plain = if absolute { Embeddings::with_positions(d, n_positions) } else { Embeddings::tokens(d) };
    let (kinds, disentangled) = disentangled(config, n_positions)?;
    // Where the logarithmic scale ends before it begins, only distances that it does not hold for have a meaning.
    let short = disentangled.and_then(|of| {
        let exact = of.span / 2;
        of.log_up_to.filter(|&most| most <= exact + 1).map(|_| exact + 1)
    });
    let limit = [absolute.then_some(n_positions), short].into_iter().flatten().min();
    let spec = Spec {
        n_positions: limit,
        embeddings: Embeddings {
            projected: Projected::BeforeNorm,
            n_segments: config.whole_or("type_vocab_size", 0)?,
            ..plain
        },
        convolution: convolution(config, d_model)?,
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: NormKind::Layer, eps: config.number_or("layer_norm_eps", 1e-7)? as f32 },
            Attention {
                scale: 1.0 / ((d_head * (1 + kinds)) as f32).sqrt(),
                bias: disentangled.map_or(DistanceBias::None, DistanceBias::Disentangled),
                ..Attention::full(n_heads, d_head)
            },
            vec![spec::Block::default(); n_layers],
            spec::Mlp {
                d: config.count("intermediate_size")?,
                activation: config.activation_or("hidden_act", "gelu")?,
            },
        )
    };
    let projection = (d != d_model).then_some(linear("embeddings.embed_proj").bias(false));
    Ok(Declaration { spec, names: Names { embedding_projection: projection, ..NAMES } })
}

/// Which products with vectors of distances scores have.
pub(super) struct Kinds {
    pub(super) to_position: bool,
    pub(super) from_position: bool,
    /// How many words the configuration lists.
    pub(super) listed: usize,
}

impl Kinds {
    /// How many there are.
    pub(super) fn count(&self) -> usize {
        usize::from(self.to_position) + usize::from(self.from_position)
    }
}

/// What `pos_att_type` says, in a list or in one string.
pub(super) fn kinds(config: &Config) -> Result<Kinds> {
    let listed: Vec<String> = match config.value("pos_att_type") {
        Some(Value::String(text)) => {
            text.to_lowercase().split('|').map(|kind| kind.trim().to_owned()).collect()
        }
        _ => config.strings("pos_att_type")?.unwrap_or_default(),
    };
    let has = |kind: &str| listed.iter().any(|listed| listed == kind);
    if let Some(other) = listed.iter().find(|kind| !["c2p", "p2c", "none", ""].contains(&kind.as_str())) {
        return Err(config.error("pos_att_type", format!("has `{other}`; supported are c2p and p2c")));
    }
    Ok(Kinds { to_position: has("c2p"), from_position: has("p2c"), listed: listed.len() })
}

/// How many of the two products with distances scores have (they are divided by their number's root even where distances
/// play no part), and the products.
fn disentangled(config: &Config, n_positions: usize) -> Result<(usize, Option<Disentangled>)> {
    let kinds = kinds(config)?;
    let (to_position, from_position) = (kinds.to_position, kinds.from_position);
    let kinds = kinds.count();
    let shared = config.flag_or("share_att_key", false)?;
    let norms = config.string_or("norm_rel_ebd", "none")?.to_lowercase();
    let most = config.count_if_positive("max_relative_positions")?.unwrap_or(n_positions);
    let buckets = config.count_if_positive("position_buckets")?;
    if !config.flag_or("relative_attention", false)? {
        return Ok((kinds, None));
    }
    let (span, log_up_to) = buckets.map_or((most, None), |buckets| (buckets, Some(most)));
    if log_up_to.is_some() && span < 2 {
        return Err(config.error("position_buckets", format!("is {span}, which is no logarithmic scale")));
    }
    let normalized = norms.split('|').any(|part| part.trim() == "layer_norm");
    Ok((kinds, Some(Disentangled { to_position, from_position, shared, normalized, span, log_up_to })))
}

fn convolution(config: &Config, d_model: usize) -> Result<Option<Convolution>> {
    let width = config.whole_or("conv_kernel_size", 0)?;
    let groups = config.count_or("conv_groups", 1)?;
    let activation: Activation = config.activation_or("conv_act", "tanh")?;
    if width == 0 {
        return Ok(None);
    }
    if width.is_multiple_of(2) {
        return Err(config.error("conv_kernel_size", format!("is {width}, which has no middle")));
    }
    if !d_model.is_multiple_of(groups) {
        return Err(
            config.error("conv_groups", format!("is {groups}, which does not divide {d_model} units"))
        );
    }
    Ok(Some(Convolution { width, groups, activation }))
}
