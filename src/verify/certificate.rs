//! What a verification found of a checkpoint, and where it is kept for the runs of that checkpoint.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::Result;
use crate::files;
use crate::files::Parts;
use crate::hub::{self, Checkpoint, Weights};
use crate::models::Part;

/// How the name of a certificate ends.
const ENDING: &str = "json";

/// What was found: tokens are equal, and hidden states but for rounding.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Certificate {
    /// A hash of the weights, the configuration and the tokenizer (BLAKE3, hex).
    pub checkpoint: String,
    /// What the model was called.
    pub model: String,
    /// The version of this program.
    pub version: String,
    /// The version of transformers.
    pub transformers: String,
    /// The version of PyTorch.
    pub torch: String,
    /// How many sentences.
    pub sentences: usize,
    /// A hash of the sentences (BLAKE3, hex).
    pub sentences_hash: String,
    /// How many tokens.
    pub tokens: usize,
    /// Of each hidden state, the largest difference relative to its largest magnitude.
    pub differences: Vec<f64>,
    /// The largest of these.
    pub largest: f64,
}

/// A hash of everything in `checkpoint` that may change a number (BLAKE3, hex). The weights are hashed, unless the Hub has named
/// them by their hash.
///
/// # Errors
///
/// Weights that cannot be read.
pub fn fingerprint(checkpoint: &Checkpoint) -> Result<String> {
    fingerprint_of(checkpoint, Part::Encoder)
}

/// The same for one part of an encoder–decoder: what was found of one says nothing of the other.
///
/// # Errors
///
/// Weights that cannot be read.
pub fn fingerprint_of(checkpoint: &Checkpoint, part: Part) -> Result<String> {
    let mut parts = Parts::default();
    parts.add(&checkpoint.config);
    parts.add(&checkpoint.tokenizer.json);
    if checkpoint.tokenizer.split_special_tokens {
        parts.add("special tokens are split");
    }
    if part != Part::Encoder {
        parts.add(part.name());
    }
    let adapter = checkpoint.adapter.as_ref();
    if let Some(adapter) = adapter {
        parts.add("adapter");
        parts.add(&adapter.config);
    }
    for weights in std::iter::once(&checkpoint.weights).chain(adapter.map(|adapter| &adapter.weights)) {
        match weights {
            Weights::Safetensors(paths) | Weights::Pytorch(paths) => {
                for path in paths {
                    parts.add(hub::content(path)?);
                }
            }
            Weights::Embedded(bytes) => parts.add(bytes),
            Weights::Absent => {}
        }
    }
    Ok(parts.hash())
}

/// The certificates of this machine.
///
/// ```text
/// PROBE_CACHE/certificates/HASH.json      one for each checkpoint and version of this program
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificates {
    folder: PathBuf,
}

impl Certificates {
    /// Those in the folder `cache`.
    #[must_use]
    pub fn new(cache: &Path) -> Self {
        Self { folder: cache.join("certificates") }
    }

    /// Whether there is any: else no checkpoint need be hashed to look for its own.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        std::fs::read_dir(&self.folder).map_or(true, |mut entries| entries.next().is_none())
    }

    /// Where the certificate of a checkpoint is kept.
    #[must_use]
    pub fn path(&self, checkpoint: &str) -> PathBuf {
        let mut parts = Parts::default();
        parts.add(checkpoint);
        // Another version may compute other numbers.
        parts.add(env!("CARGO_PKG_VERSION"));
        self.folder.join(format!("{}.{ENDING}", parts.hash()))
    }

    /// The certificate of a checkpoint, if it has one that says so itself.
    #[must_use]
    pub fn get(&self, checkpoint: &str) -> Option<Certificate> {
        let bytes = files::read(&self.path(checkpoint)).ok()?;
        let found: Certificate = serde_json::from_slice(&bytes).ok()?;
        (found.checkpoint == checkpoint && found.version == env!("CARGO_PKG_VERSION")).then_some(found)
    }

    /// Keeps `certificate`, and says where.
    ///
    /// # Errors
    ///
    /// A file that cannot be written.
    pub fn keep(&self, certificate: &Certificate) -> Result<PathBuf> {
        let path = self.path(&certificate.checkpoint);
        let mut text = serde_json::to_string_pretty(certificate).unwrap_or_default();
        text.push('\n');
        files::write(&path, text.as_bytes())?;
        Ok(path)
    }

    /// Takes back the certificate of a checkpoint that does not compute what transformers does; says whether there was one.
    #[must_use]
    pub fn withdraw(&self, checkpoint: &str) -> bool {
        std::fs::remove_file(self.path(checkpoint)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_kept_for_its_own_checkpoint() {
        let folder = tempfile::tempdir().unwrap();
        let kept = Certificates::new(folder.path());
        assert!(kept.is_empty() && kept.get("abc").is_none());
        let one = Certificate {
            checkpoint: "abc".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            largest: 1e-6,
            ..Certificate::default()
        };
        let path = kept.keep(&one).unwrap();
        assert_eq!(kept.get("abc"), Some(one));
        assert!(!kept.is_empty() && kept.get("abd").is_none());
        // Of another checkpoint, under this one's name.
        std::fs::copy(&path, kept.path("abd")).unwrap();
        assert!(kept.get("abd").is_none());
        std::fs::write(&path, "{").unwrap();
        assert!(kept.get("abc").is_none());
        assert!(kept.withdraw("abc") && !kept.withdraw("abc"));
    }
}
