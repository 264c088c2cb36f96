//! The files of an adapter.

use super::{Fetch, Fetched};
use crate::hub::error::{Error, Result};
use crate::hub::network::Failure;
use crate::hub::{folder, sentences};
use crate::tokens;

impl Fetch<'_> {
    /// An adapter whose repository has no `config.json`, which was refused.
    pub(super) fn bare_adapter(&self, refused: Failure) -> Result<Fetched> {
        let asks =
            matches!(&refused, Failure::Refused(refusal) if refusal.status == 404) && !self.hub.no_adapter;
        match asks.then(|| self.describe(self.revision, folder::ADAPTER_CONFIG)) {
            Some(Ok(config)) => {
                let commit = config.commit.clone();
                self.ensure(&commit, folder::ADAPTER_CONFIG, Some(config))?;
                self.adapter(commit)
            }
            _ => Err(self.explain_first(refused)),
        }
    }

    /// Whether there is an adapter at `commit`; then the file that says so is here.
    pub(super) fn has_adapter(&self, commit: &str) -> Result<bool> {
        if self.hub.no_adapter {
            return Ok(false);
        }
        self.ensure_if_any(commit, folder::ADAPTER_CONFIG)
    }

    /// Makes sure of the rest of an adapter's files.
    pub(super) fn adapter(&self, commit: String) -> Result<Fetched> {
        if self.hub.weights && !self.ensure_if_any(&commit, folder::ADAPTER)? {
            self.ensure_if_any(&commit, folder::ADAPTER_PYTORCH)?;
        }
        // What a model of sentence-transformers says of its pooling and prompts.
        if self.ensure_if_any(&commit, folder::MODULES)? {
            for file in sentences::files(&self.repo.snapshot(&commit))? {
                self.ensure_if_any(&commit, &file)?;
            }
        }
        let mut settings = false;
        for file in tokens::SETTINGS {
            settings |= self.ensure_if_any(&commit, file)?;
        }
        // A vocabulary of its own comes with settings of its own.
        if !self.ensure_if_any(&commit, folder::TOKENIZER)? && settings {
            for files in tokens::wanted(&self.repo.snapshot(&commit), "")? {
                let mut all = true;
                for file in files {
                    all = all && self.ensure_if_any(&commit, file)?;
                }
                if all {
                    break;
                }
            }
        }
        self.repo.set_commit(self.revision, &commit)?;
        Ok(Fetched::Adapter(commit))
    }

    /// Makes sure of a file, or that it is remembered that there is none: then false.
    pub(super) fn ensure_if_any(&self, commit: &str, file: &str) -> Result<bool> {
        if self.repo.is_absent(commit, file) {
            return Ok(false);
        }
        match self.ensure(commit, file, None) {
            Err(Error::NoRemoteFile { .. }) => {
                self.repo.set_absent(commit, file);
                Ok(false)
            }
            done => done.map(|()| true),
        }
    }
}
