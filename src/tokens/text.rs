//! What comes of a tokenizer's files.

use serde::{Deserialize, Serialize};

/// A tokenizer as its class reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenizerText {
    /// The text of `tokenizer.json`, with everything applied.
    pub json: String,
    /// The file or files that it was read from, in words.
    pub file: String,
    /// Whether special tokens in a text are cut like any other part of it.
    pub split_special_tokens: bool,
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
            applied: Vec::new(),
            doubts: Vec::new(),
        }
    }
}
