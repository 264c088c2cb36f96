//! The architecture, as the docs have it: modules import only from the floors below, files only from the rooms below, no two
//! files import each other, and none is too long to be read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

mod library;
mod rules;
mod small;
mod source;
mod tokens;

use library::Library;

/// Lines that a file may have.
const LONGEST: usize = 400;

/// Modules whose docs must list their rooms.
const WITH_ROOMS: [&str; 5] = ["activations", "hub", "mlem", "models", "tokens"];

struct Module {
    floor: u32,
    also: Vec<String>,
}

/// The table in `src/lib.rs`: `| floor | [`module`] | what | also imports |`.
fn table() -> BTreeMap<String, Module> {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | "));
    rows.filter_map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let floor = cells[0].parse().ok()?;
        let names =
            |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
        Some((names(cells[1]).remove(0), Module { floor, also: names(cells[3]) }))
    })
    .collect()
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The Rust files below `folder` of the repository, as paths from there, and their texts.
fn texts(folder: &str) -> BTreeMap<String, String> {
    let folder = root().join(folder);
    let mut files = Vec::new();
    sources(&folder, &mut files);
    let name = |file: &Path| -> String {
        let parts = file.strip_prefix(&folder).unwrap().components();
        parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    };
    files.iter().map(|file| (name(file), fs::read_to_string(file).unwrap())).collect()
}

#[test]
fn modules_import_only_from_the_floors_below() {
    let table = table();
    assert!(table.len() >= 10, "the table in src/lib.rs was not found");
    let library = Library::read(&texts("src"), "lib.rs", true);
    let mut wrong = BTreeSet::new();
    for arrow in library.arrows() {
        let own = arrow.from.split('/').next().unwrap().trim_end_matches(".rs");
        if ["lib", "error"].contains(&own) {
            continue;
        }
        let module = table.get(own).unwrap_or_else(|| panic!("`{own}` is not in the table of src/lib.rs"));
        // What it is called, and where it comes from.
        let named = arrow.absolute.first().map_or("", |name| name);
        let origin = arrow.to.split('/').next().unwrap().trim_end_matches(".rs");
        for other in [named, origin] {
            let Some(floor) = table.get(other).map(|module| module.floor) else { continue };
            if other != own && floor >= module.floor && !module.also.iter().any(|name| name == other) {
                wrong.insert(format!("{}:{}: {} is of {other}", arrow.from, arrow.line, arrow.written));
            }
        }
    }
    let wrong: Vec<String> = wrong.into_iter().collect();
    assert!(wrong.is_empty(), "imports against the floors:\n{}", wrong.join("\n"));
}

#[test]
fn no_files_import_each_other() {
    let mut wrong = Vec::new();
    for (folder, main) in [("src", "lib.rs"), ("src/bin/probe", "main.rs")] {
        let library = Library::read(&texts(folder), main, false);
        let unresolved = library.unresolved();
        assert!(unresolved.is_empty(), "{folder}: paths that lead nowhere:\n{}", unresolved.join("\n"));
        let arrows = library.arrows();
        assert!(arrows.len() > library.files().len(), "{folder}: the imports were not found");
        wrong.extend(rules::circles(&arrows).into_iter().map(|circle| format!("in {folder}:\n{circle}")));
    }
    assert!(
        wrong.is_empty(),
        "{} circles of files that import each other:\n{}",
        wrong.len(),
        wrong.join("\n\n")
    );
}

#[test]
fn files_import_only_from_the_rooms_below() {
    let texts = texts("src");
    let [library, with_tests] = [false, true].map(|with_tests| Library::read(&texts, "lib.rs", with_tests));
    let (files, all, arrows) = (library.files(), with_tests.files(), library.arrows());
    let mut wrong = Vec::new();
    let mut found = BTreeSet::new();
    for (file, text) in &texts {
        if let Some(rooms) = rules::rooms(text) {
            found.insert(rules::folder(file).trim_end_matches('/').to_owned());
            wrong.extend(rules::wrong_rooms(file, &rooms, &files, &all, &arrows));
        }
    }
    let without = WITH_ROOMS.iter().filter(|module| !found.contains(**module));
    wrong.extend(without.map(|module| format!("{module}: its docs have no table of rooms")));
    assert!(wrong.is_empty(), "{} imports and rows against the rooms:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn no_file_is_too_long_to_be_read() {
    let mut long = Vec::new();
    for folder in ["src", "tests", "benches", "examples", "fuzz"] {
        for (file, text) in texts(folder) {
            let lines = text.lines().count();
            if lines > LONGEST && !file.contains("target/") {
                long.push(format!("{folder}/{file}: {lines} lines"));
            }
        }
    }
    assert!(long.is_empty(), "files above {LONGEST} lines:\n{}", long.join("\n"));
}

#[test]
fn candle_is_named_only_in_models_and_extract() {
    for (file, text) in texts("src") {
        let allowed = file.starts_with("models") || file.starts_with("extract");
        assert!(allowed || !text.contains("candle_"), "{file} names candle");
    }
}
