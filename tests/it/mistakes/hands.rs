//! 20 mistakes on the command line.

use super::{Done, Mistake, try_it};
use crate::bad_input::own_data;

/// What makes a run of the embedded model quick.
const QUICK: &str = "short_sentence --sample 40 --folds 2 --map 0 --permutations 1 --layers 0 -q";

#[track_caller]
fn wrong(
    command: &'static str,
    code: i32,
    cause: &'static [&'static str],
    remedy: &'static str,
    right: &'static str,
) {
    let (table, activations) = own_data(40, 6);
    try_it(&Mistake {
        what: command,
        files: vec![("s.csv", table.into_bytes()), ("a.npy", activations)],
        command,
        code,
        cause,
        remedy,
        done: Done::Command(right),
    });
}

#[test]
fn h01_a_command_is_mistyped() {
    wrong(
        "generte short_sentence",
        2,
        &["`generte` is no command"],
        "did you mean `probe generate`?",
        "generate short_sentence",
    );
}

#[test]
fn h02_a_bundled_grammar_is_mistyped() {
    wrong(
        "check short_sentense",
        1,
        &["no bundled grammar is called `short_sentense`"],
        "did you mean short_sentence?",
        "check short_sentence",
    );
}

#[test]
fn h03_a_grammar_of_ones_own_is_named_without_its_ending() {
    try_it(&Mistake {
        what: "dogs for dogs.toml",
        files: vec![("dogs.toml", b"[lexicon.n]\nwords = [{ form = \"a\", k = \"x\" }, { form = \"b\", k = \"y\" }]\n[slots]\nn = \"n\"\n[[template]]\ntext = \"the {n}\"\n".to_vec())],
        command: "check dogs",
        code: 1,
        cause: &["no bundled grammar is called `dogs`"],
        remedy: "dogs.toml",
        done: Done::Command("check dogs.toml"),
    });
}

#[test]
fn h04_an_option_is_mistyped() {
    wrong(
        "fit s.csv a.npy -o out --fold 2 --map 0",
        2,
        &["unexpected argument '--fold'"],
        "--folds",
        "fit s.csv a.npy -o out --folds 2 --map 0",
    );
}

#[test]
fn h05_a_value_is_mistyped() {
    wrong(
        "fit s.csv a.npy -o out --folds 2 --map 0 --distance cosin",
        2,
        &["'cosin'"],
        "cosine",
        "fit s.csv a.npy -o out --folds 2 --map 0 --distance cosine",
    );
}

#[test]
fn h06_layers_run_backwards() {
    wrong(
        "fit s.csv a.npy -o out --folds 2 --map 0 --layers 3-0",
        2,
        &["`3-0` runs backwards"],
        "write 0-3",
        "fit s.csv a.npy -o out --folds 2 --map 0 --layers 0",
    );
}

#[test]
fn h07_a_layer_that_the_model_does_not_have() {
    wrong(
        "short_sentence --sample 40 --folds 2 --map 0 --layers 12",
        1,
        &["layer 12 does not exist", "layers 0 to 6"],
        "--layers",
        "short_sentence --sample 40 --folds 2 --map 0 --layers 6 --permutations 1",
    );
}

#[test]
fn h08_a_pooling_by_its_name_elsewhere() {
    wrong(
        "short_sentence --pool cls",
        2,
        &["'cls'"],
        "--pool first",
        "short_sentence --sample 40 --folds 2 --map 0 --permutations 1 --layers 0 --pool first",
    );
}

#[test]
fn h09_more_folds_than_stimuli_allow() {
    wrong(
        "fit s.csv a.npy -o out --map 0 --folds 30",
        1,
        &["30 folds"],
        "--folds",
        "fit s.csv a.npy -o out --map 0 --folds 5",
    );
}

#[test]
fn h10_a_sample_that_is_too_small() {
    wrong(
        "short_sentence --sample 3 --map 0",
        1,
        &["3 stimuli, and a fit needs"],
        "at least 8",
        "short_sentence --sample 40 --folds 2 --map 0 --permutations 1 --layers 0",
    );
}

#[test]
fn h11_a_slot_that_the_stimuli_do_not_have() {
    wrong(
        "short_sentence --sample 40 --folds 2 --map 0 --at subject",
        1,
        &["no slot is called `subject`"],
        "subj",
        "short_sentence --sample 40 --folds 2 --map 0 --permutations 1 --layers 0 --at subj",
    );
}

#[test]
fn h12_a_feature_is_mistyped() {
    wrong(
        "fit s.csv a.npy -o out --folds 2 --map 0 --drop gendre",
        1,
        &["no feature is called `gendre`"],
        "did you mean gender?",
        "fit s.csv a.npy -o out --folds 2 --map 0 --drop gender",
    );
}

#[test]
fn h13_a_group_without_its_features() {
    wrong(
        "fit s.csv a.npy -o out --folds 2 --map 0 --group both",
        2,
        &["'both'"],
        "noun=subj_*",
        "fit s.csv a.npy -o out --folds 2 --map 0 --group both=number,gender",
    );
}

#[test]
fn h14_too_few_draws_for_any_p_value() {
    wrong(
        "fit s.csv a.npy -o out --folds 2 --map 0 --null 5",
        0,
        &["no p-value is below 1/6"],
        "--null 40 would do",
        "fit s.csv a.npy -o out --folds 2 --map 0 --null 40 --force",
    );
}

#[test]
fn h15_the_folder_holds_another_run() {
    let (table, activations) = own_data(40, 6);
    try_it(&Mistake {
        what: "another run is there",
        files: vec![
            ("s.csv", table.into_bytes()),
            ("a.npy", activations),
            ("out/run.json", br#"{"version":"0","command":[],"key":"k","stimuli":{"name":"other.csv","hash":"h","n_stimuli":8,"features":["x"],"source":{}},"layers":[0],"options":{},"seed":7,"seconds":{},"warnings":[]}"#.to_vec()),
        ],
        command: "fit s.csv a.npy -o out --folds 2 --map 0",
        code: 1,
        cause: &["out holds another run", "the seed is 7 there and 0 here"],
        remedy: "-o auto makes a folder of its own beside it, -o DIR names one, --force replaces",
        done: Done::Command("fit s.csv a.npy -o out --folds 2 --map 0 --force"),
    });
}

#[test]
fn h16_a_file_stands_where_the_folder_is_to_be() {
    wrong(
        "fit s.csv a.npy -o a.npy --folds 2 --map 0",
        1,
        &["cannot write a.npy"],
        "choose another name with -o",
        "fit s.csv a.npy -o out --folds 2 --map 0",
    );
}

#[test]
fn h17_stimuli_and_activations_are_swapped() {
    wrong(
        "fit a.npy s.csv -o out --folds 2 --map 0",
        2,
        &["s.csv is a table", "the table comes first"],
        "probe fit s.csv a.npy",
        "fit s.csv a.npy -o out --folds 2 --map 0",
    );
}

#[test]
fn h18_balance_without_a_sample() {
    wrong(
        "generate short_sentence --balance",
        2,
        &["--sample"],
        "--sample",
        "generate short_sentence --balance --sample 40 -q",
    );
}

#[test]
fn h19_an_option_of_another_estimator() {
    wrong(
        "fit s.csv a.npy -o out --folds 2 --map 0 --estimator rsa --interactions",
        2,
        &["--interactions is an option of --estimator mlem, frrsa and encoding"],
        "leave it out",
        "fit s.csv a.npy -o out --folds 2 --map 0 --estimator rsa",
    );
}

#[test]
fn h20_pairs_that_are_no_number() {
    wrong(
        "fit s.csv a.npy -o out --folds 2 --map 0 --pairs many",
        2,
        &["'many'"],
        "`all`",
        "fit s.csv a.npy -o out --folds 2 --map 0 --pairs all",
    );
}

#[test]
fn what_hands_do_before_a_command_works() {
    let w = crate::workspace::Workspace::new();
    assert_eq!(w.ok("-q generate short_sentence --sample 5"), w.ok("generate short_sentence --sample 5 -q"));
    let mistyped = w.transcript("--json chek");
    assert!(mistyped.contains("did you mean `probe check`?"), "{mistyped}");
    let missing = w.transcript("fit --json");
    assert!(missing.contains("were not provided: <STIMULI> <ACTIVATIONS>\""), "{missing}");
    assert!(w.ok("help generate").contains("Write the stimuli of a grammar as CSV"));
    assert!(w.ok(QUICK).contains("tables: runs/short_sentence-tiny-bert"));
}
