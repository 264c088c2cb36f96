//! `probe surprisal` as a user has it: tables, pairs, and mistakes.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Case;
use crate::workspace::Workspace;

/// A workspace with a causal and a masked model in folders `gpt2` and `bert`.
fn workspace() -> Workspace {
    let w = Workspace::new();
    for name in ["gpt2", "bert"] {
        Case::of(name).write(&w.path(name), |name| Some(name.to_owned()));
    }
    w
}

/// The rows of a table, by column.
fn rows(w: &Workspace, table: &str) -> Vec<BTreeMap<String, String>> {
    let text = w.read(table);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

fn number(row: &BTreeMap<String, String>, column: &str) -> f64 {
    row[column].parse().unwrap_or_else(|_| panic!("{column} {row:?}"))
}

#[test]
fn sums_are_those_of_their_tokens_and_what_a_first_token_lacks_is_empty() {
    let w = workspace();
    w.write("s.csv", "sentence\nt11 t12 t13\n  t11   t12\nt20\nt11 t12 t13\n");
    w.write("s.txt", "t11 t12 t13\nt11 t12\n\nt20\n");
    w.ok("surprisal s.txt --model gpt2 -o lines -q");
    assert_eq!(rows(&w, "lines/sentences.csv").len(), 3);
    let said = w.ok("surprisal s.csv --model gpt2 -o causal");
    assert!(
        said.contains("head: the table of tokens (tied)") && said.contains("the first has none"),
        "{said}"
    );
    let (sentences, tokens, words) =
        (rows(&w, "causal/sentences.csv"), rows(&w, "causal/tokens.csv"), rows(&w, "causal/words.csv"));
    assert_eq!(tokens.len(), 9);
    assert!(
        tokens[0]["logprob"].is_empty() && tokens[0]["counts"] == "true" && tokens[0]["added"] == "false"
    );
    assert_eq!((sentences[2]["logprob"].as_str(), sentences[2]["scored"].as_str()), ("", "0"));
    assert_eq!((words[0]["text"].as_str(), words[0]["logprob"].as_str()), ("t11", ""));
    let sum = number(&tokens[1], "logprob") + number(&tokens[2], "logprob");
    assert!((number(&sentences[0], "logprob") - sum).abs() < 1e-4);
    assert!((number(&sentences[0], "surprisal") * -std::f64::consts::LN_2 - sum).abs() < 1e-4);
    assert_eq!(tokens[4]["logprob"], tokens[1]["logprob"], "what follows changes nothing");
    assert_eq!(sentences[0]["logprob"], sentences[3]["logprob"]);
    // A token before all gives the first one its own.
    w.ok("surprisal s.csv --model gpt2 --bos -o bos");
    let with = rows(&w, "bos/tokens.csv");
    assert_eq!(
        (with[0]["piece"].as_str(), with[0]["added"].as_str(), with[0]["logprob"].as_str()),
        ("t01", "true", "")
    );
    assert!(number(&with[1], "logprob") < 0.0);
    w.write("b.csv", "sentence\nt01 t11 t12 t13\n");
    w.ok("surprisal b.csv --model gpt2 -o by-hand");
    let by_hand = rows(&w, "by-hand/tokens.csv");
    assert!((1..4).all(|at| with[at]["logprob"] == by_hand[at]["logprob"]));
    let record: Value = serde_json::from_str(&w.read("bos/run.json")).unwrap();
    assert_eq!(
        (record["options"]["bos"].as_str(), record["options"]["surprisal"].as_str()),
        (Some("t01"), Some("causal"))
    );
    assert!(record["options"]["methods"].as_str().unwrap().contains("t01 before all"));
    // The record runs again, to the same bytes.
    let before = w.read("bos/tokens.csv");
    w.ok("rerun bos -o again -q");
    assert_eq!(w.read("again/tokens.csv"), before);
}

#[test]
fn a_masked_model_hides_tokens_or_the_rest_of_their_words() {
    let w = workspace();
    // Words of two tokens: pieces that stand together, parted by the tokenizer.
    let tokenizer = w.read("bert/tokenizer.json").replace(
        r#"{"type":"WhitespaceSplit"}"#,
        r#"{"type":"Sequence","pretokenizers":[{"type":"WhitespaceSplit"}]}"#,
    );
    let mut tokenizer: Value = serde_json::from_str(&tokenizer).unwrap();
    tokenizer["model"] = serde_json::json!({
        "type": "WordPiece", "unk_token": "t00", "continuing_subword_prefix": "", "max_input_chars_per_word": 100,
        "vocab": tokenizer["model"]["vocab"],
    });
    w.write("bert/tokenizer.json", tokenizer.to_string());
    w.write("s.csv", "sentence\nt11t12 t13\n");
    w.ok("surprisal s.csv --model bert -o token -q");
    w.ok("surprisal s.csv --model bert --hide word -o word -q");
    let (token, word) = (rows(&w, "token/tokens.csv"), rows(&w, "word/tokens.csv"));
    assert_eq!(token.len(), 3);
    // The last of a word hides nothing more; the first hides the rest of it.
    assert_ne!(token[0]["logprob"], word[0]["logprob"]);
    assert_eq!(token[1]["logprob"], word[1]["logprob"]);
    assert_eq!(token[2]["logprob"], word[2]["logprob"]);
    assert_eq!(["0", "0", "1"].map(str::to_owned), [0, 1, 2].map(|at| token[at]["word"].clone()));
    let words = rows(&w, "token/words.csv");
    let sum = number(&token[0], "logprob") + number(&token[1], "logprob");
    assert!((number(&words[0], "logprob") - sum).abs() < 1e-4);
}

#[test]
fn pairs_are_compared_however_the_table_is_laid_out() {
    let w = workspace();
    let pairs = [("t11 t12 t13", "t11 t14 t13"), ("t21 t22", "t21 t23"), ("t31 t32", "t31 t32")];
    let lines: Vec<String> = pairs
        .iter()
        .map(|(good, bad)| format!("{{\"sentence_good\": \"{good}\", \"sentence_bad\": \"{bad}\"}}"))
        .collect();
    let lines = lines.join("\n");
    w.write("two.jsonl", lines);
    let row = |(k, (good, bad)): (usize, &(&str, &str))| format!("{bad},no,p {k}\n{good},yes,p {k}\n");
    w.write(
        "one.csv",
        "sentence,ok,item no\n".to_owned() + &pairs.iter().enumerate().map(row).collect::<String>(),
    );
    let two = w.ok("surprisal two.jsonl --model bert -o two");
    assert!(
        two.contains("good preferred") && two.contains("1 pair with equal log-probabilities")
            || two.contains("good preferred")
    );
    let mut command = w.command("surprisal one.csv --model bert -o one -q --label ok --good yes --pair");
    command.arg("item no").assert().success();
    let (a, b) = (rows(&w, "two/pairs.csv"), rows(&w, "one/pairs.csv"));
    assert_eq!(a.len(), 3);
    for (a, b) in a.iter().zip(&b) {
        assert_eq!((&a["difference"], &a["preferred"]), (&b["difference"], &b["preferred"]));
        let difference = number(a, "logprob_good") - number(a, "logprob_bad");
        assert!((number(a, "difference") - difference).abs() < 1e-4);
    }
    assert_eq!((a[2]["difference"].as_str(), a[2]["preferred"].as_str()), ("0", "false"));
    let accuracy = &rows(&w, "two/accuracy.csv")[0];
    let preferred = a.iter().filter(|row| row["preferred"] == "true").count();
    assert_eq!((accuracy["pairs"].as_str(), accuracy["ties"].as_str()), ("3", "1"));
    assert!((number(accuracy, "accuracy") - preferred as f64 / 3.0).abs() < 1e-6);
    // Numbered anew in each set.
    w.write(
        "sets.csv",
        "sentence,grammatical,pair,UID\nt11 t12,true,0,a\nt11 t13,false,0,a\nt21 t22,true,0,b\nt21 t23,false,0,b\nt21 t24,false,0,b\n",
    );
    w.ok("surprisal sets.csv --model gpt2 -o sets -q");
    let sets: Vec<(String, String)> = rows(&w, "sets/accuracy.csv")
        .into_iter()
        .map(|row| (row["set"].clone(), row["pairs"].clone()))
        .collect();
    assert_eq!(sets, [("", "3"), ("a", "1"), ("b", "2")].map(|(a, b)| (a.to_owned(), b.to_owned())));
}

#[test]
fn mistakes_are_told_with_what_to_do() {
    let w = workspace();
    w.write("s.csv", "sentence,pair,label\nt11 t12,1,x\nt11 t13,1,y\n");
    w.write("long.csv", format!("sentence\nt11\n{}\n", "t11 ".repeat(40)));
    w.write("empty.csv", "sentence,n\nt11,1\n,2\n");
    w.write("gap.csv", "sentence,pair,grammatical\nt11 t12,1,true\nt11 t13,,false\n");
    w.write("twice.csv", "sentence,pair,grammatical\nt11 t12,1,true\nt11 t13,1,true\nt11 t14,1,false\n");
    w.write("features.csv", "a,b\n1,2\n2,3\n");
    for (words, code, parts) in [
        ("surprisal s.csv --model gpt2 --hide word", 1, ["--hide: ", "is a causal model", "hides nothing"]),
        ("surprisal s.csv --model bert --bos", 1, ["--bos: ", "is a masked model", "leave --bos out"]),
        (
            "surprisal s.csv --model gpt2 --bos=nothing",
            1,
            ["no token called `nothing`", "probe tokens", "hint"],
        ),
        ("surprisal s.csv --model gpt2 --mask t05", 1, ["--mask: ", "is a causal model", "hint"]),
        ("surprisal s.csv --model bert --mask nothing", 1, ["--mask: ", "no token called `nothing`", "hint"]),
        ("surprisal s.csv --model gpt2 --pair item", 1, ["item", "pair", "label"]),
        (
            "surprisal s.csv --model gpt2 --pair pair --label label",
            1,
            ["no row of `label` is `true`", "--good", "x and y"],
        ),
        (
            "surprisal s.csv --model gpt2 --good x",
            2,
            ["nothing says which sentences are a pair", "--pair COLUMN", "hint"],
        ),
        ("surprisal long.csv --model gpt2", 1, ["sentence 1 has 40 tokens", "16 positions", "shorten"]),
        ("surprisal gap.csv --model gpt2", 1, ["row 1 has no `pair`", "fill", "hint"]),
        ("surprisal twice.csv --model gpt2", 1, ["has 2 good sentences and 1 bad", "--by COLUMN", "hint"]),
        ("surprisal features.csv --model gpt2", 1, ["sentence", "hint", "--text"]),
        ("surprisal s.csv --model gpt2 --part decoder", 1, ["part decoder", "gpt2", "hint"]),
        ("surprisal s.csv", 1, ["no head", "tiny-bert", "hint"]),
        ("surprisal s.csv --model gpt2,bert", 2, ["one model", "folder of its own", "hint"]),
        ("surprisal nothing.csv --model gpt2", 1, ["nothing.csv", "hint", "error"]),
    ] {
        let said = w.transcript(words);
        assert!(said.contains(&format!("exit code {code}")), "{words}\n{said}");
        for part in parts {
            assert!(said.contains(part), "{words}: no `{part}` in\n{said}");
        }
        assert!(!said.contains("panicked"), "{said}");
    }
    let said = w.transcript("surprisal empty.csv --model gpt2");
    assert!(said.contains("exit code 1"), "{said}");
    // Another run's folder is not written over.
    w.ok("short_sentence --sample 40 --folds 2 --map 0 --permutations 1 --layers 0 -q -o run");
    let said = w.transcript("surprisal s.csv --model gpt2 -o run");
    assert!(said.contains("not of `probe surprisal`") && said.contains("exit code 1"), "{said}");
    w.write("t.csv", "sentence\nt11 t12\n");
    w.ok("surprisal t.csv --model gpt2 -q -o run --force");
    w.ok("surprisal t.csv --model gpt2 -q -o run");
}
