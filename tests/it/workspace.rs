//! A folder of its own for each test, and the program run in it as a user would.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use mlem_probe::hub::embedded;
use tempfile::TempDir;

/// A folder that is gone when the test ends.
pub struct Workspace(TempDir);

/// The embedded model's file `name` as a checkpoint on disk has it; `REVISION.safetensors` are the weights of one of its steps, and
/// `model.safetensors` those of the last.
pub fn asset(name: &str) -> Vec<u8> {
    let revision = name.strip_suffix(".safetensors").map(|step| if step == "model" { "final" } else { step });
    match revision {
        Some(step) => {
            let mut revisions = embedded::MODELS[0].revisions.iter();
            revisions.find(|revision| revision.name == step).unwrap().file().unwrap().to_vec()
        }
        None => fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/tiny-bert").join(name)).unwrap(),
    }
}

impl Workspace {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Writes the embedded model as the checkpoint `folder`.
    pub fn write_model(&self, folder: &str) -> &Self {
        for name in ["config.json", "tokenizer.json", "model.safetensors"] {
            self.write(&format!("{folder}/{name}"), asset(name));
        }
        self
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
        self
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The program with `words` as its command line, in this folder, with no network and no cache but this folder.
    pub fn command(&self, words: &str) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("probe"));
        command
            .args(words.split_whitespace())
            .current_dir(self.0.path())
            .env_clear()
            .env("HF_HOME", self.path("hf"))
            .env("HF_ENDPOINT", "http://127.0.0.1:9")
            .env("HF_HUB_OFFLINE", "1");
        command
    }

    /// Runs `words` and says how it went: exit code, stdout and stderr, with this folder's name and the version masked.
    pub fn transcript(&self, words: &str) -> String {
        let Output { status, stdout, stderr } = self.command(words).output().unwrap();
        let text = format!(
            "exit code {}\n--- stdout\n{}--- stderr\n{}",
            status.code().map_or("none".to_owned(), |code| code.to_string()),
            String::from_utf8(stdout).unwrap(),
            String::from_utf8(stderr).unwrap(),
        );
        let folder = self.0.path().to_string_lossy().into_owned();
        let real = fs::canonicalize(self.0.path()).unwrap().to_string_lossy().into_owned();
        text.replace(&folder, "[DIR]").replace(&real, "[DIR]").replace(env!("CARGO_PKG_VERSION"), "[VERSION]")
    }

    /// Runs `words`, which must go well, and gives stdout.
    pub fn ok(&self, words: &str) -> String {
        let output = self.command(words).output().unwrap();
        assert!(
            output.status.success(),
            "`probe {words}` failed:\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }
}

/// The names of the files in `folder`, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}
