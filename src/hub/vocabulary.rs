//! A tokenizer from the files of a vocabulary, where a checkpoint has no `tokenizer.json`.
//!
//! | files | tokenizer | built for |
//! | --- | --- | --- |
//! | `vocab.txt` | `WordPiece` | BERT, DistilBERT, ELECTRA |
//! | `vocab.json`, `merges.txt` | byte-level BPE | GPT-2, GPT-Neo, OPT; RoBERTa, BART |
//!
//! What comes out is the text of the `tokenizer.json` that Hugging Face transformers (5.24) builds from the same files
//! (`tokenization_bert.py`, `tokenization_gpt2.py`, `tokenization_roberta.py`), read with `tokenizer_config.json`,
//! `special_tokens_map.json` and `added_tokens.json` where they are there. What would not be the same is refused.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::error::{Error, Result};
use super::folder;

/// The files that say how a vocabulary is used; each may be missing.
pub(super) const SETTINGS: [&str; 3] =
    ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"];
/// The files of the vocabularies that a tokenizer is built from: one of these sets.
pub(super) const VOCABULARIES: [&[&str]; 2] = [&["vocab.txt"], &["vocab.json", "merges.txt"]];

/// How a family reads its vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bert,
    Gpt2,
    Roberta,
}

impl Kind {
    /// By the class that the settings name, else by the model.
    fn of(class: Option<&str>, model_type: &str) -> Option<Self> {
        match class.map(|class| class.trim_end_matches("Fast")) {
            Some("BertTokenizer" | "DistilBertTokenizer" | "ElectraTokenizer") => Some(Self::Bert),
            Some("GPT2Tokenizer") => Some(Self::Gpt2),
            Some("RobertaTokenizer" | "BartTokenizer") => Some(Self::Roberta),
            Some(_) => None,
            None => match model_type {
                "bert" | "distilbert" | "electra" => Some(Self::Bert),
                "gpt2" | "gpt_neo" | "opt" => Some(Self::Gpt2),
                "roberta" | "bart" => Some(Self::Roberta),
                _ => None,
            },
        }
    }

    /// The special tokens that the class has unless the settings say otherwise, in the order in which they are added.
    fn specials(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Bert => &[
                ("unk_token", "[UNK]"),
                ("sep_token", "[SEP]"),
                ("pad_token", "[PAD]"),
                ("cls_token", "[CLS]"),
                ("mask_token", "[MASK]"),
            ],
            Self::Gpt2 => &[
                ("bos_token", "<|endoftext|>"),
                ("eos_token", "<|endoftext|>"),
                ("unk_token", "<|endoftext|>"),
                ("pad_token", ""),
            ],
            Self::Roberta => &[
                ("bos_token", "<s>"),
                ("eos_token", "</s>"),
                ("unk_token", "<unk>"),
                ("sep_token", "</s>"),
                ("pad_token", "<pad>"),
                ("cls_token", "<s>"),
                ("mask_token", "<mask>"),
            ],
        }
    }
}

/// The text of `tokenizer.json` for the checkpoint in `folder`; `None` where it has no files of a vocabulary.
pub(super) fn tokenizer(folder: &Path, config: &str) -> Result<Option<String>> {
    let has = |name: &&str| folder.join(name).exists();
    let Some(files) = VOCABULARIES.iter().find(|files| files.iter().all(has)) else { return Ok(None) };
    let settings = Settings::read(folder, config, files)?;
    let (vocabulary, merges) = match settings.kind {
        Kind::Bert => (word_pieces(&folder::read_text(folder, files[0])?), String::new()),
        Kind::Gpt2 | Kind::Roberta => (object(folder, files[0])?, folder::read_text(folder, files[1])?),
    };
    let mut added = Added { vocabulary: &vocabulary, by_id: BTreeMap::new() };
    let special = settings.special_tokens(&mut added)?;
    let prefix = settings.flag("add_prefix_space", false);
    let byte_level = json!({
        "type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": true, "use_regex": true,
    });
    let (normalizer, pre_tokenizer, post_processor) = match settings.kind {
        Kind::Bert => (
            json!({
                "type": "BertNormalizer", "clean_text": true,
                "handle_chinese_chars": settings.flag("tokenize_chinese_chars", true),
                "strip_accents": settings.general.get("strip_accents").and_then(Value::as_bool),
                "lowercase": settings.flag("do_lower_case", true),
            }),
            json!({"type": "BertPreTokenizer"}),
            template([
                Some(settings.named(&special, "cls_token")?),
                Some(settings.named(&special, "sep_token")?),
            ]),
        ),
        Kind::Gpt2 => {
            let around = |wanted: &str, name: &str| {
                settings.flag(wanted, false).then(|| settings.named(&special, name)).transpose()
            };
            let around = [around("add_bos_token", "bos_token")?, around("add_eos_token", "eos_token")?];
            (Value::Null, byte_level, template(around))
        }
        Kind::Roberta => (
            Value::Null,
            byte_level,
            json!({
                "type": "RobertaProcessing", "sep": settings.named(&special, "sep_token")?,
                "cls": settings.named(&special, "cls_token")?,
                "trim_offsets": settings.flag("trim_offsets", true), "add_prefix_space": prefix,
            }),
        ),
    };
    let added: Vec<Value> = added.by_id.into_values().collect();
    let model = match settings.kind {
        Kind::Bert => json!({
            "type": "WordPiece", "unk_token": settings.named(&special, "unk_token")?.0,
            "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocabulary,
        }),
        Kind::Gpt2 | Kind::Roberta => json!({
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
            "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": vocabulary, "merges": merge_lines(&merges),
        }),
    };
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": added, "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer, "post_processor": post_processor, "decoder": null, "model": model,
    });
    Ok(Some(tokenizer.to_string()))
}

/// What the files beside a vocabulary say.
struct Settings<'a> {
    folder: &'a Path,
    /// The files of the vocabulary.
    files: &'static [&'static str],
    kind: Kind,
    /// `tokenizer_config.json`.
    general: Map<String, Value>,
    /// `special_tokens_map.json`.
    special: Map<String, Value>,
    /// `added_tokens.json`.
    added: Map<String, Value>,
}

/// A token and its id.
type Token = (String, u64);

impl<'a> Settings<'a> {
    /// Reads them, and refuses what would change tokens in a way that is not followed.
    fn read(folder: &'a Path, config: &str, files: &'static [&'static str]) -> Result<Self> {
        let [general, special, added] = SETTINGS.map(|name| object(folder, name));
        let (general, special, added) = (general?, special?, added?);
        let config: Value = serde_json::from_str(config).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let class = general.get("tokenizer_class").and_then(text);
        let model_type = config.get("model_type").and_then(text).unwrap_or_default();
        let kind = Kind::of(class.as_deref(), &model_type);
        let Some(kind) = kind.filter(|kind| (*kind == Kind::Bert) == (files.len() == 1)) else {
            let whose = class.unwrap_or_else(|| format!("the tokenizer of model_type {model_type}"));
            return Err(refusal(
                folder,
                files[0],
                format!("a vocabulary that {whose} may read in a way of its own"),
            ));
        };
        let settings = Self { folder, files, kind, general, special, added };
        let is_empty = |value: &Value| {
            value.is_null()
                || value.as_array().is_some_and(Vec::is_empty)
                || value.as_object().is_some_and(Map::is_empty)
        };
        let odd = ["never_split", "additional_special_tokens", "extra_special_tokens"]
            .into_iter()
            .find(|name| settings.get(name).is_some_and(|value| !is_empty(value)))
            .or_else(|| (!settings.flag("do_basic_tokenize", true)).then_some("do_basic_tokenize"))
            .or_else(|| settings.flag("split_special_tokens", false).then_some("split_special_tokens"));
        match odd {
            None => Ok(settings),
            Some(name) => {
                let what = format!("`{name}` changes the tokens in a way that is not known");
                Err(refusal(folder, SETTINGS[0], what))
            }
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.general.get(name).or_else(|| self.special.get(name))
    }

    fn flag(&self, name: &str, default: bool) -> bool {
        self.general.get(name).and_then(Value::as_bool).unwrap_or(default)
    }

    /// Adds every token that the settings list and every special one; gives the special ones by their roles.
    fn special_tokens(&self, tokens: &mut Added<'_>) -> Result<BTreeMap<&'static str, Token>> {
        let listed = self.general.get("added_tokens_decoder").and_then(Value::as_object);
        for (id, token) in listed.into_iter().flatten() {
            tokens.add(id.parse().ok(), token, token.get("special") == Some(&Value::Bool(true)));
        }
        for (token, id) in &self.added {
            tokens.add(id.as_u64(), &json!({"content": token, "normalized": true}), false);
        }
        let mut special = BTreeMap::new();
        for (name, default) in self.kind.specials() {
            let default = Value::from(*default);
            let token = self.get(name).unwrap_or(&default);
            let content = content(token).to_owned();
            if content.is_empty() {
                continue;
            }
            let Some(id) = tokens.special(token) else {
                let what = format!("the vocabulary lacks `{content}`, the {}", name.replace('_', " "));
                return Err(refusal(self.folder, self.files[0], what));
            };
            special.insert(*name, (content, id));
        }
        Ok(special)
    }

    /// The special token of a role that must be there.
    fn named(&self, special: &BTreeMap<&'static str, Token>, name: &str) -> Result<Token> {
        special.get(name).cloned().ok_or_else(|| {
            refusal(self.folder, SETTINGS[0], format!("there is no {}", name.replace('_', " ")))
        })
    }
}

/// The error for files that a tokenizer cannot be built from exactly.
fn refusal(folder: &Path, file: &str, what: String) -> Error {
    let remedy = "build its fast tokenizer once: in Python, `AutoTokenizer.from_pretrained(NAME).save_pretrained(DIR)` writes \
                  tokenizer.json";
    Error::BadFile { path: folder.join(file), what, remedy: Some(remedy.to_owned()) }
}

/// The object of a JSON file; empty where there is no such file.
fn object(folder: &Path, name: &str) -> Result<Map<String, Value>> {
    if !folder.join(name).exists() {
        return Ok(Map::new());
    }
    let bad = |what: String| Error::BadFile {
        path: folder.join(name),
        what,
        remedy: Some("fetch the checkpoint again".to_owned()),
    };
    let text = folder::read_text(folder, name)?;
    match serde_json::from_str(&text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(bad("not a JSON object".to_owned())),
        Err(error) => Err(bad(format!("not valid JSON: {error}"))),
    }
}

/// A token a line, its number that of the line.
fn word_pieces(text: &str) -> Map<String, Value> {
    let lines = text.strip_suffix('\n').unwrap_or(text).split('\n');
    lines.enumerate().map(|(id, line)| (line.trim_end_matches('\r').to_owned(), id.into())).collect()
}

/// A merge a line, below a line with the version.
fn merge_lines(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with("#version") && !line.trim().is_empty()).collect()
}

/// How a token is written: by itself, or as an object with its properties.
fn content(token: &Value) -> &str {
    token.as_str().or_else(|| token.get("content")?.as_str()).unwrap_or_default()
}

/// Tokens that are found in a text before it is split.
struct Added<'a> {
    vocabulary: &'a Map<String, Value>,
    by_id: BTreeMap<u64, Value>,
}

impl Added<'_> {
    /// Adds a token under `id`.
    fn add(&mut self, id: Option<u64>, token: &Value, special: bool) {
        let Some(id) = id else { return };
        let flag = |name: &str| token.get(name).and_then(Value::as_bool).unwrap_or(false);
        let entry = json!({
            "id": id, "content": content(token), "single_word": flag("single_word"), "lstrip": flag("lstrip"),
            "rstrip": flag("rstrip"), "normalized": flag("normalized"), "special": special,
        });
        self.by_id.insert(id, entry);
    }

    /// Makes sure of a special token, and gives its id; one that the settings list with its properties keeps them.
    fn special(&mut self, token: &Value) -> Option<u64> {
        let listed =
            self.by_id.iter().find(|(_, other)| other.get("content") == Some(&content(token).into()));
        let listed = listed.map(|(id, _)| *id);
        let id = self.vocabulary.get(content(token)).and_then(Value::as_u64).or(listed)?;
        if listed.is_none() || token.is_object() {
            self.add(Some(id), token, true);
        }
        Some(id)
    }
}

/// The sentence between the two tokens, either of which may not be there.
fn template([before, after]: [Option<Token>; 2]) -> Value {
    let piece = |token: &Option<Token>| {
        token.as_ref().map(|(token, _)| json!({"SpecialToken": {"id": token, "type_id": 0}}))
    };
    let sentence = json!({"Sequence": {"id": "A", "type_id": 0}});
    let single: Vec<Value> = piece(&before).into_iter().chain([sentence]).chain(piece(&after)).collect();
    let tokens: Map<String, Value> = [before, after]
        .into_iter()
        .flatten()
        .map(|(token, id)| (token.clone(), json!({"id": token, "ids": [id], "tokens": [token]})))
        .collect();
    // Never used: a stimulus is one sentence.
    let pair = [single.clone(), vec![json!({"Sequence": {"id": "B", "type_id": 1}})]].concat();
    json!({"type": "TemplateProcessing", "single": single, "pair": pair, "special_tokens": tokens})
}
