//! Options that list names, some of which have a comma.

use std::fs;

use mlem_probe::numeric::rng::Stream;
use serde_json::Value;

use crate::array_files::{array, file, npy};
use crate::workspace::Workspace;

const N: usize = 48;
const QUICK: &str = "--folds 2 --permutations 2 --map 0 -q";

/// Stimuli of three features, one of which has a comma in its name, sixteen concepts, and activations.
fn data(w: &Workspace) {
    let mut table = "concept,number,tense,\"size,B\"\n".to_owned();
    for i in 0..N {
        let (number, tense) = (["sg", "pl"][i % 2], ["past", "pres"][i / 2 % 2]);
        let row = format!("c{},{number},{tense},{}\n", i % 16, i * 7 % 16);
        table.push_str(&row);
    }
    w.write("words.csv", table);
    let mut stream = Stream::new(1, "lists");
    let noise: Vec<f64> = (0..N * 5).map(|_| stream.normal()).collect();
    w.write("x.npy", npy(&array("", &[N, 5], |k| noise[k]), false));
}

/// The features of a run, or its groups.
fn of(w: &Workspace, folder: &str, order: &str) -> Vec<String> {
    let csv = w.read(&format!("{folder}/importance.csv"));
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let mut names: Vec<String> = reader
        .records()
        .map(Result::unwrap)
        .filter(|row| &row[3] == order)
        .map(|row| row[2].to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn a_name_with_a_comma_stands_in_quotes() {
    let w = Workspace::new();
    data(&w);
    let fit = |options: &str, out: &str| {
        w.ok(&format!("fit words.csv x.npy --drop concept {options} {QUICK} -o {out}"))
    };
    fit("--drop \"size,B\"", "dropped");
    assert_eq!(of(&w, "dropped", "main"), ["number", "tense"]);
    fit("--features tense,\"size,B\"", "kept");
    assert_eq!(of(&w, "kept", "main"), ["size,B", "tense"]);
    fit("--group both=\"size,B\",tense --categorical \"size,B\"", "grouped");
    assert_eq!(of(&w, "grouped", "group"), ["both"]);
    assert_eq!(of(&w, "grouped", "main"), ["number", "size,B", "tense"]);
    // The command of a run is one that can be run again.
    w.ok("rerun kept -q -o again");
    assert_eq!(w.read("kept/importance.csv"), w.read("again/importance.csv"));
    for (options, said) in [
        ("--drop \"size,B", "a quote is not closed: \"size,B"),
        ("--features tense,\"size", "a quote is not closed"),
        ("--group both=\"size", "a quote is not closed"),
        ("--drop number,,tense", "a name is missing"),
        ("--drop \"size\"B", "is followed by B, and not by a comma"),
        ("--transform z-score,\"pca:2", "a quote is not closed"),
        ("--drop size,B", "no feature is called `size`"),
        ("--arrays \"a", "a quote is not closed"),
    ] {
        let text = w.transcript(&format!("fit words.csv x.npy {options} -o no"));
        assert!(text.contains(said) && !text.contains("exit code 0"), "{options}: {text}");
    }
    let check = w.ok("check words.csv --power --drop concept,\"size,B\" --json");
    let power: Value = serde_json::from_str(&check).unwrap();
    let rows = power["power"]["rows"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["feature"] != "size,B") && !rows.is_empty());
}

#[test]
fn hints_name_the_features_that_may_be_given() {
    let w = Workspace::new();
    data(&w);
    for option in ["--features nope", "--drop nope", "--categorical nope", "--numeric nope"] {
        let text = w.transcript(&format!("fit words.csv x.npy --average concept {option} -o no"));
        assert!(text.contains("no feature is called `nope`") && text.contains("exit code 1"), "{text}");
        assert!(text.contains("the features are number, tense and size,B"), "{text}");
    }
    let text = w.transcript("fit words.csv x.npy --unit concept --features nope -o no");
    assert!(text.contains("the features are number, tense and size,B"), "{text}");
}

#[test]
fn subjects_and_labels_may_have_commas() {
    let w = Workspace::new();
    data(&w);
    let mut arrays = Vec::new();
    for subject in ["sub,1", "sub,2", "sub \"3\""] {
        for region in ["V1", "V4"] {
            let mut stream = Stream::new(2, &format!("{subject}{region}"));
            let noise: Vec<f64> = (0..N * 5).map(|_| stream.normal()).collect();
            arrays.push(array(&format!("{subject}/{region}"), &[N, 5], |k| noise[k]));
        }
    }
    fs::rename(file(&w.path(""), "npz", &arrays), w.path("all.npz")).unwrap();
    w.ok(&format!("fit words.csv all.npz --drop concept --by-subject {QUICK} -o all"));
    let subjects = w.read("all/group/subjects.csv");
    assert!(
        subjects.contains("\"sub,1\",number,") && subjects.contains("\"sub \"\"3\"\"\",number,"),
        "{subjects}"
    );
    w.ok("rerun all/group -q -o again");
    assert_eq!(subjects, w.read("again/subjects.csv"));
    let told = w.transcript("group all/sub-1 all/sub-2 --labels \"a,b\",c -o named");
    assert!(
        told.contains("exit code 0") && w.read("named/subjects.csv").contains("\"a,b\",number,"),
        "{told}"
    );
    let told = w.transcript("group all/sub-1 all/sub-2 --labels a,b,c -o named");
    assert!(told.contains("3 labels for 2 run directories"), "{told}");
}
