//! `probe check --model`: which words of a grammar the tokenizer of a model splits.

use serde_json::Value;

use crate::workspace::Workspace;

const GRAMMAR: &str = r#"
capitalize = true
[lexicon.noun]
words = ["woman", "hippopotamus", "Mary"]
[slots]
a = "noun"
[[template]]
text = "{a} sees the king."
[[template]]
text = "the king sees {a}."
"#;

#[test]
fn check_names_the_words_that_a_tokenizer_splits() {
    let workspace = Workspace::new();
    workspace.write("g.toml", GRAMMAR);
    let text = workspace.ok("check g.toml --model tiny-bert");
    let words = text.split("words that the tokenizer of tiny-bert has no token for, in 6 sentences\n").nth(1);
    let words = words.unwrap_or_else(|| panic!("{text}"));
    assert!(words.contains("  - Hippopotamus (at the start of a sentence): "), "{words}");
    assert!(words.contains("  - hippopotamus: "), "{words}");
    assert!(!words.contains("woman") && !words.contains("king"), "{words}");
    let json: Value = serde_json::from_str(&workspace.ok("check g.toml -m tiny-bert --json")).unwrap();
    let split = json["tokenizer"]["split_words"].as_array().unwrap();
    let word = split.iter().find(|split| split["word"] == "hippopotamus").unwrap();
    assert_eq!(word["starts_a_sentence"], false);
    let known = word["pieces"].as_array().unwrap().iter().map(|piece| piece.as_str().unwrap());
    assert_eq!(known.collect::<String>(), "hippopotamus");
    // Without a model there is nothing of it.
    assert!(!workspace.ok("check g.toml").contains("tokenizer"));
    let relative = workspace.ok("check relative_clause --model tiny-bert");
    assert!(relative.contains("the tokenizer of tiny-bert has a token for every word of 26,880 sentences"));
}

#[test]
fn a_tokenizer_is_enough_for_a_check() {
    let workspace = Workspace::new();
    let vocabulary =
        r#"{"[UNK]": 0, "Ġthe": 1, "the": 2, "Ġ": 3, "Ġking": 4, "k": 5, "i": 6, "n": 7, "g": 8}"#;
    let tokenizer = format!(
        r#"{{"version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
            "pre_tokenizer": {{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}},
            "post_processor": null, "decoder": null,
            "model": {{"type": "WordLevel", "vocab": {vocabulary}, "unk_token": "[UNK]"}}}}"#
    );
    workspace.write("model/tokenizer.json", tokenizer);
    workspace.write(
        "g.toml",
        "[lexicon.n]\nwords = [\"king\"]\n[slots]\na = \"n\"\n[[template]]\ntext = \"the {a}\"\n[[template]]\ntext = \"{a} the\"\n",
    );
    // `king` is a token after a blank, and none at the start of a sentence.
    let text = workspace.ok("check g.toml --model model");
    assert!(text.ends_with("in 2 sentences\n  - king (at the start of a sentence): unknown\n"), "{text}");
    let error = workspace.transcript("check g.toml --model nowhere/at/all");
    assert!(error.starts_with("exit code 1"), "{error}");
}

#[test]
fn a_run_bounds_recursion_as_it_is_told() {
    let workspace = Workspace::new();
    let rest = "'the' A N\nA -> 'very' A | 'old' | 'odd' | 'new' | 'big'\nN[NUM=sg] -> 'king' | 'queen'\nN[NUM=pl] -> 'kings' | 'queens'\n";
    workspace
        .write("r.fcfg", format!("S -> {rest}").replace("A N", "A subj_N").replace("N[NUM", "subj_N[NUM"));
    let said = |words: &str| {
        let output = workspace.command(words).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said("run r.fcfg --depth 4 --folds 1 -o a").contains("all 32 sentences"));
    assert!(said("r.fcfg --depth 6 --folds 1 -o b").contains("all 64 sentences"));
}
