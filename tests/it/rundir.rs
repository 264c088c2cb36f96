//! The run directory as a type of the library: its documentation, and that the program writes nothing that the library does not.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use mlem_probe::activations::{Activations, Provenance};
use mlem_probe::mlem::Mlem;
use mlem_probe::profile::Settings;
use mlem_probe::progress::Silent;
use mlem_probe::rundir::{Fit, RunDir, TABLES};
use mlem_probe::stimuli::Stimuli;

use crate::workspace::Workspace;

#[test]
fn every_column_of_every_table_is_documented() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/files.md")).unwrap();
    for table in TABLES {
        let section = page.split(&format!("\n### `{}`\n", table.name)).nth(1);
        let section = section.unwrap_or_else(|| panic!("docs/files.md has no section on {}", table.name));
        let section = section.split("\n#").next().unwrap();
        // The first cell of each row names columns, in the order of the file.
        let named: Vec<&str> = section
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split(" |").next())
            .flat_map(|cell| cell.split('`').step_by(2))
            .filter(|name| !name.trim_matches([',', ' ']).is_empty())
            .collect();
        assert_eq!(named, table.columns, "{}", table.name);
        assert!(page.contains(&format!("\n| `{}` | ", table.name)), "{} is in no list of files", table.name);
    }
}

#[test]
fn a_profile_saved_from_the_library_is_the_commands_bytes() {
    let w = Workspace::new();
    w.ok("generate short_sentence --sample 60 -o stimuli.csv");
    w.ok("extract stimuli.csv --model tiny-bert -o acts.safetensors");
    w.ok("fit stimuli.csv acts.safetensors -o command --interactions --null 3 --bootstrap 4 --map 20");
    let stimuli = Stimuli::read(&w.path("stimuli.csv")).unwrap();
    let activations = Activations::read(&w.path("acts.safetensors")).unwrap();
    let settings = Settings {
        params: Mlem::params().interactions(true).nulls(3),
        bootstrap: 4,
        map: 20,
        ..Settings::default()
    };
    let dir = RunDir::at(w.path("library"));
    let claimed = dir.claim().unwrap();
    assert!(dir.claim().is_err(), "it is claimed");
    drop(claimed);
    let provenance = Provenance { model: None, ..Provenance::default() };
    let fit = Fit::new("stimuli.csv", stimuli, Arc::new(activations.with_provenance(provenance)));
    fit.into_dir(&settings, &dir, &Silent).unwrap();
    let mut compared = 0;
    for table in TABLES {
        let [a, b] =
            ["command", "library"].map(|folder| fs::read(w.path(&format!("{folder}/{}", table.name))).ok());
        compared += usize::from(a.is_some());
        assert!(a == b, "{}", table.name);
    }
    assert_eq!(compared, 7);
}
