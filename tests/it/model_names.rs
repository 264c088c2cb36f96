//! What `probe models NAME` says of one architecture.

use mlem_probe::models::{families, reason_of_refusal};

/// What `probe models` says of `name`: whether it could, and its words on both sides.
fn said_of(name: &str) -> (bool, String) {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("probe"));
    let output = command.args(["models", name]).output().unwrap();
    let words = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.success(), words.concat())
}

#[test]
fn what_is_known_of_one_architecture_is_said() {
    for (name, good, words) in [
        ("llama", true, "as in transformers' hidden_states"),
        ("gemma3n", true, "the stream that blocks read"),
        ("mamba", true, "the last before the norm and after it"),
        ("rwkv7", true, "float64"),
        ("bert-base", true, "stands for google-bert/bert-base-uncased"),
        ("t5gemma2", false, "also sees"),
        ("gema4", false, "the nearest name is gemma4"),
    ] {
        let (could, said) = said_of(name);
        assert!(could == good && said.contains(words), "{name}: {said}");
    }
    for family in families() {
        assert!(reason_of_refusal(family.model_type).is_none(), "{}", family.model_type);
    }
}
