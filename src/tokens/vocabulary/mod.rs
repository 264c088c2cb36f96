//! A tokenizer from the files of a vocabulary, where a checkpoint has no `tokenizer.json`.
//!
//! | files | tokenizer | built for |
//! | --- | --- | --- |
//! | `vocab.txt` | `WordPiece` | BERT, DistilBERT, ELECTRA, MPNet |
//! | `vocab.json`, `merges.txt` | byte-level BPE | GPT-2, GPT-Neo, OPT, `CodeGen`; GPT-NeoX; Qwen 2; RoBERTa, BART |
//! | `spiece.model` | sentencepiece | T5, mT5, ALBERT |
//! | `spm.model` | sentencepiece | DeBERTa-v2 and -v3 |
//! | `sentencepiece.bpe.model` | sentencepiece | XLM-RoBERTa, CamemBERT, mBART; with `vocab.json` M2M-100 |
//! | `tokenizer.model` | sentencepiece | Llama, Mistral, Gemma, and their kin |
//!
//! What comes out is the text of the `tokenizer.json` that Hugging Face transformers (5.24) builds from the same files
//! (`tokenization_bert.py`, `tokenization_t5.py` and so on), read with `tokenizer_config.json`, `special_tokens_map.json` and
//! `added_tokens.json` where they are there. DeBERTa's and mBART's are as 4.57 builds them (`convert_slow_tokenizer.py`), which
//! keeps the normalization of the model. What would not be the same is refused.

mod added;
mod families;
mod merges;
mod plain;
mod proto;
mod sentencepiece;
mod special;
mod steps;
mod wire;
mod words;

use std::path::Path;

use super::class;
use super::error::Result;
use super::settings::Settings;
use super::text::{Applied, TokenizerText};
use families::Family;

/// The files of the vocabularies that a tokenizer is built from: one of these sets.
const VOCABULARIES: [&[&str]; 7] = [
    &["vocab.txt"],
    &["vocab.json", "merges.txt"],
    &["spiece.model"],
    &["spm.model"],
    &["vocab.json", "sentencepiece.bpe.model"],
    &["sentencepiece.bpe.model"],
    &["tokenizer.model"],
];

/// The sets of files to ask the Hub for where there is no `tokenizer.json`, the one that the settings in `folder` call for first;
/// `config` is the text of `config.json`.
///
/// # Errors
///
/// Settings that cannot be read.
pub fn wanted(folder: &Path, config: &str) -> Result<Vec<&'static [&'static str]>> {
    let family = Family::of(&Settings::read(folder, config)?);
    Ok(family.map(Family::files).into_iter().chain(VOCABULARIES).collect())
}

/// The tokenizer that the files of a vocabulary make; `None` where there are none.
pub(super) fn tokenizer(settings: &Settings<'_>) -> Result<Option<TokenizerText>> {
    let has = |name: &&str| settings.folder.join(name).exists();
    let Some(first) = VOCABULARIES.iter().find(|files| files.iter().all(has)) else { return Ok(None) };
    if let Some(family) = Family::of(settings).filter(|family| family.files().iter().all(has)) {
        let json = sentencepiece::tokenizer(settings, family)?;
        let text = built(json, settings, family.files(), Vec::new())?;
        let doubts = sentencepiece::doubt(settings, family).into_iter().collect();
        return Ok(Some(TokenizerText { doubts, ..text }));
    }
    match first.last() {
        Some(file) if !words::FILES.contains(file) => {
            sentencepiece::refuse_tiktoken(settings, file)?;
            Err(settings.unknown(file, "a sentencepiece model"))
        }
        _ => {
            let (json, applied) = words::tokenizer(settings, first)?;
            Ok(Some(built(json, settings, first, applied)?))
        }
    }
}

/// A tokenizer that was built, and what from.
fn built(
    json: String,
    settings: &Settings<'_>,
    files: &[&str],
    applied: Vec<(String, String)>,
) -> Result<TokenizerText> {
    let split_special_tokens = settings.switch("split_special_tokens")?.unwrap_or(false);
    let file = files.join(" and ");
    let mut all = vec![(format!("built as by {}", settings.whose()), file.clone())];
    all.extend(applied);
    if split_special_tokens {
        all.push(class::split_special_tokens());
    }
    let applied = all.into_iter().map(|(what, from)| Applied { what, from }).collect();
    let roles = settings.roles();
    Ok(TokenizerText { json, file, split_special_tokens, roles, applied, doubts: Vec::new() })
}
