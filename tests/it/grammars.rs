//! Bundled grammars: their counts, sentences, features, and what balancing achieves on them.

use std::collections::BTreeSet;

use mlem_probe::grammar::{Draw, Grammar, bundled};
use mlem_probe::stimuli::Stimuli;
use mlem_probe::stimuli::confounds::Confounds;

fn all(name: &str) -> Stimuli {
    Grammar::bundled(name).unwrap().generate(&Draw::All).unwrap().stimuli
}

fn values(stimuli: &Stimuli, sentence: &str) -> Vec<(String, String)> {
    let row = stimuli.sentences().unwrap().iter().position(|other| other == sentence).unwrap();
    stimuli.features().iter().map(|feature| (feature.name().to_owned(), feature.display(row))).collect()
}

#[test]
fn relative_clause_has_26_880_sentences_and_13_features() {
    let stimuli = all("relative_clause");
    assert_eq!(stimuli.len(), 26_880);
    let distinct: BTreeSet<&String> = stimuli.sentences().unwrap().iter().collect();
    assert_eq!(distinct.len(), 26_880);
    assert_eq!(
        stimuli.features().names(),
        [
            "clause",
            "attachment",
            "relativizer",
            "subj_gender",
            "subj_zipf",
            "subj_number",
            "obj_gender",
            "obj_zipf",
            "obj_number",
            "embed_gender",
            "embed_zipf",
            "embed_number",
            "verb_lemma"
        ]
    );
    let found = values(&stimuli, "the woman sees the man who the queens like.");
    let found: Vec<&str> = found.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(
        found,
        ["object", "peripheral", "who", "f", "5.35", "sg", "m", "5.82", "sg", "f", "4.06", "pl", "see"]
    );
}

#[test]
fn long_range_agreement_has_7_680_sentences() {
    let stimuli = all("long_range_agreement");
    assert_eq!(stimuli.len(), 7_680);
    assert!(stimuli.sentences().unwrap().contains(&"the sisters near the father know the wives.".to_owned()));
}

#[test]
fn spans_cut_the_slots_out_of_every_sentence() {
    for grammar in bundled() {
        let stimuli = all(grammar.name);
        for (row, sentence) in stimuli.sentences().unwrap().iter().enumerate() {
            let characters: Vec<char> = sentence.chars().collect();
            for span in stimuli.spans(row).iter().flatten() {
                let word: String = characters[span.start as usize..span.end as usize].iter().collect();
                assert!(!word.is_empty() && word.trim() == word, "{sentence}: `{word}`");
                let ends = characters.get(span.end as usize).is_none_or(|next| !next.is_alphanumeric());
                let starts = span.start == 0 || characters[span.start as usize - 1] == ' ';
                assert!(starts && ends, "{sentence}: `{word}`");
            }
        }
    }
}

#[test]
fn a_sample_is_distinct_seeded_and_in_the_grammars_order() {
    let grammar = Grammar::bundled("relative_clause").unwrap();
    let draw = |seed| grammar.generate(&Draw::Sample { n: 500, seed }).unwrap().stimuli;
    let sample = draw(1);
    let distinct: BTreeSet<&String> = sample.sentences().unwrap().iter().collect();
    assert_eq!((sample.len(), distinct.len()), (500, 500));
    assert_eq!(sample.to_csv(), draw(1).to_csv());
    assert_ne!(sample.to_csv(), draw(2).to_csv());
    let order = all("relative_clause");
    let place = |sentence: &String| order.sentences().unwrap().iter().position(|other| other == sentence);
    assert!(sample.sentences().unwrap().is_sorted_by_key(place));
    assert_eq!(sample.source().grammar.as_deref(), Some("relative_clause"));
    assert_eq!(sample.source().grammar_hash.as_deref(), Some(grammar.hash().as_str()));
}

#[test]
fn asking_for_more_than_there_is_gives_all_and_says_so() {
    let grammar = Grammar::bundled("short_sentence").unwrap();
    for draw in [Draw::Sample { n: 9_999, seed: 0 }, Draw::Balanced { n: 9_999, seed: 0 }] {
        let drawn = grammar.generate(&draw).unwrap();
        assert!(drawn.complete);
        assert_eq!(drawn.stimuli.len(), 522);
    }
}

#[test]
fn balance_takes_the_correlations_out_of_relative_clause() {
    let slot = |name: &str| name.split('_').next().unwrap().to_owned();
    let grammar = Grammar::bundled("relative_clause").unwrap();
    let full = Confounds::of(all("relative_clause").features());
    for seed in 0..3 {
        let drawn = grammar.generate(&Draw::Balanced { n: 2_000, seed }).unwrap();
        let balance = drawn.balance.unwrap();
        assert_eq!((drawn.stimuli.len(), balance.candidates), (2_000, 26_880));
        for pair in balance.confounds.pairs() {
            let same_noun = slot(&pair.a) == slot(&pair.b);
            let limit = if same_noun { 0.22 } else { 0.02 };
            assert!(pair.r.abs() <= limit, "{pair:?}");
        }
        let largest = |confounds: &Confounds| confounds.largest().unwrap().r.abs();
        assert!(largest(&balance.confounds) < largest(&full) / 2.0);
        for feature in drawn.stimuli.features().iter().filter(|feature| !feature.is_numeric()) {
            let mlem_probe::stimuli::Values::Categorical { codes, .. } = feature.values() else { panic!() };
            let first = codes.iter().filter(|code| **code == Some(0)).count() as f64 / 2_000.0;
            assert!((first - 0.5).abs() < 0.02, "{}: {first}", feature.name());
        }
    }
}

#[test]
fn a_sample_is_balanced_over_what_is_fitted() {
    let grammar = Grammar::bundled("relative_clause").unwrap();
    let draw = Draw::Balanced { n: 60, seed: 0 };
    let all = grammar.generate(&draw).unwrap();
    assert_eq!(all, grammar.generate_for(&draw, |_| true).unwrap());
    let names = all.stimuli.features().names();
    let kept = |name: &str| names[..3].contains(&name);
    let some = grammar.generate_for(&draw, kept).unwrap();
    assert_eq!(some.stimuli.features().names(), names);
    let largest = |stimuli: &Stimuli| {
        let mut features = stimuli.features().clone();
        features.retain(|feature| kept(feature.name()));
        Confounds::of(&features).largest().unwrap()
    };
    let of = some.balance.unwrap().after.unwrap();
    assert_eq!(of, largest(&some.stimuli));
    assert!(of.r.abs() <= largest(&all.stimuli).r.abs());
    // Of no features, the words alone are even.
    assert_eq!(grammar.generate_for(&draw, |_| false).unwrap().stimuli.len(), 60);
}

#[test]
fn check_names_what_the_choice_of_words_ties_together() {
    let check = Grammar::bundled("relative_clause").unwrap().check().unwrap();
    let named: Vec<String> =
        check.lexical.iter().map(|pair| format!("{} {} {:.3}", pair.a, pair.b, pair.r)).collect();
    assert_eq!(
        named,
        ["subj_zipf subj_number 0.123", "obj_zipf obj_number 0.123", "embed_zipf embed_number 0.123"]
    );
    let finding = "subj_zipf and subj_number go together in the words of the slot: r = 0.123";
    assert!(check.to_text().contains(finding), "{}", check.to_text());
}

#[test]
fn an_unknown_grammar_is_told_its_near_matches() {
    let error = Grammar::bundled("relative_claus").unwrap_err();
    assert_eq!(error.to_string(), "no bundled grammar is called `relative_claus`");
    assert_eq!(error.hint().unwrap(), "did you mean relative_clause?");
}

#[test]
fn check_finds_nothing_wrong_with_what_is_bundled() {
    for grammar in bundled() {
        let check = Grammar::bundled(grammar.name).unwrap().check().unwrap();
        assert!(!check.has_problems(), "{}", check.to_text());
        assert!(check.unused.is_empty(), "{:?}", check.unused);
        assert!(check.ambiguous.is_empty() && check.repeated == 0, "{}", check.to_text());
    }
}

/// Frozen by `tests/golden/nltk_fcfg.py`: what NLTK generates and then parses.
#[test]
fn matches_nltk_generate_and_parse_on_feature_grammars() {
    for (name, depth, frozen) in [
        ("svo_agreement.fcfg", 8, include_str!("../golden/nltk_svo_agreement.txt")),
        ("nested_questions.fcfg", 7, include_str!("../golden/nltk_nested_questions.txt")),
        ("shared_structures.fcfg", 8, include_str!("../golden/nltk_shared_structures.txt")),
    ] {
        let expected: BTreeSet<&str> = frozen.lines().filter(|line| !line.starts_with('#')).collect();
        let text = bundled().iter().find(|bundled| bundled.file == name).map(|bundled| bundled.text);
        let text = text.unwrap_or(include_str!("../golden/shared_structures.fcfg"));
        let grammar = Grammar::parse_to_depth(text, name, depth).unwrap();
        let stimuli = grammar.generate(&Draw::All).unwrap().stimuli;
        let found: BTreeSet<&str> = stimuli.sentences().unwrap().iter().map(String::as_str).collect();
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn a_feature_grammar_labels_its_slots_and_its_sentences() {
    let stimuli = all("svo_agreement");
    let expected = "subj_AGR_NUM subj_AGR_PER subj_AGR_GEN subj_AGR_ANIM obj_AGR_NUM obj_AGR_GEN obj_AGR_ANIM \
                    verb_AGR_NUM verb_AGR_PER verb_AGR_ANIM refl_AGR_NUM refl_AGR_PER refl_AGR_GEN";
    assert_eq!(stimuli.features().names().join(" "), expected);
    let found = values(&stimuli, "these girls admire themselves");
    let found: Vec<&str> = found.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(found, ["pl", "3", "f", "True", "", "", "", "pl", "3", "True", "pl", "3", ""]);
    assert_eq!(all("nested_questions").features().names(), ["sentence_INV", "wh_ANIM"]);
}

/// The counts that the headers of the files give.
#[test]
fn every_bundled_grammar_has_as_many_sentences_as_its_header_says() {
    for grammar in bundled() {
        let header: String = grammar.text.lines().take(3).collect();
        let count = Grammar::bundled(grammar.name).unwrap().count().sentences.unwrap();
        let said = format!("{} sentences", mlem_probe::text::count(count));
        assert!(header.contains(&said), "{}: {said}\n{header}", grammar.name);
        let summary = Grammar::bundled(grammar.name).unwrap().summary().map(str::to_owned);
        assert!(summary.is_none_or(|summary| summary == grammar.summary), "{}", grammar.name);
    }
}

#[test]
fn minimal_pairs_differ_in_one_feature_and_in_the_words_that_it_asks_for() {
    let pairs = Grammar::bundled("agreement_attraction").unwrap().pairs("grammatical", None, 0).unwrap();
    assert_eq!(pairs.rows.len(), 1_152);
    let lines = String::from_utf8(pairs.to_jsonl().unwrap()).unwrap();
    assert_eq!(lines.lines().count(), 1_152);
    assert!(lines.lines().next().unwrap().starts_with(
        r#"{"sentence_good":"the key of the cabinet is old.","sentence_bad":"the key of the cabinet are old.","UID":"agreement_attraction""#
    ), "{lines}");
    for (grammar, feature, expected) in [
        ("relative_clause", "embed_number", 13_440),
        ("relative_clause", "relativizer", 13_440),
        ("anaphor_gender", "grammatical", 864),
        ("negative_polarity", "grammatical", 896),
        ("german_case", "order", 448),
    ] {
        let pairs = Grammar::bundled(grammar).unwrap().pairs(feature, None, 0).unwrap();
        assert_eq!(pairs.rows.len(), expected, "{grammar} {feature}");
        let features = pairs.stimuli.features();
        for &[a, b] in &pairs.rows {
            for other in features {
                // Another number is another form, with a frequency of its own.
                if !other.is_numeric() {
                    assert_eq!(
                        other.display(a) == other.display(b),
                        other.name() != feature,
                        "{}",
                        other.name()
                    );
                }
            }
        }
    }
    let some = Grammar::bundled("relative_clause").unwrap().pairs("embed_number", Some(10), 1).unwrap();
    assert_eq!((some.rows.len(), some.stimuli.len()), (10, 20));
    let error = Grammar::bundled("filler_gap").unwrap().pairs("grammatical", None, 0).unwrap_err();
    assert_eq!(error.to_string(), "no two sentences of filler_gap differ in `grammatical` alone");
}

/// A grammar of 20 × 50⁷ derivations, which nothing could enumerate.
fn huge() -> Grammar {
    let words: Vec<String> =
        (0..50).map(|i| format!("{{ sg = \"n{i}\", pl = \"n{i}s\", class = \"{}\" }}", i % 3)).collect();
    let mut text = format!(
        "[lexicon.noun]\ninflect = {{ number = [\"sg\", \"pl\"] }}\nwords = [{}]\n[slots]\n",
        words.join(", ")
    );
    text.extend((0..7).map(|slot| format!("s{slot} = \"noun\"\n")));
    text += "[[template]]\ntext = \"{s0} {s1} {s2} {s3} {s4} {s5} {s6}.\"\nwhere = [\"s0.number = s6.number\", \"s2 != s3\"]\n";
    Grammar::parse(&text, "huge.toml").unwrap()
}

#[test]
fn a_grammar_beyond_enumeration_is_counted_sampled_and_balanced() {
    let grammar = huge();
    // 100 forms a slot; s6 shares the number of s0; s3 is not the word of s2.
    let expected = 100u128.pow(5) * 50 * 98;
    let count = grammar.count();
    assert_eq!((count.derivations, count.sentences, count.enumerated), (expected, Some(expected), false));
    let sample = grammar.generate(&Draw::Sample { n: 4_096, seed: 5 }).unwrap().stimuli;
    let distinct: BTreeSet<&String> = sample.sentences().unwrap().iter().collect();
    assert_eq!(distinct.len(), 4_096);
    let (first, last) =
        (sample.features().position("s0_number").unwrap(), sample.features().position("s6_number").unwrap());
    for (row, sentence) in sample.sentences().unwrap().iter().enumerate() {
        let display = |at| sample.features().feature(at).display(row);
        assert_eq!(display(first), display(last));
        let stem = |at: usize| sentence.split(' ').nth(at).unwrap().trim_end_matches('s').to_owned();
        assert_ne!(stem(2), stem(3), "{sentence}");
    }
    let drawn = grammar.generate(&Draw::Balanced { n: 512, seed: 0 }).unwrap();
    assert!(!drawn.complete && drawn.balance.is_some());
    assert!(matches!(grammar.generate(&Draw::All), Err(mlem_probe::grammar::Error::TooMany { .. })));
}

/// Every derivation is found once, whatever the order in which parts depend on each other.
#[test]
fn optional_parts_alternatives_and_constraints_enumerate_each_sentence_once() {
    let grammar = Grammar::parse(
        r#"
[lexicon.noun]
inflect = { number = ["sg", "pl"] }
words = [{ sg = "dog", pl = "dogs" }, { sg = "cat", pl = "cats" }, { sg = "ox", pl = "oxen" }]
[lexicon.adjective]
words = ["big", "old"]
[lexicon.verb]
inflect = { tense = ["future", "present"], number = ["sg", "pl"] }
words = [{ lemma = "play", future = "will play", present = { sg = "plays", pl = "play" } }]
[slots]
adj = "adjective"
subj = "noun"
verb = "verb"
obj = "noun"
[computed]
same = "subj.number == obj.number"
length = "length"
[[template]]
text = "[Sometimes] the [{adj}] {subj} {verb}[ with (the|these) {obj}]."
agree = { verb = "subj" }
distinct = ["subj", "obj"]
at_most_one = ["subj.number = pl", "obj.number = pl", "verb.tense = future"]
capitalize = true
"#,
        "g.toml",
    )
    .unwrap();
    // The same by loops.
    let mut expected = BTreeSet::new();
    for start in ["Sometimes the", "The"] {
        for adjective in [" big", " old", ""] {
            for (i, (subject, plural)) in
                [("dog", 0), ("dogs", 1), ("cat", 0), ("cats", 1), ("ox", 0), ("oxen", 1)].iter().enumerate()
            {
                for (verb, future) in [("will play", 1), (if *plural == 1 { "play" } else { "plays" }, 0)] {
                    if plural + future <= 1 {
                        expected.insert(format!("{start}{adjective} {subject} {verb}."));
                    }
                    for article in ["the", "these"] {
                        for (j, (object, other)) in
                            [("dog", 0), ("dogs", 1), ("cat", 0), ("cats", 1), ("ox", 0), ("oxen", 1)]
                                .iter()
                                .enumerate()
                        {
                            if i / 2 != j / 2 && plural + future + other <= 1 {
                                expected.insert(format!(
                                    "{start}{adjective} {subject} {verb} with {article} {object}."
                                ));
                            }
                        }
                    }
                }
            }
        }
    }
    let stimuli = grammar.generate(&Draw::All).unwrap().stimuli;
    let found: BTreeSet<String> = stimuli.sentences().unwrap().iter().cloned().collect();
    assert_eq!(found, expected);
    assert_eq!(
        (stimuli.len() as u128, Some(stimuli.len() as u128)),
        (grammar.count().derivations, grammar.count().sentences)
    );
    let found = values(&stimuli, "Sometimes the big ox will play with these cat.");
    let found: Vec<&str> = found.iter().map(|(_, value)| value.as_str()).collect();
    assert_eq!(stimuli.features().names(), ["same", "length", "subj_number", "verb_tense", "obj_number"]);
    assert_eq!(found, ["true", "9", "sg", "future", "sg"]);
}

#[test]
fn the_grammar_of_the_guide_does_what_the_guide_says() {
    let guide = include_str!("../../docs/grammar.md");
    let text = guide.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let grammar = Grammar::parse(text, "dogs.toml").unwrap();
    assert_eq!(grammar.count().sentences, Some(96));
    assert_eq!(
        grammar.features(),
        ["congruent", "subj_size", "subj_number", "near_size", "near_number", "verb_tense"]
    );
    assert_eq!(grammar.pairs("verb_tense", None, 0).unwrap().rows.len(), 48);
    assert!(grammar.pairs("subj_number", None, 0).is_err());
    let error = Grammar::parse(&text.replace("the {subj}", "the {sbj}"), "dogs.toml").unwrap_err();
    let told = format!("{error}\nhint: {}\n", error.hint().unwrap()).replace("dogs.toml", "mistyped.toml");
    assert!(guide.contains(&told), "{told}");
}
