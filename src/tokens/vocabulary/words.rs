//! Vocabularies that are lists of words and their parts: `vocab.txt`, or `vocab.json` and `merges.txt`.

use serde_json::{Map, Value, json};

use super::super::class::{self, Class, Kind};
use super::super::declared::{self, Roles};
use super::super::document::Document;
use super::super::error::Result;
use super::super::io;
use super::super::settings::{SETTINGS, Settings};
use super::super::template::{Token, template};

/// The last file of each such vocabulary.
pub(super) const FILES: [&str; 2] = ["vocab.txt", "merges.txt"];

/// The classes that read such a vocabulary in a known way.
const READERS: [&str; 10] = [
    "BertTokenizer",
    "DistilBertTokenizer",
    "ElectraTokenizer",
    "MPNetTokenizer",
    "GPT2Tokenizer",
    "CodeGenTokenizer",
    QWEN2,
    "GPTNeoXTokenizer",
    "RobertaTokenizer",
    "BartTokenizer",
];

const QWEN2: &str = "Qwen2Tokenizer";

/// How Qwen 2 cuts a text: single digits, and line breaks by themselves.
const QWEN2_PATTERN: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

/// The tokens of GPT-NeoX by their roles, where nothing but the class says them.
const NEOX: &[(&str, &str)] = &[
    ("bos_token", "<|endoftext|>"),
    ("eos_token", "<|endoftext|>"),
    ("unk_token", "<|endoftext|>"),
    ("pad_token", "<|padding|>"),
];

/// Whether a class cuts words into pieces of a list.
fn has_pieces(kind: Kind) -> bool {
    matches!(kind, Kind::Bert | Kind::Mpnet)
}

/// The class that reads `files`, if it is known how.
fn reader(settings: &Settings<'_>, files: &[&str]) -> Option<Class> {
    let name = settings.class.as_deref().or_else(|| class::by_model(&settings.model_type))?;
    let class = class::named(name).filter(|class| READERS.contains(&class.name))?;
    // Built from a vocabulary, the mask takes in no blank unless the settings say so (transformers 5.24); MPNet's does.
    let mask = class.mask.filter(|_| class.kind == Kind::Mpnet);
    let roles = if class.kind == Kind::Neox { NEOX } else { class.roles };
    (has_pieces(class.kind) == (files.len() == 1)).then_some(Class { roles, mask, ..class })
}

/// The text of `tokenizer.json` from `files`, all of which are there; and what was applied to it, by file.
pub(super) fn tokenizer(settings: &Settings<'_>, files: &[&str]) -> Result<(String, Vec<(String, String)>)> {
    let class = reader(settings, files).ok_or_else(|| settings.unknown(files[0], "a vocabulary"))?;
    settings.refuse(&["never_split"])?;
    let text = bare(settings, &class, files)?;
    let wrong = |what: String| io::bad(settings.folder, files[0], what);
    let mut document = Document::parse(&text).map_err(wrong)?;
    let (roles, mut said) = declared::add(&mut document, settings, &class)?;
    let listed: Vec<&str> =
        settings.listed().into_iter().filter_map(|(_, token)| token.get("content")?.as_str()).collect();
    for (role, content) in &roles {
        let is_there = document.own_id(content).map_err(wrong)?.is_some();
        if !is_there && !listed.contains(&content.as_str()) && !settings.added.contains_key(content) {
            let what = format!("the vocabulary lacks `{content}`, the {}", role.replace('_', " "));
            return Err(settings.refusal(files[0], what));
        }
    }
    // The class's own tokens are no news.
    said.retain(|(_, from)| SETTINGS.contains(&from.as_str()));
    document.post_processor = around(settings, &class, &document, &roles)?;
    document.changed = true;
    Ok((document.into_text().map_err(wrong)?, said))
}

/// A tokenizer without added tokens, and with nothing around the sentence.
fn bare(settings: &Settings<'_>, class: &Class, files: &[&str]) -> Result<String> {
    let unknown = settings.get("unk_token").unwrap_or(&Value::Null);
    let unknown =
        unknown.as_str().or_else(|| unknown.get("content")?.as_str()).or_else(|| class.role("unk_token"));
    let (normalizer, pre_tokenizer, model) = if has_pieces(class.kind) {
        let normalizer = json!({
            "type": "BertNormalizer", "clean_text": true,
            "handle_chinese_chars": settings.switch("tokenize_chinese_chars")?.unwrap_or(true),
            "strip_accents": settings.switch("strip_accents")?,
            "lowercase": settings.switch("do_lower_case")?.unwrap_or(true),
        });
        let model = json!({
            "type": "WordPiece", "unk_token": unknown, "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
            "vocab": word_pieces(&io::read_text(settings.folder, files[0])?),
        });
        (normalizer, json!({"type": "BertPreTokenizer"}), model)
    } else {
        let prefix = settings.switch("add_prefix_space")?.unwrap_or(false);
        let merges = io::read_text(settings.folder, files[1])?;
        let model = json!({
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
            "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": io::object(settings.folder, files[0])?, "merges": merge_lines(&merges),
        });
        let bytes =
            json!({"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": true, "use_regex": true});
        let composed = json!({"type": "NFC"});
        match class.kind {
            Kind::Neox => (composed, bytes, model),
            _ if class.name == QWEN2 => {
                let cut = json!({"type": "Split", "pattern": {"Regex": QWEN2_PATTERN}, "behavior": "Isolated", "invert": false});
                let bytes = json!({"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": true, "use_regex": false});
                (composed, json!({"type": "Sequence", "pretokenizers": [cut, bytes]}), model)
            }
            _ => (Value::Null, bytes, model),
        }
    };
    let tokenizer = json!({
        "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": normalizer,
        "pre_tokenizer": pre_tokenizer, "post_processor": null, "decoder": null, "model": model,
    });
    Ok(tokenizer.to_string())
}

/// What stands around a sentence.
fn around(settings: &Settings<'_>, class: &Class, document: &Document<'_>, roles: &Roles) -> Result<Value> {
    let named = |role: &str| -> Result<Token> {
        let none = || settings.refusal(SETTINGS[0], format!("there is no {}", role.replace('_', " ")));
        let content = roles.get(role).ok_or_else(none)?;
        let id = document.id(content).map_err(|what| settings.refusal(SETTINGS[0], what))?;
        Ok((content.clone(), id.ok_or_else(none)?))
    };
    Ok(match class.kind {
        Kind::Bert => template(&[named("cls_token")?], &[named("sep_token")?]),
        Kind::Mpnet => json!({
            "type": "RobertaProcessing", "sep": named("sep_token")?, "cls": named("cls_token")?, "trim_offsets": true,
            "add_prefix_space": false,
        }),
        Kind::Roberta => json!({
            "type": "RobertaProcessing", "sep": named("sep_token")?, "cls": named("cls_token")?,
            "trim_offsets": settings.switch("trim_offsets")?.unwrap_or(true),
            "add_prefix_space": settings.switch("add_prefix_space")?.unwrap_or(false),
        }),
        _ => {
            let if_wanted = |wanted: &str, role: &str| -> Result<Vec<Token>> {
                if settings.switch(wanted)? == Some(true) { Ok(vec![named(role)?]) } else { Ok(Vec::new()) }
            };
            template(&if_wanted("add_bos_token", "bos_token")?, &if_wanted("add_eos_token", "eos_token")?)
        }
    })
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
