//! The program as a child of this one, within bounds, and what became of it.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Address space of a child, in KiB.
const MEMORY: u64 = 4 << 20;
/// How long it may take; `PROBE_DAMAGE_SECONDS` names another bound, for builds and machines that are slow.
fn time() -> Duration {
    let named = std::env::var("PROBE_DAMAGE_SECONDS").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(named.unwrap_or(20))
}

/// What is run, and where.
#[derive(Clone)]
pub struct Probe {
    pub program: PathBuf,
    pub home: PathBuf,
    /// The bound on the size of a file, in blocks of 1024 bytes.
    pub file_size: Option<u64>,
    /// How long it may take, where that is longer than usual.
    pub seconds: Option<u64>,
    /// Variables beside those that every run has.
    pub variables: Vec<(String, String)>,
}

/// What became of a run.
pub struct Outcome {
    pub status: Option<ExitStatus>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    pub time: Duration,
}

impl Probe {
    pub fn new(program: &Path, home: &Path) -> Self {
        Self { program: program.to_owned(), home: home.to_owned(), file_size: None, seconds: None, variables: Vec::new() }
    }

    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut other = self.clone();
        other.variables.push((name.to_owned(), value.to_owned()));
        other
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new("/bin/sh");
        let file_size = self.file_size.map(|blocks| format!("ulimit -f {}; ", blocks * 2)).unwrap_or_default();
        command
            .arg("-c")
            .arg(format!("ulimit -c 0; ulimit -v {MEMORY}; {file_size}exec \"$0\" \"$@\""))
            .arg(&self.program)
            .args(words)
            .current_dir(&self.home)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HF_HOME", self.home.join("hf"))
            .env("HF_ENDPOINT", "http://127.0.0.1:9")
            .env("HF_HUB_OFFLINE", "1")
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null());
        for (name, value) in &self.variables {
            command.env(name, value);
        }
        command
    }

    /// Starts `words`, whose output goes nowhere.
    pub fn start(&self, words: &[&str]) -> io::Result<Child> {
        self.command(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
    }

    /// Runs `words` to the end, or until its time is up.
    pub fn run(&self, words: &[&str]) -> Outcome {
        let (out, err) = (self.home.join(".stdout"), self.home.join(".stderr"));
        self.run_into(words, File::create(&out).unwrap().into(), &out, &err)
    }

    /// As [`Probe::run`], with `stdout` for its output, which is read from `out`.
    pub fn run_into(&self, words: &[&str], stdout: Stdio, out: &Path, err: &Path) -> Outcome {
        let (begun, most) = (Instant::now(), self.seconds.map_or_else(time, Duration::from_secs));
        let mut child = self
            .command(words)
            .stdout(stdout)
            .stderr(File::create(err).unwrap())
            .spawn()
            .expect("a shell is there");
        let status = loop {
            match child.try_wait() {
                Ok(Some(status)) => break Some(status),
                _ if begun.elapsed() > most => {
                    let _ = child.kill();
                    let _ = child.wait();
                    break None;
                }
                _ => sleep(Duration::from_millis(2)),
            }
        };
        let read = |path: &Path| fs::read(path).unwrap_or_default();
        Outcome { status, stdout: read(out), stderr: read(err), time: begun.elapsed() }
    }
}

impl Outcome {
    pub fn code(&self) -> Option<i32> {
        self.status.and_then(|status| status.code())
    }

    pub fn is_ok(&self) -> bool {
        self.code() == Some(0)
    }

    pub fn said(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }

    /// What is wrong with how it ended and with what it said, whatever it was asked: nothing of this may ever be.
    pub fn fault(&self) -> Option<String> {
        let said = self.said();
        let Some(status) = self.status else { return Some(format!("hangs: {:.0} s", self.time.as_secs_f64())) };
        if said.contains("panicked at") {
            return Some(format!("panics: {}", said.lines().take(2).collect::<Vec<_>>().join(" ")));
        }
        match status.code() {
            None => {
                use std::os::unix::process::ExitStatusExt;
                return Some(format!("ends by signal {:?}: {said}", status.signal()));
            }
            Some(0..=2) => {}
            Some(code) => return Some(format!("exit code {code}: {said}")),
        }
        for (name, text) in [("stderr", &self.stderr), ("stdout", &self.stdout)] {
            if let Some(c) = raw_control(text) {
                return Some(format!("a raw control character {c:?} on {name}"));
            }
        }
        if status.code() == Some(0) {
            return None;
        }
        if !said.lines().any(|line| line.starts_with("error: ") && line.len() > "error: ".len() + 3) {
            return Some(format!("fails without an error: {said}"));
        }
        if said.lines().any(|line| line.trim_end() == "hint:") {
            return Some(format!("an empty hint: {said}"));
        }
        if said.lines().count() > 40 || said.len() > 6000 {
            return Some(format!("a message of {} lines, {} bytes", said.lines().count(), said.len()));
        }
        let debug = ["Some(", "Err(", "Ok(", "PoisonError", "Custom { kind", "Utf8Error", "ParseIntError", "src/"];
        debug
            .iter()
            .find(|mark| said.contains(**mark) && !said.contains("--"))
            .map(|mark| format!("Rust's own words ({mark}): {said}"))
    }
}

/// A character that steers a terminal.
pub fn raw_control(bytes: &[u8]) -> Option<char> {
    let text = String::from_utf8_lossy(bytes);
    text.chars().find(|&c| {
        (c.is_control() && c != '\n' && c != '\t')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    })
}
