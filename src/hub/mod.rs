//! A model id or folder becomes the files of a checkpoint. Offline first; the one place that touches the network.
//!
//! [`resolve`] takes what a user calls a model and gives a [`Checkpoint`]:
//!
//! | name | example | where the files are |
//! | --- | --- | --- |
//! | a folder | `./my-bert` | there |
//! | an embedded model | `tiny-bert` | in this program |
//! | an alias | `bert-base` | as its Hub id ([`ALIASES`]) |
//! | a Hub id | `EleutherAI/pythia-70m` | in the cache, else downloaded into it |
//!
//! The cache is the Python hub's, file for file, so that nothing is fetched twice. A model that is wholly in the cache
//! costs no request, and so keeps the commit it was first fetched at; a named branch or tag (`--revision main`) is
//! asked for again. What this module is not: it does not read weights, and knows no architecture.

mod address;
mod cache;
mod download;
pub mod embedded;
mod error;
mod fetch;
mod folder;
mod http;
mod identity;
mod names;
mod options;
mod verify;

use std::path::PathBuf;

pub use error::{Error, Result};
pub use identity::{content, identity, is_checkpoint};
pub use names::ALIASES;
pub use options::{Hub, Patience};

use crate::progress::Progress;
use crate::tokens::{self, TokenizerText};
use cache::Repo;
use fetch::Fetch;
use names::Name;

/// Where the weights of a checkpoint lie.
#[derive(Debug, Clone)]
pub enum Weights {
    /// Safetensors files (one, or the shards of one checkpoint).
    Safetensors(Vec<PathBuf>),
    /// PyTorch's own files (one, or the shards of one checkpoint).
    Pytorch(Vec<PathBuf>),
    /// A safetensors file in memory (the embedded model).
    Embedded(&'static [u8]),
    /// Not asked for ([`Hub::weights`]).
    Absent,
}

/// The files of one checkpoint, found and ready to be read.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    /// What the user's name resolved to: a Hub id, a folder, or the embedded model's name.
    pub id: String,
    /// The commit that the id resolved to, for a checkpoint of the Hub; the embedded model's training step.
    pub commit: Option<String>,
    /// The text of `config.json`.
    pub config: String,
    /// The tokenizer, as its class reads it.
    pub tokenizer: TokenizerText,
    /// Where the weights are.
    pub weights: Weights,
}

/// Finds the files of the model that a user calls `name`, downloading what the cache lacks.
///
/// `progress` is told what the name resolved to, and counts the bytes of each download.
///
/// # Errors
///
/// [`Error`], whose hint says what to do: a folder without one of its files, an unknown name or revision, a cache that
/// cannot be written, no network, or a server that refuses.
pub fn resolve(name: &str, hub: &Hub, progress: &dyn Progress) -> Result<Checkpoint> {
    let revision = hub.revision.as_deref();
    match names::interpret(name)? {
        Name::Folder(path) => {
            folder::no_revision(&path, revision)?;
            let found = folder::read(&path, path.display().to_string(), None, hub.weights)?;
            doubt(&found.tokenizer, progress);
            Ok(found)
        }
        Name::Embedded(model) => embedded::checkpoint(model, revision),
        Name::Hub(id) => from_hub(name, &id, hub, progress),
    }
}

/// Says what is not certain about a tokenizer.
fn doubt(tokenizer: &TokenizerText, progress: &dyn Progress) {
    for doubt in &tokenizer.doubts {
        progress.warn(doubt);
    }
}

/// What the name of a model resolved to, and its tokenizer. The weights are neither
/// read nor downloaded.
///
/// # Errors
///
/// As [`resolve`].
pub fn tokenizer(name: &str, hub: &Hub, progress: &dyn Progress) -> Result<(String, TokenizerText)> {
    let id = match names::interpret(name)? {
        Name::Folder(path) if hub.revision.is_none() => {
            let tokenizer = folder::tokenizer(&path)?;
            doubt(&tokenizer, progress);
            return Ok((path.display().to_string(), tokenizer));
        }
        Name::Hub(id) => id,
        Name::Folder(_) | Name::Embedded(_) => {
            let checkpoint = resolve(name, hub, progress)?;
            return Ok((checkpoint.id, checkpoint.tokenizer));
        }
    };
    let cache = hub.cache.as_deref().ok_or(Error::NoCache)?;
    let repo = Repo::new(cache, &id);
    let revision = hub.revision.as_deref().unwrap_or("main");
    let cached = repo.commit(revision).filter(|_| hub.offline || repo.knows_settings(revision));
    let cached = cached.and_then(|commit| folder::tokenizer(&repo.snapshot(&commit)).ok());
    let text = match cached {
        Some(text) => text,
        None if hub.offline => from_hub(name, &id, hub, progress)?.tokenizer,
        None => Fetch::new(name, &id, hub, repo, progress)?.tokenizer()?,
    };
    doubt(&text, progress);
    Ok((id, text))
}

/// The checkpoint of a Hub model: from the cache when it has all of it and no branch or tag is named, else from the Hub.
fn from_hub(name: &str, id: &str, hub: &Hub, progress: &dyn Progress) -> Result<Checkpoint> {
    let cache = hub.cache.as_deref().ok_or(Error::NoCache)?;
    let revision = hub.revision.as_deref().unwrap_or("main");
    if !cache::is_revision(revision) {
        let (name, what) = ("--revision", "which no branch, tag or commit can be called");
        return Err(Error::BadSetting { name, value: revision.to_owned(), what });
    }
    let repo = Repo::new(cache, id);
    let former = names::former_id(id).map(|former| Repo::new(cache, former));
    let mut cached = repo.checkpoint(id, revision, hub.weights);
    if let (Err(Error::MissingFile { .. }), Some(former)) = (&cached, &former) {
        cached = former.checkpoint(id, revision, hub.weights).or(cached);
    }
    let incomplete = cached.is_ok()
        && !repo.knows_settings(revision)
        && !former.as_ref().is_some_and(|former| former.knows_settings(revision));
    if let (Ok(cached), true, true) = (&mut cached, incomplete, hub.offline) {
        cached.tokenizer.doubts.push(format!(
            "the cache may not have all files of the tokenizer of {id} ({}), and HF_HUB_OFFLINE is set: without it they are asked for",
            crate::text::join_and(&tokens::SETTINGS)
        ));
    }
    let may_move = incomplete || (hub.revision.is_some() && !cache::is_commit(revision));
    let found = match (cached, hub.offline) {
        (Err(Error::MissingFile { file, .. }), true) => {
            let lacks = Some(file).filter(|file| file != folder::CONFIG);
            let (id, cache) = (id.to_owned(), cache.to_owned());
            Err(Error::Offline { id, cache, lacks, near: names::near(name) })
        }
        (Err(Error::MissingFile { .. }), false) => {
            // What an older download has of the model need not be fetched again.
            let repo = former.filter(|former| former.exists() && !repo.exists()).unwrap_or(repo);
            Fetch::new(name, id, hub, repo, progress)?.run()
        }
        (Ok(cached), false) if may_move => match Fetch::new(name, id, hub, repo, progress)?.run() {
            Err(error @ (Error::NoNetwork { .. } | Error::Server { .. })) => {
                progress.note(&format!("{error}; using what the cache has of revision {revision}"));
                Ok(cached)
            }
            found => found,
        },
        (cached, _) => cached,
    }?;
    announce(name, &found, progress);
    doubt(&found.tokenizer, progress);
    Ok(found)
}

/// Says what a name resolved to.
fn announce(name: &str, checkpoint: &Checkpoint, progress: &dyn Progress) {
    let commit = checkpoint.commit.as_deref().unwrap_or_default();
    let commit = commit.get(..7).unwrap_or(commit);
    let id = &checkpoint.id;
    let subject = if name == id { id.clone() } else { format!("{name} is {id}") };
    progress.note(&format!("{subject} at commit {commit}"));
}
