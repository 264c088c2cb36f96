//! Grammars that are very large, very deep or very repetitive: each is counted and sampled at once, or refused with a reason.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use mlem_probe::grammar::{Count, Draw, Error, Grammar};

use crate::workspace::Workspace;

/// Nouns n0 … and verbs v0 …, and slots `s0` … of nouns; `text` is that of the one template.
fn nouns_and_verbs(nouns: usize, verbs: usize, slots: usize, text: &str, rest: &str) -> String {
    let words =
        |letter: char, n: usize| (0..n).map(|i| format!("\"{letter}{i}\"")).collect::<Vec<_>>().join(", ");
    let mut grammar = format!("[lexicon.noun]\nwords = [{}]\n", words('n', nouns));
    let _ = writeln!(grammar, "[lexicon.verb]\nwords = [{}]\n[slots]\nverb = \"verb\"", words('v', verbs));
    grammar.extend((0..slots).map(|slot| format!("s{slot} = \"noun\"\n")));
    format!("{grammar}[[template]]\ntext = \"{text}\"\n{rest}\n")
}

#[test]
fn five_different_words_of_a_hundred_are_counted_exactly_and_sampled() {
    let text = nouns_and_verbs(
        100,
        120,
        5,
        "{s0} {s1} {s2} {s3} {s4} {verb}.",
        "distinct = [\"s0\", \"s1\", \"s2\", \"s3\", \"s4\"]",
    );
    let grammar = Grammar::parse(&text, "five.toml").unwrap();
    let expected = 100u128 * 99 * 98 * 97 * 96 * 120;
    assert!(expected > 1_000_000_000_000);
    let count = Count { derivations: expected, at_most: false, sentences: Some(expected), enumerated: false };
    assert_eq!(grammar.count(), count);
    assert!(grammar.check().unwrap().to_text().contains("1,084,140,288,000 sentences"));
    let sample = grammar.generate(&Draw::Sample { n: 4_096, seed: 3 }).unwrap();
    assert_eq!(sample, grammar.generate(&Draw::Sample { n: 4_096, seed: 3 }).unwrap());
    let sentences = sample.stimuli.sentences().unwrap();
    assert_eq!(sentences.iter().collect::<BTreeSet<_>>().len(), 4_096);
    for sentence in sentences {
        let words: Vec<&str> = sentence.split(' ').take(5).collect();
        assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), 5, "{sentence}");
    }
    // Uniform: each of the 100 nouns stands first about 41 times.
    let first = sentences.iter().filter(|sentence| sentence.starts_with("n7 ")).count();
    assert!((15..=75).contains(&first), "{first}");
    assert_eq!(grammar.generate(&Draw::Balanced { n: 64, seed: 0 }).unwrap().stimuli.len(), 64);
}

#[test]
fn different_words_where_one_may_be_absent_are_counted_from_above() {
    let text = nouns_and_verbs(
        100,
        1,
        5,
        "{s0} {s1} {s2} {s3} [{s4}] {verb}.",
        "distinct = [\"s0\", \"s1\", \"s2\", \"s3\", \"s4\"]",
    );
    let grammar = Grammar::parse(&text, "five.toml").unwrap();
    let count = grammar.count();
    assert_eq!((count.derivations, count.at_most, count.sentences), (100u128.pow(4) * 101, true, None));
    assert!(grammar.check().unwrap().to_text().starts_with("five: at most 10,100,000,000 derivations ("));
    let drawn = grammar.generate(&Draw::Sample { n: 500, seed: 0 }).unwrap().stimuli;
    for sentence in drawn.sentences().unwrap() {
        let nouns: Vec<&str> = sentence.split(' ').filter(|word| word.starts_with('n')).collect();
        assert_eq!(nouns.iter().collect::<BTreeSet<_>>().len(), nouns.len(), "{sentence}");
    }
}

#[test]
fn a_permutation_of_too_many_words_is_refused_with_a_remedy() {
    let slots: Vec<String> = (0..22).map(|slot| format!("{{s{slot}}}")).collect();
    let names: Vec<String> = (0..22).map(|slot| format!("\"s{slot}\"")).collect();
    let rest = format!("distinct = [{}]", names.join(", "));
    let text = nouns_and_verbs(23, 1, 22, &slots.join(" "), &rest);
    let error = Grammar::parse(&text, "many.toml").unwrap_err();
    assert!(matches!(error, Error::Entangled { .. }), "{error}");
    assert!(error.hint().unwrap().contains("distinct"));
}

#[test]
fn a_grammar_that_makes_one_sentence_in_a_million_ways_is_sampled_to_its_end() {
    let text = format!("S -> {}\nA -> 'a' | 'a'\n", "A ".repeat(24));
    let grammar = Grammar::parse(&text, "same.fcfg").unwrap();
    let drawn = grammar.generate(&Draw::Sample { n: 16, seed: 0 }).unwrap();
    assert_eq!(drawn.stimuli.len(), 1);
    assert!(!drawn.complete, "not all 2^24 derivations were looked at");
}

/// Found by the fuzzer: each took longer than it allows.
#[test]
fn a_grammar_of_nothing_but_the_same_word_is_given_up_in_time() {
    for (text, least) in [("S -> A A A A\nA -> | 'a' | | S", 8), ("S -> A A A A\nA -> \"a\" S | | |", 5)] {
        let grammar = Grammar::parse_to_depth(text, "fuzz.fcfg", 5).unwrap();
        let drawn = grammar.generate(&Draw::Sample { n: 16, seed: 0 }).unwrap();
        let sentences = drawn.stimuli.sentences().unwrap();
        assert_eq!(sentences.iter().collect::<BTreeSet<_>>().len(), sentences.len());
        assert!((least..=16).contains(&sentences.len()) && !drawn.complete, "{} of {text}", sentences.len());
    }
}

#[test]
fn a_sample_does_not_depend_on_how_many_derivations_are_in_the_way() {
    // A third of the derivations repeat a sentence.
    let text = format!("S -> {}\nA -> 'a' | 'b' | 'b'\n", "A ".repeat(14));
    let grammar = Grammar::parse(&text, "same.fcfg").unwrap();
    let drawn = grammar.generate(&Draw::Sample { n: 2_000, seed: 1 }).unwrap().stimuli;
    let sentences = drawn.sentences().unwrap();
    assert_eq!(sentences.iter().collect::<BTreeSet<_>>().len(), 2_000);
}

#[test]
fn a_grammar_that_does_not_recurse_is_whole_whatever_its_depth() {
    let chain: String = (0..20).fold(String::new(), |text, i| text + &format!("C{i} -> 'a' C{}\n", i + 1));
    let grammar = Grammar::parse_to_depth(&(chain + "C20 -> 'end'\n"), "chain.fcfg", 3).unwrap();
    assert_eq!(grammar.count().sentences, Some(1));
    let recursive = "S -> 'a' S | 'a'\n";
    let count = |depth| Grammar::parse_to_depth(recursive, "r.fcfg", depth).unwrap().count().derivations;
    assert_eq!([count(2), count(3), count(8)], [1, 2, 7]);
}

#[test]
fn what_would_never_end_is_refused() {
    let cases = [
        // A chain of a thousand productions.
        (
            (0..1000).fold(String::new(), |text, i| text + &format!("C{i} -> C{}\n", i + 1))
                + "C1000 -> 'a'\n",
            "levels deep",
        ),
        // A billion words in one sentence.
        (
            format!(
                "S -> {}\nA -> {}\nB -> {}\nC -> 'a'\n",
                "A ".repeat(999),
                "B ".repeat(999),
                "C ".repeat(999)
            ),
            "more than any model reads",
        ),
        // A structure that grows at every level.
        (
            format!(
                "S -> X[A=?a]\nX[A={}?a{}] -> X[A=?a]\nX[A=[F=b]] -> 'x'\n",
                "[F=".repeat(9),
                "]".repeat(9)
            ),
            "nest too deep",
        ),
    ];
    for (text, message) in cases {
        let error = Grammar::parse_to_depth(&text, "g.fcfg", 200).unwrap_err();
        assert!(error.to_string().contains(message), "{error}");
        assert!(error.hint().is_some());
    }
}

#[test]
fn a_lexicon_of_a_hundred_thousand_rows_is_read_at_once() {
    let workspace = Workspace::new();
    let mut csv = String::from("lemma,sg,pl,class,zipf\n");
    for i in 0..100_000 {
        let _ = writeln!(csv, "w{i},w{i},w{i}s,c{},{}.5", i % 5, i % 6);
    }
    workspace.write("nouns.csv", csv).write(
        "big.toml",
        "[lexicon.noun]\ninflect = { number = [\"sg\", \"pl\"] }\nfile = \"nouns.csv\"\n\
         [slots]\na = { lexicon = \"noun\", features = [\"lemma\", \"number\", \"class\", \"zipf\"] }\nb = \"noun\"\n\
         [[template]]\ntext = \"{a} {b}\"\nagree = { b = \"a\" }\n",
    );
    let begun = std::time::Instant::now();
    let grammar = Grammar::load(&workspace.path("big.toml")).unwrap();
    assert_eq!(grammar.count().derivations, 2 * 100_000 * 100_000);
    assert_eq!(grammar.generate(&Draw::Sample { n: 64, seed: 0 }).unwrap().stimuli.len(), 64);
    // Anything quadratic would take minutes.
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
}

#[test]
fn more_sentences_than_fit_are_refused_before_they_are_drawn() {
    let text = nouns_and_verbs(1000, 1000, 2, "{s0} {s1} {verb}", "");
    let grammar = Grammar::parse(&text, "g.toml").unwrap();
    let error = grammar.generate(&Draw::Sample { n: 900_000_000, seed: 0 }).unwrap_err();
    assert_eq!(error.to_string(), "900,000,000 sentences of g are more than fit in memory");
    assert!(matches!(grammar.pairs("s0_lemma", None, 0), Err(Error::TooMany { .. })));
}
