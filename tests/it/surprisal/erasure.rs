//! Hidden states changed on their way, against transformers with a hook; and `probe erase` as a user has it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use mlem_probe::models::{Edit, LoadOptions};
use mlem_probe::progress::Silent;
use mlem_probe::surprisal::Params;
use serde_json::Value;

use super::{Case, case_in_folder, load};
use crate::workspace::Workspace;

#[test]
fn what_comes_after_a_change_is_that_of_transformers_with_a_hook() {
    // transformers 5.24: a forward hook that halves what GPT-2's dropout (0), its first block (1) and its last norm (2) give, and what
    // BERT's embeddings (0) and first block (1) do; log-probabilities of the first sentence.
    let frozen: [(&str, usize, [f64; 4]); 5] = [
        ("gpt2", 0, [-19.319_519_2, -5.669_437, -13.067_537, -8.012_976]),
        ("gpt2", 1, [-17.311_910_5, -1.072_399_7, -12.977_821_1, -5.013_135_2]),
        ("gpt2", 2, [-9.632_658_2, -1.235_119_4, -7.106_468_3, -3.243_860_6]),
        ("bert", 0, [-18.518_169_7, -15.293_323_9, -14.305_567_3, -22.805_408_7]),
        ("bert", 1, [-15.346_977_2, -15.437_397_5, -11.876_041_2, -23.670_895_6]),
    ];
    for (name, layer, expected) in frozen {
        let (_home, folder, sentences) = case_in_folder(Case::of(name));
        for options in [LoadOptions::default(), LoadOptions::default().offload(true)] {
            let mut model = load(&folder, options).unwrap();
            let of = |model: &_| Params::default().score(&sentences, model, &Silent).unwrap().sentences;
            let before = of(&model);
            let halve = |rows: &mut [f32]| rows.iter_mut().for_each(|x| *x *= 0.5);
            model.set_edit(Some(Edit::new(layer, halve))).unwrap();
            let tokens = of(&model).swap_remove(0).tokens;
            let found: Vec<f64> = tokens.iter().filter_map(|token| token.logprob).collect();
            for (found, expected) in found.iter().zip(expected) {
                assert!((found - expected).abs() < 2e-5, "{name} {layer}: {found} {expected}");
            }
            model.set_edit(None).unwrap();
            assert_eq!(of(&model), before);
            assert!(model.set_edit(Some(Edit::new(9, halve))).is_err());
        }
    }
}

/// Sentences of three words, of which the second says the number, and bad ones that end otherwise.
fn table() -> String {
    let mut rows = "sentence,number,other,pair,grammatical\n".to_owned();
    for k in 0..60 {
        let (number, other) = (k % 2, k / 2 % 3);
        let middle = 10 + 10 * number + k / 6 % 3;
        for good in [true, false] {
            let last = if good { 40 + other } else { 50 + other };
            let (first, number) = (30 + k % 7, ["sg", "pl"][number]);
            writeln!(rows, "t{first:02} t{middle:02} t{last:02},{number},o{other},{k},{good}").unwrap();
        }
    }
    rows
}

fn rows(w: &Workspace, table: &str) -> Vec<BTreeMap<String, String>> {
    let text = w.read(table);
    csv::Reader::from_reader(text.as_bytes()).deserialize().map(Result::unwrap).collect()
}

#[test]
fn an_erased_feature_is_not_decoded_and_that_of_the_control_is() {
    let w = Workspace::new();
    for name in ["gpt2", "bert"] {
        Case::of(name).write(&w.path(name), |name| Some(name.to_owned()));
    }
    w.write("s.csv", table());
    for (model, layer) in [("gpt2", "1"), ("bert", "0")] {
        let said = w.ok(&format!("erase s.csv --model {model} --feature number --layer {layer} --permutations 3 --folds 3 -o {model}-out"));
        for part in [
            "decoding at the layer",
            "importance at layer",
            "good sentence preferred",
            "60 minimal pairs",
            "LEACE",
        ] {
            assert!(said.contains(part), "{part} not in\n{said}");
        }
        let mean = |condition: &str, column: &str| {
            let of = rows(&w, &format!("{model}-out/erasure.csv"));
            let values: Vec<f64> = of
                .iter()
                .filter(|row| row["condition"] == condition)
                .map(|row| row[column].parse().unwrap())
                .collect();
            assert_eq!(values.len(), 3);
            values.iter().sum::<f64>() / 3.0
        };
        let [whole, erased, control] =
            ["whole", "erased", "control"].map(|condition| mean(condition, "score"));
        assert!(whole > 0.9 && control > 0.85, "{model} {whole} {control}");
        assert!((erased - 0.5).abs() < 0.2, "{model} {erased}");
        assert!(mean("erased", "left") < 1e-4 && mean("control", "left") > 0.1, "{model}");
        let importance = |condition: &str| {
            let of = rows(&w, &format!("{model}-out/erased_importance.csv"));
            let at = |row: &BTreeMap<String, String>| {
                row["condition"] == condition && row["layer"] == layer && row["feature"] == "number"
            };
            of.iter().filter(|row| at(row)).map(|row| row["value"].parse::<f64>().unwrap()).sum::<f64>() / 3.0
        };
        assert!(importance("erased") < 0.5 * importance("whole"), "{model}");
        // Each pair once, under each condition; none of the pairs is torn apart.
        assert_eq!(rows(&w, &format!("{model}-out/erased_pairs.csv")).len(), 180);
    }
    // Again, on one thread: the same bytes.
    w.ok("erase s.csv --model gpt2 --feature number --layer 1 --permutations 3 --folds 3 -o again --threads 1 -q");
    for table in ["erasure.csv", "erased_importance.csv", "erased_pairs.csv"] {
        assert_eq!(w.read(&format!("gpt2-out/{table}")), w.read(&format!("again/{table}")), "{table}");
    }
    let record: Value = serde_json::from_str(&w.read("again/run.json")).unwrap();
    assert_eq!(
        (record["options"]["erase"].as_str(), record["options"]["layer"].as_u64()),
        (Some("number"), Some(1))
    );
    w.ok("rerun again -o once-more -q");
    assert_eq!(w.read("again/erasure.csv"), w.read("once-more/erasure.csv"));
}

#[test]
fn mistakes_of_erasing_are_told() {
    let w = Workspace::new();
    Case::of("gpt2").write(&w.path("gpt2"), |name| Some(name.to_owned()));
    w.write("s.csv", table());
    w.write("one.csv", "sentence,a,b\nt11 t12,x,1\nt11 t13,x,2\nt12 t14,x,3\nt13 t12,x,4\n");
    w.write("same.csv", "sentence,a\nt11 t12,x\nt11 t12,y\nt11 t12,x\nt11 t12,y\nt11 t12,x\nt11 t12,y\nt11 t12,x\nt11 t12,y\n");
    for (words, code, parts) in [
        ("erase s.csv --model gpt2 --feature number --layer 7", 1, ["layer 7", "0 to 2", "hint"]),
        ("erase s.csv --model gpt2 --feature number --layer -9", 2, ["from the end", "3 layers", "hint"]),
        ("erase s.csv --model gpt2 --feature number --layer 0-2", 2, ["one layer", "3", "folder of its own"]),
        ("erase s.csv --model gpt2 --feature numbre --layer 1", 1, ["numbre", "number", "hint"]),
        ("erase s.csv --model gpt2 --layer 1", 2, ["--feature", "required", "error"]),
        (
            "erase s.csv --model gpt2 --feature number --layer 1 --folds 1",
            2,
            ["--folds", "2 to 1000", "error"],
        ),
        ("erase s.csv --model gpt2 --feature number --layer 1 --folds 500", 1, ["--folds 500", "60", "hint"]),
        (
            "erase s.csv --model gpt2 --feature number --layer 1 --shrinkage 2",
            2,
            ["auto", "0 (none) to 1", "error"],
        ),
        (
            "erase s.csv --model gpt2 --feature number --layer 1 --features nothing",
            1,
            ["nothing", "hint", "error"],
        ),
        (
            "erase s.csv --model gpt2 --feature number --layer 1 --unit nothing",
            1,
            ["nothing", "hint", "error"],
        ),
        (
            "erase one.csv --model gpt2 --feature a --layer 1 --folds 2 --permutations 0",
            1,
            ["`a`", "same", "hint"],
        ),
        (
            "erase same.csv --model gpt2 --feature a --layer 0 --folds 2 --permutations 0",
            1,
            ["layer 0", "vary", "hint"],
        ),
    ] {
        let said = w.transcript(words);
        assert!(said.contains(&format!("exit code {code}")), "{words}\n{said}");
        for part in parts {
            assert!(said.contains(part), "{words}: no `{part}` in\n{said}");
        }
        assert!(!said.contains("panicked"), "{said}");
    }
    // Without a head, pairs are not scored, which is said.
    let said = w.ok("erase s.csv --feature number --layer 2 --permutations 0 --folds 2 -o bare");
    assert!(!said.contains("good sentence preferred"), "{said}");
    assert!(w.read("bare/run.json").contains("minimal pairs are not scored"));
}
