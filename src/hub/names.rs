//! What a user may call a model: a folder, the embedded model, a short alias, or a Hub id.

use std::path::{Path, PathBuf};

use super::embedded::{self, Embedded};
use super::error::{Error, Result};
use super::folder;
use crate::text::near_matches;

/// Short names and old names, and the Hub id that each stands for.
pub const ALIASES: &[(&str, &str)] = &[
    ("bert-base", "google-bert/bert-base-uncased"),
    ("bert-base-uncased", "google-bert/bert-base-uncased"),
    ("bert-base-cased", "google-bert/bert-base-cased"),
    ("bert-base-multilingual-cased", "google-bert/bert-base-multilingual-cased"),
    ("bert-large", "google-bert/bert-large-uncased"),
    ("bert-large-uncased", "google-bert/bert-large-uncased"),
    ("bert-large-cased", "google-bert/bert-large-cased"),
    ("mbert", "google-bert/bert-base-multilingual-cased"),
    ("minilm", "sentence-transformers/all-MiniLM-L6-v2"),
    ("minilm-l6", "sentence-transformers/all-MiniLM-L6-v2"),
    ("minilm-l12", "sentence-transformers/all-MiniLM-L12-v2"),
    ("mpnet", "sentence-transformers/all-mpnet-base-v2"),
    ("bge-small", "BAAI/bge-small-en-v1.5"),
    ("bge-base", "BAAI/bge-base-en-v1.5"),
    ("gte-base", "thenlper/gte-base"),
    ("e5-base", "intfloat/e5-base-v2"),
    ("roberta-base", "FacebookAI/roberta-base"),
    ("roberta-large", "FacebookAI/roberta-large"),
    ("xlm-roberta-base", "FacebookAI/xlm-roberta-base"),
    ("xlm-roberta-large", "FacebookAI/xlm-roberta-large"),
    ("camembert-base", "almanach/camembert-base"),
    ("distilbert", "distilbert/distilbert-base-uncased"),
    ("distilbert-base-uncased", "distilbert/distilbert-base-uncased"),
    ("distilbert-base-cased", "distilbert/distilbert-base-cased"),
    ("distilroberta-base", "distilbert/distilroberta-base"),
    ("distilgpt2", "distilbert/distilgpt2"),
    ("albert-base", "albert/albert-base-v2"),
    ("albert-base-v2", "albert/albert-base-v2"),
    ("electra-base", "google/electra-base-discriminator"),
    ("electra-small", "google/electra-small-discriminator"),
    ("deberta-v3-small", "microsoft/deberta-v3-small"),
    ("deberta-v3-base", "microsoft/deberta-v3-base"),
    ("deberta-v3-large", "microsoft/deberta-v3-large"),
    ("modernbert-base", "answerdotai/ModernBERT-base"),
    ("modernbert-large", "answerdotai/ModernBERT-large"),
    ("gpt2", "openai-community/gpt2"),
    ("gpt2-medium", "openai-community/gpt2-medium"),
    ("gpt2-large", "openai-community/gpt2-large"),
    ("gpt2-xl", "openai-community/gpt2-xl"),
    ("gpt-neo-125m", "EleutherAI/gpt-neo-125m"),
    ("pythia-14m", "EleutherAI/pythia-14m"),
    ("pythia-70m", "EleutherAI/pythia-70m"),
    ("pythia-160m", "EleutherAI/pythia-160m"),
    ("pythia-410m", "EleutherAI/pythia-410m"),
    ("pythia-1b", "EleutherAI/pythia-1b"),
    ("pythia-1.4b", "EleutherAI/pythia-1.4b"),
    ("pythia-2.8b", "EleutherAI/pythia-2.8b"),
    ("opt-125m", "facebook/opt-125m"),
    ("opt-350m", "facebook/opt-350m"),
    ("bloom-560m", "bigscience/bloom-560m"),
    ("llama-3.2-1b", "meta-llama/Llama-3.2-1B"),
    ("qwen2.5-0.5b", "Qwen/Qwen2.5-0.5B"),
    ("qwen3-0.6b", "Qwen/Qwen3-0.6B"),
    ("smollm2-135m", "HuggingFaceTB/SmolLM2-135M"),
    ("t5-small", "google-t5/t5-small"),
    ("t5-base", "google-t5/t5-base"),
    ("flan-t5-small", "google/flan-t5-small"),
    ("flan-t5-base", "google/flan-t5-base"),
    ("bart-base", "facebook/bart-base"),
    ("mamba-130m", "state-spaces/mamba-130m-hf"),
];

/// Organisations whose models once had an id without an organisation, under which an older download may lie.
const ONCE_WITHOUT_ORGANISATION: &[&str] =
    &["FacebookAI", "albert", "almanach", "distilbert", "google-bert", "google-t5", "openai-community"];

/// What a name turned out to be.
#[derive(Debug)]
pub(super) enum Name {
    /// A folder on this machine.
    Folder(PathBuf),
    /// A model embedded in the binary.
    Embedded(&'static Embedded),
    /// A model of the Hub.
    Hub(String),
}

/// Tells what `name` is.
///
/// What begins like a path or has two slashes can only be a path. Else a folder wins if it holds a checkpoint, or part of
/// one; results that were written to a folder called `tiny-bert` or `EleutherAI/pythia-70m` do not hide the model.
pub(super) fn interpret(name: &str) -> Result<Name> {
    let path = Path::new(name);
    let looks_like_path = name.starts_with(['.', '/', '~', '\\'])
        || path.is_absolute()
        || name.ends_with(['/', '\\'])
        || name.matches(['/', '\\']).count() > 1;
    let known = known(name);
    let is_id = known.is_some() || check_id(name).is_ok();
    if looks_like_path || folder::holds_checkpoint(path) || (path.exists() && !(path.is_dir() && is_id)) {
        return if path.is_dir() {
            Ok(Name::Folder(path.to_owned()))
        } else if path.exists() {
            Err(Error::NotAFolder { path: path.to_owned() })
        } else {
            Err(Error::NoFolder { path: path.to_owned() })
        };
    }
    if let Some(known) = known {
        return Ok(known);
    }
    check_id(name).map_err(|what| Error::BadName { name: name.to_owned(), what })?;
    Ok(Name::Hub(name.to_owned()))
}

/// The embedded model or the Hub id that a known name stands for.
fn known(name: &str) -> Option<Name> {
    let lower = name.to_lowercase();
    if let Some(model) = embedded::MODELS.iter().find(|model| model.name == lower) {
        return Some(Name::Embedded(model));
    }
    ALIASES.iter().find(|(alias, _)| *alias == lower).map(|(_, id)| Name::Hub((*id).to_owned()))
}

/// The id of an older download of the same model.
pub(super) fn former_id(id: &str) -> Option<&str> {
    let (organisation, name) = id.split_once('/')?;
    ONCE_WITHOUT_ORGANISATION.contains(&organisation).then_some(name)
}

/// Known names near to what the user typed; none when it is itself known.
pub(super) fn near(name: &str) -> Vec<String> {
    if known(name).is_some() || ALIASES.iter().any(|(_, id)| *id == name) {
        return Vec::new();
    }
    let ids = ALIASES.iter().map(|(_, id)| *id);
    let aliases = ALIASES.iter().map(|(alias, _)| *alias);
    let embedded = embedded::MODELS.iter().map(|model| model.name);
    let known: std::collections::BTreeSet<&str> =
        if name.contains('/') { ids.collect() } else { aliases.chain(embedded).collect() };
    near_matches(name, known).into_iter().map(str::to_owned).collect()
}

/// The Hub's rules for an id: they also keep it from leaving the cache's folder.
fn check_id(id: &str) -> Result<(), String> {
    if id.is_empty() {
        return Err("it is empty".to_owned());
    }
    if id.len() > 96 {
        return Err("it is longer than 96 letters".to_owned());
    }
    if let Some(letter) = id.chars().find(|c| !c.is_ascii_alphanumeric() && !"-_./".contains(*c)) {
        return Err(format!("`{}` cannot be part of one", letter.escape_default()));
    }
    if id.contains("--") || id.contains("..") {
        return Err("`--` and `..` cannot be part of one".to_owned());
    }
    if id.split('/').any(|part| part.is_empty() || part.starts_with(['-', '.']) || part.ends_with(['-', '.']))
    {
        return Err("no part of one begins or ends with `-` or `.`".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(name: &str) -> String {
        match interpret(name).unwrap() {
            Name::Hub(id) => id,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn aliases_and_old_names_lead_to_the_hub_id() {
        assert_eq!(hub("bert-base"), "google-bert/bert-base-uncased");
        assert_eq!(hub("BERT-base-uncased"), "google-bert/bert-base-uncased");
        assert_eq!(hub("minilm"), "sentence-transformers/all-MiniLM-L6-v2");
        assert_eq!(hub("EleutherAI/pythia-70m"), "EleutherAI/pythia-70m");
        assert_eq!(hub("some-old-model"), "some-old-model");
        assert_eq!(former_id("openai-community/gpt2"), Some("gpt2"));
        assert_eq!(former_id("EleutherAI/pythia-70m"), None);
    }

    #[test]
    fn every_alias_is_lowercase_once_and_leads_to_a_valid_id() {
        let mut names: Vec<&str> = ALIASES.iter().map(|(alias, _)| *alias).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALIASES.len());
        for (alias, id) in ALIASES {
            assert_eq!(*alias, alias.to_lowercase());
            assert!(check_id(id).is_ok() && id.contains('/'), "{id}");
        }
    }

    #[test]
    fn what_is_written_like_a_path_is_never_asked_of_the_hub() {
        for path in ["./nowhere", "/nowhere/model", "a/b/c", "~/model", "nowhere/"] {
            assert!(matches!(interpret(path), Err(Error::NoFolder { .. })), "{path}");
        }
        assert!(matches!(interpret("Cargo.toml"), Err(Error::NotAFolder { .. })));
    }

    #[test]
    fn a_name_that_the_hub_cannot_have_is_refused() {
        for name in ["", "org/na me", "org/../secret", "org/a--b", "-x/y", "modèle", "x?y", "org/a..b"] {
            assert!(matches!(interpret(name), Err(Error::BadName { .. } | Error::NoFolder { .. })), "{name}");
        }
    }

    #[test]
    fn results_in_a_folder_of_that_name_do_not_hide_a_model() {
        assert_eq!(hub("src/hub"), "src/hub");
        let home = tempfile::tempdir().unwrap();
        assert!(!folder::holds_checkpoint(home.path()));
        std::fs::write(home.path().join("tokenizer.json"), "{}").unwrap();
        assert!(folder::holds_checkpoint(home.path()));
        assert!(matches!(interpret(home.path().to_str().unwrap()), Ok(Name::Folder(_))));
    }

    #[test]
    fn a_typo_has_near_names() {
        assert_eq!(near("bert-bse")[0], "bert-base");
        assert_eq!(near("google-bert/bert-base-uncasd")[0], "google-bert/bert-base-uncased");
        assert!(
            near("zzzzzzzz").is_empty()
                && near("bert-base").is_empty()
                && near("facebook/bart-base").is_empty()
        );
    }
}
