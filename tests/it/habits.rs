//! What hands are used to: layers from the end, a dry run, presence and rewriting in a grammar, the page of a run.

use crate::workspace::Workspace;

const QUICK: &str = "short_sentence --sample 40 --folds 2 --map 0 --permutations 1 -q";

fn layers(scores: &str) -> Vec<String> {
    let mut layers: Vec<String> =
        scores.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect();
    layers.dedup();
    layers
}

#[test]
fn layers_are_counted_from_the_end() {
    let w = Workspace::new();
    w.ok(&format!("{QUICK} --layers -1 -o last"));
    assert_eq!(layers(&w.read("last/scores.csv")), ["6"]);
    w.ok(&format!("{QUICK} --layers 0,-2--1 -o some"));
    assert_eq!(layers(&w.read("some/scores.csv")), ["0", "5", "6"]);
    let said = w.transcript(&format!("{QUICK} --layers -9 -o none"));
    assert!(said.contains("there are 7 layers") && said.contains("exit code 2"), "{said}");
    w.ok("generate short_sentence --sample 40 -o s.csv -q");
    w.ok("extract s.csv -o a.npy -q");
    w.ok("fit s.csv a.npy --layers -1 --folds 2 --map 0 --permutations 1 -o fit -q");
    assert_eq!(layers(&w.read("fit/scores.csv")), ["6"]);
}

#[test]
fn a_dry_run_says_what_a_run_would_take_and_leaves_nothing() {
    let w = Workspace::new();
    let said = w.ok(&format!("{QUICK} --null 5 --dry-run -o run"));
    for part in
        ["tiny-bert", "40 with ", "layers       7", "activations  ", "extraction   about", "least p-value"]
    {
        let part = if part == "least p-value" { "no p-value is below 1/6" } else { part };
        assert!(said.contains(part), "{part} not in {said}");
    }
    assert!(!w.path("run").exists() && !w.path("runs").exists());
    let json: serde_json::Value = serde_json::from_str(&w.ok(&format!("{QUICK} --dry-run --json"))).unwrap();
    assert_eq!((json[0]["layers"].as_u64(), json[0]["stimuli"].as_u64()), (Some(7), Some(40)));
}

const FRENCH: &str = r#"
[lexicon.noun]
words = [{ form = "ami", g = "m" }, { form = "roi", g = "m" }]
[lexicon.neg]
words = ["toujours"]
[slots]
subj = { lexicon = "noun", features = ["lemma"] }
obj = { lexicon = "noun", features = ["lemma"] }
neg = { lexicon = "neg", features = [] }
[computed]
said = "neg.present"
both = "neg.present and not (subj = ami or obj = ami)"
[constraints]
distinct = ["subj", "obj"]
[[rewrite]]
from = "le"
before = ["a"]
to = "l'"
[[rewrite]]
from = "de le"
to = "du"
[[template]]
text = "le {subj} parle [{neg}] de le {obj}."
[[template]]
text = "le {subj} voit [{neg}] le {obj}."
"#;

#[test]
fn words_change_where_they_meet_and_presence_is_a_feature() {
    let w = Workspace::new();
    w.write("f.toml", FRENCH);
    w.ok("generate f.toml -o f.csv -q");
    let table = w.read("f.csv");
    for row in [
        "l'ami parle toujours du roi.,true,false,ami,roi",
        "le roi parle de l'ami.,false,false,roi,ami",
        "le roi voit toujours l'ami.,true,false,roi,ami",
        "l'ami voit le roi.,false,false,ami,roi",
    ] {
        assert!(table.lines().any(|line| line == row), "{row} not in\n{table}");
    }
    // The places of slots go with the words.
    let side: serde_json::Value = serde_json::from_str(&w.read("f.json")).unwrap();
    assert!(side.to_string().contains("subj"), "{side}");
    let said = w.transcript("check f.toml");
    assert!(said.contains("exit code 0") || !said.contains("error"), "{said}");
}

#[test]
fn a_condition_that_is_none_is_pointed_at() {
    let w = Workspace::new();
    for (condition, message) in [
        ("neg.present and (subj = ami", "brackets that do not match"),
        ("neg.present and", "a condition is missing"),
        ("or neg.present", "a condition is missing"),
        ("neg.present and not", "a condition is missing"),
        ("nag.present", "no slot is called `nag`"),
    ] {
        w.write("f.toml", FRENCH.replace("said = \"neg.present\"", &format!("said = \"{condition}\"")));
        let said = w.transcript("check f.toml");
        assert!(said.contains(message) && said.contains("f.toml:"), "{condition}: {said}");
    }
    w.write("f.toml", FRENCH.replace("to = \"du\"", "too = \"du\""));
    let said = w.transcript("check f.toml");
    assert!(said.contains("has no key `too`") && said.contains("did you mean to?"), "{said}");
}

#[test]
fn the_record_says_when_and_where() {
    let w = Workspace::new();
    w.ok(&format!("{QUICK} --layers 0 -o run"));
    let record: serde_json::Value = serde_json::from_str(&w.read("run/run.json")).unwrap();
    let date = record["date"].as_str().unwrap();
    assert!(date.starts_with("20") && date.ends_with('Z') && date.len() == 20, "{date}");
    assert!(record["host"].as_str().unwrap().contains(std::env::consts::ARCH));
}

#[test]
fn the_page_holds_the_tables_and_no_raw_notation() {
    let w = Workspace::new();
    w.ok(&format!("{QUICK} --layers 0-2 --group number=subj_NUM,subj_PERS -o run"));
    let page = w.read("run/report.html");
    for table in ["stimuli.csv", "scores.csv", "importance.csv", "weights.csv", "statistics.csv"] {
        assert!(page.contains(&format!("data-file=\"{table}\"")), "{table}");
    }
    let drawn = page.split("<script").next().unwrap();
    assert!(!drawn.contains('`') && !drawn.contains("{&quot;"), "backticks or JSON on the page");
}
