//! The `use crate::` lines against the table of floors in the crate docs: no upward import, no circle.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

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

/// The top-level modules that `text` names after `crate::`, single or in braces.
fn imports(text: &str) -> Vec<String> {
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let code = code.join("\n");
    let mut found = Vec::new();
    for part in code.split("crate::").skip(1) {
        let list = part.strip_prefix('{').and_then(|inside| inside.split('}').next()).unwrap_or(part);
        let first = |name: &str| -> String {
            name.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
        };
        if part.starts_with('{') {
            found.extend(list.split(',').map(first));
        } else {
            found.push(first(part));
        }
    }
    found.retain(|name| name.chars().next().is_some_and(char::is_lowercase));
    found
}

#[test]
fn modules_import_only_from_the_floors_below() {
    let table = table();
    assert!(table.len() >= 10, "the table in src/lib.rs was not found");
    let src = root().join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut wrong = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&src).unwrap();
        let own = inside.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
        if ["lib", "error", "bin"].contains(&own.as_str()) {
            continue;
        }
        let module = table.get(&own).unwrap_or_else(|| panic!("`{own}` is not in the table of src/lib.rs"));
        for import in imports(&fs::read_to_string(&file).unwrap()) {
            let Some(other) = table.get(&import) else { continue };
            let below = other.floor < module.floor || module.also.contains(&import);
            if import != own && !below {
                wrong.push(format!("{}: crate::{import}", inside.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "imports against the floors:\n{}", wrong.join("\n"));
}

#[test]
fn candle_is_named_only_in_models_and_extract() {
    let src = root().join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    for file in files {
        let inside = file.strip_prefix(&src).unwrap().to_string_lossy().into_owned();
        if !inside.starts_with("models") && !inside.starts_with("extract") {
            let text = fs::read_to_string(&file).unwrap();
            assert!(!text.contains("candle_"), "{inside} names candle");
        }
    }
}
