//! `tokenizer.json` in its parts: the small ones are read, the vocabulary is left as it stands.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A token that is found before a text is cut.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the five properties of the format")]
pub(super) struct AddedToken {
    pub(super) content: String,
    /// Whether it must not be part of a word.
    pub(super) single_word: bool,
    /// Whether it takes in the blanks before it.
    pub(super) lstrip: bool,
    /// Whether it takes in the blanks after it.
    pub(super) rstrip: bool,
    /// Whether it is looked for after the text is normalized.
    pub(super) normalized: bool,
    pub(super) special: bool,
}

impl AddedToken {
    /// A special token without further properties.
    pub(super) fn special(content: &str) -> Self {
        let content = content.to_owned();
        Self { content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
    }
}

/// One under its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Numbered {
    pub(super) id: u64,
    #[serde(flatten)]
    pub(super) token: AddedToken,
}

/// The text of `tokenizer.json`, in parts.
pub(super) struct Document<'a> {
    text: &'a str,
    /// Where the value of each key stands.
    places: Vec<(String, Range<usize>)>,
    /// Its added tokens, in their order.
    pub(super) added: Vec<Numbered>,
    pub(super) normalizer: Value,
    pub(super) pre_tokenizer: Value,
    pub(super) post_processor: Value,
    /// Whether any of these is other than it was.
    pub(super) changed: bool,
    vocabulary: OnceCell<Vocabulary>,
}

/// The ids of the tokens in a vocabulary.
#[derive(Default)]
pub(super) struct Vocabulary {
    ids: HashMap<String, u64>,
    size: u64,
}

impl<'a> Document<'a> {
    /// Takes `tokenizer.json` apart; says what is wrong with it.
    pub(super) fn parse(text: &'a str) -> Result<Self, String> {
        serde_json::from_str::<IgnoredAny>(text).map_err(|error| format!("not valid JSON: {error}"))?;
        let places = places(text).ok_or("not a JSON object")?;
        let mut document = Self {
            text,
            places,
            added: Vec::new(),
            normalizer: Value::Null,
            pre_tokenizer: Value::Null,
            post_processor: Value::Null,
            changed: false,
            vocabulary: OnceCell::new(),
        };
        let added: Option<Vec<Numbered>> = document.part("added_tokens")?;
        document.added = added.unwrap_or_default();
        document.normalizer = document.part("normalizer")?.unwrap_or_default();
        document.pre_tokenizer = document.part("pre_tokenizer")?.unwrap_or_default();
        document.post_processor = document.part("post_processor")?.unwrap_or_default();
        Ok(document)
    }

    /// The value of a key, if it is there.
    fn part<T: for<'de> Deserialize<'de>>(&self, key: &str) -> Result<Option<T>, String> {
        let Some((_, place)) = self.places.iter().find(|(name, _)| name == key) else { return Ok(None) };
        let value: Option<T> =
            serde_json::from_str(&self.text[place.clone()]).map_err(|error| format!("`{key}`: {error}"))?;
        Ok(value)
    }

    /// The vocabulary; says what is wrong with it.
    fn vocabulary(&self) -> Result<&Vocabulary, String> {
        if let Some(vocabulary) = self.vocabulary.get() {
            return Ok(vocabulary);
        }
        #[derive(Deserialize)]
        struct Model {
            vocab: Vocabulary,
        }
        let model: Option<Model> = self.part("model")?;
        Ok(self.vocabulary.get_or_init(|| model.map(|model| model.vocab).unwrap_or_default()))
    }

    /// The id that the vocabulary itself gives a token.
    pub(super) fn own_id(&self, content: &str) -> Result<Option<u64>, String> {
        Ok(self.vocabulary()?.ids.get(content).copied())
    }

    /// The id of a token: of an added one, else the vocabulary's.
    pub(super) fn id(&self, content: &str) -> Result<Option<u64>, String> {
        match self.added.iter().find(|added| added.token.content == content) {
            Some(added) => Ok(Some(added.id)),
            None => self.own_id(content),
        }
    }

    /// The added token called `content`.
    pub(super) fn find(&self, content: &str) -> Option<&AddedToken> {
        self.added.iter().map(|added| &added.token).find(|token| token.content == content)
    }

    /// Adds a token, or gives one that is there these properties; gives its id, and whether that changed anything. A token that is not
    /// in the vocabulary gets the next id after all that are.
    pub(super) fn add(&mut self, token: AddedToken) -> Result<(u64, bool), String> {
        if let Some(at) = self.added.iter().position(|added| added.token.content == token.content) {
            let id = self.added[at].id;
            let same = self.added[at].token == token;
            self.added[at].token = token;
            self.changed |= !same;
            return Ok((id, !same));
        }
        let size = self.vocabulary()?.size;
        let id = match self.own_id(&token.content)? {
            Some(id) => id,
            // As the library numbers them when it reads the file: by their order, whatever number stands there.
            None => size + self.outside()?,
        };
        self.added.push(Numbered { id, token });
        self.changed = true;
        Ok((id, true))
    }

    /// How many added tokens are not in the vocabulary.
    fn outside(&self) -> Result<u64, String> {
        let vocabulary = self.vocabulary()?;
        let outside = self.added.iter().filter(|added| !vocabulary.ids.contains_key(&added.token.content));
        Ok(outside.count() as u64)
    }

    /// The text with what has changed.
    pub(super) fn into_text(self) -> Result<String, String> {
        if !self.changed {
            return Ok(self.text.to_owned());
        }
        let unwritable = |error: serde_json::Error| format!("it cannot be written again: {error}");
        let mut parts: Vec<String> = Vec::new();
        let replaced = [
            ("added_tokens", serde_json::to_string(&self.added).map_err(unwritable)?),
            ("normalizer", self.normalizer.to_string()),
            ("pre_tokenizer", self.pre_tokenizer.to_string()),
            ("post_processor", self.post_processor.to_string()),
        ];
        for (key, place) in &self.places {
            if !replaced.iter().any(|(name, _)| name == key) {
                let key = serde_json::to_string(key).map_err(unwritable)?;
                parts.push(format!("{key}:{}", &self.text[place.clone()]));
            }
        }
        parts.extend(replaced.iter().map(|(key, value)| format!("\"{key}\":{value}")));
        Ok(format!("{{{}}}", parts.join(",")))
    }
}

/// Where the value of each key of an object stands; of a key that is there twice the last counts. The text is valid JSON.
fn places(text: &str) -> Option<Vec<(String, Range<usize>)>> {
    let bytes = text.as_bytes();
    let mut at = bytes.iter().position(|byte| !byte.is_ascii_whitespace())?;
    if bytes[at] != b'{' {
        return None;
    }
    let mut found: Vec<(String, Range<usize>)> = Vec::new();
    at += 1;
    loop {
        let next = |from: usize| {
            (from..bytes.len()).find(|&at| !matches!(bytes[at], b' ' | b'\t' | b'\n' | b'\r' | b','))
        };
        at = next(at)?;
        if bytes[at] == b'}' {
            return Some(found);
        }
        let key_end = end_of_string(bytes, at)?;
        let key: String = serde_json::from_str(&text[at..key_end]).ok()?;
        let colon = (key_end..bytes.len()).find(|&at| bytes[at] == b':')?;
        let start = next(colon + 1)?;
        let end = end_of_value(bytes, start)?;
        found.retain(|(other, _)| *other != key);
        found.push((key, start..end));
        at = end;
    }
}

/// Where a string that begins at `start` ends.
fn end_of_string(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start + 1;
    loop {
        match bytes.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

/// Where a value that begins at `start` ends.
fn end_of_value(bytes: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut depth) = (start, 0_usize);
    loop {
        match bytes.get(at)? {
            b'"' => at = end_of_string(bytes, at)?,
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' | b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => return Some(at),
            b'}' | b']' => {
                depth -= 1;
                at += 1;
            }
            _ => at += 1,
        }
        if depth == 0 && matches!(bytes.get(at - 1)?, b'}' | b']' | b'"') {
            return Some(at);
        }
    }
}

impl<'de> Deserialize<'de> for Vocabulary {
    /// Ids by token, or tokens with their scores in the order of their ids.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Ids;
        impl<'de> Visitor<'de> for Ids {
            type Value = Vocabulary;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a vocabulary")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Vocabulary, A::Error> {
                let mut ids = HashMap::with_capacity(map.size_hint().unwrap_or(0));
                while let Some((token, id)) = map.next_entry()? {
                    ids.insert(token, id);
                }
                let size = ids.len() as u64;
                Ok(Vocabulary { ids, size })
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut pieces: A) -> Result<Vocabulary, A::Error> {
                let mut ids = HashMap::new();
                let mut size = 0;
                while let Some((piece, _)) = pieces.next_element::<(String, IgnoredAny)>()? {
                    ids.insert(piece, size);
                    size += 1;
                }
                Ok(Vocabulary { ids, size })
            }
        }
        deserializer.deserialize_any(Ids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#" {"version": "1.0", "a\"}b": [1, "]}", {"x": "\\"}], "truncation": null ,
        "model": {"type": "BPE", "vocab": {"a": 0, "b": 1}}, "added_tokens": [], "normalizer": {"type": "NFC"}}"#;

    #[test]
    fn parts_are_found_and_what_is_not_touched_stays() {
        let mut document = Document::parse(TEXT).unwrap();
        let keys: Vec<&str> = document.places.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["version", "a\"}b", "truncation", "model", "added_tokens", "normalizer"]);
        assert_eq!(document.normalizer, serde_json::json!({"type": "NFC"}));
        assert_eq!(Document::parse(TEXT).unwrap().into_text().unwrap(), TEXT);
        assert_eq!(document.add(AddedToken::special("b")).unwrap(), (1, true));
        assert_eq!(document.add(AddedToken::special("b")).unwrap(), (1, false));
        assert_eq!(document.add(AddedToken::special("<c>")).unwrap(), (2, true));
        assert_eq!(document.add(AddedToken::special("<d>")).unwrap(), (3, true));
        let text = document.into_text().unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["a\"}b"], serde_json::json!([1, "]}", {"x": "\\"}]));
        assert_eq!(value["added_tokens"][2]["id"], 3);
        assert_eq!(Document::parse(&text).unwrap().id("<c>").unwrap(), Some(2));
    }

    #[test]
    fn what_is_no_tokenizer_is_said() {
        for (text, expected) in [
            ("", "not valid JSON: EOF while parsing a value at line 1 column 0"),
            ("[]", "not a JSON object"),
            (
                "{\"added_tokens\": [{\"id\": 3}]}",
                "`added_tokens`: missing field `content` at line 1 column 10",
            ),
            (
                "{\"added_tokens\": 7}",
                "`added_tokens`: invalid type: integer `7`, expected a sequence at line 1 column 1",
            ),
        ] {
            assert_eq!(Document::parse(text).err().as_deref(), Some(expected));
        }
        for text in ["{}", "{\"a\":1}", "{\"a\":\"\"}", "{\"a\":{}}", "{\"a\":[]}", " { \"a\" : -1.5e3 } "] {
            assert_eq!(Document::parse(text).unwrap().into_text().unwrap(), text);
        }
        assert!(Document::parse("{\"model\": {\"vocab\": 3}}").unwrap().id("a").is_err());
        assert_eq!(Document::parse("{}").unwrap().id("a").unwrap(), None);
    }
}
