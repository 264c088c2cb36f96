//! `--controls`: each control is the run that it says, what is left is taken fold by fold, and what cannot be made is said.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::workspace::Workspace;

const RUN: &str = "short_sentence --sample 60 --folds 2 --permutations 2 --map 0 --layers 0,6 -q";

/// The rows of a table, by column.
fn rows(csv: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let row = |row: csv::StringRecord| header.iter().cloned().zip(row.iter().map(str::to_owned)).collect();
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or(f64::NAN)
}

fn record(w: &Workspace, folder: &str) -> Value {
    serde_json::from_str(&w.read(&format!("{folder}/run.json"))).unwrap()
}

/// Exit code and what was said on stderr.
fn said(w: &Workspace, words: &str) -> (i32, String) {
    let output = w.command(words).output().unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn every_control_is_fitted_as_the_run_is_and_what_is_left_is_taken_by_fold() {
    let w = Workspace::new();
    w.ok(&format!("{RUN} -o plain"));
    let told = w.ok(&format!("{RUN} --controls -o r"));
    assert!(
        told.contains("Left of importance above the largest control (untrained model, shuffled words"),
        "{told}"
    );
    for table in ["scores.csv", "importance.csv", "weights.csv", "statistics.csv"] {
        assert!(w.read(&format!("plain/{table}")) == w.read(&format!("r/{table}")), "{table}");
    }
    w.ok(&format!("{RUN} --untrained -o untrained"));
    assert!(w.read("untrained/importance.csv") == w.read("r/controls/untrained/importance.csv"));
    // The words of each sentence are there, in another order.
    let sentences = |folder: &str| -> Vec<String> {
        let rows = rows(&w.read(&format!("{folder}/stimuli.csv")));
        rows.into_iter().map(|row| row["sentence"].clone()).collect()
    };
    for (a, b) in sentences("r").iter().zip(&sentences("r/controls/shuffled")) {
        let sorted = |text: &str| {
            let mut letters: Vec<char> = text.chars().collect();
            letters.sort_unstable();
            letters
        };
        assert!(a != b && sorted(a) == sorted(b), "{a} / {b}");
    }
    // controls.csv against the tables of the run and of its controls.
    let importances = |folder: &str| rows(&w.read(&format!("{folder}/importance.csv")));
    let of = |all: &[BTreeMap<String, String>], layer: &str, feature: &str| -> Vec<f64> {
        all.iter()
            .filter(|row| row["layer"] == layer && row["feature"] == feature)
            .map(|row| number(row, "importance"))
            .collect()
    };
    let own = importances("r");
    let mut compared = 0;
    let all = rows(&w.read("r/controls.csv"));
    for row in all.iter().filter(|row| row["order"] == "main") {
        let control = &row["control"];
        let is_flat = control == "bag-of-words" || control == "position";
        let layer = if is_flat { "0" } else { row["layer"].as_str() };
        let theirs = of(&importances(&format!("r/controls/{control}")), layer, &row["feature"]);
        let mine = of(&own, &row["layer"], &row["feature"]);
        let left: Vec<f64> = mine.iter().zip(&theirs).map(|(a, b)| a - b).collect();
        let mean = left.iter().sum::<f64>() / left.len() as f64;
        assert!((mean - number(row, "left")).abs() < 1e-6, "{row:?}");
        let sd = (left.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (left.len() - 1) as f64).sqrt();
        assert!((sd - number(row, "left_sd")).abs() < 1e-6, "{row:?}");
        let same = |other: &&BTreeMap<String, String>| {
            other["layer"] == row["layer"] && other["feature"] == row["feature"] && other["order"] == "main"
        };
        let beside = || all.iter().filter(same);
        let largest = beside().map(|other| number(other, "control_mean")).fold(f64::NEG_INFINITY, f64::max);
        // Of equal ones the first.
        assert!(row["largest"] == "no" || number(row, "control_mean") == largest, "{row:?}");
        let is_largest = |other: &&BTreeMap<String, String>| other["largest"] == "yes";
        assert_eq!(beside().filter(is_largest).count(), 1, "{row:?}");
        compared += 1;
    }
    assert!(compared >= 2 * 4 * 5, "{compared}");
    assert_eq!(all.iter().filter(|row| row["order"] == "score").count(), 2 * 4);
    let page = w.read("r/report.html");
    for said in
        ["What is left above the controls", "As controls, the same stimuli were analysed", "curve dashed"]
    {
        assert!(page.contains(said), "{said}");
    }
    let run = record(&w, "r");
    assert_eq!(run["controls"].as_array().unwrap().len(), 4);
    assert_eq!(run["controls"][1]["run_dir"], "controls/shuffled");
    assert_eq!(record(&w, "r/controls/shuffled")["control"], "shuffled");
    assert_eq!(run["files"]["controls.csv"].as_str().map(str::len), Some(64));

    // A rerun keeps what is there; one without controls takes their table away.
    let before = w.read("r/controls.csv");
    let (code, told) = said(&w, &format!("{} --controls -o r -v", RUN.trim_end_matches(" -q")));
    assert!(code == 0 && told.matches("of this very run").count() == 5, "{told}");
    assert!(before == w.read("r/controls.csv"));
    assert_eq!(said(&w, "report r -q"), (0, String::new()));
    assert!(w.read("r/report.html").contains("What is left above the controls"));
    let json: Value = serde_json::from_str(&w.ok("report r -q --json")).unwrap();
    assert_eq!(json["above_controls"].as_array().unwrap().len(), all.len());
    fs::write(w.path("r/controls.csv"), before.replace("yes", "no")).unwrap();
    assert!(said(&w, "report r -q").1.contains("controls.csv is not what the run wrote"));
    w.ok(&format!("{RUN} -o r"));
    assert!(!w.path("r/controls.csv").exists());
    let (code, told) = said(&w, "robustness r/controls/shuffled -q");
    assert!(code == 1 && told.contains("is the control shuffled of another run"), "{told}");
    // Another run takes them away, and nothing else that lies there.
    w.write("r/controls/notes.txt", "mine");
    w.ok(&format!("{RUN} --seed 1 --force -o r"));
    assert!(!w.path("r/controls/shuffled").exists() && w.path("r/controls/notes.txt").exists());
}

#[test]
fn a_fit_has_the_controls_that_its_sentences_give() {
    let w = Workspace::new();
    w.ok("generate short_sentence --sample 60 -o s.csv");
    w.ok("extract s.csv --model tiny-bert -o a.safetensors");
    let fit = "fit s.csv a.safetensors --layers 2,4 --folds 2 --permutations 1 --map 0";
    let (code, told) = said(&w, &format!("{fit} --controls -o r"));
    assert_eq!(code, 0, "{told}");
    assert!(told.contains("control untrained is not made: the activations are those of a file"), "{told}");
    let made: Vec<String> =
        rows(&w.read("r/controls.csv")).iter().map(|row| row["control"].clone()).collect();
    assert!(made.iter().all(|name| name == "bag-of-words" || name == "position") && made.len() > 20);
    assert!(record(&w, "r")["controls"][0]["why_not"].as_str().unwrap().contains("no model is run"));
    assert!(w.read("r/report.html").contains("No control by untrained model"));
    for (words, why) in [
        ("--controls=shuffled", "control shuffled cannot be made: the activations are those of a file"),
        (
            "--controls=position --units 0-9",
            "control position cannot be made: it has no layers, units or tokens",
        ),
        ("--controls=bag-of-words,nothing", "the controls are untrained, shuffled"),
        ("--controls=", "the controls are untrained, shuffled"),
        ("--controls --by-subject --seed 1", "cannot be used with"),
    ] {
        let (code, told) = said(&w, &format!("{fit} {words} -o bad"));
        assert!(code == 2 && told.contains(why), "{words}: {told}");
        assert!(!w.path("bad/scores.csv").exists());
    }
}

#[test]
fn controls_go_with_what_runs_have() {
    let w = Workspace::new();
    let base = "short_sentence --sample 60 --map 0 --layers 3 -q --controls";
    for (k, words) in [
        "--folds 2 --permutations 1 --interactions --group all=subj_*",
        "--folds 2 --permutations 1 --null 5 --bootstrap 5 --per-unit",
        "--folds 2 --permutations 1 --at subj --pool last",
        "--folds 2 --permutations 1 --distance cosine",
        "--folds 2 --permutations 1 --distance correlation",
        "--folds 2 --permutations 1 --site attention",
        "--folds 2 --permutations 1 --permute stimuli --conditional",
        "--folds 2 --permutations 1 --estimator rsa",
        "--folds 2 --permutations 1 --estimator decoding",
        "--folds 2 --permutations 1 --estimator encoding",
        "--folds 2 --permutations 1 --transform z-score,pca:3",
        "--folds 2 --permutations 0",
        "--folds 1 --permutations 1",
    ]
    .into_iter()
    .enumerate()
    {
        let (code, told) = said(&w, &format!("{base} {words} -o r{k}"));
        assert_eq!(code, 0, "{words}: {told}");
        let found = rows(&w.read(&format!("r{k}/controls.csv")));
        let made: Vec<String> = record(&w, &format!("r{k}"))["controls"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|control| Some(control["run_dir"].as_str()?.to_owned()))
            .collect();
        assert!(made.len() >= 3, "{words}: {told}");
        assert!(found.len() >= made.len(), "{words}");
    }
    // Several models: each has its own.
    assert_eq!(
        said(&w, &format!("{base} --folds 2 --permutations 1 --revision step0,final -o several")).0,
        0
    );
    let folders = fs::read_dir(w.path("several"))
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().path().join("controls.csv").exists());
    assert_eq!(folders.count(), 2);
    let (code, told) = said(&w, &format!("{base}=untrained --untrained -o bad"));
    assert!(code == 2 && told.contains("the model of the run is untrained itself"), "{told}");
}
