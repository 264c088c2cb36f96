//! The tokenizer of a checkpoint, from its files: what the model reads.
//!
//! `tokenizer.json` is not the whole tokenizer. The files beside it name a class and its settings, and declare tokens; Hugging Face
//! transformers applies them on top. [`read`] gives the text of the `tokenizer.json` that comes of it, and says what was applied
//! and which file said so:
//!
//! | step | what | files |
//! | --- | --- | --- |
//! | `class` | whose tokenizer it is | `tokenizer_config.json`, `config.json` |
//! | `document` | `tokenizer.json` in parts; or `vocabulary`: built from the files of one | |
//! | `declared` | tokens that are found whole | `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json` |
//! | `heeded` | letter case, accents, a space before the text, languages, both ends | `tokenizer_config.json` |
//! | `patterns` | patterns that this program's engine would read in another way | `tokenizer.json` |
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `error` | what can be wrong with these files |
//! | `io`, `text` | texts and objects of a folder; what comes of it all |
//! | `languages`, `template` | codes of languages; what stands around a sentence |
//! | `settings` | the files beside a vocabulary |
//! | `document`, `class` | `tokenizer.json` in parts; the classes and what they do |
//! | `declared` | the tokens that other files declare |
//! | `heeded`, `patterns` | what the class heeds; patterns for the engine here |
//! | `vocabulary` | a tokenizer from the files of a vocabulary |
//!
//! Releases of transformers disagree in places; `docs/tokenizers.md` has the table, and what is done here. What this module is
//! not: it runs no tokenizer ([`models`](crate::models) does), and asks no network.

mod class;
mod declared;
mod document;
mod error;
mod heeded;
mod io;
mod languages;
mod patterns;
mod settings;
mod template;
mod text;
mod vocabulary;

use std::path::Path;

pub use error::{Error, Result};
pub use settings::SETTINGS;
pub use text::{Applied, ROLES, TokenizerText};
pub use vocabulary::wanted;

use class::{Kind, Reader};
use document::Document;
use settings::{CONFIG, Settings, TOKENIZER};

/// The tokenizer of the checkpoint in `folder`; `None` where it has neither `tokenizer.json` nor the files of a vocabulary.
///
/// # Errors
///
/// A file that cannot be read or followed; each names the file and what to do.
pub fn read(folder: &Path) -> Result<Option<TokenizerText>> {
    let config = if folder.join(CONFIG).exists() { io::read_text(folder, CONFIG)? } else { String::new() };
    read_as(folder, &config)
}

/// The same for a model whose `config.json` is `config`, and does not stand in the folder: that of an adapter.
///
/// # Errors
///
/// As [`read`].
pub fn read_as(folder: &Path, config: &str) -> Result<Option<TokenizerText>> {
    let settings = Settings::read(folder, config)?;
    if !folder.join(TOKENIZER).exists() {
        return vocabulary::tokenizer(&settings);
    }
    let text = io::read_text(folder, TOKENIZER)?;
    let reader = class::reader(&settings, Some(&text))?;
    if reader.class.kind == Kind::M2m100 {
        let built = vocabulary::tokenizer(&settings)?;
        let lacking = || {
            let file = settings.class_file;
            settings.foreign(file, format!(
                "{} reads vocab.json and sentencepiece.bpe.model and not tokenizer.json, and one of the two is not there",
                reader.class.name
            ))
        };
        return built.map(Some).ok_or_else(lacking);
    }
    amend(&text, &settings, reader).map(Some)
}

/// What a class makes of the text of a `tokenizer.json`.
fn amend(text: &str, settings: &Settings<'_>, reader: Reader) -> Result<TokenizerText> {
    let wrong = |what: String| io::bad(settings.folder, TOKENIZER, what);
    if settings.general.get("fast_tokenizer_files").is_some_and(|files| !files.is_null()) {
        return Err(settings.foreign(
            SETTINGS[0],
            "`fast_tokenizer_files` names a tokenizer.json for each release of transformers".to_owned(),
        ));
    }
    if settings.switch("fix_mistral_regex")? == Some(true) {
        return Err(settings.foreign(
            SETTINGS[0],
            "`fix_mistral_regex` replaces the pattern that the text is cut by".to_owned(),
        ));
    }
    let mut document = Document::parse(text).map_err(wrong)?;
    let Reader { class, because, doubt } = reader;
    let mut applied = vec![(format!("read as by {}", class.name), because)];
    let (roles, tokens) = declared::add(&mut document, settings, &class)?;
    applied.extend(tokens);
    let heeded = heeded::apply(&mut document, settings, &class, &roles)?;
    applied.extend(heeded.applied);
    let split_special_tokens = settings.switch("split_special_tokens")?.unwrap_or(false);
    if split_special_tokens {
        applied.push(class::split_special_tokens());
    }
    for pattern in patterns::rewrite(&mut document).map_err(|what| settings.foreign_pattern(what))? {
        applied.push((pattern, "the engine of patterns".to_owned()));
    }
    let doubts = doubt.into_iter().chain(heeded.doubts).collect();
    let applied = applied.into_iter().map(|(what, from)| Applied { what, from }).collect();
    let json = document.into_text().map_err(wrong)?;
    let roles = settings.roles();
    Ok(TokenizerText { json, file: TOKENIZER.to_owned(), split_special_tokens, roles, applied, doubts })
}
