//! One file, from its address to its place in the cache, however often the connection breaks.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::http::{Client, Failure, Remote, broken};
use super::verify;
use crate::hub::error::{Error, Result};
use crate::hub::options::Patience;
use crate::progress::{Progress, Unit};
use crate::text;

/// A file to be fetched. Whoever runs it holds the lock of its hash.
pub(in crate::hub) struct Download<'a> {
    pub(in crate::hub) client: &'a Client,
    pub(in crate::hub) patience: Patience,
    pub(in crate::hub) progress: &'a dyn Progress,
    pub(in crate::hub) url: &'a str,
    pub(in crate::hub) file: &'a str,
    pub(in crate::hub) remote: &'a Remote,
    pub(in crate::hub) blob: &'a Path,
}

/// The most bytes of a file whose size no server names: files of weights have one.
const MOST: u64 = 1 << 30;
/// So many interruptions of a download are told one by one, and then one in so long.
const TOLD: usize = 5;
const TELL_AGAIN: Duration = Duration::from_secs(60);
/// What comes slower than so many bytes a second does not come.
const SLOWEST: u64 = 1024;

/// How fast bytes come.
struct Pace {
    /// How long they may come too slowly.
    patience: Duration,
    since: Instant,
    from: u64,
}

impl Pace {
    fn begin(patience: Duration, from: u64) -> Self {
        Self { patience, since: Instant::now(), from }
    }

    /// Whether fewer bytes came than should have, now that there are `at`; unknown while the time is not over.
    fn was_too_slow(&mut self, at: u64) -> Option<bool> {
        if self.since.elapsed() < self.patience {
            return None;
        }
        let too_slow = at.saturating_sub(self.from) < SLOWEST * self.patience.as_secs().max(1);
        (self.since, self.from) = (Instant::now(), at);
        Some(too_slow)
    }
}

/// Why the bytes stopped coming.
enum Stop {
    Failure(Failure),
    Disk(io::Error),
    /// Other bytes than those promised.
    Damaged(String),
}

impl Download<'_> {
    pub(in crate::hub) fn run(&self) -> Result<()> {
        let partial = self.partial();
        let resumed = length(&partial) > 0;
        match self.run_once(&partial) {
            // What an earlier run left may be rotten: once more, from the beginning.
            Err(Error::Damaged { what, .. }) if resumed => {
                self.progress.note(&format!("{}: {what}; fetching it again from its beginning", self.file));
                self.run_once(&partial)
            }
            done => done,
        }
    }

    fn run_once(&self, partial: &Path) -> Result<()> {
        match self.fetch(partial) {
            Ok(()) => {}
            Err(Stop::Damaged(what)) => {
                remove(partial);
                return Err(Error::Damaged { url: self.url.to_owned(), what });
            }
            Err(Stop::Disk(source)) => {
                // Half a file on a full disk is in the way of everything else.
                if matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
                    remove(partial);
                }
                return Err(Error::Cache { path: partial.to_owned(), source });
            }
            Err(Stop::Failure(failure)) => return Err(self.give_up(failure, length(partial))),
        }
        let disk = |source| Error::Cache { path: partial.to_owned(), source };
        if let Some(found) = verify::other_hash(partial, &self.remote.etag).map_err(disk)? {
            remove(partial);
            let what = format!("its hash is {found}, the server promised {}", self.remote.etag);
            return Err(Error::Damaged { url: self.url.to_owned(), what });
        }
        File::open(partial).and_then(|file| file.sync_all()).map_err(disk)?;
        fs::rename(partial, self.blob).map_err(disk)
    }

    /// Asks until all bytes are there or `attempts` requests in a row have brought none.
    fn fetch(&self, partial: &Path) -> Result<(), Stop> {
        let mut validator = None;
        let mut fruitless = 0;
        let (mut interruptions, mut told) = (0, Instant::now());
        // A server that cuts after a few bytes each time brings some with every request, and may go on for days.
        let (mut pace, mut slow_times) = (Pace::begin(self.patience.slow, length(partial)), 0);
        loop {
            let have = length(partial);
            match self.remote.size {
                Some(size) if have == size && partial.exists() => return Ok(()),
                Some(size) if have > size => remove(partial),
                _ => {}
            }
            let have = length(partial);
            let begun = Instant::now();
            let (what, wait) = match self.append(partial, have, &mut validator) {
                Err(Stop::Failure(Failure::Passing { what, wait })) => (what, wait),
                // The network that was there a moment ago may come back.
                Err(Stop::Failure(Failure::Unreachable(what))) => (what, None),
                // The server has less than what is here.
                Err(Stop::Failure(Failure::Refused(refusal))) if refusal.status == 416 && have > 0 => {
                    remove(partial);
                    ("the server has no such bytes".to_owned(), None)
                }
                done => return done,
            };
            let now = length(partial);
            // What came too slowly is as good as nothing: a server may keep on like that for days.
            let slow = begun.elapsed() >= self.patience.slow
                && now.saturating_sub(have) < SLOWEST * begun.elapsed().as_secs().max(1);
            fruitless = if now > have && !slow { 1 } else { fruitless + 1 };
            match pace.was_too_slow(now) {
                Some(true) => slow_times += 1,
                Some(false) => slow_times = 0,
                None => {}
            }
            if fruitless.max(slow_times) >= self.patience.attempts {
                let what = if fruitless >= self.patience.attempts {
                    format!("{what} ({fruitless} attempts in a row)")
                } else {
                    format!("{what}, again and again, and less than {SLOWEST} bytes a second came")
                };
                return Err(Stop::Failure(Failure::Passing { what, wait: None }));
            }
            let wait = wait.unwrap_or_else(|| self.patience.wait(fruitless));
            interruptions += 1;
            if interruptions <= TOLD || told.elapsed() >= TELL_AGAIN {
                told = Instant::now();
                let times =
                    if interruptions > TOLD { format!(" ({interruptions} times)") } else { String::new() };
                let message = format!("{}: {what} at {now} bytes{times}; going on in {wait:?}", self.file);
                self.progress.note(&message);
            }
            thread::sleep(wait);
        }
    }

    /// One request: appends what it brings to the `have` bytes of `partial`, or starts over if the server does.
    fn append(&self, partial: &Path, have: u64, validator: &mut Option<String>) -> Result<(), Stop> {
        let stream = self.client.open(self.url, have, validator.as_deref()).map_err(Stop::Failure)?;
        *validator = stream.validator.or(validator.take());
        if let (Some(promised), Some(comes)) = (self.remote.size, stream.size)
            && promised != comes
        {
            return Err(Stop::Damaged(format!("it has {comes} bytes, the server promised {promised}")));
        }
        let mut file =
            File::options().write(true).create(true).truncate(false).open(partial).map_err(Stop::Disk)?;
        if length(partial) != stream.offset {
            file.set_len(stream.offset).map_err(Stop::Disk)?;
        }
        io::Seek::seek(&mut file, io::SeekFrom::Start(stream.offset)).map_err(Stop::Disk)?;
        let size = self.remote.size.or(stream.size);
        self.progress.begin(self.file, size.unwrap_or(0), Unit::Bytes);
        self.progress.advance(stream.offset);
        let copied = self.copy(stream.reader, &mut file, stream.offset, size);
        self.progress.end();
        copied
    }

    fn copy(
        &self,
        mut reader: Box<dyn Read>,
        file: &mut File,
        offset: u64,
        size: Option<u64>,
    ) -> Result<(), Stop> {
        let mut buffer = vec![0; 1 << 18];
        let mut at = offset;
        let mut pace = Pace::begin(self.patience.slow, at);
        loop {
            let n = match reader.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Stop::Failure(broken(error))),
            };
            at += n as u64;
            if size.is_none() && at > MOST {
                return Err(Stop::Damaged(format!(
                    "the server names no size of it, and sends more than {} bytes",
                    text::count(u128::from(MOST))
                )));
            }
            if pace.was_too_slow(at) == Some(true) {
                let what = format!("less than {SLOWEST} bytes a second came for {:?}", self.patience.slow);
                return Err(Stop::Failure(Failure::Passing { what, wait: None }));
            }
            if size.is_some_and(|size| at > size) {
                return Err(Stop::Damaged(format!(
                    "it has more than the {} bytes promised",
                    size.unwrap_or(0)
                )));
            }
            file.write_all(&buffer[..n]).map_err(Stop::Disk)?;
            self.progress.advance(n as u64);
        }
        if size.is_some_and(|size| at < size) {
            let what = "the connection ended early".to_owned();
            return Err(Stop::Failure(Failure::Passing { what, wait: None }));
        }
        Ok(())
    }

    fn give_up(&self, failure: Failure, have: u64) -> Error {
        let url = self.url.to_owned();
        match failure {
            Failure::Unreachable(what) | Failure::Passing { what, .. } if have > 0 => {
                Error::BrokenOff { url, have, size: self.remote.size, what }
            }
            Failure::Unreachable(what) | Failure::Passing { what, .. } | Failure::Malformed(what) => {
                Error::Server { url, what }
            }
            Failure::Refused(refusal) => {
                let said =
                    refusal.message.map(|said| format!(": {}", said.escape_debug())).unwrap_or_default();
                Error::Server { url, what: format!("the server answers {}{said}", refusal.status) }
            }
        }
    }

    /// Where the bytes gather until they are whole.
    fn partial(&self) -> PathBuf {
        let mut name = self.blob.as_os_str().to_owned();
        name.push(".incomplete");
        name.into()
    }
}

fn remove(partial: &Path) {
    // Gone already, or not removable: the next write says so.
    if let Err(error) = fs::remove_file(partial) {
        tracing::debug!(path = %partial.display(), %error, "could not remove");
    }
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |metadata| metadata.len())
}
