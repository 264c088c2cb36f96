//! From what a user calls a model to its checkpoint: a folder, this program, the cache, or the network, in that order.

use super::cache::{self, Repo};
use super::checkpoint::{self, Checkpoint};
use super::error::{Error, Result};
use super::fetch::Fetch;
use super::names::{self, Name};
use super::options::Hub;
use super::{embedded, folder};
use crate::progress::Progress;
use crate::text::join_and;
use crate::tokens::{self, TokenizerText};

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
            let found = checkpoint::read(&path, path.display().to_string(), None, hub.weights)?;
            doubt(&found.tokenizer, progress);
            Ok(found)
        }
        Name::Embedded(model) => embedded::checkpoint(model, revision),
        Name::Hub(id) => from_hub(name, &id, hub, progress),
    }
}

/// What the name of a model resolved to, and its tokenizer. The weights are neither read nor downloaded.
///
/// # Errors
///
/// As [`resolve`].
pub fn tokenizer(name: &str, hub: &Hub, progress: &dyn Progress) -> Result<(String, TokenizerText)> {
    let id = match names::interpret(name)? {
        Name::Folder(path) if hub.revision.is_none() => {
            let tokenizer = checkpoint::tokenizer(&path)?;
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
    let cached = cached.and_then(|commit| checkpoint::tokenizer(&repo.snapshot(&commit)).ok());
    let text = match cached {
        Some(text) => text,
        None if hub.offline => return from_hub(name, &id, hub, progress).map(|found| (id, found.tokenizer)),
        None => Fetch::new(name, &id, hub, repo, progress)?.tokenizer()?,
    };
    doubt(&text, progress);
    Ok((id, text))
}

/// Says what is not certain about a tokenizer.
fn doubt(tokenizer: &TokenizerText, progress: &dyn Progress) {
    for doubt in &tokenizer.doubts {
        progress.warn(doubt);
    }
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
    let whole = |repo: &Repo| repo.knows_settings(revision);
    let unsure = cached.is_ok() && !whole(&repo) && !former.as_ref().is_some_and(whole);
    if let (Ok(cached), true, true) = (&mut cached, unsure, hub.offline) {
        cached.tokenizer.doubts.push(format!(
            "the cache may lack files of the tokenizer of {id} ({}), and HF_HUB_OFFLINE is set: without it they are asked for",
            join_and(&tokens::SETTINGS)
        ));
    }
    let may_move = unsure || (hub.revision.is_some() && !cache::is_commit(revision));
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
