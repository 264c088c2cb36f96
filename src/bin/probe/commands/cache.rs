//! `probe cache`: activations that were taken before.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use mlem_probe::extract::cache::{Cache, Listed, find};
use mlem_probe::text;
use serde_json::json;

use crate::args::{CacheCommand, CacheTask};
use crate::failure::{Failure, Result};
use crate::printer::Printer;

/// How many digits of a key are shown.
const SHOWN: usize = 12;

/// Runs the command.
pub fn run(args: &CacheCommand, printer: &Printer) -> Result<()> {
    let Some(cache) = Cache::from_env() else {
        return Err(Failure::input(
            "no folder for the cache: neither PROBE_CACHE nor a home folder is set",
            "set PROBE_CACHE to a folder",
        ));
    };
    if let (files @ 1.., bytes) = cache.tidy() {
        let files = text::counted(files as u128, "half-written file");
        printer.say(&format!("removed {files} of runs that were ended, {}", size(bytes)));
    }
    match &args.task {
        CacheTask::Ls(_) => list(&cache, printer),
        CacheTask::Rm(args) => remove(&cache, &args.keys, args.all, printer),
        CacheTask::Verify(_) => verify(&cache, printer),
    }
}

fn list(cache: &Cache, printer: &Printer) -> Result<()> {
    let entries = cache.entries()?;
    if printer.json() {
        let entries: Vec<_> = entries
            .iter()
            .map(|entry| json!({"key": entry.key, "bytes": entry.bytes, "record": entry.record}))
            .collect();
        return Printer::result_json(&json!({"folder": cache.folder(), "entries": entries}));
    }
    let mut out = String::new();
    for entry in &entries {
        let _ = writeln!(out, "{}  {}", short(&entry.key), describe(entry));
    }
    let bytes = entries.iter().map(|entry| entry.bytes).sum();
    let count = if entries.len() == 1 { "1 entry".to_owned() } else { format!("{} entries", entries.len()) };
    let _ = writeln!(out, "{count}, {} in {}", size(bytes), cache.folder().display());
    Printer::result(out)
}

fn describe(entry: &Listed) -> String {
    let Some(record) = &entry.record else { return format!("damaged, {}", size(entry.bytes)) };
    let commit = record.commit.as_deref().unwrap_or_default();
    let commit =
        if commit.is_empty() { String::new() } else { format!("@{}", commit.get(..7).unwrap_or(commit)) };
    format!(
        "{}{commit}, {}, {} stimuli, {}, {}, used {}",
        record.model,
        record.pooling.map(|pooling| pooling.to_string()).unwrap_or_default(),
        text::count(record.stimuli as u128),
        text::counted(record.layers.len() as u128, "layer"),
        size(entry.bytes),
        ago(SystemTime::now().duration_since(entry.used).unwrap_or_default()),
    )
}

fn remove(cache: &Cache, keys: &[String], all: bool, printer: &Printer) -> Result<()> {
    let entries = cache.entries()?;
    let chosen: Vec<&Listed> = if all {
        entries.iter().collect()
    } else {
        let chosen = keys.iter().map(|key| find(&entries, key));
        let hint = "`probe cache ls` lists the keys; as much of one as tells it from others is enough";
        chosen.collect::<std::result::Result<_, _>>().map_err(|message| Failure::input(message, hint))?
    };
    for entry in &chosen {
        cache.remove(&entry.key)?;
    }
    let bytes = chosen.iter().map(|entry| entry.bytes).sum();
    if printer.json() {
        let keys: Vec<&str> = chosen.iter().map(|entry| entry.key.as_str()).collect();
        return Printer::result_json(&json!({"removed": keys, "bytes": bytes}));
    }
    let count = if chosen.len() == 1 { "1 entry".to_owned() } else { format!("{} entries", chosen.len()) };
    Printer::result(format!("{count} removed, {}\n", size(bytes)))
}

fn verify(cache: &Cache, printer: &Printer) -> Result<()> {
    let entries = cache.entries()?;
    let damaged: Vec<(&Listed, String)> =
        entries.iter().filter_map(|entry| Some((entry, cache.damage(&entry.key)?))).collect();
    if printer.json() {
        let damaged: Vec<_> =
            damaged.iter().map(|(entry, what)| json!({"key": entry.key, "damage": what})).collect();
        Printer::result_json(&json!({"entries": entries.len(), "damaged": damaged}))?;
    } else {
        let mut out = String::new();
        for (entry, what) in &damaged {
            let _ = writeln!(out, "{}  damaged: {what}", short(&entry.key));
        }
        let _ = writeln!(out, "{} of {} whole", entries.len() - damaged.len(), entries.len());
        Printer::result(out)?;
    }
    match damaged.first() {
        None => Ok(()),
        Some((first, _)) => Err(Failure::input(
            format!(
                "{} damaged",
                if damaged.len() == 1 {
                    "1 entry is".to_owned()
                } else {
                    format!("{} entries are", damaged.len())
                }
            ),
            format!(
                "`probe cache rm {}` removes it; the next run that needs it takes it again",
                short(&first.key)
            ),
        )),
    }
}

fn short(key: &str) -> &str {
    key.get(..SHOWN).unwrap_or(key)
}

/// Bytes in words.
fn size(bytes: u64) -> String {
    let mib = bytes as f64 / f64::from(1 << 20);
    if mib < 1024.0 { format!("{mib:.1} MiB") } else { format!("{:.1} GiB", mib / 1024.0) }
}

fn ago(time: Duration) -> String {
    match time.as_secs() {
        0..60 => "just now".to_owned(),
        seconds @ 60..3600 => format!("{} min ago", seconds / 60),
        seconds @ 3600..172_800 => format!("{} h ago", seconds / 3600),
        seconds => format!("{} days ago", seconds / 86_400),
    }
}
