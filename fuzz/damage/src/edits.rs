//! Run directories that were edited: what is not the program's own is said, and made again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::child::Probe;
use crate::mutate;
use crate::report::Report;
use crate::rng::Rng;

const RUN: &str = "run short_sentence --sample 40 --folds 2 --permutations 2 --null 4 --bootstrap 3 --map 8 --layers 0-3 --per-unit -q";
/// Tables, those that a rerun goes on from first.
const TABLES: [&str; 8] = [
    "scores.csv", "importance.csv", "weights.csv", "statistics.csv", "bootstrap.csv", "units.csv", "geometry.csv",
    "layer_differences.csv",
];

/// The tables and the stimuli of a run.
pub fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let names = fs::read_dir(folder).map(|entries| entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()));
    names
        .into_iter()
        .flatten()
        .filter(|name| name.ends_with(".csv") || name == "stimuli.json")
        .map(|name| (name.clone(), fs::read(folder.join(&name)).unwrap_or_default()))
        .collect()
}

pub fn copy(from: &Path, to: &Path) {
    let _ = fs::remove_dir_all(to);
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
        }
    }
}

/// Copies a folder and all below it.
pub fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap();
        // Homes of others who work here are not a part of it.
        if path.is_dir() && !name.to_string_lossy().starts_with("readers-") && !name.to_string_lossy().starts_with("kills-") {
            copy_all(&path, &to.join(name));
        } else if path.is_file() {
            fs::copy(&path, to.join(name)).unwrap();
        }
    }
}

/// An edit as someone makes it in a table; what it is called.
fn edit(rng: &mut Rng, text: &str, other: &str) -> (&'static str, String) {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let body = 1 + rng.below(lines.len().saturating_sub(1));
    let body = body.min(lines.len() - 1);
    let what = match rng.below(11) {
        0 => {
            drop(lines.remove(body));
            "a row is gone"
        }
        1 => {
            lines.insert(body, lines[body].clone());
            "a row is there twice"
        }
        2 => {
            lines.truncate(body);
            "it is cut short"
        }
        3 => {
            let layer = lines[body].split(',').next().unwrap_or_default().to_owned();
            lines.retain(|line| line.split(',').next() != Some(&layer));
            "a layer is gone"
        }
        4 => {
            let mut cells: Vec<String> = lines[body].split(',').map(str::to_owned).collect();
            cells[0] = (cells[0].parse::<u64>().unwrap_or(0) + 1).to_string();
            lines[body] = cells.join(",");
            "a row is of another layer"
        }
        5 => return ("it is another run's", other.to_owned()),
        6 => {
            let a = 1 + rng.below(lines.len() - 1);
            let value = lines[a].rsplit(',').next().unwrap_or_default().to_owned();
            let (front, _) = lines[body].rsplit_once(',').unwrap_or(("", ""));
            lines[body] = format!("{front},{value}");
            "a row has another's number"
        }
        7 | 8 => {
            // With their headers, or without.
            let count = lines[0].split(',').count();
            let (a, b) = (rng.below(count), rng.below(count));
            let skip = rng.below(2);
            for line in lines.iter_mut().skip(skip) {
                let mut cells: Vec<&str> = line.split(',').collect();
                if a.max(b) < cells.len() {
                    cells.swap(a, b);
                }
                *line = cells.join(",");
            }
            "columns change places"
        }
        _ => {
            let mut cells: Vec<String> = lines[body].split(',').map(str::to_owned).collect();
            let numbers: Vec<usize> = (1..cells.len()).filter(|&k| cells[k].parse::<f64>().is_ok()).collect();
            if let Some(&k) = numbers.get(rng.below(numbers.len())) {
                cells[k] = (*rng.pick(&["0.99999", "0", "-0.5", "1e-9", "7", "1", "0.123"])).to_owned();
            }
            lines[body] = cells.join(",");
            "a number is another"
        }
    };
    (what, lines.join("\n") + "\n")
}

/// Edits `count` run directories, from `seed` on, `jobs` at a time.
pub fn run(probe: &Probe, seed: u64, count: u64, jobs: usize, report: &Mutex<Report>) {
    if count == 0 {
        return;
    }
    let next = AtomicU64::new(seed);
    thread::scope(|scope| {
        for job in 0..jobs {
            let next = &next;
            scope.spawn(move || {
                let home = probe.home.join(format!("edits-{job}"));
                fs::create_dir_all(&home).unwrap();
                let probe = Probe { home: home.clone(), ..probe.clone() };
                let (whole, r) = (home.join("whole"), home.join("e"));
                let words = |out: &str, more: &str| format!("{RUN} -o {out}{more}");
                let ok = |words: &str| probe.run(&words.split(' ').collect::<Vec<_>>());
                for (out, more) in [("e", ""), ("other", " --seed 5")] {
                    let outcome = ok(&words(out, more));
                    assert!(outcome.is_ok(), "{}", outcome.said());
                }
                // A rerun of a whole run changes none of its tables.
                copy(&r, &whole);
                let expected = contents(&whole);
                assert!(ok(&words("e", "")).is_ok());
                assert!(contents(&r) == expected, "a rerun changes tables");
                loop {
                    let now = next.fetch_add(1, Ordering::SeqCst);
                    if now >= seed + count {
                        return;
                    }
                    one(&probe, now, &expected, report);
                }
            });
        }
    });
}

fn one(probe: &Probe, seed: u64, expected: &BTreeMap<String, Vec<u8>>, report: &Mutex<Report>) {
    let home = &probe.home;
    let (whole, other, r) = (home.join("whole"), home.join("other"), home.join("e"));
    let ok = |words: &str| probe.run(&words.split(' ').collect::<Vec<_>>());
    let mut rng = Rng::new(seed);
    copy(&whole, &r);
    let table = if rng.chance(3) { *rng.pick(&TABLES) } else { *rng.pick(&TABLES[..4]) };
    let path = r.join(table);
    let text = fs::read_to_string(&path).unwrap();
    let (what, edited) = if rng.chance(12) {
        let record = fs::read(r.join("run.json")).unwrap();
        fs::write(r.join("run.json"), mutate::json(&mut rng, &record)).unwrap();
        ("run.json is edited", text.clone())
    } else {
        edit(&mut rng, &text, &fs::read_to_string(other.join(table)).unwrap())
    };
    fs::write(&path, &edited).unwrap();
    let is_edited = edited != text;
    let mut fault = None;
    // `report` and `compare` say it, or refuse what is no table.
    for words in ["report e", "compare e whole -o o --draws 10"] {
        let outcome = ok(words);
        let said = outcome.said();
        let told = said.contains("not what the run wrote")
            || said.contains("missing")
            || said.contains("other rows")
            || said.contains("no hashes");
        if is_edited && outcome.is_ok() && !told {
            fault = Some(format!("`probe {words}` says nothing: {said}"));
        }
        fault = fault.or(outcome.fault());
    }
    let again = ok(&format!("{RUN} -o e"));
    fault = fault.or(again.fault());
    let found = contents(&r);
    let differ: Vec<&String> = expected.keys().filter(|name| found.get(*name) != expected.get(*name)).collect();
    if again.status.is_some() && !differ.is_empty() {
        fault = Some(format!("taken for the program's own: {differ:?} after a rerun: {}", again.said()));
    }
    // A rerun that fits layers again says why.
    let fits = TABLES[..3].contains(&table) && is_edited && what != "run.json is edited";
    if fault.is_none() && fits && !again.said().contains("fitted again") {
        fault = Some(format!("a rerun fits again without a word: {}", again.said()));
    }
    let mut report = report.lock().unwrap();
    report.count(what, again.is_ok());
    report.time(what, again.time);
    if let Some(fault) = fault {
        report.fault(what, &format!("seed {seed}, {table}: {fault}"));
    }
}
