//! Every command of the README and of the pages in `docs/`, run by the program; and what stands there as its output, held against
//! what it prints. Pages are read as text: a command that is added is run without a word here, and fails until it can be.
//!
//! A reader has the files of `files`, and the models of `world` in the Hub's cache, without a network. Commands of a page are
//! run in its order in one folder. `PROBE_TEST_PAGE=docs/grammar.md` runs one page.

mod files;
mod page;
mod program;
mod reader;
mod shown;
mod world;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;
use std::{env, thread};

use self::reader::Reader;
use self::world::World;
use crate::models::not_run;

/// What is left out on a page: how it begins, and why.
type Exceptions = &'static [(&'static str, &'static str, &'static str)];

/// Commands that are not run.
const NOT_RUN: Exceptions = &[
    ("README.md", "cargo test --release", "it is what runs this"),
    ("CONTRIBUTING.md", "cargo ", "they build and test the repository"),
    ("CONTRIBUTING.md", ".ci/run", "it is what runs this"),
    ("docs/damage.md", "cargo ", "a crate of its own that breaks files for minutes"),
    ("docs/gpu.md", "cargo build", "CUDA's toolkit, or a Mac"),
    ("docs/gpu.md", "probe relative_clause --model bert-base --device cuda:1", "two GPUs"),
    ("docs/gpu.md", ".ci/cuda", "CUDA's toolkit"),
    ("docs/python.md", "pip install", "the package; python/tests runs the page"),
    ("docs/python.md", "uvx ", "the package"),
    ("docs/sweeps.md", "probe sweep run plan.toml --engine slurm", "Slurm; sweep::cluster runs it"),
    ("docs/sweeps.md", "parallel ", "GNU parallel; the shard is run by itself"),
    ("docs/sweeps.md", "apt-get install", "Debian's packages"),
    ("docs/sweeps.md", "PROBE_TEST_SLURM=1 cargo test", "Slurm; .ci/run runs it"),
    ("docs/verify.md", "python ", "transformers; what it writes is at hand, written by it"),
];

/// Blocks that are neither commands nor files of a reader's.
const NOT_PRINTED: Exceptions = &[
    ("docs/nulls.md", "X = Z Γ + ε", "a formula"),
    ("docs/tables.md", "{\"sentence_good\"", "a row of another program's; tests/it/tables.rs reads such"),
    ("docs/tables.md", "sentence,grammatical", "what becomes of it there"),
];

/// Outputs that are of real weights, which a few small random ones cannot have: the page, and how the command begins.
const OF_MINILM: &[(&str, &str)] = &[("docs/compare.md", "probe relative_clause --model tiny-bert,minilm")];

/// Options of other programs that a page names.
const FOREIGN: &[(&str, &str)] = &[
    ("docs/damage.md", "--readers"),
    ("docs/damage.md", "--edits"),
    ("docs/damage.md", "--kills"),
    ("docs/damage.md", "--sizes"),
    ("docs/damage.md", "--outputs"),
    ("docs/damage.md", "--hub"),
    ("docs/damage.md", "--hostile"),
    ("docs/models.md", "--features"),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a page.
fn text(page: &str) -> String {
    fs::read_to_string(root().join(page)).unwrap_or_else(|error| panic!("{page}: {error}"))
}

/// The README and every page of the book.
fn pages() -> Vec<String> {
    let mut pages = vec!["README.md".to_owned(), "CONTRIBUTING.md".to_owned()];
    let mut folders = vec!["docs".to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{folder}/{}", entry.file_name().into_string().unwrap());
            if entry.path().is_dir() {
                folders.push(name);
            } else if entry.path().extension().is_some_and(|extension| extension == "md") {
                pages.push(name);
            }
        }
    }
    pages.sort();
    pages
}

/// Reads `pages` as a reader each, on two threads; what went wrong, and the exceptions that were met.
fn read(pages: &[String], world: &World, minilm: bool) -> (Vec<String>, BTreeSet<usize>) {
    let (next, wrong, met) = (AtomicUsize::new(0), Mutex::new(Vec::new()), Mutex::new(BTreeSet::new()));
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(page) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let begun = Instant::now();
                    let mut reader = Reader::new(page, world, minilm);
                    reader.read();
                    let [run, compared] = reader.count;
                    eprintln!(
                        "{page}: {run} commands, {compared} outputs, {:.1} s",
                        begun.elapsed().as_secs_f64()
                    );
                    wrong.lock().unwrap().append(&mut reader.wrong);
                    met.lock().unwrap().append(&mut reader.met);
                }
            });
        }
    });
    (wrong.into_inner().unwrap(), met.into_inner().unwrap())
}

/// Says all that went wrong at once.
#[track_caller]
fn nothing_is(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} of the documentation is not so:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_command_of_the_docs_runs_and_prints_what_stands_there() {
    let chosen = env::var("PROBE_TEST_PAGE").ok();
    let mut pages = pages();
    pages.retain(|page| chosen.as_ref().is_none_or(|chosen| chosen == page));
    assert!(!pages.is_empty(), "PROBE_TEST_PAGE is {chosen:?}, which is no page");
    let (mut wrong, met) = read(&pages, &World::new(), false);
    if chosen.is_none() {
        let all = NOT_RUN.iter().chain(NOT_PRINTED).enumerate();
        let stale = all.filter(|(at, _)| !met.contains(at));
        wrong.extend(stale.map(|(_, (page, begins, _))| {
            format!("{page} has no `{begins}` any more: tests/it/docs/mod.rs")
        }));
    }
    nothing_is(&wrong);
}

#[test]
fn outputs_of_minilm_are_those_of_the_docs() {
    let Some(folder) = env::var_os("PROBE_TEST_MINILM") else {
        return not_run("PROBE_TEST_MINILM does not name the folder of all-MiniLM-L6-v2");
    };
    let world = World::new();
    world.with_minilm(Path::new(&folder));
    let pages: Vec<String> = OF_MINILM.iter().map(|(page, _)| (*page).to_owned()).collect();
    nothing_is(&read(&pages, &world, true).0);
}
