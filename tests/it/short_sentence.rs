//! The bundled set `short_sentence` against a list that is made without grammars.

use std::collections::BTreeSet;

use mlem_probe::grammar::{Draw, Grammar};

/// The set as the specification lists it, made by loops that know nothing of grammars.
fn short_sentences() -> BTreeSet<Vec<String>> {
    type Subject = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str, f64);
    let mut subjects: Vec<Subject> = Vec::new();
    for (name, gender, zipf) in [
        ("Mary", "f", 4.5),
        ("Patricia", "f", 3.5),
        ("Lori", "f", 3.0),
        ("John", "m", 5.0),
        ("Bob", "m", 4.5),
        ("Lex", "m", 3.5),
    ] {
        subjects.push((name, "PropN", "animate", gender, "sg", "3", zipf));
    }
    let mut nouns: Vec<Subject> = Vec::new();
    for (sg, pl, animacy, gender, zipf) in [
        ("woman", "women", "animate", "f", 5.0),
        ("princess", "princesses", "animate", "f", 4.5),
        ("actress", "actresses", "animate", "f", 4.0),
        ("man", "men", "animate", "m", 5.5),
        ("prince", "princes", "animate", "m", 4.5),
        ("actor", "actors", "animate", "m", 4.5),
        ("book", "books", "inanimate", "", 5.0),
        ("plate", "plates", "inanimate", "", 4.5),
        ("pencil", "pencils", "inanimate", "", 3.5),
    ] {
        nouns.push((sg, "N", animacy, gender, "sg", "3", zipf));
        nouns.push((pl, "N", animacy, gender, "pl", "3", zipf));
    }
    subjects.extend([
        ("I", "PRO", "animate", "", "sg", "1", 7.0),
        ("you", "PRO", "animate", "", "", "2", 6.5),
        ("he", "PRO", "animate", "m", "sg", "3", 6.5),
        ("she", "PRO", "animate", "f", "sg", "3", 6.0),
        ("it", "PRO", "inanimate", "", "sg", "3", 6.5),
        ("we", "PRO", "animate", "", "pl", "1", 6.5),
        ("they", "PRO", "animate", "", "pl", "3", 6.5),
    ]);
    let who = ("who", "PRO", "animate", "", "", "3", 6.0);
    let mut set = BTreeSet::new();
    let framed = subjects
        .iter()
        .map(|subject| ("", *subject, "."))
        .chain(nouns.iter().map(|noun| ("the ", *noun, ".")))
        .chain(nouns.iter().map(|noun| ("which ", *noun, "?")))
        .chain([("", who, "?")]);
    for (before, (word, kind, animacy, gender, number, person, zipf), mark) in framed {
        for (base, s, past, animate, verb_zipf) in [
            ("play", "plays", "played", true, 4.5),
            ("sing", "sings", "sang", true, 3.5),
            ("sneeze", "sneezes", "sneezed", true, 2.5),
            ("fall", "falls", "fell", false, 4.5),
            ("disappear", "disappears", "disappeared", false, 3.5),
            ("vanish", "vanishes", "vanished", false, 3.0),
        ] {
            if animate && animacy == "inanimate" {
                continue;
            }
            let third = word == "who" || (person == "3" && number == "sg");
            for (tense, form) in [("present", if third { s } else { base }), ("past", past)] {
                let group = if mark == "?" { "question" } else { "sv" };
                set.insert(vec![
                    format!("{before}{word} {form}{mark}"),
                    group.into(),
                    tense.into(),
                    kind.into(),
                    animacy.into(),
                    gender.into(),
                    number.into(),
                    person.into(),
                    zipf.to_string(),
                    verb_zipf.to_string(),
                ]);
            }
        }
    }
    set
}

#[test]
fn short_sentence_is_the_specified_set_features_included() {
    let stimuli = Grammar::bundled("short_sentence").unwrap().generate(&Draw::All).unwrap().stimuli;
    let columns = [
        "sentence_GROUP",
        "sentence_TENSE",
        "subj_TYPE",
        "subj_ANIM",
        "subj_GEN",
        "subj_NUM",
        "subj_PERS",
        "subj_ZIPF",
        "verb_ZIPF",
    ];
    assert_eq!(stimuli.features().n_features(), columns.len());
    let positions: Vec<usize> =
        columns.iter().map(|name| stimuli.features().position(name).unwrap()).collect();
    let found: BTreeSet<Vec<String>> = (0..stimuli.len())
        .map(|row| {
            let features = positions.iter().map(|&at| stimuli.features().feature(at).display(row));
            std::iter::once(stimuli.sentences().unwrap()[row].clone()).chain(features).collect()
        })
        .collect();
    let expected = short_sentences();
    assert_eq!(expected.len(), 522);
    assert_eq!(stimuli.len(), 522);
    assert_eq!(found, expected);
    assert!(!stimuli.features().feature(positions[6]).is_numeric(), "person is a label, not a quantity");
}
