//! Damage with a budget: what a user's machine may do to files and processes, and what others may write into them.
//!
//! `cargo run --manifest-path fuzz/damage/Cargo.toml -- PROGRAM [--seed N] [--jobs N] [--readers N] [--edits N] [--kills N] [--sizes N]
//! [--outputs N] [--hub] [--hostile]`: without any of them, a small budget of all. It ends with a table, and with an error where anything was wrong.

mod checkpoints;
mod child;
mod corpus;
mod edits;
mod hostile;
mod hub;
mod kills;
mod machine;
mod markup;
mod mutate;
mod oracle;
mod readers;
mod report;
mod rng;
mod server;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;

use crate::child::Probe;
use crate::report::Report;

const USAGE: &str = "usage: PROGRAM [--seed N] [--jobs N] [--readers N] [--edits N] [--kills N] [--sizes N] [--outputs N] [--hub] [--hostile]";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some(program) = words.first().filter(|word| !word.starts_with('-')) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let number = |name: &str, otherwise: u64| {
        let place = words.iter().position(|word| word == name);
        place.and_then(|place| words.get(place + 1)?.parse().ok()).unwrap_or(otherwise)
    };
    let has = |name: &str| words.iter().any(|word| word == name);
    let all = !["--readers", "--edits", "--kills", "--sizes", "--outputs", "--hub", "--hostile"].into_iter().any(has);
    let budget = |name: &str, small: u64| number(name, if all { small } else { 0 });
    let program = fs::canonicalize(program).expect("the program is there");
    let home = std::env::temp_dir().join(format!("probe-damage-{}", std::process::id()));
    fs::create_dir_all(&home).expect("a folder for temporary files");
    let keep = PathBuf::from(std::env::var("PROBE_DAMAGE_KEEP").unwrap_or_else(|_| home.join("kept").display().to_string()));
    fs::create_dir_all(&keep).expect("a folder for what is found");
    let probe = Probe::new(&program, &home);
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/tiny-bert");
    corpus::fill(&probe, &assets);
    let report = Mutex::new(Report::default());
    let (seed, jobs) = (number("--seed", 0), number("--jobs", 2) as usize);
    readers::run(&probe, seed, budget("--readers", 300), jobs, &keep, &report);
    kills::run(&probe, seed, budget("--kills", 20), jobs, &assets, &report);
    if all || has("--hub") {
        hub::run(&probe, &assets, &report);
    }
    edits::run(&probe, seed, budget("--edits", 20), jobs, &report);
    let mut report = report.into_inner().unwrap();
    match budget("--sizes", 2) {
        0 => {}
        sizes => machine::run(&probe, sizes, &mut report),
    }
    match number("--outputs", 0) {
        0 => {}
        sizes => machine::outputs(&probe, sizes, &mut report),
    }
    if all || has("--hostile") {
        hostile::run(&probe, &mut report);
    }
    let fine = report.end();
    if fine {
        let _ = fs::remove_dir_all(&home);
        return ExitCode::SUCCESS;
    }
    println!("what was damaged is in {}", keep.display());
    ExitCode::FAILURE
}
