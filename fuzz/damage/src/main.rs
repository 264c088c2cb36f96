//! Damage with a budget: what a user's machine may do to files and processes, and what others may write into them.
//!
//! `cargo run --manifest-path fuzz/damage/Cargo.toml -- PROGRAM [--seed N] [--readers N] [--edits N] [--kills N] [--sizes N]
//! [--hostile]`: without any of them, a small budget of all. It ends with a table, and with an error where anything was wrong.

mod child;
mod corpus;
mod edits;
mod hostile;
mod kills;
mod machine;
mod mutate;
mod readers;
mod report;
mod rng;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::child::Probe;
use crate::report::Report;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let Some(program) = words.first().filter(|word| !word.starts_with('-')) else {
        eprintln!("usage: PROGRAM [--seed N] [--readers N] [--edits N] [--kills N] [--sizes N] [--hostile]");
        return ExitCode::from(2);
    };
    let number = |name: &str, otherwise: u64| {
        let place = words.iter().position(|word| word == name);
        place.and_then(|place| words.get(place + 1)?.parse().ok()).unwrap_or(otherwise)
    };
    let chosen = ["--readers", "--edits", "--kills", "--sizes", "--hostile"];
    let all = !words.iter().any(|word| chosen.contains(&word.as_str()));
    let budget = |name: &str, small: u64| number(name, if all { small } else { 0 });
    let program = fs::canonicalize(program).expect("the program is there");
    let home = std::env::temp_dir().join(format!("probe-damage-{}", std::process::id()));
    fs::create_dir_all(&home).expect("a folder for temporary files");
    let keep = PathBuf::from(std::env::var("PROBE_DAMAGE_KEEP").unwrap_or_else(|_| home.join("kept").display().to_string()));
    fs::create_dir_all(&keep).expect("a folder for what is found");
    let probe = Probe::new(&program, &home);
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/tiny-bert");
    corpus::fill(&probe, &assets);
    let mut report = Report::default();
    let seed = number("--seed", 0);
    readers::run(&probe, seed, budget("--readers", 300), &keep, &mut report);
    edits::run(&probe, seed, budget("--edits", 20), &mut report);
    kills::run(&probe, seed, budget("--kills", 20), &mut report);
    match budget("--sizes", 2) {
        0 => {}
        sizes => machine::run(&probe, sizes, &mut report),
    }
    if all || words.iter().any(|word| word == "--hostile") {
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
