//! What comes of a tokenizer's files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Tokens that stand for something, by the names of their settings: what hides a word, and what begins a text.
pub const ROLES: [&str; 2] = ["mask_token", "bos_token"];

/// A tokenizer as its class reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizerText {
    /// The text of `tokenizer.json`, with everything applied.
    pub json: String,
    /// The file or files that it was read from, in words.
    pub file: String,
    /// Whether special tokens in a text are cut like any other part of it.
    pub split_special_tokens: bool,
    /// What the files call the tokens of [`ROLES`]; `None` where they say that there is none.
    pub roles: BTreeMap<&'static str, Option<String>>,
    /// What was applied, in order.
    pub applied: Vec<Applied>,
    /// What is not certain, each in a sentence.
    pub doubts: Vec<String>,
}

/// Something that was applied to a tokenizer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    /// What.
    pub what: String,
    /// The file that says so, or the class that has it by default.
    pub from: String,
}

impl TokenizerText {
    /// The text of a `tokenizer.json` that stands alone.
    #[must_use]
    pub fn alone(json: &str) -> Self {
        let file = "tokenizer.json".to_owned();
        Self {
            json: json.to_owned(),
            file,
            split_special_tokens: false,
            roles: BTreeMap::new(),
            applied: Vec::new(),
            doubts: Vec::new(),
        }
    }
}
