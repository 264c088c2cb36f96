//! The encoder and decoder of Switch Transformers (Fedus et al. 2022): T5 in which some blocks have experts, of which a token goes through
//! one.
//!
//! An expert takes so many tokens of a sequence and leaves out those that come later; a sequence is no longer than that here, so that none is
//! left out. Source: `models/switch_transformers/modeling_switch_transformers.py` of Hugging Face transformers.

use serde_json::Value;

use super::t5;
use crate::models::declarations::config::Config;
use crate::models::declarations::initial::{Draw, Initial};
use crate::models::declarations::names::{self, Declaration, ExpertLayers, Mlp};
use crate::models::declarations::spec::{Experts, FeedForward, Router};
use crate::models::error::Result;

/// The encoder.
pub(in crate::models) fn encoder(config: &Config) -> Result<Declaration> {
    for unused in [
        "num_sparse_decoder_layers",
        "decoder_sparse_step",
        "encoder_sparse_step",
        "router_jitter_noise",
        "router_z_loss_coef",
        "router_aux_loss_coef",
        "router_ignore_padding_tokens",
        "add_router_probs",
        "router_type",
        "batch_prioritized_routing",
        "num_selected_experts",
    ] {
        config.ignore(unused);
    }
    config.only("router_dtype", &Value::from("float32"))?;
    config.only("add_cross_attention", &Value::from(false))?;
    let mut declaration = t5::plain(config)?;
    let sparse = config.whole_or("num_sparse_encoder_layers", 3)?;
    sparsely(config, &mut declaration, sparse, "encoder")?;
    Ok(declaration)
}

/// The decoder beside it.
pub(in crate::models) fn decoder(config: &Config, encoder: Declaration) -> Result<Declaration> {
    let mut declaration = t5::decoder(config, encoder)?;
    let sparse = config.whole_or("num_sparse_decoder_layers", 3)?;
    sparsely(config, &mut declaration, sparse, "decoder")?;
    Ok(declaration)
}

/// Gives `sparse` of the blocks experts, as evenly as they go.
fn sparsely(config: &Config, declaration: &mut Declaration, sparse: usize, part: &str) -> Result<()> {
    let decodes = part == "decoder";
    declaration.names.block = t5::of_switch(&declaration.names.block, decodes);
    let Declaration { spec, names } = declaration;
    let step = spec.n_layers.checked_div(sparse).unwrap_or(spec.n_layers);
    let capacity = config.count_or("expert_capacity", 64)?;
    let experts = Experts {
        count: config.count_or("num_experts", 8)?,
        chosen: 1,
        d: spec.mlp.d,
        activation: spec.mlp.activation,
        clamp: None,
        router: Router { bias: config.flag_or("router_bias", false)?, ..Router::softmax(false) },
        shared: None,
        inner: None,
    };
    let mut any = false;
    for (layer, block) in spec.blocks.iter_mut().enumerate() {
        let has_experts = step > 0 && (step == 1 || layer % step == 1);
        block.feed_forward = if has_experts { FeedForward::Experts(experts) } else { FeedForward::Mlp };
        any |= has_experts;
    }
    let (router, up, down) = if decodes {
        (
            "decoder.block.{}.layer.2.mlp.router.classifier",
            "decoder.block.{}.layer.2.mlp.experts.expert_{expert}.wi",
            "decoder.block.{}.layer.2.mlp.experts.expert_{expert}.wo",
        )
    } else {
        (
            "encoder.block.{}.layer.1.mlp.router.classifier",
            "encoder.block.{}.layer.1.mlp.experts.expert_{expert}.wi",
            "encoder.block.{}.layer.1.mlp.experts.expert_{expert}.wo",
        )
    };
    names.block.experts =
        any.then(|| names::Experts::new(router, ExpertLayers::Apart(Mlp::plain(up, down, false))));
    spec.n_positions = any.then_some(capacity);
    Ok(())
}

/// As T5's, and routers as most layers elsewhere.
pub(in crate::models) fn initial(config: &Config) -> Result<Initial> {
    let mut initial = t5::initial(config)?;
    initial.rules.push(("router.classifier.weight", Draw::Normal { deviation: 0.02 }));
    Ok(initial)
}
