//! Mistakes in grammars that were met later.

use super::grammars::{RIGHT, broken};

#[test]
fn m26_all_plurals_are_under_another_name() {
    // A word is called by the first form that it has.
    for (wrong, meant, word) in [("plural = ", "pl", "dog"), ("singular = ", "sg", "dogs")] {
        let text = RIGHT.replace(&format!("{meant} = \"dog"), &format!("{wrong}\"dog"));
        let text = text.replace(&format!("{meant} = \"cat"), &format!("{wrong}\"cat"));
        let w = crate::workspace::Workspace::new();
        w.write("one.toml", &text);
        let text = text.replace(&format!("{meant} = \"horse"), &format!("{wrong}\"horse"));
        w.write("all.toml", text.replace(&format!("{meant} = \"m"), &format!("{wrong}\"m")));
        for file in ["one.toml", "all.toml"] {
            let said = w.transcript(&format!("check {file}"));
            let key = wrong.trim_end_matches(" = ");
            assert!(
                said.contains(&format!("`{key}` of noun `{word}` (line 4) is taken for a feature")),
                "{said}"
            );
            assert!(said.contains(&format!("if you meant the form `{meant}`")), "{said}");
        }
        w.write("right.toml", RIGHT);
        assert!(!w.ok("check right.toml").contains("taken for a feature"));
    }
}

#[test]
fn m27_agreement_in_what_the_words_do_not_have() {
    broken(
        "",
        "agree = { verb = \"subj\" }",
        "agree = { verb = \"subj.size\" }",
        1,
        &["the words of `verb` (verb) have no feature `size`"],
        "their features are",
    );
}

#[test]
fn m28_an_equation_of_what_the_words_do_not_have() {
    broken(
        "",
        "agree = { verb = \"subj\" }",
        "agree = { verb = \"subj\" }\nwhere = [\"subj.tense = past\"]",
        1,
        &["the words of `subj` (noun) have no feature `tense`"],
        "their features are",
    );
}
