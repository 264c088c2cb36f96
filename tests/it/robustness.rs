//! `probe robustness`: each variation is the run that its command gives, and what is done is not done again; and `probe check --power`.

use std::fs;

use serde_json::Value;

use crate::workspace::{Workspace, names};

const RUN: &str = "short_sentence --sample 60 --folds 2 --permutations 2 --map 0 --layers 0,6 -q";
const TABLES: [&str; 3] = ["scores.csv", "importance.csv", "weights.csv"];

fn rows(csv: &str) -> Vec<Vec<String>> {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The variations of the sheet in `out`, by their names: state and command.
fn variations(w: &Workspace, out: &str) -> Vec<(String, String, String)> {
    let rows = rows(&w.read(&format!("{out}/variations.csv")));
    rows.into_iter().map(|row| (row[1].clone(), row[2].clone(), row[7].clone())).collect()
}

#[test]
fn every_variation_is_the_run_of_its_command() {
    let w = Workspace::new();
    w.ok(&format!("{RUN} -o base"));
    let told = w.ok("robustness base --seeds 1");
    assert!(
        told.contains("matters more than") && told.contains("page:   base/robustness/robustness.html"),
        "{told}"
    );
    let all = variations(&w, "base/robustness");
    let made: Vec<&str> = all.iter().filter(|row| row.1 == "made").map(|row| row.0.as_str()).collect();
    for name in [
        "pooling last",
        "pooling max",
        "without special tokens",
        "cosine distance",
        "correlation distance",
        "without frequency",
        "seed 1",
        "sample of 30",
        "sample of 120",
        "first half",
        "second half",
    ] {
        assert!(made.contains(&name), "{name}: {all:?}");
    }
    let templates =
        all.iter().filter(|row| row.0.starts_with("without template") || row.0.starts_with("without intr"));
    assert!(all.iter().filter(|row| row.1 == "made").count() >= 14, "{all:?} {}", templates.count());
    // The same numbers as the command gives that is recorded, in a folder of its own.
    for (name, _, command) in all.iter().filter(|row| row.1 == "made") {
        let mut words = shell_words(command);
        words.remove(0);
        let mut command = w.command("");
        command.args(words).args(["--out", "again", "--force"]);
        assert!(command.output().unwrap().status.success(), "{name}");
        let folder: String =
            name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
        for table in TABLES {
            let here = w.read(&format!("base/robustness/variations/{folder}/{table}"));
            assert!(here == w.read(&format!("again/{table}")), "{name}: {table}");
        }
    }
    // A sheet of which every variation is done runs nothing.
    let times = |w: &Workspace| -> Vec<_> {
        let folder = w.path("base/robustness/variations");
        let mut all: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path().join("scores.csv"))
            .filter(|path| path.exists())
            .map(|path| (path.clone(), fs::metadata(path).unwrap().modified().unwrap()))
            .collect();
        all.sort();
        all
    };
    let before = times(&w);
    let sheet = w.read("base/robustness/robustness.csv");
    w.ok("robustness base --seeds 1 --budget 0");
    assert_eq!(before, times(&w));
    assert_eq!(sheet, w.read("base/robustness/robustness.csv"));
}

/// Words of a line in which some stand in quotes.
fn shell_words(line: &str) -> Vec<String> {
    let (mut words, mut quoted, mut word) = (Vec::new(), false, String::new());
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words
}

#[test]
fn a_budget_stops_and_the_same_command_goes_on() {
    let w = Workspace::new();
    w.ok(&format!("{RUN} -o base"));
    let told = w.ok("robustness base --only seed,half --budget 0 -o sheet");
    assert!(told.contains("Not reached within the budget: seed 1"), "{told}");
    assert!(variations(&w, "sheet").iter().all(|row| row.1 == "not reached"));
    assert!(w.read("sheet/robustness.html").contains("No variation was made"));
    w.ok("robustness base --only seed,half -o sheet");
    assert!(variations(&w, "sheet").iter().all(|row| row.1 == "made"));
    // What was damaged is made again.
    let scores = w.read("sheet/variations/seed-1/scores.csv");
    w.write("sheet/variations/seed-1/scores.csv", "layer\n");
    w.ok("robustness base --only seed,half -o sheet");
    assert_eq!(scores, w.read("sheet/variations/seed-1/scores.csv"));
    // A run with another grammar, or another seed, has other variations.
    w.ok(&format!("{RUN} --seed 1 -o base --force"));
    w.ok("robustness base --only half -o sheet");
    let record: Value = serde_json::from_str(&w.read("sheet/variations/first-half/run.json")).unwrap();
    assert_eq!(record["seed"], 1);
}

#[test]
fn of_activations_from_a_file_it_is_said_what_cannot_be_varied() {
    let w = Workspace::new();
    w.ok("generate short_sentence --sample 60 --balance -o s.csv");
    w.ok("extract s.csv --layers 0,6 -o a.safetensors");
    w.ok("fit s.csv a.safetensors --folds 2 --permutations 2 --map 0 --null 19 -o base -q");
    let json: Value = serde_json::from_str(&w.ok("robustness base --seeds 1 --json -q")).unwrap();
    let cannot: Vec<&str> =
        json["cannot"].as_array().unwrap().iter().map(|row| row["kind"].as_str().unwrap()).collect();
    assert_eq!(cannot, ["pooling", "special-tokens", "template", "sample-size"]);
    let made: Vec<&str> =
        json["variations"].as_array().unwrap().iter().map(|row| row["variation"].as_str().unwrap()).collect();
    let expected = [
        "cosine distance",
        "correlation distance",
        "manhattan distance",
        "without frequency",
        "seed 1",
        "first half",
        "second half",
    ];
    assert_eq!(made, expected);
    // Halves are fits to their rows.
    let half = w.read("base/robustness/variations/first-half/stimuli.csv");
    assert_eq!(half.lines().count(), 31);
    w.ok("fit s.csv a.safetensors --folds 2 --permutations 2 --map 0 --null 19 --half 1 -o half -q");
    assert_eq!(w.read("half/importance.csv"), w.read("base/robustness/variations/first-half/importance.csv"));
    let claims = json["claims"].as_array().unwrap();
    assert!(claims.iter().any(|claim| claim["text"].as_str().unwrap().contains("significant")));
}

#[test]
fn what_is_no_run_is_refused_with_a_remedy() {
    let w = Workspace::new();
    w.ok(&format!("{RUN} -o base"));
    let fails = |words: &str, said: &str| {
        let output = w.command(words).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && text.contains(said) && text.contains("hint"), "{words}: {text}");
    };
    fails("robustness nowhere", "nowhere");
    fails("robustness base -o base", "is the run itself");
    w.ok(&format!("{RUN} -o other"));
    fails("robustness base -o other", "holds a run");
    fails("short_sentence --without-template nothing --sample 60", "no template called `nothing`");
    w.ok("generate short_sentence --sample 60 --balance -o s.csv");
    fails("run s.csv --without-template x", "is a table");
    w.ok(&format!("run s.csv {} -o table", RUN.split_once(' ').unwrap().1));
    fs::remove_file(w.path("s.csv")).unwrap();
    fails("robustness table", "is not here");
    w.ok("short_sentence --sample 60 --folds 2 --permutations 0 --map 0 --layers 6 -q -o none");
    fails("robustness none", "has no importances");
    for usage in ["--budget nan", "--budget -1", "--only colour", "--seeds 0", "--half 3"] {
        let output = w.command(&format!("robustness base {usage}")).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{usage}");
    }
    assert!(
        !names(&w.path("base")).contains(&"robustness".to_owned()),
        "nothing is left of what was refused"
    );
}

#[test]
fn power_is_a_table_and_json_and_bad_input_is_refused() {
    let w = Workspace::new();
    let row = |i: usize| {
        let (number, rare) = (["sg", "pl"][i % 2], if i.is_multiple_of(4) { "x" } else { "y" });
        format!("s {i},{number},{rare},n{i}\n")
    };
    let rows: Vec<String> = (0..40).map(row).collect();
    w.write("s.csv", "sentence,number,rare,name\n".to_owned() + &rows.concat());
    let told = w.ok("check s.csv --power -q");
    assert!(told.contains("power: stimuli that find a feature"), "{told}");
    assert!(told.contains("left out: name: it has another value for every stimulus"), "{told}");
    let json: Value = serde_json::from_str(&w.ok("check s.csv --power --json --drop name -q")).unwrap();
    let rows = json["power"]["rows"].as_array().unwrap();
    assert_eq!((rows.len(), json["power"]["stimuli_of_design"].as_u64()), (6, Some(40)));
    let n = |at: usize| rows[at]["stimuli"].as_u64().unwrap();
    assert!(n(0) > n(1) && n(1) > n(2) && n(5) > n(2), "{rows:?}");
    let plain: Value = serde_json::from_str(&w.ok("check s.csv --json -q")).unwrap();
    assert!(plain.get("power").is_none());
    let fails = |words: &str, said: &str| {
        let output = w.command(words).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && text.contains(said), "{words}: {text}");
    };
    fails("check s.csv --power --drop nme", "nme");
    fails("check s.csv --power --drop number,rare,name", "no feature is left");
    fails("check s.csv --drop name", "--power");
    w.write("few.csv", "sentence,a\nx,1\ny,2\n");
    fails("check few.csv --power", "2");
}
