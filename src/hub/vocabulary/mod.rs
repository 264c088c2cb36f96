//! A tokenizer from the files of a vocabulary, where a checkpoint has no `tokenizer.json`.
//!
//! | files | tokenizer | built for |
//! | --- | --- | --- |
//! | `vocab.txt` | `WordPiece` | BERT, DistilBERT, ELECTRA |
//! | `vocab.json`, `merges.txt` | byte-level BPE | GPT-2, GPT-Neo, OPT; RoBERTa, BART |
//! | `spiece.model` | sentencepiece | T5, mT5, ALBERT |
//! | `spm.model` | sentencepiece | DeBERTa-v2 and -v3 |
//! | `sentencepiece.bpe.model` | sentencepiece | XLM-RoBERTa, CamemBERT, mBART; with `vocab.json` M2M-100 |
//! | `tokenizer.model` | sentencepiece | Llama, Mistral, Gemma, and their kin |
//!
//! What comes out is the text of the `tokenizer.json` that Hugging Face transformers (5.24) builds from the same files
//! (`tokenization_bert.py`, `tokenization_t5.py` and so on), read with `tokenizer_config.json`, `special_tokens_map.json` and
//! `added_tokens.json` where they are there. What would not be the same is refused.

mod added;
mod families;
mod merges;
mod plain;
mod proto;
mod sentencepiece;
mod settings;
mod special;
mod steps;
mod words;

use std::path::Path;

pub(super) use settings::SETTINGS;

use super::error::Result;
use families::Family;
use settings::Settings;

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

/// The sets of files to ask the Hub for, the one that the settings in `folder` call for first.
pub(super) fn wanted(folder: &Path, config: &str) -> Result<Vec<&'static [&'static str]>> {
    let family = Family::of(&Settings::read(folder, config)?);
    Ok(family.map(Family::files).into_iter().chain(VOCABULARIES).collect())
}

/// The text of `tokenizer.json` for the checkpoint in `folder`; `None` where it has no files of a vocabulary.
pub(super) fn tokenizer(folder: &Path, config: &str) -> Result<Option<String>> {
    let has = |name: &&str| folder.join(name).exists();
    let Some(first) = VOCABULARIES.iter().find(|files| files.iter().all(has)) else { return Ok(None) };
    let settings = Settings::read(folder, config)?;
    if let Some(family) = Family::of(&settings).filter(|family| family.files().iter().all(has)) {
        return sentencepiece::tokenizer(&settings, family).map(Some);
    }
    match first.last() {
        Some(file) if !words::FILES.contains(file) => Err(settings.unknown(file, "a sentencepiece model")),
        _ => words::tokenizer(&settings, first).map(Some),
    }
}
