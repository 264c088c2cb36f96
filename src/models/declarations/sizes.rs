//! The other names that transformers has for sizes of some types of models (`attribute_map` of their configurations, 5.24).
//!
//! A file may use either name. Where it has both, transformers sets the usual name first and the other one after it, so that the
//! other one counts, in 4.57 and in 5.24.

/// Of each type of models: the other name, and the one that its family reads.
pub(super) fn other_names(model_type: &str) -> &'static [(&'static str, &'static str)] {
    match model_type {
        "bart" | "led" | "m2m_100" | "marian" | "mbart" | "pegasus" => {
            &[("hidden_size", "d_model"), ("num_attention_heads", "encoder_attention_heads")]
        }
        "bloom" => &[("num_attention_heads", "n_head"), ("num_hidden_layers", "n_layer")],
        "codegen" | "gpt2" | "gpt_bigcode" | "gptj" => &[
            ("hidden_size", "n_embd"),
            ("max_position_embeddings", "n_positions"),
            ("num_attention_heads", "n_head"),
            ("num_hidden_layers", "n_layer"),
        ],
        "distilbert" => {
            &[("hidden_size", "dim"), ("num_attention_heads", "n_heads"), ("num_hidden_layers", "n_layers")]
        }
        "flaubert" | "xlm" => &[
            ("hidden_size", "emb_dim"),
            ("n_words", "vocab_size"),
            ("num_attention_heads", "n_heads"),
            ("num_hidden_layers", "n_layers"),
        ],
        "gpt_neo" => &[("num_attention_heads", "num_heads"), ("num_hidden_layers", "num_layers")],
        "mpt" => &[
            ("hidden_size", "d_model"),
            ("num_attention_heads", "n_heads"),
            ("num_hidden_layers", "n_layers"),
        ],
        "longt5" | "mt5" | "t5" | "umt5" => &[
            ("head_dim", "d_kv"),
            ("hidden_size", "d_model"),
            ("num_attention_heads", "num_heads"),
            ("num_hidden_layers", "num_layers"),
        ],
        "switch_transformers" => &[
            ("hidden_size", "d_model"),
            ("num_attention_heads", "num_heads"),
            ("num_hidden_layers", "num_layers"),
        ],
        "xglm" => &[
            ("hidden_size", "d_model"),
            ("num_attention_heads", "attention_heads"),
            ("num_hidden_layers", "num_layers"),
        ],
        _ => &[],
    }
}

/// Names whose meaning changed between releases: in 4.57 a key of its own that nothing reads, in 5.24 another name of the second.
/// Where both are there they have to agree.
pub(super) fn lately_other_names(model_type: &str) -> &'static [(&'static str, &'static str)] {
    match model_type {
        "bart" | "led" | "m2m_100" | "marian" | "mbart" | "pegasus" => {
            &[("num_hidden_layers", "encoder_layers")]
        }
        _ => &[],
    }
}
