//! One entry: a line of JSON, a safetensors file, and the hash of both.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::activations::{self, ByLayer, Pooling, Stored};
use crate::extract::Throughput;
use crate::extract::error::Result;
use crate::files::{self, Pending};
use crate::text;

/// What the hash of an entry takes.
const HASH: u64 = blake3::OUT_LEN as u64;
/// No line that describes an entry is longer.
const MAX_LINE: u64 = 1 << 20;

/// No model has as many layers.
const MOST_LAYERS: usize = 100_000;

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The hash that it is found by (hex).
    #[serde(default)]
    pub key: String,
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
    pub(super) fn of(key: &str, found: &dyn ByLayer, throughput: &Throughput, n_layers: usize) -> Self {
        let provenance = found.provenance();
        Self {
            key: key.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            model: provenance.model.clone().unwrap_or_default(),
            commit: provenance.commit.clone(),
            pooling: provenance.pooling,
            stimuli: throughput.stimuli,
            tokens: throughput.tokens,
            tokens_run: throughput.tokens_run,
            padding: throughput.padding,
            layers: found.layers().to_vec(),
            n_layers,
        }
    }
}

pub(super) fn write(path: &Path, record: &Record, activations: &dyn ByLayer) -> Result<()> {
    let failed = |source| files::Error::Write { path: path.to_owned(), source };
    let pending = Pending::beside(path)?;
    let mut hasher = blake3::Hasher::new();
    let mut end = 0;
    let mut add = |bytes: &[u8]| {
        hasher.update(bytes);
        let written = pending.write_at(bytes, end);
        end += bytes.len() as u64;
        written
    };
    let mut line = serde_json::to_vec(record).map_err(|error| failed(error.into()))?;
    line.push(b'\n');
    add(&line)?;
    activations::safetensors_pieces(activations, |bytes| Ok::<_, activations::Error>(add(bytes)?))?;
    let hash = hasher.finalize();
    pending.write_at(hash.as_bytes(), end)?;
    pending.keep()?;
    Ok(())
}

/// The line that says what the entry is; the rest is not looked at.
pub(super) fn record(path: &Path) -> Result<Record, Damage> {
    parse(&line(&mut BufReader::new(File::open(path)?))?)
}

/// The entry of `key`, its hash checked, and that it is this entry. Its numbers stay in the file, which is held open: what happens to its name does not matter.
pub(super) fn read(path: &Path, key: &str) -> Result<(Record, Stored), Damage> {
    let cut_short = || Damage::Damaged("it is cut short".to_owned());
    let file = File::open(path)?;
    let end = file.metadata()?.len().checked_sub(HASH).ok_or_else(cut_short)?;
    let mut reader = BufReader::with_capacity(1 << 20, &file);
    let line = line(&mut reader)?;
    let start = line.len() as u64;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&line);
    let mut left = end.checked_sub(start).ok_or_else(cut_short)?;
    while left > 0 {
        let bytes = reader.fill_buf()?;
        let count = (bytes.len() as u64).min(left) as usize;
        if count == 0 {
            return Err(cut_short());
        }
        hasher.update(&bytes[..count]);
        reader.consume(count);
        left -= count as u64;
    }
    let mut expected = [0; HASH as usize];
    reader.read_exact(&mut expected)?;
    if hasher.finalize() != blake3::Hash::from_bytes(expected) {
        return Err(Damage::Damaged("its hash is wrong".to_owned()));
    }
    let stored = Stored::open_safetensors(file, start..end, path);
    let stored = stored.map_err(|error| Damage::Damaged(error.to_string()))?;
    let record = parse(&line)?;
    if record.key != key {
        return Err(Damage::Damaged("it is the entry of another key".to_owned()));
    }
    if record.layers != stored.layers() {
        return Err(Damage::Damaged("it says that it has other layers than it has".to_owned()));
    }
    // A list of all layers is made where nobody names some: no model has so many.
    if record.n_layers >= MOST_LAYERS {
        let (found, most) = (text::count(record.n_layers as u128), text::count(MOST_LAYERS as u128));
        return Err(Damage::Damaged(format!(
            "its model is said to have {found} layers, and at most {most} are read"
        )));
    }
    Ok((record, stored))
}

fn line(reader: &mut impl BufRead) -> Result<Vec<u8>, Damage> {
    let mut line = Vec::new();
    reader.take(MAX_LINE).read_until(b'\n', &mut line)?;
    Ok(line)
}

fn parse(line: &[u8]) -> Result<Record, Damage> {
    serde_json::from_slice(line).map_err(|_| Damage::Damaged("it does not say what it is".to_owned()))
}
