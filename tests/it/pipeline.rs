//! The program as a user runs it: the main job, each stage on its own, and what a rerun does.

use std::fmt::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::workspace::{Workspace, names};

const TABLES: [&str; 4] = ["scores.csv", "importance.csv", "weights.csv", "statistics.csv"];

#[test]
fn the_main_job_writes_a_run_directory_and_shows_the_profile() {
    let w = Workspace::new();
    let table = w.ok("relative_clause --sample 300");
    assert!(table.contains("subj_number") && table.contains("Spearman"), "{table}");
    assert!(!table.contains('\u{1b}'), "colour where there is no terminal");
    let files = names(&w.path("runs/relative_clause-tiny-bert"));
    assert_eq!(
        files,
        [
            "dimension.csv",
            "geometry.csv",
            "importance.csv",
            "report.html",
            "run.json",
            "scores.csv",
            "statistics.csv",
            "stimuli.csv",
            "stimuli.json",
            "weights.csv"
        ]
    );
    let run: Value = serde_json::from_str(&w.read("runs/relative_clause-tiny-bert/run.json")).unwrap();
    assert_eq!(run["stimuli"]["n_stimuli"], 300);
    assert_eq!(run["model"]["id"], "tiny-bert");
    assert_eq!(run["layers"].as_array().unwrap().len(), 7);
    assert!(run["seconds"]["extract"].as_f64().unwrap() > 0.0);
}

#[test]
fn the_same_command_gives_the_same_bytes_on_any_number_of_threads() {
    let w = Workspace::new();
    w.ok("relative_clause --sample 300 --interactions -o one --threads 1");
    w.ok("relative_clause --sample 300 --interactions -o two --threads 2");
    for table in TABLES.iter().chain(&["stimuli.csv"]) {
        assert_eq!(w.read(&format!("one/{table}")), w.read(&format!("two/{table}")), "{table}");
    }
}

#[test]
fn the_stages_one_by_one_give_what_the_main_job_gives() {
    let w = Workspace::new();
    w.ok("relative_clause --sample 200 --seed 3 -o run");
    w.ok("generate relative_clause --sample 200 --balance --seed 3 -o s.csv");
    w.ok("extract s.csv -o a.safetensors");
    w.ok("fit s.csv a.safetensors --seed 3 -o fit");
    assert_eq!(w.read("run/stimuli.csv"), w.read("s.csv"));
    for table in TABLES {
        assert_eq!(w.read(&format!("run/{table}")), w.read(&format!("fit/{table}")), "{table}");
    }
}

#[test]
fn activations_of_ones_own_are_fitted_with_no_model() {
    let w = Workspace::new();
    let (features, activations) = crate::bad_input::own_data(40, 6);
    w.write("features.csv", features).write("activations.npy", activations);
    let table = w.ok("fit features.csv activations.npy -o out");
    assert!(table.contains("number"), "{table}");
    assert_eq!(w.read("out/scores.csv").lines().count(), 1 + 2 * 5);
}

#[test]
fn effects_are_starred_and_noise_is_not() {
    let w = Workspace::new();
    let options =
        "--sample 300 --layers 5,6 --folds 3 --null 99 --group subject=subj_* --conditional --bootstrap 99";
    let table = w.ok(&format!("relative_clause {options} -o run"));
    let row = |name: &str| table.lines().rfind(|line| line.starts_with(name)).unwrap_or_default().to_owned();
    assert!(table.contains("groups\nsubject "), "{table}");
    for strong in ["subj_number", "subject", "Spearman, test"] {
        assert!(row(strong).ends_with('*'), "{table}");
    }
    assert!(!row("subj_zipf").ends_with('*'), "{table}");
    let statistics = w.read("run/statistics.csv");
    let header = "layer,feature,order,mean,sd,ci_low,ci_high,permutation_sd,p,p_holm,p_bh,null_mean,null_sd,null_low,null_high";
    assert!(statistics.starts_with(header), "{statistics}");
    assert!(statistics.contains("\n6,spearman,score,") && statistics.contains("\n6,subject,group,"));
    let page = w.read("run/report.html");
    assert!(
        page.contains("class=\"null\"") && page.contains("class=\"star"),
        "the null and its stars are drawn"
    );
    assert!(
        page.contains("The importance of a group of features") && page.contains("For the null distribution")
    );
}

#[test]
fn a_broken_run_goes_on_where_it_stopped() {
    let w = Workspace::new();
    w.ok("relative_clause --sample 200 -o run");
    let whole = TABLES.map(|table| w.read(&format!("run/{table}")));
    // As a run that was killed after three layers leaves it.
    for (table, text) in TABLES.iter().zip(&whole) {
        let kept = text.lines().filter(|line| {
            line.split(',').next().unwrap().parse::<usize>().is_ok_and(|layer| layer < 3)
                || line.starts_with("layer")
        });
        w.write(&format!("run/{table}"), kept.fold(String::new(), |text, line| text + line + "\n"));
    }
    let output = w.command("relative_clause --sample 200 -o run -v").output().unwrap();
    assert!(String::from_utf8_lossy(&output.stderr).contains("kept"), "{output:?}");
    assert_eq!(TABLES.map(|table| w.read(&format!("run/{table}"))), whole);
    // Another seed is another run: nothing is kept.
    let other = w.command("relative_clause --sample 200 --seed 1 -o run -v").output().unwrap();
    assert!(!String::from_utf8_lossy(&other.stderr).contains("kept"));
}

#[test]
fn a_report_is_rebuilt_from_the_tables_byte_for_byte() {
    let w = Workspace::new();
    w.ok("relative_clause --sample 200 -o run");
    let page = w.read("run/report.html");
    std::fs::remove_file(w.path("run/report.html")).unwrap();
    w.ok("report run");
    let rebuilt = w.read("run/report.html");
    // Only the seconds of the last stage may differ: they were not known when the first page was written.
    assert_eq!(page.len().abs_diff(rebuilt.len()) / 200, 0);
    std::fs::remove_file(w.path("run/report.html")).unwrap();
    w.ok("report run");
    assert_eq!(w.read("run/report.html"), rebuilt);
    assert!(rebuilt.contains("subj_number"));
}

#[test]
fn json_is_json_and_quiet_is_quiet() {
    let w = Workspace::new();
    let output = w.command("relative_clause --sample 200 --json --quiet -o run").output().unwrap();
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(result["layers"].as_array().unwrap().len(), 7);
    assert_eq!(result["importance"][0]["mean"].as_array().unwrap().len(), 7);
    for command in ["models --json", "grammars --json", "check short_sentence --json"] {
        serde_json::from_str::<Value>(&w.ok(command)).unwrap();
    }
}

#[test]
fn training_steps_of_the_embedded_model_are_runs_of_their_own() {
    let w = Workspace::new();
    w.ok("relative_clause --sample 200 --layers 0,6 --revision step0,final -o runs");
    assert_eq!(names(&w.path("runs")), ["compare.html", "comparison.csv", "final", "nearest.csv", "step0"]);
    assert_ne!(w.read("runs/step0/scores.csv"), w.read("runs/final/scores.csv"));
}

#[test]
fn a_csv_is_a_source_too() {
    let w = Workspace::new();
    let mut csv = "sentence,number,frequency\n".to_owned();
    for (noun, frequency) in [("woman", 5.1), ("girl", 5.2), ("queen", 4.6), ("king", 4.9), ("boy", 5.0)] {
        let _ =
            writeln!(csv, "the {noun} sees the man.,sg,{frequency}\nthe {noun}s see the man.,pl,{frequency}");
    }
    w.write("mine.csv", csv);
    w.ok("mine.csv --folds 2 -o run");
    assert!(w.read("run/importance.csv").contains("frequency"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let w = Workspace::new();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin!("probe"))
        .args(["generate", "relative_clause", "--quiet"])
        .current_dir(w.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}
