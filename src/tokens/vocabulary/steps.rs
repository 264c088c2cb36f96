//! What is done to a text before it is cut into pieces.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::families::Family;
use super::plain;
use super::sentencepiece::Build;

impl Build<'_> {
    /// The model's own normalization of characters, if it has one.
    fn charsmap(&self) -> Option<Value> {
        let map = &self.proto.charsmap;
        let encoded = || BASE64_STANDARD.encode(map);
        (!map.is_empty()).then(|| json!({"type": "Precompiled", "precompiled_charsmap": encoded()}))
    }

    /// What is done to its characters.
    pub(super) fn normalizer(&self) -> Value {
        let replace =
            |pattern: Value, with: &str| json!({"type": "Replace", "pattern": pattern, "content": with});
        let flag = |name: &str, default: bool| self.settings.flag(name, default);
        let mut steps: Vec<Value> = Vec::new();
        match self.family {
            Family::T5 | Family::XlmRoberta | Family::Camembert => {
                return self.charsmap().unwrap_or_default();
            }
            Family::Llama => return Value::Null,
            Family::Mbart => {
                steps.extend(self.charsmap());
                steps.push(json!({"type": "Strip", "strip_left": false, "strip_right": true}));
                steps.push(replace(json!({"Regex": " {2,}"}), "▁"));
            }
            Family::Gemma => return replace(json!({"String": " "}), "▁"),
            Family::Mbart50 => {
                steps.extend(self.charsmap());
                steps.push(replace(json!({"Regex": " {2,}"}), " "));
            }
            Family::Albert => {
                steps.push(replace(json!({"String": "``"}), "\""));
                steps.push(replace(json!({"String": "''"}), "\""));
                if !flag("keep_accents", false) {
                    steps.extend([json!({"type": "NFKD"}), json!({"type": "StripAccents"})]);
                }
                if flag("do_lower_case", true) {
                    steps.push(json!({"type": "Lowercase"}));
                }
                steps.extend(self.charsmap());
            }
            Family::DebertaV2 => {
                if flag("do_lower_case", false) {
                    steps.push(json!({"type": "Lowercase"}));
                }
                steps.push(json!({"type": "Strip", "strip_left": true, "strip_right": true}));
                steps.extend(self.charsmap());
                steps.push(replace(json!({"Regex": " {2,}"}), " "));
            }
            Family::Plain | Family::M2m100 => {
                steps.extend(self.charsmap());
                if self.proto.remove_extra_whitespaces {
                    steps.push(replace(json!({"Regex": r"\A +| +\z"}), ""));
                    steps.push(replace(json!({"Regex": " {2,}"}), " "));
                }
                if self.proto.escape_whitespaces {
                    steps.push(replace(json!({"String": " "}), "▁"));
                }
                if self.proto.add_dummy_prefix && self.legacy() {
                    // The prefix is left out where a text has one already, which sentencepiece does not do.
                    steps.push(replace(json!({"Regex": r"\A▁"}), "▁▁"));
                }
            }
        }
        json!({"type": "Sequence", "normalizers": steps})
    }

    /// Whether every part between added tokens gets its own prefix, as before transformers 4.31.
    fn legacy(&self) -> bool {
        self.settings.flag("legacy", self.family != Family::Llama)
    }

    /// How it is cut at blanks.
    pub(super) fn pre_tokenizer(&self) -> Value {
        let metaspace = |scheme: &str, split: bool| json!({"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": split});
        let sequence = |steps: Vec<Value>| json!({"type": "Sequence", "pretokenizers": steps});
        let whitespace = || json!({"type": "WhitespaceSplit"});
        let prefix = self.settings.flag("add_prefix_space", true);
        match self.family {
            Family::T5 => sequence(vec![whitespace(), metaspace("always", true)]),
            Family::XlmRoberta | Family::Camembert | Family::Albert => {
                sequence(vec![whitespace(), metaspace(if prefix { "always" } else { "never" }, true)])
            }
            Family::DebertaV2 => {
                let punctuation = json!({"type": "Punctuation", "behavior": "Isolated"});
                let split = self.settings.flag("split_by_punct", false).then_some(punctuation);
                let last = metaspace(if prefix { "always" } else { "first" }, true);
                sequence(split.into_iter().chain([last]).collect())
            }
            Family::Mbart | Family::Mbart50 => metaspace("always", true),
            Family::Llama => {
                let scheme = match (prefix, self.legacy()) {
                    (true, true) => "always",
                    (true, false) => "first",
                    (false, _) => "never",
                };
                metaspace(scheme, false)
            }
            Family::Gemma => json!({
                "type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": false,
            }),
            Family::Plain | Family::M2m100 => {
                let scheme = if self.legacy() { "always" } else { "first" };
                let first = self.proto.add_dummy_prefix.then(|| metaspace(scheme, false));
                let own = plain::user_defined(self.proto);
                let isolate = (!own.is_empty()).then(|| {
                    json!({
                        "type": "Split", "pattern": {"Regex": plain::any_of(own)}, "behavior": "Isolated",
                        "invert": false,
                    })
                });
                let steps: Vec<Value> = first.into_iter().chain(isolate).collect();
                if steps.is_empty() { Value::Null } else { sequence(steps) }
            }
        }
    }
}
