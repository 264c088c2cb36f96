//! Whether the table of tokens is the head's too, as transformers takes it where `config.json` is silent.

use serde_json::Value;

use super::config::Config;
use super::names::Tied;

/// Types of models whose class has two tables by default (`tie_word_embeddings` of 4.57 and of 5.24); those of models that see
/// are among them, since releases differ in whose key counts.
const APART: &str = "apertus arcee clip clip_text_model codegen eurobert exaone4 gemma3 glm glm4 gpt_neox gptj granite helium idefics3 llama \
    llava llava_next mamba2 ministral ministral3 mistral mistral3 nanochat nemotron olmo olmo2 olmo3 olmo_hybrid phi phi3 qwen2 qwen2_5_vl qwen2_5_vl_text \
    qwen2_vl qwen2_vl_text qwen3 qwen3_vl qwen3_vl_text rembert rwkv7 seed_oss siglip siglip_text_model smolvlm stablelm t5gemma";

/// Types of models with experts or recurrences, whose class has two tables by default in 5.24; of the table of tokens alone, which
/// releases had one, they are read as if they had.
const HEADS_APART: &str = "bamba deepseek_v2 deepseek_v3 falcon_h1 flex_olmo gpt_oss granitemoe granitemoehybrid jamba mixtral nemotron_h \
    olmoe phimoe qwen2_moe qwen3_5 qwen3_5_moe qwen3_5_moe_text qwen3_5_text qwen3_moe qwen3_next";

/// Whether the head's table is that of tokens, where the file has none for the head: as `config` says, of the whole or of the text model
/// inside of it, or else as its class has it.
pub(in crate::models) fn head_tied(config: &Config) -> Tied {
    let said = |config: &Config| config.value("tie_word_embeddings").and_then(Value::as_bool);
    let text = config.part("text_config").ok().flatten().and_then(|text| said(&text));
    let model_type = config.value("model_type").and_then(Value::as_str).unwrap_or_default();
    // Of these, what the text model says counts for nothing.
    let whole = said(config).or(["gemma3", "mistral3"].contains(&model_type).then_some(true));
    let apart = HEADS_APART.split_whitespace().any(|apart| apart == model_type);
    match (whole, text) {
        (Some(true), _) | (_, Some(true)) => Tied::Yes,
        (Some(false), _) | (_, Some(false)) => Tied::No,
        (None, None) if apart => Tied::No,
        (None, None) => tied(config),
    }
}

/// What `config` says, or else what its class has.
pub(in crate::models) fn tied(config: &Config) -> Tied {
    let said = |config: &Config| config.value("tie_word_embeddings").and_then(Value::as_bool);
    let text = config.part("text_config").ok().flatten().and_then(|text| said(&text));
    let usual = || {
        let model_type = config.value("model_type").and_then(Value::as_str).unwrap_or_default();
        !APART.split_whitespace().any(|apart| apart == model_type)
    };
    let ties = match (said(config), text) {
        (Some(whole), Some(text)) => whole && text,
        (whole, text) => whole.or(text).unwrap_or_else(usual),
    };
    if ties { Tied::Yes } else { Tied::No }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_without_a_table_has_that_of_tokens_where_its_class_says_so() {
        let of = |text: &str| head_tied(&Config::parse("x", text).unwrap());
        assert_eq!(of(r#"{"model_type": "mixtral"}"#), Tied::No);
        assert_eq!(of(r#"{"model_type": "gpt2"}"#), Tied::Yes);
        assert_eq!(of(r#"{"model_type": "llama"}"#), Tied::No);
        assert_eq!(of(r#"{"model_type": "mixtral", "tie_word_embeddings": true}"#), Tied::Yes);
        let sees = |model_type: &str, whole: &str, text: &str| {
            let json = format!(
                r#"{{"model_type": "{model_type}", {whole} "text_config": {{"tie_word_embeddings": {text}}}}}"#
            );
            of(&json)
        };
        assert_eq!(sees("mistral3", "", "false"), Tied::Yes);
        assert_eq!(sees("llava", "", "false"), Tied::No);
        assert_eq!(sees("qwen2_vl", r#""tie_word_embeddings": false,"#, "true"), Tied::Yes);
    }

    #[test]
    fn what_the_file_says_comes_before_what_the_class_has() {
        let of = |text: &str| tied(&Config::parse("x", text).unwrap());
        assert_eq!(of(r#"{"model_type": "gpt2"}"#), Tied::Yes);
        assert_eq!(of(r#"{"model_type": "gpt2", "tie_word_embeddings": false}"#), Tied::No);
        assert_eq!(of(r#"{"model_type": "llama"}"#), Tied::No);
        assert_eq!(of(r#"{"model_type": "llama", "tie_word_embeddings": true}"#), Tied::Yes);
        let sees = |whole: &str, text: &str| {
            format!(r#"{{"model_type": "mistral3", {whole} "text_config": {{{text}}}}}"#)
        };
        assert_eq!(of(&sees("", "")), Tied::No);
        assert_eq!(of(&sees("", r#""tie_word_embeddings": true"#)), Tied::Yes);
        assert_eq!(of(&sees(r#""tie_word_embeddings": false,"#, r#""tie_word_embeddings": true"#)), Tied::No);
    }
}
