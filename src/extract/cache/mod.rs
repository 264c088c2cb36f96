//! Activations that were taken before, by what they depend on.
//!
//! An entry is found by a hash of everything that may change a number: the weights, `config.json`, the tokenizer, how they
//! are loaded and on what device, the sentences, what is pooled and how, and the version of this program. Layers and transforms
//! are not part of it: an entry serves every selection of its layers, and transforms are made after reading.
//!
//! ```text
//! PROBE_CACHE/activations/KEY.acts      a line of JSON (what it is), a safetensors file, and the BLAKE3 of both
//! ```
//!
//! Files are written whole or not at all, so several processes may use one cache; two that run the same model at the same time
//! write the same bytes. An entry whose hash is wrong is said to be damaged and taken again. Entries above 4 GiB are not kept,
//! and what was used least recently goes when all of them pass 16 GiB.

mod entry;
mod request;

use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

pub use entry::Record;
pub use request::Request;

use super::error::Result;
use super::{Extraction, Throughput};
use crate::activations::{ByLayer, Stored};
use crate::files::abandoned::remove_abandoned;
use crate::progress::Progress;
use crate::{files, text};
use entry::Damage;

/// The largest entry that is kept, in bytes.
const MAX_ENTRY: u64 = 4 << 30;
/// How many bytes all entries may have together.
const MAX_TOTAL: u64 = 16 << 30;
/// How the name of an entry ends.
const ENDING: &str = "acts";

/// A folder of activations that were taken before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cache {
    folder: PathBuf,
}

/// An entry as its folder shows it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The hash that it is found by (hex).
    pub key: String,
    /// What it says it is; `None` where it cannot be read.
    pub record: Option<Record>,
    /// Its size.
    pub bytes: u64,
    /// When it was last written or read.
    pub used: SystemTime,
}

impl Cache {
    /// The cache that the environment names: `PROBE_CACHE`, else `probe` in the platform's folder for caches. `None` where there
    /// is neither.
    #[must_use]
    pub fn from_env() -> Option<Self> {
        Self::from_variables(|name| std::env::var_os(name).map(PathBuf::from))
    }

    /// The cache that the variables of `lookup` name; an empty one counts as unset.
    pub fn from_variables(lookup: impl Fn(&str) -> Option<PathBuf>) -> Option<Self> {
        let set = |name: &str| lookup(name).filter(|value| !value.as_os_str().is_empty());
        let platform = || {
            if cfg!(windows) {
                set("LOCALAPPDATA")
            } else if cfg!(target_os = "macos") {
                set("HOME").map(|home| home.join("Library/Caches"))
            } else {
                set("XDG_CACHE_HOME").or_else(|| set("HOME").map(|home| home.join(".cache")))
            }
        };
        let folder = set("PROBE_CACHE").or_else(|| platform().map(|caches| caches.join("probe")))?;
        Some(Self::new(&folder))
    }

    /// The cache in `folder`.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.join("activations") }
    }

    /// The folder of the entries.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.{ENDING}"))
    }

    /// What `request` asks for, if it is here, whole, with all of the layers; they are read when they are asked for. `progress` is
    /// told of an entry that is damaged.
    #[must_use]
    pub fn get(&self, request: &Request<'_>, progress: &dyn Progress) -> Option<Extraction<Stored>> {
        let begun = Instant::now();
        let path = self.path(request.key());
        let (record, activations) = match entry::read(&path, request.key()) {
            Ok(found) => found,
            Err(Damage::Absent) => return None,
            Err(Damage::Damaged(what)) => {
                progress.warn(&format!("{} is damaged ({what}): the model runs again", path.display()));
                return None;
            }
        };
        let activations = activations.select(&request.entries().ok()?).ok()?;
        let activations = activations.with_provenance(request.provenance());
        // Only to know what was used least; a cache that may not be written serves all the same.
        let _ = std::fs::File::options()
            .append(true)
            .open(&path)
            .and_then(|file| file.set_modified(SystemTime::now()));
        let throughput = Throughput {
            stimuli: record.stimuli,
            tokens: record.tokens,
            tokens_run: record.tokens_run,
            padding: record.padding,
            time: begun.elapsed(),
        };
        Some(Extraction { activations, throughput })
    }

    /// Keeps what `request` gave, of a model of `n_layers`, unless an entry with more layers is there or it is too large.
    /// `progress` is told when it cannot be written: that is no reason to stop.
    pub fn put(
        &self,
        request: &Request<'_>,
        (found, throughput): (&dyn ByLayer, &Throughput),
        n_layers: usize,
        progress: &dyn Progress,
    ) {
        let path = self.path(request.key());
        let record = Record::of(request.key(), found, throughput, n_layers);
        let more = entry::record(&path).is_ok_and(|other| other.layers.len() > record.layers.len());
        if more || (found.shape().n_values() * size_of::<f32>()) as u64 > MAX_ENTRY {
            return;
        }
        match entry::write(&path, &record, found) {
            Ok(()) => self.shrink(MAX_TOTAL, request.key()),
            Err(error) => progress.note(&format!("the activations are not kept for another run: {error}")),
        }
    }

    /// Every entry, by its key.
    ///
    /// # Errors
    ///
    /// [`Error::Files`](super::Error::Files) when the folder cannot be read; a folder that is not there has no entries.
    pub fn entries(&self) -> Result<Vec<Listed>> {
        let failed = |source| files::Error::Read { path: self.folder.clone(), source };
        let folder = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            folder => folder.map_err(failed)?,
        };
        let mut entries = Vec::new();
        for file in folder {
            let path = file.map_err(failed)?.path();
            let key = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
            // Whatever else a user keeps there is not the cache's.
            let is_entry = path.extension().is_some_and(|ending| ending == ENDING)
                && key.len() == 64
                && key.bytes().all(|byte| byte.is_ascii_hexdigit());
            // An entry that another process has just removed is none.
            let Some(metadata) = path.metadata().ok().filter(|_| is_entry) else { continue };
            entries.push(Listed {
                key: key.to_owned(),
                record: entry::record(&path).ok(),
                bytes: metadata.len(),
                used: metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            });
        }
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    /// Reads the whole of an entry: `None` where it is what was written, else what is wrong with it.
    #[must_use]
    pub fn damage(&self, key: &str) -> Option<String> {
        match entry::read(&self.path(key), key) {
            Ok(_) => None,
            Err(Damage::Absent) => Some("it is not there".to_owned()),
            Err(Damage::Damaged(what)) => Some(what),
        }
    }

    /// Removes an entry; one that is not there is gone already.
    ///
    /// # Errors
    ///
    /// [`Error::Files`](super::Error::Files) when it cannot be removed.
    pub fn remove(&self, key: &str) -> Result<()> {
        Ok(files::write_or_remove(&self.path(key), None)?)
    }

    /// Removes what processes that were killed left half written, and says how many files and bytes that was.
    pub fn tidy(&self) -> (usize, u64) {
        remove_abandoned(&self.folder, is_partial)
    }

    /// How many bytes other processes have written of entries that are not whole yet.
    fn under_way(&self) -> u64 {
        let files = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let partial = files.filter(|file| file.file_name().to_string_lossy().ends_with(".part"));
        partial.filter_map(|file| file.metadata().ok()).map(|found| found.len()).sum()
    }

    /// Removes what was used least recently until all entries have at most `total` bytes; `key` stays.
    fn shrink(&self, total: u64, key: &str) {
        let mut entries = self.entries().unwrap_or_default();
        entries.sort_by_key(|entry| entry.used);
        self.tidy();
        let mut bytes: u64 = entries.iter().map(|entry| entry.bytes).sum::<u64>() + self.under_way();
        for entry in entries.iter().filter(|entry| entry.key != key) {
            if bytes <= total {
                return;
            }
            // Another process may be at it; what cannot be removed now is removed another time.
            if self.remove(&entry.key).is_ok() {
                bytes -= entry.bytes;
            }
        }
    }
}

/// Whether a temporary file, which was to become `name`, was to be an entry. Its name may be shortened.
fn is_partial(name: &str) -> bool {
    name.len() >= 55 && name.bytes().take(55).all(|byte| byte.is_ascii_hexdigit())
}

/// The entry whose key begins with `start`: the only one.
///
/// # Errors
///
/// In words: none does, or several do.
pub fn find<'a>(entries: &'a [Listed], start: &str) -> Result<&'a Listed, String> {
    let mut found = entries.iter().filter(|entry| !start.is_empty() && entry.key.starts_with(start));
    match (found.next(), found.count()) {
        (Some(entry), 0) => Ok(entry),
        (Some(_), more) => Err(format!("{} begin with `{start}`", text::counted(more as u128 + 1, "key"))),
        (None, _) => Err(format!("no entry of the cache has a key that begins with `{start}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_is_where_the_environment_says() {
        let cache = |variables: &[(&str, &str)]| {
            let found = |name: &str| variables.iter().find(|(other, _)| *other == name);
            Cache::from_variables(|name| found(name).map(|(_, value)| PathBuf::from(value)))
        };
        assert_eq!(cache(&[("PROBE_CACHE", "/c"), ("HOME", "/h")]), Some(Cache::new(Path::new("/c"))));
        assert_eq!(cache(&[]), None);
        #[cfg(target_os = "linux")]
        {
            assert_eq!(
                cache(&[("PROBE_CACHE", ""), ("HOME", "/h")]),
                Some(Cache::new(Path::new("/h/.cache/probe")))
            );
            let both = cache(&[("XDG_CACHE_HOME", "/x"), ("HOME", "/h")]);
            assert_eq!(both, Some(Cache::new(Path::new("/x/probe"))));
        }
    }

    #[test]
    fn what_was_used_least_goes_first_and_nothing_else_goes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path());
        std::fs::create_dir_all(cache.folder()).unwrap();
        let key = |digit: char| digit.to_string().repeat(64);
        for (age, digit) in ['c', 'a', 'b'].into_iter().enumerate() {
            let file = std::fs::File::create(cache.path(&key(digit))).unwrap();
            file.set_len(10).unwrap();
            let used = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(age as u64);
            file.set_modified(used).unwrap();
        }
        std::fs::write(cache.folder().join("mine.acts"), "a user's own").unwrap();
        cache.shrink(20, &key('c'));
        let left: Vec<String> = cache.entries().unwrap().into_iter().map(|entry| entry.key).collect();
        assert_eq!(left, [key('b'), key('c')], "the newest entry stays, though it is the oldest by time");
        assert!(cache.folder().join("mine.acts").exists());
        let entries = cache.entries().unwrap();
        assert_eq!(find(&entries, "bb").unwrap().key, key('b'));
        assert!(find(&entries, "").is_err() && find(&entries, "x").is_err());
    }
}
