//! Downloads what the cache lacks of a model: config, tokenizer and weights, nothing else.
//!
//! A file is fetched into `blobs/ETAG.incomplete`, under a lock; a later run goes on where it ends. Only when its size and
//! hash are right does it get its name, so that a file in the cache is whole.

mod adapter;
mod explain;

use std::fmt::Write as _;
use std::thread;

use super::cache::{self, Repo};
use super::checkpoint::{self, Checkpoint};
use super::error::{Error, Result};
use super::network::{Client, Download, Failure, Remote, verify};
use super::options::Hub;
use super::{folder, sentences};
use crate::progress::Progress;
use crate::tokens::{self, TokenizerText};

/// What was fetched.
#[expect(clippy::large_enum_variant, reason = "one is made a run")]
pub(super) enum Fetched {
    /// A checkpoint.
    Whole(Checkpoint),
    /// The files of an adapter, at this commit.
    Adapter(String),
}

/// One model, being fetched.
pub(super) struct Fetch<'a> {
    /// What the user typed.
    name: &'a str,
    id: &'a str,
    revision: &'a str,
    hub: &'a Hub,
    client: Client,
    repo: Repo,
    progress: &'a dyn Progress,
}

/// What the bytes of `file` are called in the cache: by their hash, or, where the server names none, by whose they are, for then two
/// files may have one `ETag`.
fn blob_name(remote: &Remote, file: &str) -> String {
    let Remote { commit, etag, .. } = remote;
    if verify::is_hash(etag) { etag.clone() } else { format!("{etag}.{commit}.{}", file.replace('/', "-")) }
}

impl<'a> Fetch<'a> {
    pub(super) fn new(
        name: &'a str,
        id: &'a str,
        hub: &'a Hub,
        repo: Repo,
        progress: &'a dyn Progress,
    ) -> Result<Self> {
        let bad = |name, value: &str, what| Error::BadSetting { name, value: value.to_owned(), what };
        if hub.token.as_ref().is_some_and(|token| !token.bytes().all(|b| b.is_ascii_graphic())) {
            return Err(bad("HF_TOKEN", "(not shown)", "which has letters that no token has"));
        }
        let client = Client::new(hub)
            .ok_or_else(|| bad("HF_ENDPOINT", &hub.endpoint, "which is no address (https://HOST)"))?;
        let revision = hub.revision.as_deref().unwrap_or("main");
        Ok(Self { name, id, revision, hub, client, repo, progress })
    }

    /// Brings the cache up to the revision, and reads the checkpoint from it.
    pub(super) fn run(&self) -> Result<Fetched> {
        let config = match self.describe(self.revision, folder::CONFIG) {
            Ok(config) => config,
            Err(failure) => return self.without_config(failure),
        };
        let commit = config.commit.clone();
        if self.has_adapter(&commit)? {
            return self.adapter(commit);
        }
        match self.repo.checkpoint(self.id, &commit, self.hub.weights) {
            Err(Error::MissingFile { .. }) => {}
            Ok(_) if !self.repo.knows_settings(&commit) || !self.repo.knows_sentences(&commit) => {}
            found => {
                // The branch has not moved, or it is back where it was. A cache that cannot be written still serves.
                let _ = self.repo.set_commit(self.revision, &commit);
                return found.map(Fetched::Whole);
            }
        }
        self.whole(commit, Some(config))
    }

    /// Brings the cache up to `commit`, at which `config` describes config.json.
    fn whole(&self, commit: String, config: Option<Remote>) -> Result<Fetched> {
        let inner = self.ensure_described(&commit, config)?;
        if self.hub.weights {
            self.ensure_weights(&commit, &inner)?;
        }
        // Last, so that a branch never stands at a commit whose files are not all here.
        self.repo.set_commit(self.revision, &commit)?;
        let (folder, id) = (self.repo.snapshot(&commit), self.id.to_owned());
        checkpoint::read(&folder, id, Some(commit), self.hub.weights).map(Fetched::Whole)
    }

    /// The tokenizer at the revision, and nothing else; `None` where it is an adapter's, which takes the base to be read. The branch
    /// is not said to stand at its commit, which lacks the rest.
    pub(super) fn tokenizer(&self) -> Result<Option<TokenizerText>> {
        let config = match self.describe(self.revision, folder::CONFIG) {
            Ok(config) => config,
            Err(failure) => {
                return match self.without_config(failure)? {
                    Fetched::Whole(found) => Ok(Some(found.tokenizer)),
                    Fetched::Adapter(_) => Ok(None),
                };
            }
        };
        let commit = config.commit.clone();
        if self.has_adapter(&commit)? {
            return Ok(None);
        }
        self.ensure_described(&commit, Some(config))?;
        checkpoint::tokenizer(&self.repo.snapshot(&commit)).map(Some)
    }

    /// A repository without `config.json`, which was refused: an adapter, or a model of sentence-transformers.
    fn without_config(&self, refused: Failure) -> Result<Fetched> {
        if matches!(&refused, Failure::Refused(refusal) if refusal.status == 404)
            && let Ok(modules) = self.describe(self.revision, folder::MODULES)
        {
            let commit = modules.commit.clone();
            self.ensure(&commit, folder::MODULES, Some(modules))?;
            // Asked, so that the cache knows it the next time.
            if self.has_adapter(&commit)? {
                return self.adapter(commit);
            }
            return self.whole(commit, None);
        }
        self.bare_adapter(refused)
    }

    /// Makes sure of all but the weights, and gives the folder of the transformer inside of the repository. `config` describes
    /// the config.json at its top.
    fn ensure_described(&self, commit: &str, config: Option<Remote>) -> Result<String> {
        self.ensure_if_any(commit, folder::MODULES)?;
        let snapshot = self.repo.snapshot(commit);
        let inner = sentences::inner(&snapshot)?;
        let known = config.filter(|_| inner.is_empty());
        self.ensure(commit, &sentences::within(&inner, folder::CONFIG), known)?;
        for file in sentences::files(&snapshot)? {
            self.ensure_if_any(commit, &file)?;
        }
        self.ensure_tokenizer(commit, &inner)?;
        Ok(inner)
    }

    /// Makes sure of `tokenizer.json`, or else of the files of a vocabulary, and of what says how they are used.
    fn ensure_tokenizer(&self, commit: &str, inner: &str) -> Result<()> {
        let within = |file: &str| sentences::within(inner, file);
        // The vocabulary comes last: a folder that has it has all that says how it is used.
        for settings in tokens::SETTINGS {
            self.ensure_if_any(commit, &within(settings))?;
        }
        let absent = match self.ensure(commit, &within(folder::TOKENIZER), None) {
            Err(error @ Error::NoRemoteFile { .. }) => error,
            done => return done,
        };
        let snapshot = self.repo.snapshot(commit).join(inner);
        let wanted = tokens::wanted(&snapshot, &folder::read_text(&snapshot, folder::CONFIG)?)?;
        'sets: for files in wanted {
            for file in files {
                match self.ensure(commit, &within(file), None) {
                    Err(Error::NoRemoteFile { .. }) => continue 'sets,
                    done => done?,
                }
            }
            return Ok(());
        }
        Err(absent)
    }

    fn ensure_weights(&self, commit: &str, inner: &str) -> Result<()> {
        if self.ensure_one_or_shards(commit, inner, folder::WEIGHTS, folder::INDEX)? {
            return Ok(());
        }
        self.progress.note(&format!(
            "{} has no safetensors; looking for PyTorch's {}",
            self.id,
            folder::PYTORCH
        ));
        if self.ensure_one_or_shards(commit, inner, folder::PYTORCH, folder::PYTORCH_INDEX)? {
            return Ok(());
        }
        Err(self.no_weights(commit))
    }

    /// Makes sure of the one file, or else of the shards that the index names; false where the server has neither.
    fn ensure_one_or_shards(&self, commit: &str, inner: &str, single: &str, index: &str) -> Result<bool> {
        let [single, index] = [single, index].map(|file| sentences::within(inner, file));
        let path = self.repo.snapshot(commit).join(&index);
        if !path.exists() {
            match self.ensure(commit, &single, None) {
                Err(Error::NoRemoteFile { .. }) => {}
                done => return done.map(|()| true),
            }
            match self.ensure(commit, &index, None) {
                Err(Error::NoRemoteFile { .. }) => return Ok(false),
                done => done?,
            }
        }
        for shard in folder::shards(&path, &crate::files::read(&path)?)? {
            self.ensure(commit, &sentences::within(inner, &shard), None)?;
        }
        Ok(true)
    }

    /// Makes sure that the snapshot of `commit` has `file`.
    fn ensure(&self, commit: &str, file: &str, known: Option<Remote>) -> Result<()> {
        if self.repo.snapshot(commit).join(file).exists() {
            return Ok(());
        }
        let url = self.url(commit, file);
        let describe = || self.describe(commit, file).map_err(|failure| self.explain(failure, file, commit));
        let remote = known.map_or_else(describe, Ok)?;
        let again = match self.ensure_blob(&url, file, &remote) {
            // The server may have got another file in the meantime; what it says now decides.
            Err(damaged @ Error::Damaged { .. }) => match describe()? {
                now if now.etag == remote.etag => return Err(damaged),
                now => Some(now),
            },
            done => done.map(|()| None)?,
        };
        if let Some(now) = &again {
            self.progress.note(&format!("{file} changed on the server; fetching it again"));
            self.ensure_blob(&url, file, now)?;
        }
        let name = blob_name(again.as_ref().unwrap_or(&remote), file);
        let _lock = self.repo.lock(&name, file, self.progress)?;
        self.repo.link(commit, file, &name)
    }

    /// Makes sure that the bytes that `remote` describes are in the cache.
    fn ensure_blob(&self, url: &str, file: &str, remote: &Remote) -> Result<()> {
        let name = blob_name(remote, file);
        let blob = self.repo.blob(&name);
        // No pointer leads to it yet, or someone took that away because the file is damaged: its bytes are looked at, and those that
        // no hash vouches for are fetched again.
        let is_whole = || {
            let size = blob.metadata().ok().map(|found| found.len());
            size.is_some()
                && remote.size.is_none_or(|wanted| size == Some(wanted))
                && verify::is_hash(&remote.etag)
                && matches!(verify::other_hash(&blob, &remote.etag), Ok(None))
        };
        if is_whole() {
            return Ok(());
        }
        let _lock = self.repo.lock(&name, file, self.progress)?;
        // Whoever held the lock may have fetched it.
        if is_whole() {
            return Ok(());
        }
        if !verify::is_hash(&remote.etag) {
            self.progress.warn(&format!(
                "{file} is not verified: the server names no hash of it (its ETag is `{}`)",
                remote.etag.escape_default()
            ));
        }
        let patience = self.hub.patience;
        Download { client: &self.client, patience, progress: self.progress, url, file, remote, blob: &blob }
            .run()
    }

    /// What the server knows of a file, asked again while it is busy.
    fn describe(&self, revision: &str, file: &str) -> Result<Remote, Failure> {
        let url = self.url(revision, file);
        let remote = self.patiently(|| self.client.describe(&url))?;
        for (header, value) in [("ETag", &remote.etag), ("X-Repo-Commit", &remote.commit)] {
            if !cache::is_plain_name(value) {
                return Err(Failure::Malformed(format!("`{}` is no {header}", value.escape_default())));
            }
        }
        Ok(remote)
    }

    fn patiently<T>(&self, ask: impl Fn() -> Result<T, Failure>) -> Result<T, Failure> {
        let patience = self.hub.patience;
        let mut attempt = 1;
        loop {
            match ask() {
                Err(Failure::Passing { what, wait }) if attempt < patience.attempts => {
                    let wait = wait.unwrap_or_else(|| patience.wait(attempt));
                    self.progress.note(&format!("{what}; trying again in {wait:?}"));
                    thread::sleep(wait);
                    attempt += 1;
                }
                Err(Failure::Passing { what, wait }) => {
                    return Err(Failure::Passing { what: format!("{what} ({attempt} attempts)"), wait });
                }
                done => return done,
            }
        }
    }

    fn url(&self, revision: &str, file: &str) -> String {
        format!("{}/{}/resolve/{}/{}", self.hub.endpoint, self.id, escape(revision, ""), escape(file, "/"))
    }
}

/// `text` as part of an address: all but letters, digits, `-_.~` and `keep` percent-encoded.
fn escape(text: &str, keep: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        let letter = char::from(byte);
        if byte.is_ascii_alphanumeric() || "-_.~".contains(letter) || keep.contains(letter) {
            out.push(letter);
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_escaped() {
        assert_eq!(escape("refs/pr/1", ""), "refs%2Fpr%2F1");
        assert_eq!(escape("sub dir/a#b?.json", "/"), "sub%20dir/a%23b%3F.json");
        assert_eq!(escape("é", ""), "%C3%A9");
    }
}
