//! The text towers of CLIP (Radford et al. 2021) and `SigLIP` (Zhai et al. 2023), by themselves or beside the tower that sees.
//!
//! Source: `models/{clip,siglip}/modeling_*.py` of Hugging Face transformers. As there, the last hidden state is that of the last
//! block, before the norm that the pooled output is taken after.

use serde_json::json;

use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{Draw, Initial};
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{self, Attention, Embeddings, Norm, NormKind, Spec};
use crate::models::error::Result;

const NAMES: Names = Names {
    prefixes: &["text_model.", ""],
    positions: "embeddings.position_embedding",
    ..Names::new(
        "embeddings.token_embedding",
        Block::new(
            Qkv::separate(
                "encoder.layers.{}.self_attn.q_proj",
                "encoder.layers.{}.self_attn.k_proj",
                "encoder.layers.{}.self_attn.v_proj",
                true,
            ),
            linear("encoder.layers.{}.self_attn.out_proj"),
            Mlp::Plain { up: linear("encoder.layers.{}.mlp.fc1"), down: linear("encoder.layers.{}.mlp.fc2") },
        )
        .norms_before("encoder.layers.{}.layer_norm1", "encoder.layers.{}.layer_norm2"),
    )
};

/// What a family assumes where `config.json` is silent.
struct Usual {
    attention: fn(usize, usize) -> Attention,
    n_positions: usize,
    activation: &'static str,
    eps: f64,
}

const CLIP: Usual =
    Usual { attention: Attention::causal, n_positions: 77, activation: "quick_gelu", eps: 1e-5 };
const SIGLIP: Usual =
    Usual { attention: Attention::full, n_positions: 64, activation: "gelu_pytorch_tanh", eps: 1e-6 };

fn text_model(config: &Config, usual: &Usual) -> Result<Declaration> {
    // Of what is made of the pooled output, and of the training.
    for unused in ["projection_dim", "projection_size", "logit_scale_init_value"] {
        config.ignore(unused);
    }
    let d_model = config.count("hidden_size")?;
    let (n_heads, d_head) = config.heads("hidden_size", "num_attention_heads")?;
    let n_layers = config.layers("num_hidden_layers")?;
    let n_positions = config.count_or("max_position_embeddings", usual.n_positions)?;
    let spec = Spec {
        n_positions: Some(n_positions),
        embeddings: Embeddings::with_positions(d_model, n_positions),
        ..Spec::new(
            config.count("vocab_size")?,
            d_model,
            Norm { kind: NormKind::Layer, eps: config.number_or("layer_norm_eps", usual.eps)? as f32 },
            (usual.attention)(n_heads, d_head),
            vec![spec::Block::default(); n_layers],
            spec::Mlp {
                d: config.count("intermediate_size")?,
                activation: config.activation_or("hidden_act", usual.activation)?,
            },
        )
    };
    Ok(Declaration { spec, names: NAMES })
}

/// The text tower of a model that also sees, with the sizes that transformers assumes and does not write.
fn text_of_both(config: &Config, usual: &Usual, sizes: &serde_json::Value) -> Result<Declaration> {
    for unused in [
        "vision_config",
        // Older files say everything twice, here without the defaults.
        "text_config_dict",
        "vision_config_dict",
        "projection_dim",
        "logit_scale_init_value",
    ] {
        config.ignore(unused);
    }
    let text = config.part_or_empty("text_config")?.with_defaults(sizes);
    let declaration = text_model(&text, usual)?;
    text.finish()?;
    Ok(declaration)
}

pub(in crate::models) fn clip_text(config: &Config) -> Result<Declaration> {
    text_model(config, &CLIP)
}

pub(in crate::models) fn clip(config: &Config) -> Result<Declaration> {
    let sizes = json!({
        "vocab_size": 49_408, "hidden_size": 512, "intermediate_size": 2048, "num_hidden_layers": 12,
        "num_attention_heads": 8,
    });
    text_of_both(config, &CLIP, &sizes)
}

pub(in crate::models) fn siglip_text(config: &Config) -> Result<Declaration> {
    text_model(config, &SIGLIP)
}

pub(in crate::models) fn siglip(config: &Config) -> Result<Declaration> {
    let sizes = json!({
        "vocab_size": 32_000, "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
        "num_attention_heads": 12,
    });
    text_of_both(config, &SIGLIP, &sizes)
}

/// CLIP's: each layer by its inputs and by the number of blocks.
pub(in crate::models) fn clip_initial(config: &Config) -> Result<Initial> {
    let part = config.part("text_config")?;
    let text = part.as_ref().unwrap_or(config);
    let d_model = text.count_or("hidden_size", 512)? as f64;
    let n_layers = text.count_or("num_hidden_layers", 12)? as f64;
    let factor = text.number_or("initializer_factor", 1.0)?;
    let normal = |deviation: f64| Draw::Normal { deviation: deviation * factor };
    let within = d_model.powf(-0.5) * (2.0 * n_layers).powf(-0.5);
    Ok(Initial {
        rules: vec![
            ("q_proj.weight", normal(within)),
            ("k_proj.weight", normal(within)),
            ("v_proj.weight", normal(within)),
            ("out_proj.weight", normal(d_model.powf(-0.5))),
            ("fc1.weight", normal((2.0 * d_model).powf(-0.5))),
            ("fc2.weight", normal(within)),
        ],
        otherwise: normal(0.02),
    })
}

/// `SigLIP`'s: each layer by its inputs and outputs.
pub(in crate::models) fn siglip_initial(config: &Config) -> Result<Initial> {
    let part = config.part("text_config")?;
    let d_model = part.as_ref().unwrap_or(config).count_or("hidden_size", 768)?;
    let tiny = Draw::Normal { deviation: 1e-6 };
    Ok(Initial {
        rules: vec![
            ("_embedding.weight", Draw::Normal { deviation: (d_model as f64).powf(-0.5) }),
            ("fc1.bias", tiny),
            ("fc2.bias", tiny),
        ],
        otherwise: Draw::Glorot,
    })
}
