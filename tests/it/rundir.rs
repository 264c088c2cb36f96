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
        dimension: 20,
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
    assert_eq!(compared, 9);
}

const SMALL: &str =
    "run short_sentence --sample 60 --folds 2 --permutations 1 --null 2 --map 8 --layers 0-2 -q -o r";

/// What `words` said on stderr; they must go well.
fn said(w: &Workspace, words: &str) -> String {
    let output = w.command(words).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{words}: {said}");
    said
}

/// The tables of the run directory `r`.
fn tables(w: &Workspace) -> Vec<(&'static str, Option<Vec<u8>>)> {
    TABLES.map(|table| (table.name, fs::read(w.path(&format!("r/{}", table.name))).ok())).into()
}

#[test]
fn what_was_edited_is_said_and_fitted_again() {
    let w = Workspace::new();
    w.ok(SMALL);
    let whole = tables(&w);
    assert_eq!(said(&w, "report r -q"), "");
    assert_eq!(said(&w, SMALL), "");
    let edit = |name: &str, change: &dyn Fn(&str) -> String| {
        let path = w.path(&format!("r/{name}"));
        let text = fs::read_to_string(&path).unwrap();
        let changed = change(&text);
        assert_ne!(text, changed, "{name}");
        fs::write(path, changed).unwrap();
    };
    let without_last = |text: &str| text[..=text.trim_end().rfind('\n').unwrap()].to_owned();
    let doubled = |text: &str| text.to_owned() + text.trim_end().rsplit('\n').next().unwrap() + "\n";
    let other_number = |text: &str| {
        let cut = text.trim_end().rfind(',').unwrap();
        format!("{},0.125\n", &text[..cut])
    };
    let of_a_new_layer = |text: &str| {
        let last = text.trim_end().rsplit('\n').next().unwrap();
        format!("{text}9{}\n", &last[1..])
    };
    for table in ["scores.csv", "importance.csv", "weights.csv"] {
        for (k, change) in
            [&without_last as &dyn Fn(&str) -> String, &doubled, &other_number, &of_a_new_layer]
                .into_iter()
                .enumerate()
        {
            if table == "scores.csv" && k == 2 {
                // Its last column counts pairs.
                edit(table, &|text| text.replacen(",test,0.", ",test,0.9", 1));
            } else {
                edit(table, change);
            }
            for words in ["report r -q", "compare r r -o c -q"] {
                let told = said(&w, words);
                assert!(
                    told.contains(&format!("{table} is not what the run wrote")),
                    "{words}, {table} {k}: {told}"
                );
            }
            assert!(w.read("r/report.html").contains("not what the run wrote"));
            let again = said(&w, SMALL);
            assert!(
                again.contains("other rows of layer") && again.contains("fitted again"),
                "{table} {k}: {again}"
            );
            assert!(tables(&w) == whole, "{table} {k}");
        }
    }
    // What follows the layers is made again anyway, and not read while it is another's.
    for table in ["statistics.csv", "geometry.csv"] {
        edit(table, &|text| text.replacen(",0.", ",0.5", 1));
        let told = said(&w, "report r -q");
        assert!(told.contains(&format!("{table} is not what the run wrote")), "{told}");
        said(&w, SMALL);
        assert!(tables(&w) == whole, "{table}");
    }
    edit("run.json", &|text| text.replacen("\"n_stimuli\": 60", "\"n_stimuli\": 61", 1));
    assert!(said(&w, "report r -q").contains("run.json is not what the run wrote"));
    fs::write(w.path("r/units.csv"), "layer,unit\n").unwrap();
    assert!(said(&w, "report r -q").contains("units.csv is not of this run"));
    fs::remove_file(w.path("r/weights.csv")).unwrap();
    assert!(said(&w, SMALL).contains("weights.csv"));
    assert!(tables(&w) == whole);
}

#[test]
fn what_was_written_before_there_were_hashes_is_said() {
    let w = Workspace::new();
    w.ok(SMALL);
    let whole = tables(&w);
    let mut record: serde_json::Value = serde_json::from_str(&w.read("r/run.json")).unwrap();
    for key in ["layer_hashes", "files", "seal"] {
        assert!(record.as_object_mut().unwrap().remove(key).is_some(), "{key}");
    }
    w.write("r/run.json", record.to_string());
    assert!(said(&w, "report r -q").contains("run.json has no hashes"));
    assert!(said(&w, SMALL).contains("without their hashes"));
    assert!(tables(&w) == whole);
    assert_eq!(said(&w, "report r -q"), "");
}

#[test]
#[cfg(unix)]
fn a_run_that_is_ended_leaves_nothing_of_the_one_before_beside_its_record() {
    let w = Workspace::new();
    let words = "run short_sentence --sample 150 --folds 3 --permutations 3 --bootstrap 200 --map 40 --per-unit -q -o r --force";
    w.ok(&format!("{words} --seed 7"));
    let before = w.read("r/scores.csv");
    let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin!("probe"))
        .args(words.split(' '))
        .current_dir(w.path(""))
        .env("HF_HUB_OFFLINE", "1")
        .spawn()
        .unwrap();
    // Once its first layers are there, and long before its units are.
    while child.try_wait().unwrap().is_none()
        && fs::read_to_string(w.path("r/scores.csv")).unwrap_or(before.clone()) == before
    {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let record: serde_json::Value = serde_json::from_str(&w.read("r/run.json")).unwrap();
    assert_eq!(record["seed"], 0);
    assert!(record["files"].is_null(), "it is not finished");
    for name in ["units.csv", "geometry.csv", "bootstrap.csv", "layer_differences.csv", "report.html"] {
        assert!(!w.path(&format!("r/{name}")).exists(), "{name} is of the earlier run");
    }
    assert!(said(&w, "report r -q").contains("the run was not finished"));
    said(&w, words);
    let again = tables(&w);
    fs::remove_dir_all(w.path("r")).unwrap();
    w.ok(words);
    assert!(again == tables(&w));
}
