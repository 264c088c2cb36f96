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

/// Whether the head's table is that of tokens, where the file has none for the head: as `config` says, or else as its class has it.
pub(in crate::models) fn head_tied(config: &Config) -> Tied {
    let model_type = config.value("model_type").and_then(Value::as_str).unwrap_or_default();
    let one = match model_type {
        "gemma3" => Some(true),
        other => HEADS_APART.split_whitespace().any(|apart| apart == other).then_some(false),
    };
    tied_or(config, one)
}

/// What `config` says, or else what its class has.
pub(in crate::models) fn tied(config: &Config) -> Tied {
    tied_or(config, None)
}

fn tied_or(config: &Config, one: Option<bool>) -> Tied {
    let said = |config: &Config| config.value("tie_word_embeddings").and_then(Value::as_bool);
    let text = config.part("text_config").ok().flatten().and_then(|text| said(&text));
    let usual = || {
        let model_type = config.value("model_type").and_then(Value::as_str).unwrap_or_default();
        !APART.split_whitespace().any(|apart| apart == model_type)
    };
    let ties = match (said(config), text) {
        (Some(whole), Some(text)) => whole && text,
        (whole, text) => whole.or(text).or(one).unwrap_or_else(usual),
    };
    if ties { Tied::Yes } else { Tied::No }
}

#[cfg(test)]
mod tests {
    use super::*;

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
