//! What can go wrong between a model's name and its files, each with its remedy.

use std::io;
use std::path::PathBuf;

use crate::files;
use crate::text::{count, join_or};
use crate::tokens;

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
    #[error("the checkpoint `{}` has no {file}{}", folder.display(), colon(instead.as_deref()))]
    MissingFile {
        /// The checkpoint's folder.
        folder: PathBuf,
        /// The name of the file.
        file: String,
        /// What is there in its place.
        instead: Option<Box<str>>,
        /// What to do about it.
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
    /// The model that an adapter changes could not be had.
    #[error("the base of the adapter {adapter}, {base} ({from}): {source}")]
    Base {
        /// The adapter's id or folder.
        adapter: String,
        /// What its base is called.
        base: String,
        /// What calls it so.
        from: &'static str,
        /// What is wrong.
        source: Box<Error>,
    },
    /// The model that an adapter changes has an adapter of its own.
    #[error("the base of the adapter {adapter}, {base}, is an adapter itself")]
    Stacked {
        /// The adapter's id or folder.
        adapter: String,
        /// What its base is called.
        base: String,
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
    #[error("{id} is not in the cache {}{}, and HF_HUB_OFFLINE is set", cache.display(), without(lacks.as_ref()))]
    Offline {
        /// The Hub id.
        id: String,
        /// The cache that was searched.
        cache: PathBuf,
        /// The file that is missing, where others of the model are there.
        lacks: Option<String>,
        /// Known names that are near what the user typed.
        near: Vec<String>,
    },
    /// A variable of the environment, or a revision, that cannot be meant.
    #[error("{name} is `{value}`, {what}")]
    BadSetting {
        /// The variable or flag.
        name: &'static str,
        /// Its value; a secret is not shown.
        value: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The server cannot be reached.
    #[error("cannot reach {endpoint} for {id}: {what}")]
    NoNetwork {
        /// The Hub id.
        id: String,
        /// The server.
        endpoint: String,
        /// What the connection met.
        what: String,
        /// Known names that are near what the user typed.
        near: Vec<String>,
    },
    /// The server does not let this user read the model.
    #[error("{endpoint} does not let {} read {id} ({status}{})", if *token { "this token" } else { "an anonymous user" }, said(message.as_ref()))]
    Forbidden {
        /// The Hub id.
        id: String,
        /// The server.
        endpoint: String,
        /// 401 or 403.
        status: u16,
        /// What the server said.
        message: Option<String>,
        /// Whether the model has terms to accept.
        gated: bool,
        /// Whether a token was sent.
        token: bool,
        /// Known names that are near what the user typed: a server that hides private models says 401 of an unknown one.
        near: Vec<String>,
    },
    /// The server has no such model.
    #[error("{endpoint} has no model `{id}`")]
    NoModel {
        /// The Hub id.
        id: String,
        /// The server.
        endpoint: String,
        /// Known names that are near what the user typed.
        near: Vec<String>,
    },
    /// The model has no such file.
    #[error("{id} has no {file} at revision {revision}")]
    NoRemoteFile {
        /// The Hub id.
        id: String,
        /// The file.
        file: String,
        /// The revision, or the commit it stood at.
        revision: String,
        /// What else lies there that explains it.
        remedy: String,
    },
    /// The server kept failing, or its answer makes no sense.
    #[error("cannot download {url}: {what}")]
    Server {
        /// The address.
        url: String,
        /// What happened.
        what: String,
    },
    /// The connection kept breaking.
    #[error("the download of {url} broke off after {} bytes{}: {what}", count((*have).into()), of(*size))]
    BrokenOff {
        /// The address.
        url: String,
        /// How many bytes are here, kept for the next time.
        have: u64,
        /// How many there are.
        size: Option<u64>,
        /// What happened last.
        what: String,
    },
    /// What was downloaded is not what the server promised; it has been removed.
    #[error("{url} came damaged: {what}")]
    Damaged {
        /// The address.
        url: String,
        /// What was promised and what came.
        what: String,
    },
    /// The files of a tokenizer that cannot be followed.
    #[error(transparent)]
    Tokens(#[from] tokens::Error),
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
            Self::Base { source, .. } => {
                let hint = source.hint().map(|hint| format!("; {hint}")).unwrap_or_default();
                Some(format!("name the base where you have it: --base MODEL (a folder, or a Hub id, or ID@REVISION){hint}"))
            }
            Self::Stacked { base, .. } => Some(format!(
                "merge the adapter {base} into its own base with peft (`merge_and_unload`, then save_pretrained), and name the                  result: --base DIR"
            )),
            Self::MissingFile { remedy, .. } | Self::BadFile { remedy, .. } => remedy.clone(),
            Self::BadName { .. } => Some(format!(
                "a model of the Hub is named `organisation/name`, as in google-bert/bert-base-uncased; or {WITHOUT_NETWORK}"
            )),
            Self::NoRevision { remedy, .. } | Self::NoRemoteFile { remedy, .. } => Some(remedy.clone()),
            Self::NoCache => Some("set HF_HOME to a folder that you may write to".to_owned()),
            Self::Offline { near, .. } => Some(format!("{}unset HF_HUB_OFFLINE, or {WITHOUT_NETWORK}", did_you_mean(near))),
            Self::BadSetting { name, .. } => Some(format!("correct {name}, or leave it out")),
            Self::NoNetwork { near, .. } => Some(format!(
                "{}check the connection (HTTPS_PROXY and HF_ENDPOINT are honoured). Without a network, {WITHOUT_NETWORK}; a cache \
                 filled on another machine serves too (HF_HUB_CACHE, HF_HUB_OFFLINE=1)",
                did_you_mean(near)
            )),
            Self::Forbidden { id, endpoint, gated, token, near, .. } => {
                Some(permission_hint(id, endpoint, *gated, *token, near))
            }
            Self::NoModel { near, .. } => {
                Some(format!("{}check the name, or {WITHOUT_NETWORK}", did_you_mean(near)))
            }
            Self::Server { .. } => Some(format!(
                "try again later (if it goes on: is HF_ENDPOINT right, and does the network ask for a login?), or {WITHOUT_NETWORK}"
            )),
            Self::BrokenOff { .. } => {
                Some("run the same command again: it goes on where the download broke off".to_owned())
            }
            Self::Damaged { .. } => Some(
                "the damaged file has been removed; run the command again, without a mirror (HF_ENDPOINT) or proxy if one is set"
                    .to_owned(),
            ),
            Self::Files(error) => error.hint(),
            Self::Tokens(error) => error.hint(),
            Self::Cache { source, .. } => Some(cache_hint(source.kind()).to_owned()),
        }
    }
}

/// `did you mean a or b? `, or nothing.
fn did_you_mean(near: &[String]) -> String {
    if near.is_empty() { String::new() } else { format!("did you mean {}? ", join_or(near)) }
}

/// ` (no FILE)`, where part of a model is there.
fn without(file: Option<&String>) -> String {
    file.map(|file| format!(" (no {file})")).unwrap_or_default()
}

/// ` of N`, where N is known.
fn of(size: Option<u64>) -> String {
    size.map(|size| format!(" of {}", count(size.into()))).unwrap_or_default()
}

/// `: what is there`.
fn colon(instead: Option<&str>) -> String {
    instead.map(|instead| format!(": {instead}")).unwrap_or_default()
}

/// `: what the server said`.
fn said(message: Option<&String>) -> String {
    message.map(|message| format!(": {}", message.escape_debug())).unwrap_or_default()
}

fn permission_hint(id: &str, endpoint: &str, gated: bool, token: bool, near: &[String]) -> String {
    let page = format!("{endpoint}/{id}");
    match (gated, token) {
        (true, false) => format!(
            "accept the model's terms at {page}, then set HF_TOKEN to a token of that account ({endpoint}/settings/tokens)"
        ),
        (true, true) => {
            format!(
                "accept the model's terms at {page} with the account that the token of HF_TOKEN belongs to"
            )
        }
        (false, false) => format!(
            "{}if {page} is private or gated, set HF_TOKEN to a token that may read it ({endpoint}/settings/tokens)",
            did_you_mean(near)
        ),
        (false, true) => format!(
            "{}check that the token (HF_TOKEN, or the file HF_HOME/token) is valid and may read {page}",
            did_you_mean(near)
        ),
    }
}

fn cache_hint(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, or set HF_HUB_CACHE to a folder on another disk"
        }
        _ => "set HF_HUB_CACHE to a folder that you may write to",
    }
}
