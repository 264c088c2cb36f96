//! Settings of a tokenizer with values that nobody means.

use mlem_probe::models::Tokenizer;
use serde_json::json;

use crate::tokens::{BERT, bert, folder, read};

#[test]
fn any_value_of_any_setting_is_read_or_refused() {
    let keys = [
        "tokenizer_class",
        "do_lower_case",
        "strip_accents",
        "tokenize_chinese_chars",
        "add_prefix_space",
        "legacy",
        "add_bos_token",
        "src_lang",
        "legacy_behaviour",
        "extra_ids",
        "mask_token",
        "eos_token",
        "entity_token",
        "additional_special_tokens",
        "extra_special_tokens",
        "added_tokens_decoder",
        "split_special_tokens",
        "fix_mistral_regex",
        "trim_offsets",
    ];
    let values = [
        "null",
        "true",
        "-1",
        "1e400",
        "18446744073709551616",
        "\"\"",
        "\"<ent>\"",
        "\"[MASK]\"",
        "[]",
        "{}",
        "[null]",
        "[[\"a\"]]",
        "[\"\"]",
        "[\"<ent>\", 3]",
        r#"{"content": "x"}"#,
        r#"{"__type": "AddedToken", "content": ""}"#,
        r#"{"__type": "AddedToken", "content": "the", "lstrip": true, "normalized": null}"#,
        r#"{"99999999999999999999": {"content": "a"}}"#,
        r#"{"5": {"content": "the"}, "5": {"content": "dog"}}"#,
        r#"{"a_token": 7}"#,
        "\"\\u0000\"",
        "\"\\ud800\"",
    ];
    let tokenizer = bert(&json!([]));
    let w = folder(&[BERT, ("tokenizer.json", &tokenizer)]);
    for class in ["BertTokenizer", "NllbTokenizer", "LlamaTokenizer", "T5Tokenizer"] {
        for key in keys {
            for value in values {
                let settings = format!(
                    r#"{{"tokenizer_class": "{class}", "eos_token": "dog", "src_lang": "the", "{key}": {value}}}"#
                );
                for file in ["tokenizer_config.json", "special_tokens_map.json"] {
                    w.write(&format!("model/{file}"), &settings);
                    match read(&w) {
                        Ok(text) => assert!(Tokenizer::of("it", &text).is_ok(), "{settings}"),
                        Err(error) => {
                            assert!(error.hint().is_some() && !error.to_string().is_empty(), "{settings}");
                        }
                    }
                    w.write(&format!("model/{file}"), "{}");
                }
            }
        }
    }
}
