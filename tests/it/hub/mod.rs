//! The hub against a server on loopback.

mod adapters;
mod download;
mod mischief;
mod redirect;
mod sentences;
mod server;
mod trouble;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use mlem_probe::hub::{self, Checkpoint, Error, Hub, Weights};
use mlem_probe::progress::{Progress, Unit};
use server::Server;

/// Remembers all it is told.
#[derive(Debug, Default)]
struct Recorder {
    notes: Mutex<Vec<String>>,
    /// One per bar: label, total, and how far it came.
    bars: Mutex<Vec<(String, u64, u64)>>,
}

impl Progress for Recorder {
    fn begin(&self, label: &str, total: u64, unit: Unit) {
        assert_eq!(unit, Unit::Bytes);
        self.bars.lock().unwrap().push((label.to_owned(), total, 0));
    }
    fn advance(&self, steps: u64) {
        self.bars.lock().unwrap().last_mut().unwrap().2 += steps;
    }
    fn end(&self) {}
    fn note(&self, message: &str) {
        self.notes.lock().unwrap().push(message.to_owned());
    }
}

/// A user with an empty cache, in a hurry.
struct User {
    home: tempfile::TempDir,
    hub: Hub,
    seen: Recorder,
}

impl User {
    fn of(server: &Server) -> Self {
        Self::at(&server.url())
    }

    fn at(endpoint: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().display().to_string();
        let mut hub = Hub::from_variables(|name| match name {
            "HF_HOME" => Some(path.clone()),
            "HF_ENDPOINT" => Some(endpoint.to_owned()),
            _ => None,
        });
        hub.patience.pause = Duration::from_millis(5);
        hub.patience.timeout = Duration::from_secs(5);
        Self { home, hub, seen: Recorder::default() }
    }

    fn resolve(&self, name: &str) -> Result<Checkpoint, Error> {
        hub::resolve(name, &self.hub, &self.seen)
    }

    /// The error's text and hint, with this run's address and folder replaced.
    fn failure(&self, name: &str) -> (String, String) {
        let error = self.resolve(name).unwrap_err();
        let clean = |text: String| {
            text.replace(&self.hub.endpoint, "HUB").replace(&self.home.path().display().to_string(), "HOME")
        };
        (clean(error.to_string()), clean(error.hint().unwrap_or_default()))
    }

    fn repo(&self, folder: &str) -> PathBuf {
        self.home.path().join("hub").join(folder)
    }

    /// What is in `blobs/`, sorted.
    fn blobs(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.repo(folder).join("blobs")) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// The bytes of a checkpoint's weights, shard after shard.
fn weights(checkpoint: &Checkpoint) -> Vec<u8> {
    let (Weights::Safetensors(paths) | Weights::Pytorch(paths)) = &checkpoint.weights else {
        panic!("not on disk")
    };
    paths.iter().flat_map(|path| std::fs::read(path).unwrap()).collect()
}

fn links_to(path: &Path) -> String {
    std::fs::read_link(path).unwrap().display().to_string()
}

/// `n` bytes that do not repeat soon.
fn noise(n: usize) -> Vec<u8> {
    (0..n as u64).map(|i| (i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}
