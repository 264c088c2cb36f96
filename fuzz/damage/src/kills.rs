//! Processes that are killed at any moment: a rerun ends with the same files, nothing of two runs is mixed, nothing is left behind.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use crate::child::Probe;
use crate::edits::copy_all;
use crate::hub;
use crate::report::Report;
use crate::rng::Rng;

/// A command that is killed: what it is called, what stands there before, its words, and what it leaves.
struct Case {
    name: &'static str,
    before: &'static [&'static str],
    words: &'static str,
    made: &'static str,
}

const CASES: [Case; 11] = [
    Case { name: "run", before: &[], words: "run short_sentence --sample 80 --folds 3 --permutations 2 --null 5 --bootstrap 5 --map 20 --per-unit --layers 0-3 -o k -q --threads 1", made: "k" },
    Case { name: "run over another run", before: &["run short_sentence --sample 80 --folds 3 --permutations 2 --null 5 --bootstrap 5 --map 20 --per-unit --layers 0-3 -o k -q --seed 7"], words: "run short_sentence --sample 80 --folds 3 --permutations 2 --null 5 --bootstrap 5 --map 20 --per-unit --layers 0-3 -o k -q --threads 1 --seed 1 --force", made: "k" },
    Case { name: "rerun with other extras", before: &["run short_sentence --sample 80 --folds 3 --permutations 2 --map 20 --per-unit --layers 0-3 -o k -q"], words: "run short_sentence --sample 80 --folds 3 --permutations 2 --bootstrap 9 --map 40 --per-unit --layers 0-3 -o k -q --threads 1 --force", made: "k" },
    Case { name: "extract", before: &[], words: "extract big.csv -o k.safetensors -q --threads 1", made: "k.safetensors" },
    Case { name: "generate", before: &["generate relative_clause --sample 300 --seed 3 -o k.csv -q"], words: "generate relative_clause --sample 2000 -o k.csv -q", made: "k.csv" },
    Case { name: "report", before: &["run short_sentence --sample 40 --folds 2 --map 8 --layers 0-1 -o k -q"], words: "report k --figures svg,png,pdf -q", made: "k" },
    Case { name: "compare", before: &["compare r r2 -o k -q --seed 3"], words: "compare r r2 -o k -q --draws 3000", made: "k" },
    Case { name: "sweep", before: &[], words: "sweep run k.toml -q", made: "k" },
    Case { name: "sweep over another's cells", before: &["sweep run k0.toml -q"], words: "sweep run k.toml -q", made: "k" },
    Case { name: "download", before: &[], words: "extract t.csv --model org/model -o k.npy --no-cache -q", made: "k.npy" },
    Case { name: "collect", before: &["sweep run k.toml -q"], words: "sweep collect k.toml -q", made: "k" },
];

/// Files below `path`, but for what is of this moment: seconds, processes, and pages that tell them.
fn snapshot(home: &Path, made: &str) -> BTreeMap<String, Vec<u8>> {
    fn walk(path: &Path, home: &Path, out: &mut BTreeMap<String, Vec<u8>>) {
        let name = path.strip_prefix(home).unwrap().display().to_string();
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                walk(&entry.unwrap().path(), home, out);
            }
        } else if !["run.json", "report.html", "cell.json", ".lock"].iter().any(|end| name.ends_with(end)) {
            out.insert(name, fs::read(path).unwrap_or_default());
        } else {
            out.insert(name, Vec::new());
        }
    }
    let mut out = BTreeMap::new();
    for entry in fs::read_dir(home).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let stem = made.split('.').next().unwrap();
        if name == made || name.starts_with(&format!("{stem}.")) && !name.ends_with(".toml") {
            walk(&path, home, &mut out);
        }
    }
    out
}

/// Temporary files that are left in `home`.
fn left(home: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![home.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "part" || ending == "incomplete") {
                found.push(path);
            }
        }
    }
    found
}

fn clear(home: &Path) {
    for name in ["k", "c2", "hf"] {
        let _ = fs::remove_dir_all(home.join(name));
    }
    for name in ["k.safetensors", "k.csv", "k.json", "k.npy"] {
        let _ = fs::remove_file(home.join(name));
    }
    left(home).iter().for_each(|path| drop(fs::remove_file(path)));
}

/// Kills `count` processes, from `seed` on, `jobs` at a time.
pub fn run(probe: &Probe, seed: u64, count: u64, jobs: usize, assets: &Path, report: &Mutex<Report>) {
    if count == 0 {
        return;
    }
    // Slow enough that a download is killed in the middle.
    let server = hub::serve(assets, |request, stream, blob| {
        use std::io::Write;
        if request.method != "GET" || !blob.large || request.headers.contains_key("range") {
            return hub::well(request, stream, blob);
        }
        let headers = [
            ("ETag", format!("\"{}\"", blob.etag)),
            ("X-Repo-Commit", hub::COMMIT.to_owned()),
            ("Content-Length", blob.bytes.len().to_string()),
        ];
        crate::server::head(stream, 200, &headers)?;
        for part in blob.bytes.chunks(blob.bytes.len() / 20 + 1) {
            stream.write_all(part)?;
            sleep(Duration::from_millis(10));
        }
        Ok(())
    });
    let plan = |folds: &str| format!("grammars = ['short_sentence']\nmodels = ['tiny-bert']\nout = 'k'\n[options]\nfolds = {folds}\nsample = 24\nmap = 0\nlayers = '0-1'\n");
    let next = AtomicU64::new(seed);
    thread::scope(|scope| {
        for job in 0..jobs {
            let (next, server) = (&next, &server);
            scope.spawn(move || {
                let home = probe.home.join(format!("kills-{job}"));
                copy_all(&probe.home, &home);
                fs::write(home.join("k.toml"), plan("[2, 3]")).unwrap();
                fs::write(home.join("k0.toml"), plan("[2, 4]")).unwrap();
                let probe = Probe { home: home.clone(), ..probe.with("PROBE_CACHE", "c2") }
                    .with("HF_ENDPOINT", &server.url())
                    .with("HF_HUB_OFFLINE", "0")
                    .with("HF_HOME", "hf");
                let go = |words: &str| probe.run(&words.split(' ').collect::<Vec<_>>());
                assert!(go("generate relative_clause --sample 600 -o big.csv -q").is_ok());
                // What each command makes when nobody ends it, and how long that takes.
                let whole: Vec<_> = CASES
                    .iter()
                    .map(|case| {
                        clear(&home);
                        case.before.iter().for_each(|words| assert!(go(words).is_ok(), "{words}"));
                        let outcome = go(case.words);
                        assert!(outcome.is_ok(), "{}: {}", case.words, outcome.said());
                        (snapshot(&home, case.made), outcome.time)
                    })
                    .collect();
                loop {
                    let now = next.fetch_add(1, Ordering::SeqCst);
                    if now >= seed + count {
                        clear(&home);
                        return;
                    }
                    let mut rng = Rng::new(now);
                    let k = rng.below(CASES.len());
                    one(&probe, now, &mut rng, &CASES[k], &whole[k], report);
                }
            });
        }
    });
}

fn one(probe: &Probe, seed: u64, rng: &mut Rng, case: &Case, (expected, time): &(BTreeMap<String, Vec<u8>>, Duration), report: &Mutex<Report>) {
    let home = &probe.home;
    let go = |words: &str| probe.run(&words.split(' ').collect::<Vec<_>>());
    clear(home);
    case.before.iter().for_each(|words| assert!(go(words).is_ok(), "{words}"));
    let mut child = probe.start(&case.words.split(' ').collect::<Vec<_>>()).unwrap();
    sleep(Duration::from_micros(rng.below(time.as_micros() as usize + 1) as u64));
    let was_running = child.try_wait().is_ok_and(|status| status.is_none());
    let _ = child.kill();
    let _ = child.wait();
    let mut fault = None;
    // A run that was killed is told from a whole one, and no table of an earlier run is beside the new record.
    if case.made == "k" && home.join("k/run.json").exists() && case.name.contains("run") && case.name != "sweep" {
        let outcome = go("report k --json");
        fault = fault.or(outcome.fault());
        let record = fs::read_to_string(home.join("k/run.json")).unwrap_or_default();
        let is_new = record.contains("--threads");
        let finished = record.contains("\"files\"");
        if outcome.is_ok() && is_new && !finished && !outcome.said().contains("not finished") {
            fault = Some("a killed run is not told from a whole one".to_owned());
        }
        if is_new && !finished {
            let old = ["units.csv", "geometry.csv", "bootstrap.csv", "layer_differences.csv"];
            let mixed: Vec<&&str> = old
                .iter()
                .filter(|name| {
                    let found = fs::read(home.join("k").join(name)).ok();
                    found.is_some() && found.as_ref() != expected.get(&format!("k/{name}"))
                })
                .collect();
            if !mixed.is_empty() {
                fault = Some(format!("tables of the earlier run beside the new record: {mixed:?}"));
            }
        }
    }
    let begun = Instant::now();
    let again = go(case.words);
    fault = fault.or(again.fault());
    let found = snapshot(home, case.made);
    if !again.is_ok() {
        fault = Some(format!("a rerun fails: {}", again.said()));
    } else if found != *expected {
        let differ: Vec<&String> = found
            .keys()
            .chain(expected.keys())
            .filter(|name| found.get(*name) != expected.get(*name))
            .collect();
        fault = Some(format!("a rerun ends with other files: {differ:?}"));
    }
    let left = left(home);
    if fault.is_none() && !left.is_empty() {
        fault = Some(format!("left behind: {left:?}"));
    }
    let mut report = report.lock().unwrap();
    report.count(case.name, was_running);
    report.time(case.name, begun.elapsed());
    if let Some(fault) = fault {
        report.fault(case.name, &format!("seed {seed}: {fault}"));
    }
}
