//! From what a user calls a model to its checkpoint: a folder, this program, the cache, or the network, in that order.

use std::path::Path;

use super::adapter;
use super::cache::{self, Repo};
use super::checkpoint::{self, Checkpoint};
use super::error::{Error, Result};
use super::fetch::{Fetch, Fetched};
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
    let found = match names::interpret(name)? {
        Name::Folder(path) => {
            folder::no_revision(&path, revision)?;
            if !hub.no_adapter && adapter::is_in(&path) {
                let called = (path.display().to_string(), None);
                return adapted(adapter::find(&path)?, called, hub, progress);
            }
            let found = checkpoint::read(&path, path.display().to_string(), None, hub.weights)?;
            say(&found, progress);
            doubt(&found.tokenizer, progress);
            found
        }
        Name::Embedded(model) => embedded::checkpoint(model, revision)?,
        Name::Hub(id) => return from_hub(name, &id, hub, progress),
    };
    no_base_wanted(hub)?;
    Ok(found)
}

/// Complains of `--base` for what is no adapter.
fn no_base_wanted(hub: &Hub) -> Result<()> {
    match &hub.base {
        Some(base) if hub.no_adapter => {
            let what = "which goes with an adapter, and --no-adapter leaves it out";
            Err(Error::BadSetting { name: "--base", value: base.clone(), what })
        }
        Some(base) => {
            let what = "and the model is no adapter (it has no adapter_config.json) that could be put on it";
            Err(Error::BadSetting { name: "--base", value: base.clone(), what })
        }
        None => Ok(()),
    }
}

/// The checkpoint of an adapter, `called` by its id or folder and its commit, on its base.
fn adapted(
    found: adapter::Found,
    called: (String, Option<String>),
    hub: &Hub,
    progress: &dyn Progress,
) -> Result<Checkpoint> {
    if let Some(above) = &hub.below {
        return Err(Error::Stacked { adapter: above.clone(), base: called.0 });
    }
    let named = hub.base.as_deref().map(split_revision);
    let (base, revision, from) = match (named, &found.base) {
        (Some((base, revision)), _) => (base, revision, "--base"),
        (None, _) if found.weights.is_none() && found.has_model() => {
            let own = found.folder.display().to_string();
            (own, None, "the file that has the weights of both")
        }
        (None, Some((base, revision))) => (base.clone(), revision.clone(), "adapter_config.json"),
        (None, None) => return Err(found.no_base()),
    };
    if found.weights.is_none() && !found.has_model() && hub.weights {
        return Err(found.no_weights());
    }
    let is_own_folder = same_folder(base.as_ref(), &found.folder);
    let is_own = is_own_folder || (base == called.0 && revision.is_none());
    progress.note(&format!("{} is an adapter of {base} ({from})", called.0));
    let plain = Hub {
        revision: if is_own && !is_own_folder { hub.revision.clone() } else { revision.clone() },
        base: None,
        no_adapter: is_own,
        below: Some(called.0.clone()),
        ..hub.clone()
    };
    let below = if is_own_folder && called.1.is_some() {
        // A snapshot of the cache.
        checkpoint::read(&found.folder, called.0.clone(), called.1.clone(), hub.weights)
    } else {
        resolve(&base, &plain, progress)
    };
    let below = below.map_err(|error| match error {
        stacked @ Error::Stacked { .. } => stacked,
        source => {
            let (adapter, base) = (called.0.clone(), base.clone());
            Error::Base { adapter, base, from, source: Box::new(source) }
        }
    })?;
    let found = found.onto(below, called, revision, from, hub.weights)?;
    say(&found, progress);
    doubt(&found.tokenizer, progress);
    Ok(found)
}

/// Whether both are one folder.
fn same_folder(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// `ID@REVISION` in its parts; a folder's name may have an `@`.
fn split_revision(base: &str) -> (String, Option<String>) {
    match base.rsplit_once('@') {
        Some((id, revision)) if !Path::new(base).exists() => (id.to_owned(), Some(revision.to_owned())),
        _ => (base.to_owned(), None),
    }
}

/// What the name of a model resolved to, and its tokenizer. The weights are neither read nor downloaded.
///
/// # Errors
///
/// As [`resolve`].
pub fn tokenizer(name: &str, hub: &Hub, progress: &dyn Progress) -> Result<(String, TokenizerText)> {
    let hub = &Hub { weights: false, ..hub.clone() };
    let whole = || resolve(name, hub, progress).map(|found| (found.id, found.tokenizer));
    let id = match names::interpret(name)? {
        Name::Folder(path)
            if hub.revision.is_none() && hub.base.is_none() && (hub.no_adapter || !adapter::is_in(&path)) =>
        {
            let tokenizer = checkpoint::tokenizer(&path)?;
            doubt(&tokenizer, progress);
            return Ok((path.display().to_string(), tokenizer));
        }
        Name::Hub(id) if hub.base.is_none() => id,
        Name::Hub(_) | Name::Folder(_) | Name::Embedded(_) => return whole(),
    };
    let cache = hub.cache.as_deref().ok_or(Error::NoCache)?;
    let repo = Repo::new(cache, &id);
    let revision = hub.revision.as_deref().unwrap_or("main");
    if !hub.no_adapter && repo.adapter(revision).is_some() {
        return whole();
    }
    let known =
        |repo: &Repo| repo.knows_settings(revision) && (hub.no_adapter || repo.knows_adapter(revision));
    let cached = repo.commit(revision).filter(|_| hub.offline || known(&repo));
    let cached = cached.and_then(|commit| checkpoint::tokenizer(&repo.snapshot(&commit)).ok());
    let text = match cached {
        Some(text) => text,
        None if hub.offline => return whole(),
        None => match Fetch::new(name, &id, hub, repo, progress)?.tokenizer()? {
            Some(text) => text,
            None => return whole(),
        },
    };
    doubt(&text, progress);
    Ok((id, text))
}

/// Says what a user should know of the files.
fn say(checkpoint: &Checkpoint, progress: &dyn Progress) {
    for note in &checkpoint.notes {
        progress.note(note);
    }
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
    if let Some(commit) = repo.adapter(revision).filter(|_| !hub.no_adapter) {
        let moves = hub.revision.is_some() && !cache::is_commit(revision);
        let whole = {
            let has = |file: &str| repo.snapshot(&commit).join(file).exists();
            let settled = repo.knows_settings(revision)
                && (has(folder::TOKENIZER) || repo.is_absent(&commit, folder::TOKENIZER));
            let weights = !hub.weights || has(folder::ADAPTER) || has(folder::ADAPTER_PYTORCH);
            settled && weights
        };
        let commit = if hub.offline || (whole && !moves) {
            commit
        } else {
            match Fetch::new(name, id, hub, Repo::new(cache, id), progress)?.run() {
                Ok(Fetched::Adapter(commit)) => commit,
                // The branch has moved to where there is none.
                Ok(Fetched::Whole(found)) => return finish(name, found, hub, progress),
                Err(error @ (Error::NoNetwork { .. } | Error::Server { .. })) if whole => {
                    progress.note(&format!("{error}; using what the cache has of revision {revision}"));
                    commit
                }
                Err(error) => return Err(error),
            }
        };
        return adapted(
            adapter::find(&repo.snapshot(&commit))?,
            (id.to_owned(), Some(commit)),
            hub,
            progress,
        );
    }
    let former = names::former_id(id).map(|former| Repo::new(cache, former));
    let mut cached = repo.checkpoint(id, revision, hub.weights);
    if let (Err(Error::MissingFile { .. }), Some(former)) = (&cached, &former) {
        cached = former.checkpoint(id, revision, hub.weights).or(cached);
    }
    let knows_adapter = |repo: &Repo| hub.no_adapter || repo.knows_adapter(revision);
    let whole = |repo: &Repo| repo.knows_settings(revision);
    let knows_kind = |repo: &Repo| knows_adapter(repo) && repo.knows_sentences(revision);
    let unasked = cached.is_ok() && !knows_kind(&repo) && !former.as_ref().is_some_and(knows_kind);
    let unsure = cached.is_ok() && !whole(&repo) && !former.as_ref().is_some_and(whole);
    if let (Ok(cached), true, true) = (&mut cached, unsure, hub.offline) {
        cached.tokenizer.doubts.push(format!(
            "the cache may lack files of the tokenizer of {id} ({}), and HF_HUB_OFFLINE is set: without it they are asked for",
            join_and(&tokens::SETTINGS)
        ));
    }
    let may_move = unsure || unasked || (hub.revision.is_some() && !cache::is_commit(revision));
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
                Ok(Fetched::Whole(cached))
            }
            found => found,
        },
        (cached, _) => cached.map(Fetched::Whole),
    }?;
    match found {
        Fetched::Whole(found) => finish(name, found, hub, progress),
        Fetched::Adapter(commit) => {
            let folder = Repo::new(cache, id).snapshot(&commit);
            adapted(adapter::find(&folder)?, (id.to_owned(), Some(commit)), hub, progress)
        }
    }
}

/// Says what was found.
fn finish(name: &str, found: Checkpoint, hub: &Hub, progress: &dyn Progress) -> Result<Checkpoint> {
    no_base_wanted(hub)?;
    announce(name, &found, progress);
    say(&found, progress);
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
