//! What can go wrong between a model's name and its files, each with its remedy.

use std::io;
use std::path::PathBuf;

use crate::files;
use crate::text::join_and;

/// Why a model's files could not be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path that does not exist.
    #[error("there is no folder `{}`", path.display())]
    NoFolder {
        /// The path as the user gave it.
        path: PathBuf,
    },
    /// A path that is a file where a checkpoint's folder is meant.
    #[error("`{}` is a file; a checkpoint is a folder", path.display())]
    NotAFolder {
        /// The path as the user gave it.
        path: PathBuf,
    },
    /// A checkpoint's folder without one of its files.
    #[error("the checkpoint `{}` has no {file}", folder.display())]
    MissingFile {
        /// The checkpoint's folder.
        folder: PathBuf,
        /// The name of the file.
        file: String,
        /// What else lies there that explains it.
        remedy: Option<String>,
    },
    /// A file of a checkpoint that is not what its name says.
    #[error("{}: {what}", path.display())]
    BadFile {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// What to do about it.
        remedy: Option<String>,
    },
    /// A name that can be neither a folder nor a Hub id.
    #[error("`{name}` is neither a folder nor a model's name: {what}")]
    BadName {
        /// The name as the user gave it.
        name: String,
        /// What is wrong with it.
        what: String,
    },
    /// A revision that the model does not have.
    #[error("{id} has no revision `{revision}`")]
    NoRevision {
        /// The model.
        id: String,
        /// The revision asked for.
        revision: String,
        /// The revisions it has, if known, or what to do.
        remedy: String,
    },
    /// Neither an environment variable nor a home says where the cache is.
    #[error("no folder for downloaded models: neither HF_HUB_CACHE, HF_HOME nor HOME is set")]
    NoCache,
    /// The model is not in the cache, and the network must not be asked.
    #[error("{id} is not in the cache {}", cache.display())]
    Offline {
        /// The Hub id.
        id: String,
        /// The cache that was searched.
        cache: PathBuf,
        /// Known names that are near what the user typed.
        near: Vec<String>,
    },
    /// A file of this program or of the user could not be read.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// The cache could not be read or written.
    #[error("cannot write to the model cache, {}: {source}", path.display())]
    Cache {
        /// Which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A result whose error is the hub's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How to do without a network, for the hints of every error that a network would have spared.
const WITHOUT_NETWORK: &str = "name a folder that holds config.json, tokenizer.json and model.safetensors \
    (--model ./DIR), or leave --model out to use the model embedded in this program";

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoFolder { path } => Some(format!(
                "check the path; it is read from the folder the command runs in. A model of the Hub is named \
                 `organisation/name`, which `{}` is not",
                path.display()
            )),
            Self::NotAFolder { path } => {
                let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
                folder.map(|folder| format!("name its folder: --model {}", folder.display()))
            }
            Self::MissingFile { remedy, .. } | Self::BadFile { remedy, .. } => remedy.clone(),
            Self::BadName { .. } => Some(format!(
                "a model of the Hub is named `organisation/name`, as in google-bert/bert-base-uncased; or {WITHOUT_NETWORK}"
            )),
            Self::NoRevision { remedy, .. } => Some(remedy.clone()),
            Self::NoCache => Some("set HF_HOME to a folder that you may write to".to_owned()),
            Self::Offline { near, .. } => Some(format!("{}{WITHOUT_NETWORK}", did_you_mean(near))),
            Self::Files(error) => error.hint(),
            Self::Cache { source, .. } => Some(cache_hint(source.kind()).to_owned()),
        }
    }
}

/// `did you mean a or b? `, or nothing.
fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("did you mean {}? ", join_and(near)) }
}

fn cache_hint(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, or set HF_HUB_CACHE to a folder on another disk"
        }
        _ => "set HF_HUB_CACHE to a folder that you may write to",
    }
}
