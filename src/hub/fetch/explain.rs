//! The user's view of what a server refuses.

use super::{Fetch, escape};
use crate::hub::error::Error;
use crate::hub::folder;
use crate::hub::foreign::{self, Foreign};
use crate::hub::names;
use crate::hub::network::{Failure, Refusal};
use crate::text::{join_and, join_or, near_matches};

impl Fetch<'_> {
    /// The error for the first request of a model, whose refusal says whether there is such a model at all.
    pub(super) fn explain_first(&self, failure: Failure) -> Error {
        let Failure::Refused(refusal) = failure else {
            return self.explain(failure, folder::CONFIG, self.revision);
        };
        let unexplained = refusal.status == 404 && refusal.code.is_none();
        let is_revision = refusal.code.as_deref() == Some("RevisionNotFound")
            || (unexplained && self.revision != "main" && self.describe("main", folder::CONFIG).is_ok());
        if is_revision {
            self.no_revision()
        } else if unexplained {
            self.no_model()
        } else {
            self.explain(Failure::Refused(refusal), folder::CONFIG, self.revision)
        }
    }

    /// The user's view of why `file` could not be had.
    pub(super) fn explain(&self, failure: Failure, file: &str, revision: &str) -> Error {
        let endpoint = self.hub.endpoint.clone();
        let id = self.id.to_owned();
        match failure {
            Failure::Unreachable(what) => {
                Error::NoNetwork { id, endpoint, what, near: names::near(self.name) }
            }
            Failure::Passing { what, .. } | Failure::Malformed(what) => {
                Error::Server { url: self.url(revision, file), what }
            }
            Failure::Refused(Refusal { status, code, message }) => match (status, code.as_deref()) {
                (_, Some("RevisionNotFound")) => self.no_revision(),
                (404, Some("RepoNotFound")) => self.no_model(),
                (401 | 403, code) => Error::Forbidden {
                    gated: code == Some("GatedRepo"),
                    token: self.hub.token.is_some(),
                    near: names::near(self.name),
                    id,
                    endpoint,
                    status,
                    message,
                },
                (404, _) => self.no_file(file, revision),
                _ => {
                    let said =
                        message.map(|message| format!(": {}", message.escape_debug())).unwrap_or_default();
                    Error::Server {
                        url: self.url(revision, file),
                        what: format!("the server answers {status}{said}"),
                    }
                }
            },
        }
    }

    pub(super) fn no_model(&self) -> Error {
        let endpoint = self.hub.endpoint.clone();
        Error::NoModel { id: self.id.to_owned(), endpoint, near: names::near(self.name) }
    }

    pub(super) fn no_file(&self, file: &str, revision: &str) -> Error {
        let base = file.rsplit('/').next().unwrap_or(file);
        let instead = match base {
            folder::TOKENIZER => self.instead(revision, foreign::tokenizer),
            folder::CONFIG => self.instead(revision, foreign::weights),
            _ => None,
        };
        if let Some(Foreign { what, remedy }) = instead {
            let (id, file, revision) = (self.id.to_owned(), file.to_owned(), revision.to_owned());
            return Error::NoRemoteFile { id, file, revision, remedy: format!("{what}. {remedy}") };
        }
        let remedy = match base {
            folder::TOKENIZER => {
                "save the model to a folder with its fast tokenizer (in Python, AutoTokenizer and save_pretrained), and \
                 name the folder"
            }
            folder::CONFIG => "the repository holds something other than a transformers model",
            _ => "the repository is not complete; tell its owner, or try another revision",
        };
        let (id, file, revision) = (self.id.to_owned(), file.to_owned(), revision.to_owned());
        Error::NoRemoteFile { id, file, revision, remedy: remedy.to_owned() }
    }

    /// No weights that are read: says what there is instead.
    pub(super) fn no_weights(&self, commit: &str) -> Error {
        let pull = "some repositories hold a conversion in a pull request (--revision refs/pr/1)";
        let remedy = match self.instead(commit, foreign::weights) {
            Some(Foreign { what, remedy }) => format!("{what}. {remedy}; {pull}"),
            None => "the repository holds no weights of a transformers model".to_owned(),
        };
        let (id, revision) = (self.id.to_owned(), self.revision.to_owned());
        Error::NoRemoteFile { id, file: folder::WEIGHTS.to_owned(), revision, remedy }
    }

    /// What the server lists in place of a file; nothing where it lists none.
    pub(super) fn instead(&self, revision: &str, among: fn(&[String]) -> Option<Foreign>) -> Option<Foreign> {
        let revision = escape(revision, "");
        let url = format!("{}/api/models/{}/revision/{revision}", self.hub.endpoint, self.id);
        let listed = self.client.json(&url).ok()?;
        let files = listed.get("siblings")?.as_array()?;
        let name = |file: &serde_json::Value| Some(file.get("rfilename")?.as_str()?.to_owned());
        among(&files.iter().filter_map(name).collect::<Vec<_>>())
    }

    /// No such revision: says which there are, if the server tells.
    pub(super) fn no_revision(&self) -> Error {
        let listed = self.client.json(&format!("{}/api/models/{}/refs", self.hub.endpoint, self.id));
        let refs = listed.unwrap_or_default();
        let names: Vec<&str> = ["branches", "tags"]
            .iter()
            .filter_map(|kind| refs.get(kind)?.as_array())
            .flatten()
            .filter_map(|entry| entry.get("name")?.as_str())
            .collect();
        let near = near_matches(self.revision, names.iter().copied());
        let remedy = if !near.is_empty() {
            format!("did you mean {}?", join_or(&near))
        } else if names.is_empty() {
            format!("its branches and tags are listed at {}/{}/tree/main", self.hub.endpoint, self.id)
        } else {
            let shown = &names[..names.len().min(10)];
            let more = if names.len() > shown.len() { " (and more)" } else { "" };
            format!("it has {}{more}", join_and(shown))
        };
        Error::NoRevision { id: self.id.to_owned(), revision: self.revision.to_owned(), remedy }
    }
}
