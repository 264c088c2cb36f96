//! Activations that were taken before: what is found again, what is not, and what is done about damage.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use serde_json::Value;

use crate::workspace::{Workspace, asset, names};

/// A workspace with a model in a folder: the embedded one's files, at one of its steps.
fn workspace() -> Workspace {
    let w = Workspace::new();
    w.ok("generate relative_clause --sample 60 -o s.csv");
    w.write_model("model");
    w
}

fn put_weights(w: &Workspace, step: &str) {
    w.write("model/model.safetensors", asset(&format!("{step}.safetensors")));
}

/// Runs `words` with the cache in a folder of this workspace; gives what was said on stderr.
fn run(w: &Workspace, words: &str) -> String {
    let Output { status, stderr, .. } =
        w.command(words).env("PROBE_CACHE", w.path("cache")).output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert!(status.success(), "{words}: {said}");
    said
}

fn is_cached(said: &str) -> bool {
    let (cached, ran) = (said.contains("from the cache"), said.contains("tokens/s"));
    assert!(cached != ran, "{said}");
    cached
}

fn entry(w: &Workspace) -> PathBuf {
    let folder = w.path("cache/activations");
    let all = names(&folder);
    assert_eq!(all.len(), 1, "{all:?}");
    folder.join(&all[0])
}

#[test]
fn a_second_run_does_not_run_the_model() {
    let w = workspace();
    assert!(!is_cached(&run(&w, "s.csv --model ./model --layers 0-6 --map 0 -o one")));
    assert!(is_cached(&run(&w, "s.csv --model ./model --map 0 -o two")));
    for table in ["scores.csv", "importance.csv", "weights.csv"] {
        assert_eq!(w.read(&format!("one/{table}")), w.read(&format!("two/{table}")), "{table}");
    }
    // Part of the layers, and transforms, are made of what is there.
    assert!(is_cached(&run(
        &w,
        "extract s.csv --model ./model --layers 3 --transform minus-previous -o a.safetensors"
    )));
    run(
        &w,
        "extract s.csv --model ./model --layers 3 --transform minus-previous --no-cache -o b.safetensors",
    );
    assert_eq!(fs::read(w.path("a.safetensors")).unwrap(), fs::read(w.path("b.safetensors")).unwrap());
}

#[test]
fn whatever_changes_a_number_is_another_entry() {
    let w = workspace();
    let words = "extract s.csv --model ./model -o a.safetensors";
    assert!(!is_cached(&run(&w, &format!("{words} --layers 1,2"))));
    assert!(!is_cached(&run(&w, words)), "more layers than are there");
    assert!(is_cached(&run(&w, words)));
    for other in ["--pool last", "--no-special-tokens", "--at verb", "--at subj"] {
        assert!(!is_cached(&run(&w, &format!("{words} {other}"))), "{other}");
        assert!(is_cached(&run(&w, &format!("{words} {other}"))), "{other}");
    }
    put_weights(&w, "step100");
    assert!(!is_cached(&run(&w, words)), "other weights");
    // Other feature values are the same sentences: the activations serve, and say what they are of.
    w.write("other.csv", w.read("s.csv").replace(",sg", ",x"));
    w.write("other.json", w.read("s.json"));
    assert!(is_cached(&run(&w, "extract other.csv --model ./model -o other.safetensors")));
    assert!(!run(&w, "fit other.csv other.safetensors --map 0 -o out").contains("made from other stimuli"));
    w.write("other.csv", w.read("s.csv").replacen("the ", "a ", 1));
    fs::remove_file(w.path("other.json")).unwrap();
    assert!(!is_cached(&run(&w, "extract other.csv --model ./model -o other.safetensors")));
}

#[test]
fn a_damaged_entry_is_said_and_taken_again() {
    let w = workspace();
    let words = "extract s.csv --model ./model -o a.safetensors";
    run(&w, words);
    let (path, good) = (entry(&w), fs::read(w.path("a.safetensors")).unwrap());
    let whole = fs::read(&path).unwrap();
    let damages: [fn(&mut Vec<u8>); 5] = [
        |bytes| *bytes.last_mut().unwrap() ^= 1,
        |bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 4;
        },
        |bytes| bytes.truncate(bytes.len() / 3),
        |bytes| bytes.clear(),
        |bytes| bytes.fill(b'{'),
    ];
    for (number, damage) in damages.iter().enumerate() {
        let mut bytes = whole.clone();
        damage(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let output = w.command("cache verify").env("PROBE_CACHE", w.path("cache")).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{number}");
        assert!(String::from_utf8(output.stdout).unwrap().ends_with("0 of 1 whole\n"), "{number}");
        let said = run(&w, words);
        assert!(said.contains("is damaged (") && said.contains("the model runs again"), "{number}: {said}");
        assert!(
            fs::read(&path).unwrap() == whole && fs::read(w.path("a.safetensors")).unwrap() == good,
            "{number}"
        );
        assert!(is_cached(&run(&w, words)));
    }
}

#[test]
fn two_processes_at_once_leave_one_whole_entry() {
    let w = workspace();
    let run_now = |out: &str| {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("probe"));
        let words = format!("extract s.csv --model ./model -o {out} --quiet");
        command.args(words.split_whitespace()).current_dir(w.path("")).env("PROBE_CACHE", w.path("cache"));
        command.spawn().unwrap()
    };
    let mut children = ["a.safetensors", "b.safetensors", "c.safetensors"].map(run_now);
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    assert_eq!(fs::read(w.path("a.safetensors")).unwrap(), fs::read(w.path("b.safetensors")).unwrap());
    entry(&w);
    let verified = w.command("cache verify").env("PROBE_CACHE", w.path("cache")).output().unwrap();
    assert_eq!(String::from_utf8(verified.stdout).unwrap(), "1 of 1 whole\n");
}

#[test]
fn entries_are_listed_and_removed() {
    let w = workspace();
    let cache = |words: &str| {
        let output = w.command(words).env("PROBE_CACHE", w.path("cache")).output().unwrap();
        String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap()
    };
    assert!(cache("cache ls").starts_with("0 entries, 0.0 MiB in "));
    run(&w, "extract s.csv --model ./model -o a.safetensors");
    run(&w, "extract s.csv --model ./model --pool last --layers 2 -o a.safetensors");
    let listed = cache("cache ls");
    assert!(listed.contains("  ./model, mean, 60 stimuli, 7 layers, 0.2 MiB, used just now\n"), "{listed}");
    assert!(listed.contains("  ./model, last, 60 stimuli, 1 layer, 0.0 MiB, used just now\n"), "{listed}");
    let json: Value = serde_json::from_str(&cache("cache ls --json")).unwrap();
    assert_eq!(json["entries"][0]["record"]["n_layers"], 6);
    let unknown = cache("cache rm zebra");
    assert!(unknown.contains("no entry of the cache has a key that begins with `zebra`"), "{unknown}");
    let key = listed.lines().next().unwrap().split_whitespace().next().unwrap().to_owned();
    assert!(cache(&format!("cache rm {key}")).starts_with("1 entry removed"));
    w.write("cache/activations/notes.txt", "a user's own");
    assert!(cache("cache rm --all").starts_with("1 entry removed"));
    assert_eq!(names(&w.path("cache/activations")), ["notes.txt"]);
}

#[test]
fn a_cache_that_cannot_be_written_stops_nothing_and_the_embedded_model_needs_none() {
    let w = workspace();
    run(&w, "extract s.csv -o a.safetensors");
    assert!(!w.path("cache").exists());
    w.write("cache", "a file in its place");
    let said = run(&w, "extract s.csv --model ./model -o a.safetensors");
    assert!(said.contains("the activations are not kept for another run: cannot write"), "{said}");
}
