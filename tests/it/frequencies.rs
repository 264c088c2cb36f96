//! Frequencies of word forms: what the bundled sets say, and lists of a user's own.

use std::collections::BTreeMap;

use mlem_probe::grammar::{Draw, Grammar};

use crate::workspace::Workspace;

/// Frozen by `tests/golden/zipf.py`.
fn zipf() -> BTreeMap<&'static str, f64> {
    let rows = include_str!("../golden/zipf.csv").lines().filter(|line| !line.starts_with('#')).skip(1);
    rows.map(|row| row.split_once(',').unwrap()).map(|(word, zipf)| (word, zipf.parse().unwrap())).collect()
}

#[test]
fn bundled_frequencies_are_those_of_the_words_in_the_sentences() {
    let known = zipf();
    for name in ["relative_clause", "long_range_agreement"] {
        let stimuli = Grammar::bundled(name).unwrap().generate(&Draw::All).unwrap().stimuli;
        let sentences = stimuli.sentences().unwrap();
        for slot in ["subj", "obj", "embed"] {
            let column = stimuli.features().position(&format!("{slot}_zipf")).unwrap();
            let at = stimuli.slots().iter().position(|other| other == slot).unwrap();
            for (row, sentence) in sentences.iter().enumerate() {
                let span = stimuli.spans(row)[at].unwrap();
                let word = &sentence[span.start as usize..span.end as usize];
                let label: f64 = stimuli.features().feature(column).display(row).parse().unwrap();
                assert_eq!(label, known[word], "{name}, {sentence}: {word}");
            }
        }
        let header = mlem_probe::grammar::bundled().iter().find(|bundled| bundled.name == name).unwrap().text;
        assert!(header.contains("wordfreq 3.1.1"));
    }
}

#[test]
fn check_finds_that_frequency_goes_with_number() {
    let text = Grammar::bundled("long_range_agreement").unwrap().check().unwrap().to_text();
    assert!(text.contains("subj_zipf and subj_number are confounded: r = 0.77"), "{text}");
}

const GRAMMAR: &str = r#"
[lexicon.noun]
inflect = { number = ["sg", "pl"] }
words = [{ sg = "Dog", pl = "dogs" }, { sg = "cat", pl = "cats" }, { sg = "yak", pl = "yaks", zipf = 2 }]
[frequencies]
file = "freq.csv"
[slots]
a = "noun"
b = "noun"
[[template]]
text = "{a} sees {b}"
"#;

fn generated(workspace: &Workspace) -> Vec<String> {
    workspace.ok("generate g.toml").lines().map(str::to_owned).collect()
}

#[test]
fn a_list_of_frequencies_fills_every_slot() {
    let workspace = Workspace::new();
    workspace.write("g.toml", GRAMMAR).write("freq.csv", "word,zipf\ndog,5.1\ndogs,4.9\ncat,5.0\nyak,9\n");
    let rows = generated(&workspace);
    assert_eq!(rows[0], "sentence,a_zipf,a_number,b_zipf,b_number");
    assert!(rows.contains(&"Dog sees cat,5.1,sg,5,sg".to_owned()), "{rows:?}");
    // What the list lacks is missing, and said; a value of the word's own stays.
    assert!(rows.contains(&"cats sees yaks,,pl,2,pl".to_owned()), "{rows:?}");
    let said = workspace.transcript("generate g.toml");
    assert!(
        said.contains("warning: g.toml:6:") && said.contains("has no `cats`: `zipf` is missing there"),
        "{said}"
    );
    // Another divider, other names of columns.
    let other =
        GRAMMAR.replace("file = \"freq.csv\"", "file = \"f.tsv\"\nword = \"Word\"\ncolumn = \"Lg10WF\"");
    workspace
        .write("g.toml", other)
        .write("f.tsv", "Word\tLg10WF\tn\nDog\t3.5\t1\ndogs\t3\t1\ncat\t2\t1\ncats\t1\t1\n");
    assert!(generated(&workspace)[0].contains(",a_Lg10WF,"));
}

#[test]
fn mistakes_in_a_list_have_a_place() {
    let workspace = Workspace::new();
    workspace.write("g.toml", GRAMMAR);
    for (list, message) in [
        ("dog,5.1\ncat,5\n", "no column is called `word`"),
        ("word,zip\ndog,5\n", "no column is called `zipf`"),
        ("word,zipf\ndog,5;1\n", "`5;1` is no number"),
        ("word,zipf\ndog,5\ndog,4\n", "`dog` stands twice, with 5 and with 4"),
        ("word,zipf\ndog\n", "a line without a word and its frequency"),
    ] {
        workspace.write("freq.csv", list);
        let said = workspace.transcript("check g.toml");
        assert!(
            said.contains(message) && said.contains("freq.csv:") && said.contains("hint:"),
            "{list}: {said}"
        );
    }
    workspace.write("g.toml", GRAMMAR.replace("freq.csv", "none.csv"));
    assert!(workspace.transcript("check g.toml").contains("none.csv"));
}

#[test]
fn forms_may_have_values_of_their_own() {
    let workspace = Workspace::new();
    let words = |words: &str| {
        format!(
            "[lexicon.noun]\ninflect = {{ number = [\"sg\", \"pl\"] }}\nwords = [{words}]\n[slots]\na = \"noun\"\n[[template]]\ntext = \"{{a}}\"\n"
        )
    };
    let cat = "{ sg = \"cat\", pl = \"cats\", zipf = { sg = 4, pl = 3 } }";
    workspace.write(
        "g.toml",
        words(&format!("{{ sg = \"dog\", pl = [\"dogs\", \"doggies\"], zipf = [5, 4, 2] }}, {cat}")),
    );
    let rows = generated(&workspace);
    assert_eq!(
        rows,
        ["sentence,a_zipf,a_number", "dog,5,sg", "dogs,4,pl", "doggies,2,pl", "cat,4,sg", "cats,3,pl"]
    );
    // The same in a CSV.
    workspace
        .write("g.toml", words("").replace("words = []", "file = \"n.csv\""))
        .write("n.csv", "sg,pl,zipf.sg,zipf.pl\ndog,dogs,5,4\ncat,cats,4,\n");
    assert_eq!(generated(&workspace)[1..], ["dog,5,sg", "dogs,4,pl", "cat,4,sg", "cats,,pl"]);
    for (word, message) in [
        ("{ sg = \"ox\", zipf = { pl = 3 } }", "`ox` has no form that `zipf.pl` could be of"),
        ("{ sg = \"ox\", zipf = [3, 4] }", "`zipf` has 2 values for 1 form of `ox`"),
        ("{ sg = \"ox\", zipf = 1, zipf2 = { s = 3 } }", "lexicon `noun` has no form `zipf2`"),
    ] {
        workspace.write("g.toml", words(&format!("{cat}, {word}")));
        let said = workspace.transcript("check g.toml");
        assert!(said.contains(message), "{said}");
    }
}
