//! One entry: a line of JSON, a safetensors file, and the hash of both.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::activations::{Activations, Pooling};
use crate::extract::Extraction;
use crate::files;

/// What the hash of an entry takes.
const HASH: u64 = blake3::OUT_LEN as u64;
/// No line that describes an entry is longer.
const MAX_LINE: u64 = 1 << 20;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The version of the program that wrote it.
    pub version: String,
    /// The model's id or folder.
    pub model: String,
    /// The commit that the id resolved to.
    pub commit: Option<String>,
    /// How tokens were pooled.
    pub pooling: Option<Pooling>,
    /// How many stimuli.
    pub stimuli: usize,
    /// How many tokens they have.
    pub tokens: usize,
    /// How many of them were run.
    pub tokens_run: usize,
    /// How many places of padded batches held no token.
    #[serde(default)]
    pub padding: usize,
    /// The layers, ascending.
    pub layers: Vec<usize>,
    /// The last layer of the model.
    pub n_layers: usize,
}

/// Why an entry cannot be had.
#[derive(Debug)]
pub(super) enum Damage {
    /// There is none.
    Absent,
    /// It is not what was written.
    Damaged(String),
}

impl From<io::Error> for Damage {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Absent,
            _ => Self::Damaged(error.to_string()),
        }
    }
}

impl Record {
    pub(super) fn of(found: &Extraction, n_layers: usize) -> Self {
        let provenance = found.activations.provenance();
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            model: provenance.model.clone().unwrap_or_default(),
            commit: provenance.commit.clone(),
            pooling: provenance.pooling,
            stimuli: found.throughput.stimuli,
            tokens: found.throughput.tokens,
            tokens_run: found.throughput.tokens_run,
            padding: found.throughput.padding,
            layers: found.activations.layers().to_vec(),
            n_layers,
        }
    }
}

/// Something that is read or written, and hashed on the way.
struct Hashed<T> {
    inner: T,
    hasher: blake3::Hasher,
}

impl<R: Read> Read for Hashed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }
}

impl<W: Write> Write for Hashed<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.hasher.update(&buffer[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// How many bytes of numbers there are.
pub(super) fn size(activations: &Activations) -> u64 {
    let count = |index| activations.matrix(index).len() as u64;
    (0..activations.layers().len()).map(count).sum::<u64>() * size_of::<f32>() as u64
}

pub(super) fn write(path: &Path, record: &Record, activations: &Activations) -> Result<(), files::Error> {
    files::write_with(path, |out| {
        let mut hashed = Hashed { inner: &mut *out, hasher: blake3::Hasher::new() };
        serde_json::to_writer(&mut hashed, record)?;
        hashed.write_all(b"\n")?;
        activations.write_safetensors(&mut hashed)?;
        let hash = hashed.hasher.finalize();
        out.write_all(hash.as_bytes())
    })
}

/// The line that says what the entry is; the rest is not looked at.
pub(super) fn record(path: &Path) -> Result<Record, Damage> {
    parse(&line(&mut BufReader::new(File::open(path)?))?)
}

/// The whole entry, its hash checked.
pub(super) fn read(path: &Path) -> Result<(Record, Activations), Damage> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut reader = BufReader::with_capacity(1 << 20, file);
    let line = line(&mut reader)?;
    let hasher = blake3::Hasher::new();
    let mut hashed = Hashed { inner: reader, hasher };
    hashed.hasher.update(&line);
    let rest = (length - line.len() as u64)
        .checked_sub(HASH)
        .ok_or_else(|| Damage::Damaged("it is cut short".to_owned()))?;
    let activations = Activations::read_safetensors(&mut hashed, rest, path);
    let activations = activations.map_err(|error| Damage::Damaged(error.to_string()))?;
    let found = hashed.hasher.finalize();
    let mut expected = [0; HASH as usize];
    hashed.inner.read_exact(&mut expected)?;
    if found != blake3::Hash::from_bytes(expected) {
        return Err(Damage::Damaged("its hash is wrong".to_owned()));
    }
    Ok((parse(&line)?, activations))
}

fn line(reader: &mut impl BufRead) -> Result<Vec<u8>, Damage> {
    let mut line = Vec::new();
    reader.take(MAX_LINE).read_until(b'\n', &mut line)?;
    Ok(line)
}

fn parse(line: &[u8]) -> Result<Record, Damage> {
    serde_json::from_slice(line).map_err(|_| Damage::Damaged("it does not say what it is".to_owned()))
}
