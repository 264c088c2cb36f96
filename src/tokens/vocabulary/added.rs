//! Tokens that are found in a text before it is cut into pieces, in a vocabulary of sentencepiece.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The special tokens of RoBERTa, by their roles; others have some of them.
pub(super) const ROBERTA: &[(&str, &str)] = &[
    ("bos_token", "<s>"),
    ("eos_token", "</s>"),
    ("unk_token", "<unk>"),
    ("sep_token", "</s>"),
    ("pad_token", "<pad>"),
    ("cls_token", "<s>"),
    ("mask_token", "<mask>"),
];

/// How a token is written: by itself, or as an object with its properties.
pub(super) fn content(token: &Value) -> &str {
    token.as_str().or_else(|| token.get("content")?.as_str()).unwrap_or_default()
}

/// Tokens that are found in a text before it is split.
pub(super) struct Added<'a> {
    vocabulary: &'a Map<String, Value>,
    by_id: BTreeMap<u64, Value>,
    /// The id of the next token that is not in the vocabulary, where such tokens are taken in.
    next: Option<u64>,
}

impl<'a> Added<'a> {
    /// Tokens of `vocabulary`, and of what the settings list, alone.
    pub(super) fn within(vocabulary: &'a Map<String, Value>) -> Self {
        Self { vocabulary, by_id: BTreeMap::new(), next: None }
    }

    /// Tokens of a vocabulary of `size`, and others after them.
    pub(super) fn beyond(vocabulary: &'a Map<String, Value>, size: u64) -> Self {
        Self { next: Some(size), ..Self::within(vocabulary) }
    }

    /// The tokens, by their ids.
    pub(super) fn into_values(self) -> Vec<Value> {
        self.by_id.into_values().collect()
    }

    /// The id of the token called `content`, if it is in the vocabulary or was added.
    pub(super) fn id(&self, content: &str) -> Option<u64> {
        let listed = || self.by_id.iter().find(|(_, other)| other.get("content") == Some(&content.into()));
        let known = self.vocabulary.get(content).and_then(Value::as_u64);
        known.or_else(|| listed().map(|(id, _)| *id))
    }

    /// Whether the token called `content` was added.
    pub(super) fn has(&self, content: &str) -> bool {
        self.by_id.values().any(|other| other.get("content") == Some(&content.into()))
    }

    /// Adds a token under `id`.
    pub(super) fn add(&mut self, id: Option<u64>, token: &Value, special: bool) {
        let Some(id) = id else { return };
        let flag = |name: &str| token.get(name).and_then(Value::as_bool).unwrap_or(false);
        let entry = json!({
            "id": id, "content": content(token), "single_word": flag("single_word"), "lstrip": flag("lstrip"),
            "rstrip": flag("rstrip"), "normalized": flag("normalized"), "special": special,
        });
        self.by_id.insert(id, entry);
    }

    /// Makes sure of a token, special or not, and gives its id; one that the settings list with its properties keeps them.
    /// `None` where the vocabulary lacks it and takes no others in.
    pub(super) fn ensure(&mut self, token: &Value, special: bool) -> Option<u64> {
        let content = content(token);
        let id = self.id(content).or_else(|| {
            let next = self.next?;
            self.next = Some(next + 1);
            Some(next)
        })?;
        if !self.has(content) || token.is_object() {
            self.add(Some(id), token, special);
        }
        Some(id)
    }
}
