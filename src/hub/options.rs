//! Where models are kept and where they come from: the environment's say, read once and passed on as values.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the Hub is when `HF_ENDPOINT` does not say otherwise.
const HUB: &str = "https://huggingface.co";

/// How to find models: the cache, the server, and which revision is wanted.
///
/// | Field | Default | Meaning |
/// | --- | --- | --- |
/// | `cache` | `HF_HUB_CACHE`, else `HF_HOME/hub`, else `~/.cache/huggingface/hub` | where downloads are kept |
/// | `endpoint` | `HF_ENDPOINT`, else the Hub | the server |
/// | `token` | `HF_TOKEN`, else the file `HF_HOME/token` | who is asking |
/// | `offline` | `HF_HUB_OFFLINE` | use the cache and nothing else |
/// | `revision` | none | a branch, tag or commit; none: what the cache holds, else the Hub's `main` |
/// | `base` | none | the model that an adapter changes, in the place of the one that it names |
/// | `no_adapter` | no | whether an adapter that lies beside a model is left out |
/// | `weights` | yes | whether a checkpoint's weights are wanted, and not its configuration and tokenizer alone |
/// | `patience` | 20 s, 5 attempts | see [`Patience`] |
#[derive(Clone)]
pub struct Hub {
    /// The folder that holds `models--org--name` folders, if any is known.
    pub cache: Option<PathBuf>,
    /// The server, without a slash at its end.
    pub endpoint: String,
    /// The user's token.
    pub token: Option<String>,
    /// Whether the network must not be asked.
    pub offline: bool,
    /// A branch, tag or commit of a Hub model, or a training step of the embedded one.
    pub revision: Option<String>,
    /// The model that an adapter changes, in the place of the one that it names: `NAME` or `NAME@REVISION`.
    pub base: Option<String>,
    /// Whether an adapter that lies beside a model's weights is left out.
    pub no_adapter: bool,
    /// Whether weights are wanted, and not the configuration and the tokenizer alone.
    pub weights: bool,
    /// How long to bear with a server.
    pub patience: Patience,
    /// The adapter whose base is sought.
    pub(super) below: Option<String>,
    /// `HTTPS_PROXY`, `HTTP_PROXY` or `ALL_PROXY`, and `NO_PROXY`.
    pub(super) proxy: Option<ureq::Proxy>,
}

/// How long to bear with a server that is slow, busy, or drops the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long a connection may take, or a server may send nothing.
    pub timeout: Duration,
    /// How many requests in a row may bring nothing before giving up.
    pub attempts: u32,
    /// The wait before the second request; each further one waits twice as long.
    pub pause: Duration,
    /// How long a file may come at less than a kilobyte a second.
    pub slow: Duration,
}

/// Longest wait between two requests.
const MAX_PAUSE: Duration = Duration::from_secs(30);

impl Patience {
    /// The wait before the next request, after `attempt` of them in a row brought nothing.
    pub(super) fn wait(self, attempt: u32) -> Duration {
        self.pause.saturating_mul(1 << attempt.saturating_sub(1).min(16)).min(MAX_PAUSE)
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(20),
            attempts: 5,
            pause: Duration::from_secs(1),
            slow: Duration::from_secs(60),
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let token = self.token.as_ref().map(|_| "(secret)");
        f.debug_struct("Hub")
            .field("cache", &self.cache)
            .field("endpoint", &self.endpoint)
            .field("token", &token)
            .field("offline", &self.offline)
            .field("revision", &self.revision)
            .field("base", &self.base)
            .field("no_adapter", &self.no_adapter)
            .field("weights", &self.weights)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

impl Hub {
    /// What the environment of this process says.
    #[must_use]
    pub fn from_env() -> Self {
        let hub = Self::from_variables(|name| std::env::var(name).ok());
        Self { proxy: ureq::Proxy::try_from_env(), ..hub }
    }

    /// What the variables of `lookup` say, proxies aside. They are those of the Python hub, with its defaults; an empty variable
    /// counts as unset.
    pub fn from_variables(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let home = set("HOME").or_else(|| set("USERPROFILE")).map(PathBuf::from);
        let expand = |value: String| match (value.strip_prefix("~/"), &home) {
            (Some(rest), Some(home)) => home.join(rest),
            _ => PathBuf::from(value),
        };
        let user_cache =
            set("XDG_CACHE_HOME").map(expand).or_else(|| home.as_ref().map(|h| h.join(".cache")));
        let hf_home =
            set("HF_HOME").map(expand).or_else(|| user_cache.map(|cache| cache.join("huggingface")));
        let cache = set("HF_HUB_CACHE").or_else(|| set("HUGGINGFACE_HUB_CACHE")).map(expand);
        let token_file =
            set("HF_TOKEN_PATH").map(expand).or_else(|| hf_home.as_ref().map(|h| h.join("token")));
        let token = set("HF_TOKEN").or_else(|| set("HUGGING_FACE_HUB_TOKEN"));
        Self {
            cache: cache.or_else(|| hf_home.map(|home| home.join("hub"))),
            endpoint: set("HF_ENDPOINT")
                .map_or_else(|| HUB.to_owned(), |url| url.trim_end_matches('/').to_owned()),
            token: token
                .or_else(|| token_file.and_then(|path| read_token(&path)))
                .map(|token| token.trim().to_owned()),
            offline: [set("HF_HUB_OFFLINE"), set("TRANSFORMERS_OFFLINE")]
                .into_iter()
                .flatten()
                .next()
                .is_some_and(|v| is_true(&v)),
            revision: None,
            base: None,
            no_adapter: false,
            weights: true,
            patience: Patience::default(),
            below: None,
            proxy: None,
        }
    }
}

/// The token that the Python hub's login has left, if any.
fn read_token(path: &Path) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    (!text.trim().is_empty()).then_some(text)
}

/// What the Python hub takes for yes.
fn is_true(value: &str) -> bool {
    ["1", "ON", "YES", "TRUE"].contains(&value.trim().to_uppercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub(variables: &[(&str, &str)]) -> Hub {
        Hub::from_variables(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_cache_is_where_the_python_hub_has_it() {
        let at = |variables: &[(&str, &str)]| hub(variables).cache;
        assert_eq!(at(&[("HOME", "/h")]), Some("/h/.cache/huggingface/hub".into()));
        assert_eq!(at(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/x")]), Some("/x/huggingface/hub".into()));
        assert_eq!(at(&[("HOME", "/h"), ("HF_HOME", "~/hf")]), Some("/h/hf/hub".into()));
        assert_eq!(at(&[("HF_HOME", "/hf"), ("HF_HUB_CACHE", "/c")]), Some("/c".into()));
        assert_eq!(at(&[("HF_HOME", ""), ("HOME", "/h")]), Some("/h/.cache/huggingface/hub".into()));
        assert_eq!(at(&[]), None);
    }

    #[test]
    fn a_token_comes_from_the_variable_before_the_file_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        assert_eq!(hub(&[("HF_HOME", home)]).token, None);
        std::fs::write(folder.path().join("token"), "hf_file\n").unwrap();
        assert_eq!(hub(&[("HF_HOME", home)]).token.unwrap(), "hf_file");
        let both = hub(&[("HF_HOME", home), ("HF_TOKEN", "hf_variable\n")]);
        assert_eq!(both.token.as_deref(), Some("hf_variable"));
        assert!(!format!("{both:?}").contains("hf_variable"));
    }

    #[test]
    fn the_endpoint_loses_its_slash_and_offline_reads_yes() {
        assert_eq!(hub(&[]).endpoint, HUB);
        assert_eq!(hub(&[("HF_ENDPOINT", "http://mirror:80/")]).endpoint, "http://mirror:80");
        for yes in ["1", "true", "Yes", "ON"] {
            assert!(hub(&[("HF_HUB_OFFLINE", yes)]).offline);
        }
        for no in ["", "0", "false", "no"] {
            assert!(!hub(&[("HF_HUB_OFFLINE", no)]).offline);
        }
    }

    #[test]
    fn waits_double_up_to_a_bound() {
        let wait = |attempt| Patience::default().wait(attempt);
        assert_eq!([1, 2, 3].map(|attempt| wait(attempt).as_secs()), [1, 2, 4]);
        assert_eq!(wait(1000), MAX_PAUSE);
    }
}
