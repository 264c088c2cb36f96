//! BLOOM (Le Scao et al. 2022): positions are slopes on the scores.
//!
//! Source: `models/bloom/modeling_bloom.py` of Hugging Face transformers.

use serde_json::Value;

use crate::models::declarations::activation::Activation;
use crate::models::declarations::config::Config;
use crate::models::declarations::names::{Block, Declaration, Mlp, Names, Qkv, linear};
use crate::models::declarations::spec::{self, Attention, DistanceBias, Norm, NormKind, Spec};
use crate::models::error::Result;

const NAMES: Names = Names {
    prefixes: &["", "transformer."],
    embedding_norm: Some("word_embeddings_layernorm"),
    final_norm: Some("ln_f"),
    ..Names::new(
        "word_embeddings",
        Block::new(
            Qkv::Interleaved(linear("h.{}.self_attention.query_key_value")),
            linear("h.{}.self_attention.dense"),
            Mlp::Plain { up: linear("h.{}.mlp.dense_h_to_4h"), down: linear("h.{}.mlp.dense_4h_to_h") },
        )
        .norms_before("h.{}.input_layernorm", "h.{}.post_attention_layernorm"),
    )
};

pub(in crate::models) fn declare(config: &Config) -> Result<Declaration> {
    config.only("apply_residual_connection_post_layernorm", &Value::from(false))?;
    // How the training was spread over machines.
    if config.count_or("pretraining_tp", 1)? > 1 {
        // transformers then leaves out biases.
        config.only("slow_but_exact", &Value::from(false))?;
    }
    for unused in
        ["slow_but_exact", "attention_softmax_in_fp32", "bias_dropout_fusion", "masked_softmax_fusion"]
    {
        config.ignore(unused);
    }
    for unused in
        ["offset_alibi", "seq_length", "skip_bias_add", "skip_bias_add_qkv", "unk_token_id", "hidden_dropout"]
    {
        config.ignore(unused);
    }
    let size_key = if config.has("n_embed") { "n_embed" } else { "hidden_size" };
    let d_model = config.count(size_key)?;
    let (n_heads, d_head) = config.heads(size_key, "n_head")?;
    let n_layers = config.layers("n_layer")?;
    let spec = Spec::new(
        config.count("vocab_size")?,
        d_model,
        Norm { kind: NormKind::Layer, eps: config.number_or("layer_norm_epsilon", 1e-5)? as f32 },
        Attention { bias: DistanceBias::Alibi { scale: 1.0 }, ..Attention::causal(n_heads, d_head) },
        vec![spec::Block::default(); n_layers],
        spec::Mlp { d: 4 * d_model, activation: Activation::GeluTanh },
    );
    Ok(Declaration { spec, names: NAMES })
}
