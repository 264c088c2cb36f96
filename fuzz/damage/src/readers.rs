//! Damaged files, one at a time, to every reader: no crash, no hang, and no other numbers without a word.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::child::{Outcome, Probe};
use crate::edits::copy_all;
use crate::oracle::Oracle;
use crate::report::Report;
use crate::rng::Rng;
use crate::{cells, mutate, oracle};

type Mutate = fn(&mut Rng, &[u8]) -> Vec<u8>;

/// A file, how it is damaged, the command that reads it, and which damage must not go without a word.
struct Target {
    reader: &'static str,
    file: &'static str,
    mutate: Mutate,
    command: &'static str,
    oracle: Oracle,
}

const fn target(
    reader: &'static str,
    file: &'static str,
    mutate: Mutate,
    command: &'static str,
    oracle: Oracle,
) -> Target {
    Target { reader, file, mutate, command, oracle }
}

const FIT: &str = "fit f.csv a.npy -o o --folds 2 --permutations 1 --map 0 --threads 1";
const FIT_STORED: &str = "fit s.csv a.safetensors -o o --folds 2 --permutations 1 --map 0 --threads 1";
const EXTRACT: &str = "extract t.csv --model ./m -o o.safetensors --no-cache --threads 1";
const SHARDS: &str = "extract t.csv --model ./h -o o.safetensors --no-cache --threads 1";
const ADAPTER: &str = "extract t.csv --model ./l -o o.safetensors --no-cache --threads 1";
const EIGHT: &str = "extract t.csv --model ./e -o o.safetensors --no-cache --threads 1";
const REPORT: &str = "report r -q --threads 1";
const COMPARE: &str = "compare r r2 -o o --draws 20 -q --threads 1";
use Oracle::{Covered, Free, Sized, Table};

const TARGETS: [Target; 41] = [
    target("stimuli.csv", "f.csv", mutate::csv, FIT, Table),
    target("stimuli.csv", "f.csv", cells::cells, FIT, Table),
    target("stimuli.csv", "s.csv", mutate::csv, FIT_STORED, Table),
    target("stimuli.json", "s.json", mutate::json, FIT_STORED, Free),
    target(".npy", "a.npy", mutate::npy, FIT, Sized),
    target(".npz", "a.npz", mutate::bytes, "fit f.csv a.npz -o o --folds 2 --permutations 1 --map 0 --threads 1", Covered),
    target(".pt", "a.pt", mutate::bytes, "fit s.csv a.pt -o o --folds 2 --permutations 1 --map 0 --threads 1", Covered),
    target("frozen states", "frozen.safetensors", mutate::safetensors, "verify ./m --against frozen.safetensors -q", Free),
    target(".npz of distances", "d.npz", mutate::bytes, "fit d.npz a.npy -o o --folds 2 --permutations 1 --map 0 --threads 1", Covered),
    target(".safetensors", "a.safetensors", mutate::safetensors, FIT_STORED, Sized),
    target("grammar", "g.toml", mutate::text, "check g.toml", Free),
    target("grammar", "g.toml", mutate::text, "generate g.toml --sample 8 -q", Free),
    target("feature grammar", "g.fcfg", mutate::text, "check g.fcfg", Free),
    target("plan", "plan.toml", mutate::text, "sweep status plan.toml", Free),
    target("plan", "plan.toml", mutate::text, "sweep run plan.toml --dry-run", Free),
    target("config.json", "m/config.json", mutate::json, EXTRACT, Free),
    target("tokenizer.json", "m/tokenizer.json", mutate::json, EXTRACT, Free),
    target("tokenizer_config.json", "m/tokenizer_config.json", mutate::json, EXTRACT, Free),
    target("model.safetensors", "m/model.safetensors", mutate::safetensors, EXTRACT, Sized),
    target("shard", "h/model-00001-of-00002.safetensors", mutate::safetensors, SHARDS, Sized),
    target("index of shards", "h/model.safetensors.index.json", mutate::json, SHARDS, Covered),
    target("index of shards", "h/model.safetensors.index.json", mutate::text, SHARDS, Covered),
    target("pytorch_model.bin", "p/pytorch_model.bin", pickled, "extract t.csv --model ./p -o o.safetensors --no-cache --threads 1", Covered),
    target("adapter_config.json", "l/adapter_config.json", mutate::json, ADAPTER, Free),
    target("adapter_model.safetensors", "l/adapter_model.safetensors", mutate::safetensors, ADAPTER, Sized),
    target("quantization_config", "e/config.json", mutate::json, EIGHT, Free),
    target("floats of 8 bits", "e/model.safetensors", mutate::safetensors, EIGHT, Sized),
    target("vocab.txt", "v/vocab.txt", mutate::text, "extract t.csv --model ./v -o o.safetensors --no-cache --threads 1", Free),
    target("run.json", "r/run.json", mutate::json, REPORT, Covered),
    target("run.json", "r/run.json", mutate::json, COMPARE, Covered),
    target("scores.csv", "r/scores.csv", mutate::csv, REPORT, Covered),
    target("importance.csv", "r/importance.csv", mutate::csv, COMPARE, Covered),
    target("weights.csv", "r/weights.csv", mutate::csv, REPORT, Covered),
    target("statistics.csv", "r/statistics.csv", mutate::csv, REPORT, Covered),
    target("geometry.csv", "r/geometry.csv", mutate::csv, REPORT, Covered),
    target("bootstrap.csv", "r/bootstrap.csv", mutate::csv, COMPARE, Covered),
    target("stimuli of a run", "r/stimuli.csv", mutate::csv, REPORT, Covered),
    target("feature names", "names.toml", mutate::text, "report r --feature-names names.toml -q --threads 1", Free),
    target("scores.csv", "r/scores.csv", mutate::csv, "report r --json -q --threads 1", Covered),
    target("cache entry", "", mutate::bytes, "extract t.csv --model ./m -o o.safetensors --threads 1", Covered),
    target("state of a cell", "cell.json", mutate::json, "sweep status plan.toml", Free),
];

/// Damage where the pickle is: at the beginning, where the program has to understand what it reads.
fn pickled(rng: &mut Rng, from: &[u8]) -> Vec<u8> {
    if rng.chance(4) {
        return mutate::bytes(rng, from);
    }
    let pickle = from.len().min(9000);
    let mut to = mutate::bytes(rng, &from[..pickle]);
    // The rest of the archive stays where it is.
    to.resize(pickle, b'.');
    to.extend(&from[pickle..]);
    to
}

/// The only file below `folder` whose name ends so.
fn only(folder: &Path, ending: &str) -> PathBuf {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                return path;
            }
        }
    }
    panic!("no {ending} in {}", folder.display())
}

fn path_of(home: &Path, target: &Target) -> PathBuf {
    match target.file {
        "" => only(&home.join("c"), ".acts"),
        "cell.json" => only(&home.join("w"), "cell.json"),
        file => home.join(file),
    }
}

/// What a command made, and what it warned of.
struct Made {
    bytes: Vec<u8>,
    warnings: BTreeSet<String>,
}

fn made(home: &Path, outcome: &Outcome) -> Made {
    let mut bytes = outcome.stdout.clone();
    let mut files: Vec<PathBuf> = fs::read_dir(home.join("o"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "csv"))
        .collect();
    files.push(home.join("o.safetensors"));
    files.sort();
    files.iter().for_each(|path| bytes.extend(fs::read(path).unwrap_or_default()));
    let said = outcome.said();
    let warnings = said.lines().filter(|line| line.starts_with("warning:")).map(str::to_owned).collect();
    Made { bytes, warnings }
}

fn clear(home: &Path) {
    for made in ["o", "o.safetensors"] {
        let made = home.join(made);
        let _ = if made.is_dir() { fs::remove_dir_all(&made) } else { fs::remove_file(&made) };
    }
}

/// Gives `count` damaged files to the readers, from `seed` on, `jobs` at a time.
pub fn run(probe: &Probe, seed: u64, count: u64, jobs: usize, keep: &Path, report: &Mutex<Report>) {
    if count == 0 {
        return;
    }
    let next = AtomicU64::new(seed);
    std::thread::scope(|scope| {
        for job in 0..jobs {
            let next = &next;
            scope.spawn(move || {
                // A home of its own, in which nobody else damages anything.
                let home = probe.home.join(format!("readers-{job}"));
                copy_all(&probe.home, &home);
                let probe = Probe { home: home.clone(), ..probe.with("PROBE_CACHE", "c") };
                let whole: Vec<Made> = TARGETS
                    .iter()
                    .map(|target| {
                        let outcome = probe.run(&target.command.split(' ').collect::<Vec<_>>());
                        // The frozen states are of no model, and whole: what `verify` says is where the two part.
                        let compared = target.reader == "frozen states" && outcome.said().contains("tokens part in");
                        assert!(outcome.is_ok() || compared, "{}: {}", target.command, outcome.said());
                        let made = made(&home, &outcome);
                        clear(&home);
                        made
                    })
                    .collect();
                loop {
                    let seed_now = next.fetch_add(1, Ordering::SeqCst);
                    if seed_now >= seed + count {
                        return;
                    }
                    one(&probe, seed_now, &whole, keep, report);
                }
            });
        }
    });
}

fn one(probe: &Probe, seed: u64, whole: &[Made], keep: &Path, report: &Mutex<Report>) {
    let home = &probe.home;
    let mut rng = Rng::new(seed);
    let k = rng.below(TARGETS.len());
    let target = &TARGETS[k];
    let path = path_of(home, target);
    let original = fs::read(&path).unwrap();
    let damaged = (target.mutate)(&mut rng, &original);
    fs::write(&path, &damaged).unwrap();
    let words: Vec<&str> = target.command.split(' ').collect();
    let outcome = probe.run(&words);
    let mut fault = outcome.fault();
    let mut differs = false;
    if fault.is_none() && outcome.is_ok() {
        let now = made(home, &outcome);
        differs = now.bytes != whole[k].bytes;
        let says = now.warnings.difference(&whole[k].warnings).next().is_some();
        if differs && !says && oracle::is_silent(target.oracle, &original, &damaged) {
            fault = Some("other results without a word".to_owned());
        }
        if target.reader == "cache entry" && damaged != original && !outcome.said().contains("damaged") {
            fault = Some("a damaged entry is not noticed".to_owned());
        }
    }
    fs::write(&path, &original).unwrap();
    clear(home);
    let mut report = report.lock().unwrap();
    report.count(target.reader, outcome.is_ok());
    report.differs(target.reader, differs);
    if let Some(fault) = fault {
        let case = keep.join(format!("{seed}-{}", target.reader.replace(['/', ' '], "_")));
        fs::write(&case, &damaged).unwrap();
        report.fault(target.reader, &format!("seed {seed}: `probe {}`: {fault} ({})", target.command, case.display()));
    }
    report.time(target.reader, outcome.time);
}
