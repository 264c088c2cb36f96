//! What nobody would do, and someone does: devices for files, numbers out of all proportion, tables that were edited, two
//! processes at one folder. Nothing breaks, nothing is lost, and nothing is said that is not so.

use std::fmt::Write as _;

use serde_json::Value;

use crate::bad_input::{npy, own_data};
use crate::workspace::{Workspace, names};

/// Exit code, stdout and stderr.
fn run(w: &Workspace, words: &str) -> (Option<i32>, String, String) {
    let output = w.command(words).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// `own_data` with a column `z` of `values` in turn.
fn with_column(n: usize, values: &[&str]) -> (String, Vec<u8>) {
    let (features, activations) = own_data(n, 4);
    let column = std::iter::once("z").chain((0..n).map(|i| values[(i * 7 + i / 5) % values.len()]));
    let mut table = String::new();
    for (line, value) in features.lines().zip(column) {
        let _ = writeln!(table, "{line},{value}");
    }
    (table, activations)
}

#[test]
fn a_rerun_says_again_what_was_said_of_the_layers_that_it_keeps() {
    let w = Workspace::new();
    let (features, _) = own_data(20, 2);
    w.write("s.csv", features).write("a.npy", npy(&[20, 2], &[1.0; 40]));
    let (_, first, warned) = run(&w, "fit s.csv a.npy -o out --force");
    let record =
        |w: &Workspace| serde_json::from_str::<Value>(&w.read("out/run.json")).unwrap()["warnings"].clone();
    let recorded = record(&w);
    assert!(warned.contains("no score, because all neural distances are equal"), "{warned}");
    let (_, second, again) = run(&w, "fit s.csv a.npy -o out --force");
    let kept = "layer 0 of this very run is in out already and is kept\n";
    assert!(again.contains(kept), "{again}");
    assert_eq!((first, warned), (second, again.replace(kept, "")));
    assert_eq!(record(&w), recorded);
}

#[test]
#[cfg(unix)]
fn a_device_is_written_to_and_not_replaced() {
    let w = Workspace::new();
    let plain = w.ok("generate short_sentence --sample 3");
    assert_eq!(w.ok("generate short_sentence --sample 3 -o /dev/stdout"), plain);
    std::os::unix::fs::symlink("/dev/null", w.path("null.csv")).unwrap();
    w.ok("generate short_sentence --sample 3 -o null.csv");
    assert_eq!(std::fs::read_link(w.path("null.csv")).unwrap().to_str(), Some("/dev/null"));
    assert!(names(&w.path("")).iter().all(|name| name != "null.json"));
}

#[test]
fn a_table_and_the_file_beside_it_do_not_share_a_name_and_no_other_file_is_lost() {
    let w = Workspace::new();
    let (code, _, said) = run(&w, "generate short_sentence --sample 3 -o words.json");
    assert_eq!(code, Some(1));
    assert!(said.contains("hint: choose a name that ends in .csv"), "{said}");
    w.write("mine.json", "[1, 2, 3]");
    let (code, _, said) = run(&w, "generate short_sentence --sample 3 -o mine.csv");
    assert_eq!(code, Some(1));
    assert!(said.contains("mine.json is not of this program"), "{said}");
    assert_eq!((w.read("mine.json").as_str(), w.path("mine.csv").exists()), ("[1, 2, 3]", false));
}

#[test]
fn sentences_come_as_json_too() {
    let w = Workspace::new();
    let stimuli: Value = serde_json::from_str(&w.ok("generate short_sentence --sample 6 --json")).unwrap();
    let rows = stimuli.as_array().unwrap();
    assert_eq!(rows.len(), 6);
    assert!(rows.iter().all(|row| row["sentence"].is_string() && row["verb_ZIPF"].is_number()));
    assert!(
        rows.iter().any(|row| row["subj_GEN"].is_null())
            || rows.iter().all(|row| row["subj_GEN"].is_string())
    );
    let written: Value =
        serde_json::from_str(&w.ok("generate short_sentence --sample 6 --json -o s.csv")).unwrap();
    assert_eq!((written["sentences"].as_u64(), written["types"].as_str()), (Some(6), Some("s.json")));
}

#[test]
fn numbers_out_of_all_proportion_are_refused_before_any_work() {
    let w = Workspace::new();
    let (features, activations) = own_data(20, 2);
    w.write("s.csv", features).write("a.npy", activations);
    for (words, code, what) in [
        (
            "fit s.csv a.npy -o out --force --bootstrap 1000000000000",
            1,
            "bootstrap is 1000000000000, and must be at most 100,000",
        ),
        ("fit s.csv a.npy -o out --force --threads 100000", 2, "give a whole number from 1 to 4096"),
        ("fit s.csv a.npy -o out --force --threads 0", 2, "give a whole number from 1 to 4096"),
        ("fit s.csv a.npy -o out --force --layers 0-99999999", 2, "`99999999` is more than any model has"),
        ("check nested_questions --depth 257", 2, "give a whole number from 1 to 256"),
        ("check nested_questions --depth 0", 2, "give a whole number from 1 to 256"),
    ] {
        let (found, _, said) = run(&w, words);
        assert!(found == Some(code) && said.contains(what), "{words}: {found:?}\n{said}");
    }
}

#[test]
fn the_scale_of_a_number_changes_nothing_however_large_or_small() {
    let w = Workspace::new();
    for estimator in ["mlem", "frrsa", "rsa"] {
        let scores = ["1,-1,0", "1e308,-1e308,0", "1e-200,-1e-200,0"].map(|values| {
            let values: Vec<&str> = values.split(',').collect();
            let (features, activations) = with_column(60, &values);
            w.write("s.csv", features).write("a.npy", activations);
            w.ok(&format!("fit s.csv a.npy -o out --force --estimator {estimator}"));
            (w.read("out/scores.csv"), w.read("out/importance.csv"))
        });
        assert_eq!(scores[0], scores[1], "{estimator}");
        assert_eq!(scores[0], scores[2], "{estimator}");
    }
}

#[test]
fn a_word_for_no_value_is_told() {
    let w = Workspace::new();
    let (features, activations) = with_column(40, &["1", "2", "NA"]);
    w.write("s.csv", features).write("a.npy", activations);
    let (_, _, said) = run(&w, "fit s.csv a.npy -o out --force");
    let warning = "`z` is categorical, because its value `NA` is no number; leave the cell empty where a value is missing";
    assert!(said.contains(warning), "{said}");
    assert!(w.read("out/run.json").contains("because its value `NA` is no number"));
    let (_, _, said) = run(&w, "fit s.csv a.npy -o out --force --categorical z");
    assert!(!said.contains("is no number"), "{said}");
}

#[test]
fn layers_of_any_number_are_compared() {
    let w = Workspace::new();
    let (features, activations) = own_data(40, 4);
    w.write("s.csv", features).write("a.npy", activations);
    for out in ["a", "b"] {
        w.ok(&format!("fit s.csv a.npy -o {out}"));
    }
    for table in ["scores.csv", "importance.csv", "weights.csv", "statistics.csv"] {
        let path = format!("b/{table}");
        let moved: Vec<String> = w
            .read(&path)
            .lines()
            .map(|line| line.strip_prefix("0,").map_or(line.to_owned(), |rest| format!("4000000000,{rest}")))
            .collect();
        w.write(&path, moved.join("\n") + "\n");
    }
    w.ok("compare a b --labels one,two -o both");
    assert!(w.read("both/compare.html").contains("4000000000"));
}

#[test]
#[cfg(unix)]
fn a_run_directory_has_one_writer() {
    let w = Workspace::new();
    let (features, activations) = own_data(40, 4);
    w.write("s.csv", features).write("a.npy", activations);
    w.ok("fit s.csv a.npy -o out --force");
    let before = w.read("out/scores.csv");
    let other = std::fs::File::open(w.path("out")).unwrap();
    other.lock().unwrap();
    for words in ["fit s.csv a.npy -o out --force --seed 1", "short_sentence --sample 32 --folds 2 -o out"] {
        let (code, _, said) = run(&w, words);
        assert_eq!(code, Some(1));
        assert!(
            said.contains("another process is writing out") && said.contains("hint: wait until"),
            "{said}"
        );
    }
    assert_eq!(w.read("out/scores.csv"), before);
    drop(other);
    w.ok("fit s.csv a.npy -o out --force --seed 1");
}

#[test]
fn a_grammar_with_too_many_sentences_is_told_what_to_lessen() {
    let w = Workspace::new();
    let slots: Vec<String> = (0..200).map(|i| format!("s{i} = \"n\"")).collect();
    let text: Vec<String> = (0..200).map(|i| format!("{{s{i}}}")).collect();
    w.write(
        "wide.toml",
        format!(
            "[lexicon.n]\nwords = [\"a\", \"b\"]\n[slots]\n{}\n[[template]]\ntext = \"{}\"\n",
            slots.join("\n"),
            text.join(" ")
        ),
    );
    let (code, _, said) = run(&w, "check wide.toml");
    assert_eq!(code, Some(1));
    assert!(said.contains("fewer slots") && !said.contains("--depth"), "{said}");
}
