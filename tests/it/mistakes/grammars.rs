//! 25 mistakes in grammars.

use super::{Done, Mistake, try_it};

/// A grammar that is right: 64 sentences.
pub(super) const RIGHT: &str = r#"[lexicon.noun]
inflect = { number = ["sg", "pl"] }
words = [
    { sg = "dog", pl = "dogs", size = "big" },
    { sg = "cat", pl = "cats", size = "small" },
    { sg = "horse", pl = "horses", size = "big" },
    { sg = "mouse", pl = "mice", size = "small" },
]

[lexicon.verb]
inflect = { tense = ["present", "past"], number = ["sg", "pl"] }
words = [
    { lemma = "sleep", present = { sg = "sleeps", pl = "sleep" }, past = "slept" },
    { lemma = "run", present = { sg = "runs", pl = "run" }, past = "ran" },
]

[slots]
subj = "noun"
verb = { lexicon = "verb", features = ["tense"] }

[constraints]
agree = { verb = "subj" }

[[template]]
text = "the {subj} {verb}."

[[template]]
text = "yesterday the {subj} {verb}."
"#;

/// [`RIGHT`] with `wrong` in the place of `right`, looked over: this is said, and putting `right` back helps.
#[track_caller]
pub(super) fn broken(
    what: &'static str,
    right: &'static str,
    wrong: &'static str,
    code: i32,
    cause: &'static [&'static str],
    remedy: &'static str,
) {
    assert!(RIGHT.contains(right), "{right}");
    try_it(&Mistake {
        what,
        files: vec![("g.toml", RIGHT.replacen(right, wrong, 1).into_bytes())],
        command: "check g.toml",
        code,
        cause,
        remedy,
        done: Done::Edit("g.toml", wrong, right),
    });
}

#[test]
fn m01_a_slot_is_mistyped_in_a_text() {
    broken(
        "",
        "the {subj} {verb}",
        "the {sbuj} {verb}",
        1,
        &["g.toml:25:14", "`sbuj`"],
        "did you mean subj?",
    );
}

#[test]
fn m02_a_lexicon_is_mistyped() {
    broken(
        "",
        "subj = \"noun\"",
        "subj = \"nuon\"",
        1,
        &["g.toml:18:9", "no lexicon is called `nuon`"],
        "did you mean noun?",
    );
}

#[test]
fn m03_a_brace_is_not_closed() {
    broken("", "{verb}.\"\n\n[[", "{verb.\"\n\n[[", 1, &["g.toml:25:20", "`{` is never closed"], "{subj}");
}

#[test]
fn m04_a_template_has_one_bracket() {
    let wrong = RIGHT.replacen("[[template]]\ntext = \"yesterday the {subj} {verb}.\"", "", 1).replacen(
        "[[template]]",
        "[template]",
        1,
    );
    try_it(&Mistake {
        what: "[template]",
        files: vec![("g.toml", wrong.into_bytes())],
        command: "check g.toml",
        code: 1,
        cause: &["`template` must be a list"],
        remedy: "write [[template]], with two brackets",
        done: Done::Edit("g.toml", "[template]", "[[template]]"),
    });
}

#[test]
fn m05_a_word_has_no_quotes() {
    broken("", "sg = \"dog\"", "sg = dog", 1, &["g.toml:4:12"], "texts stand in quotes");
}

#[test]
fn m06_a_colon_stands_where_an_equals_sign_should() {
    broken("", "subj = \"noun\"", "subj: \"noun\"", 1, &["g.toml:18:7"], "=");
}

#[test]
fn m07_a_plural_is_missing_and_sentences_are_lost() {
    broken(
        "",
        "sg = \"cat\", pl = \"cats\"",
        "sg = \"cat\"",
        0,
        &["`cat` (line 5) has no `pl`", "8 sentences are lost"],
        "write the forms, or, where a word has no other, { form = \"cat\", number = \"sg\" }",
    );
}

#[test]
fn m08_a_word_that_has_no_plural_says_so() {
    try_it(&Mistake {
        what: "the other remedy of the mistake before",
        files: vec![(
            "g.toml",
            RIGHT.replacen("sg = \"cat\", pl = \"cats\"", "sg = \"cat\"", 1).into_bytes(),
        )],
        command: "check g.toml",
        code: 0,
        cause: &["has no `pl`"],
        remedy: "{ form = \"cat\", number = \"sg\" }",
        done: Done::Edit("g.toml", "{ sg = \"cat\",", "{ form = \"cat\", number = \"sg\","),
    });
}

#[test]
fn m09_a_form_is_mistyped_and_becomes_a_feature() {
    broken(
        "",
        "pl = \"dogs\"",
        "lp = \"dogs\"",
        0,
        &["`lp` of noun `dog` (line 4) is taken for a feature"],
        "if you meant the form `pl`, write pl =",
    );
}

#[test]
fn m10_a_feature_is_mistyped_in_one_word() {
    broken(
        "",
        "pl = \"mice\", size = \"small\"",
        "pl = \"mice\", szie = \"small\"",
        0,
        &["`szie` of noun `mouse` (line 7) is taken for a feature"],
        "if you meant the feature `size`, write size =",
    );
}

#[test]
fn m11_a_slot_stands_in_no_template() {
    broken(
        "",
        "subj = \"noun\"\n",
        "subj = \"noun\"\nobj = \"noun\"\n",
        0,
        &["slot `obj` (line 19) stands in no template"],
        "write {obj} in a text, or remove the slot",
    );
}

#[test]
fn m12_agreement_names_a_slot_that_is_none() {
    broken(
        "",
        "agree = { verb = \"subj\" }",
        "agree = { verb = \"subject\" }",
        1,
        &["no slot is called `subject`"],
        "did you mean subj?",
    );
}

#[test]
fn m13_agreement_in_nothing_that_both_have() {
    broken(
        "",
        "{ tense = [\"present\", \"past\"], number = [\"sg\", \"pl\"] }\nwords = [\n    { lemma = \"sleep\", present = { sg = \"sleeps\", pl = \"sleep\" }, past = \"slept\" },\n    { lemma = \"run\", present = { sg = \"runs\", pl = \"run\" }, past = \"ran\" },",
        "{ tense = [\"present\", \"past\"] }\nwords = [\n    { lemma = \"sleep\", present = \"sleep\", past = \"slept\" },\n    { lemma = \"run\", present = \"run\", past = \"ran\" },",
        1,
        &["`verb` and `subj` have no feature in common"],
        "the words of `verb` must be inflected for a feature that those of `subj` have",
    );
}

#[test]
fn m14_constraints_that_nothing_meets() {
    broken(
        "",
        "agree = { verb = \"subj\" }",
        "agree = { verb = \"subj\" }\nwhere = [\"subj.number = sg\", \"verb.number = pl\"]",
        0,
        &["a template generates nothing", "`verb.number = pl` (line 23) removed the last candidate"],
        "loosen it",
    );
}

#[test]
fn m15_a_feature_is_a_number_here_and_a_text_there() {
    broken(
        "",
        "pl = \"dogs\", size = \"big\"",
        "pl = \"dogs\", size = 3",
        1,
        &["`size` is a text here and a number in an earlier word"],
        "all in quotes",
    );
}

#[test]
fn m16_two_words_are_one() {
    broken(
        "",
        "sg = \"cat\", pl = \"cats\", size = \"small\"",
        "sg = \"dog\", pl = \"dogs\", size = \"small\"",
        1,
        &["g.toml:5:5", "two words with the lemma `dog`"],
        "lemma = \"dog 2\"",
    );
}

#[test]
fn m17_a_value_that_no_form_has() {
    broken(
        "",
        "subj = \"noun\"",
        "subj = { lexicon = \"noun\", only = { number = \"plural\" } }",
        1,
        &["no word has a `number` that is `plural`"],
        "pl",
    );
}

#[test]
fn m18_a_computed_feature_is_of_a_slot_that_stands_nowhere() {
    broken(
        "",
        "[constraints]",
        "[computed]\nsame = \"subj.number == obj.number\"\n\n[constraints]",
        1,
        &["no slot is called `obj`"],
        "subj",
    );
}

#[test]
fn m19_a_computed_feature_is_of_a_declared_slot_without_a_place() {
    let wrong = RIGHT.replacen("subj = \"noun\"\n", "subj = \"noun\"\nobj = \"noun\"\n", 1).replacen(
        "[constraints]",
        "[computed]\nsame = \"subj.number == obj.number\"\n\n[constraints]",
        1,
    );
    try_it(&Mistake {
        what: "a slot of a computed feature is in no template",
        files: vec![("g.toml", wrong.into_bytes())],
        command: "check g.toml",
        code: 1,
        cause: &["no template has the slot `obj`, so that `same` has no value"],
        remedy: "write {obj} in the text of a template",
        done: Done::Edit("g.toml", "yesterday the {subj} {verb}.", "yesterday the {subj} {verb} the {obj}."),
    });
}

#[test]
fn m20_one_sentence_with_two_sets_of_labels() {
    let template = |group: &str| {
        format!("[[template]]\ntext = \"the {{subj}} {{verb}}.\"\nfeatures = {{ group = \"{group}\" }}\n")
    };
    let head = &RIGHT[..RIGHT.find("[[template]]").unwrap()];
    try_it(&Mistake {
        what: "the same text in two templates",
        files: vec![("g.toml", format!("{head}{}{}", template("a"), template("b")).into_bytes())],
        command: "check g.toml",
        code: 0,
        cause: &["a sentence with two sets of labels"],
        remedy: "let them differ in a word",
        done: Done::File(
            "g.toml",
            format!("{head}{}{}", template("a"), template("b").replace("the {", "no {")).into_bytes(),
        ),
    });
}

#[test]
fn m21_a_feature_that_never_varies() {
    try_it(&Mistake {
        what: "every template has the same feature",
        files: vec![(
            "g.toml",
            RIGHT.replace("{verb}.\"", "{verb}.\"\nfeatures = { group = \"plain\" }").into_bytes(),
        )],
        command: "g.toml --folds 2 --map 0",
        code: 0,
        cause: &["left out, because it tells no stimuli apart: `group`"],
        remedy: "--drop it",
        done: Done::Command("g.toml --folds 2 --map 0 --drop group --force"),
    });
}

#[test]
fn m22_a_gloss_is_taken_for_a_feature() {
    let gloss = |text: String, (word, gloss): (&str, &str)| {
        text.replacen(&format!("pl = \"{word}\""), &format!("pl = \"{word}\", gloss = \"{gloss}\""), 1)
    };
    let five = RIGHT.replacen(
        "    { sg = \"mouse\"",
        "    { sg = \"cow\", pl = \"cows\", size = \"big\" },\n    { sg = \"mouse\"",
        1,
    );
    let wrong = [("dogs", "Hund"), ("cats", "Katze"), ("horses", "Pferd"), ("mice", "Maus"), ("cows", "Kuh")]
        .into_iter()
        .fold(five, gloss);
    try_it(&Mistake {
        what: "a gloss",
        files: vec![("g.toml", wrong.into_bytes())],
        command: "check g.toml",
        code: 0,
        cause: &["subj_gloss has 5 different values, one for each word"],
        remedy: "leave it out of the slot's `features`",
        done: Done::Edit(
            "g.toml",
            "subj = \"noun\"",
            "subj = { lexicon = \"noun\", features = [\"number\", \"size\"] }",
        ),
    });
}

#[test]
fn m23_a_file_of_words_is_not_there() {
    broken(
        "",
        "[lexicon.verb]",
        "[lexicon.adverb]\nfile = \"adverbs.csv\"\n\n[lexicon.verb]",
        1,
        &["adverbs.csv"],
        "in the folder of the grammar",
    );
}

#[test]
fn m24_a_feature_grammar_has_a_bracket_too_few() {
    try_it(&Mistake {
        what: "a feature structure that is not closed",
        files: vec![("g.fcfg", b"% start S\nS -> NP[NUM=?n] VP[NUM=?n]\nNP[NUM=sg -> 'Kim'\nNP[NUM=pl] -> 'cats'\nVP[NUM=sg] -> 'sleeps'\nVP[NUM=pl] -> 'sleep'\n".to_vec())],
        command: "check g.fcfg",
        code: 1,
        cause: &["g.fcfg:3:"],
        remedy: "]",
        done: Done::Edit("g.fcfg", "NP[NUM=sg ->", "NP[NUM=sg] ->"),
    });
}

#[test]
fn m25_a_feature_grammar_is_called_something_else() {
    const GRAMMAR: &[u8] = b"% start S\nS -> NP[NUM=?n] VP[NUM=?n]\nNP[NUM=sg] -> 'Kim'\nNP[NUM=pl] -> 'cats'\nVP[NUM=sg] -> 'sleeps'\nVP[NUM=pl] -> 'sleep'\n";
    try_it(&Mistake {
        what: "a feature grammar in a .txt",
        files: vec![("g.txt", GRAMMAR.to_vec())],
        command: "check g.txt",
        code: 1,
        cause: &["g.txt is a feature grammar by what is in it"],
        remedy: "call it g.fcfg",
        done: Done::FileAndCommand("g.fcfg", GRAMMAR.to_vec(), "check g.fcfg"),
    });
}
