//! Vocabularies that are lists of words and their parts: `vocab.txt`, or `vocab.json` and `merges.txt`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::error::Result;
use super::super::folder;
use super::added::{Added, ROBERTA, Token, content, template};
use super::settings::{MORE, SETTINGS, Settings, object};

/// The last file of each such vocabulary.
pub(super) const FILES: [&str; 2] = ["vocab.txt", "merges.txt"];

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
        match class {
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
            Self::Roberta => ROBERTA,
        }
    }
}

/// The text of `tokenizer.json` from `files`, all of which are there.
pub(super) fn tokenizer(settings: &Settings<'_>, files: &[&str]) -> Result<String> {
    let kind = Kind::of(settings.class.as_deref(), &settings.model_type);
    let Some(kind) = kind.filter(|kind| (*kind == Kind::Bert) == (files.len() == 1)) else {
        return Err(settings.unknown(files[0], "a vocabulary"));
    };
    settings.refuse(&["never_split", MORE, "extra_special_tokens"])?;
    let (vocabulary, merges) = match kind {
        Kind::Bert => (word_pieces(&folder::read_text(settings.folder, files[0])?), String::new()),
        Kind::Gpt2 | Kind::Roberta => {
            (object(settings.folder, files[0])?, folder::read_text(settings.folder, files[1])?)
        }
    };
    let mut added = Added::within(&vocabulary);
    let special = special_tokens(settings, kind, files[0], &mut added)?;
    let named = |name: &str| -> Result<Token> {
        special
            .get(name)
            .cloned()
            .ok_or_else(|| settings.refusal(SETTINGS[0], format!("there is no {}", name.replace('_', " "))))
    };
    let prefix = settings.flag("add_prefix_space", false);
    let byte_level = json!({
        "type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": true, "use_regex": true,
    });
    let (normalizer, pre_tokenizer, post_processor) = match kind {
        Kind::Bert => (
            json!({
                "type": "BertNormalizer", "clean_text": true,
                "handle_chinese_chars": settings.flag("tokenize_chinese_chars", true),
                "strip_accents": settings.general.get("strip_accents").and_then(Value::as_bool),
                "lowercase": settings.flag("do_lower_case", true),
            }),
            json!({"type": "BertPreTokenizer"}),
            template(&[named("cls_token")?], &[named("sep_token")?]),
        ),
        Kind::Gpt2 => {
            let around = |wanted: &str, name: &str| -> Result<Vec<Token>> {
                if settings.flag(wanted, false) { Ok(vec![named(name)?]) } else { Ok(Vec::new()) }
            };
            let before = around("add_bos_token", "bos_token")?;
            (Value::Null, byte_level, template(&before, &around("add_eos_token", "eos_token")?))
        }
        Kind::Roberta => (
            Value::Null,
            byte_level,
            json!({
                "type": "RobertaProcessing", "sep": named("sep_token")?, "cls": named("cls_token")?,
                "trim_offsets": settings.flag("trim_offsets", true), "add_prefix_space": prefix,
            }),
        ),
    };
    let added = added.into_values();
    let model = match kind {
        Kind::Bert => json!({
            "type": "WordPiece", "unk_token": named("unk_token")?.0,
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
    Ok(tokenizer.to_string())
}

/// Adds every token that the settings list and every special one; gives the special ones by their roles. `file` is the
/// vocabulary.
fn special_tokens(
    settings: &Settings<'_>,
    kind: Kind,
    file: &str,
    tokens: &mut Added<'_>,
) -> Result<BTreeMap<&'static str, Token>> {
    for (id, token) in settings.listed() {
        tokens.add(Some(id), token, token.get("special") == Some(&Value::Bool(true)));
    }
    for (token, id) in &settings.added {
        tokens.add(id.as_u64(), &json!({"content": token, "normalized": true}), false);
    }
    let mut special = BTreeMap::new();
    for (name, default) in kind.specials() {
        let default = Value::from(*default);
        let token = settings.get(name).unwrap_or(&default);
        let content = content(token).to_owned();
        if content.is_empty() {
            continue;
        }
        let Some(id) = tokens.ensure(token, true) else {
            let what = format!("the vocabulary lacks `{content}`, the {}", name.replace('_', " "));
            return Err(settings.refusal(file, what));
        };
        special.insert(*name, (content, id));
    }
    Ok(special)
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
