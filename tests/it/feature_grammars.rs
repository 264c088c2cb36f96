//! Feature grammars as NLTK understands them: values, unions, starts, and what is odd without being wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Instant;

use mlem_probe::grammar::{Draw, Error, Grammar};
use mlem_probe::stimuli::Stimuli;
use serde_json::Value;

use crate::workspace::Workspace;

fn all(text: &str) -> Stimuli {
    Grammar::parse(text, "g.fcfg").unwrap().generate(&Draw::All).unwrap().stimuli
}

/// Each sentence with its values of `feature`.
fn labels(text: &str, feature: &str) -> Vec<String> {
    let stimuli = all(text);
    let column = stimuli.features().position(feature).unwrap();
    let feature = stimuli.features().feature(column);
    let rows = stimuli.sentences().unwrap().iter().enumerate();
    rows.map(|(row, sentence)| format!("{sentence}: {}", feature.display(row))).collect()
}

#[test]
fn integers_are_names_unless_someone_says_that_they_are_numbers() {
    let text = "S -> subj_N\nsubj_N[PER=1] -> 'I'\nsubj_N[PER=02] -> 'you'\nsubj_N[PER=3] -> 'she' | 'he'\n";
    let features = |grammar: &Grammar| grammar.generate(&Draw::All).unwrap().stimuli.features().clone();
    let mut grammar = Grammar::parse(text, "g.fcfg").unwrap();
    let named = features(&grammar);
    assert!(!named.feature(0).is_numeric());
    assert_eq!((0..4).map(|row| named.feature(0).display(row)).collect::<String>(), "1233");
    grammar.declare_numeric(&["subj_PER".to_owned()]).unwrap();
    assert!(features(&grammar).feature(0).is_numeric());
    let workspace = Workspace::new();
    workspace.write("g.fcfg", text);
    let kind =
        |words: &str| workspace.ok(words).lines().find(|line| line.contains("subj_PER ")).unwrap().to_owned();
    assert!(kind("check g.fcfg").contains("categorical"));
    assert!(kind("check g.fcfg --numeric subj_PER").contains("numeric"));
    workspace.ok("generate g.fcfg --numeric subj_PER -o s.csv");
    assert!(workspace.read("s.json").contains("numeric"));
    let unknown = workspace.transcript("generate g.fcfg --numeric subj_PR");
    assert!(unknown.contains("no feature is called `subj_PR`") && unknown.contains("subj_PER"), "{unknown}");
    let both = workspace.transcript("fit s.csv a.npy -o o --numeric subj_PER --categorical subj_PER");
    assert!(both.contains("exit code"), "{both}");
}

#[test]
fn unions_are_worked_out_in_labels_and_sets_have_no_order() {
    let text = "% start S\nS -> subj_NP\nsubj_NP[GEN=?a] -> N[GEN=?a]\n\
                subj_NP[GEN={?a+?b}, ALL=(?a+?b)] -> N[GEN=?a] 'and' N[GEN=?b]\n\
                N[GEN={m}] -> 'John'\nN[GEN={f}] -> 'Mary'\n";
    assert_eq!(
        labels(text, "subj_GEN"),
        [
            "John: {m}",
            "Mary: {f}",
            "John and John: {m}",
            "John and Mary: {f, m}",
            "Mary and John: {f, m}",
            "Mary and Mary: {f}"
        ]
    );
    assert_eq!(labels(text, "subj_ALL")[3], "John and Mary: ({m}, {f})");
    // What is written in another order is the same set, and unifies.
    let text = "S -> subj_A 'x' | 'y' subj_B\nsubj_A[G={f, m}] -> B[G={m,f}]\nB[G={f, m, f}] -> 'b'\nsubj_B[G={/}] -> 'c'\n";
    assert_eq!(labels(text, "subj_G"), ["b x: {f, m}", "y c: {/}"]);
    // What is in both is in the union once.
    let text = "S -> subj_A[G={b, c}] 'x' | subj_A[G={d}] 'y'\nsubj_A[G={?a+?a}] -> B[G=?a]\nB -> 'w'\nB[G={d}] -> 'v'\n";
    assert_eq!(all(text).sentences().unwrap(), ["w x", "w y", "v y"]);
    // A tuple has an order.
    let text = "S -> A[T=(a, b)]\nA[T=(b, a)] -> 'x'\nA[T=((a)+(b))] -> 'y'\n";
    assert_eq!(all(text).sentences().unwrap(), ["y"]);
}

#[test]
fn true_is_one_and_a_quoted_word_is_a_word() {
    let text = "S -> subj_N[F=1] 'a' | subj_N[-F] 'b' | subj_N[F='True'] 'c'\nsubj_N[+F] -> 'x'\nsubj_N[F=0] -> 'y'\n\
                subj_N[F=1] -> 'z'\nsubj_N[F='True'] -> 'w'\n";
    assert_eq!(labels(text, "subj_F"), ["x a: True", "z a: True", "y b: False", "w c: 'True'"]);
    let text = "S -> subj_N\nsubj_N[F=1] -> 'x'\nsubj_N[F=0] -> 'y'\n";
    assert_eq!(labels(text, "subj_F"), ["x: 1", "y: 0"]);
}

#[test]
fn the_start_is_the_whole_first_left_side() {
    let starts = |text: &str| all(text).sentences().unwrap().to_vec();
    let text = "S[+INV] -> 'does' 'Kim' 'see' subj_N\nS[-INV] -> 'Kim' 'sees' subj_N\nsubj_N[A=x] -> 'a'\nsubj_N[A=y] -> 'b'\n";
    assert_eq!(starts(text), ["does Kim see a", "does Kim see b"]);
    let text =
        "S/NP -> 'Kim' 'sees' subj_N\nS -> 'Kim' 'sleeps' subj_N\nsubj_N[A=x] -> 'a'\nsubj_N[A=y] -> 'b'\n";
    assert_eq!(starts(text), ["Kim sees a", "Kim sees b"]);
}

#[test]
fn what_one_word_has_and_another_lacks_is_a_feature() {
    let text = "% start S\nS -> subj_N V\nsubj_N[+PL] -> 'dogs' | 'cats' | 'girls' | 'trains' | 'houses'\n\
                subj_N -> 'sheep' | 'deer' | 'fish' | 'aircraft'\nV -> 'slept' | 'ran' | 'vanished'\n";
    let workspace = Workspace::new();
    workspace.write("p.fcfg", text);
    assert!(!workspace.ok("check p.fcfg").contains("never varies"));
    for missing in ["zero", "one"] {
        let out = workspace
            .ok(&format!("run p.fcfg --folds 1 --permutations 1 --map 0 --missing {missing} -o {missing}"));
        assert!(out.contains("subj_PL"), "{out}");
    }
    workspace.ok("generate p.fcfg -o s.csv");
    workspace.ok("extract s.csv -o a.safetensors");
    for estimator in ["mlem", "frrsa", "decoding", "rsa"] {
        workspace.ok(&format!(
            "fit s.csv a.safetensors --estimator {estimator} --permutations 2 --map 0 -o {estimator}"
        ));
    }
}

#[test]
fn a_category_that_nothing_makes_is_a_warning() {
    let text = "S -> NP VP | NP VPP\nNP -> 'Kim'\nVP -> 'sleeps' | 'runs'\n";
    let grammar = Grammar::parse(text, "g.fcfg").unwrap();
    assert_eq!(grammar.count().sentences, Some(2));
    let warning = grammar.warnings()[0].brief();
    assert_eq!(warning, "g.fcfg:1:17: no production makes `VPP`; did you mean VP?");
    let workspace = Workspace::new();
    workspace.write("g.fcfg", text);
    assert!(
        workspace.transcript("generate g.fcfg").contains("warning: g.fcfg:1:17: no production makes `VPP`")
    );
    assert!(workspace.ok("check g.fcfg").contains("no production makes `VPP`"));
    // As the start it is a mistake: nothing could be generated.
    let error = Grammar::parse("% start T\nS -> 'a'\n", "g.fcfg").unwrap_err();
    assert!(matches!(error, Error::Invalid(_)), "{error}");
    let empty = Grammar::parse("S -> A\n", "g.fcfg").unwrap().generate(&Draw::All).unwrap_err();
    assert!(empty.to_string().contains("no production makes `A`"), "{empty}");
}

#[test]
fn semantic_values_may_have_brackets_in_brackets_and_variables_of_logic() {
    let text = r"% start S
S[SEM=[CORE=<?vp(?subj)>, STORE=(?b1+?b2)]] -> NP[SEM=[CORE=?subj, STORE=?b1]] VP[SEM=[CORE=?vp, STORE=?b2]]
VP[SEM=[CORE=<\y.chase(y,?obj)>, STORE=(/)]] -> 'chases' NP[SEM=[CORE=?obj]]
NP[SEM=[CORE=<@x>, STORE=(<bo(?det(?n),@x)>+?b1+?b2)]] -> Det[SEM=[CORE=?det, STORE=?b1]] N[SEM=[CORE=?n, STORE=?b2]]
NP[SEM=[CORE=@x, STORE=(<bo(\P.P(angus),@x)>)]] -> 'Angus'
Det[SEM=[CORE=<\Q P.exists x.(Q(x) & P(x))>, STORE=(/)]] -> 'a'
N[SEM=[CORE=<girl>, STORE=(/)], LIST=[a, [b, c]]] -> 'girl'
";
    let stimuli = all(text);
    assert_eq!(
        stimuli.sentences().unwrap(),
        ["a girl chases a girl", "a girl chases Angus", "Angus chases a girl", "Angus chases Angus"]
    );
}

#[test]
fn mistakes_in_sets_have_a_place() {
    for (text, place, message) in [
        ("S -> A[G={m f}]\nA -> 'a'", 13, "`,`, `+` or `}` is missing before `f`"),
        ("S -> A[G={m, f]\nA -> 'a'", 15, "`,`, `+` or `}` is missing before `]`"),
        ("S -> A[G=(?a+]\nA -> 'a'", 14, "a value is missing before `]`"),
        ("S -> A[G={/m}]\nA -> 'a'", 12, "`}` is missing before `m`"),
    ] {
        let Error::Invalid(problem) = Grammar::parse(text, "g.fcfg").unwrap_err() else { panic!("{text}") };
        assert_eq!((problem.column, problem.message.as_str()), (place, message), "{text}");
    }
}

/// A value with true as 1 and without the quotes that tell a word from a value: NLTK compares so.
fn plain(text: &str) -> String {
    let mut text = text.replace('\'', "");
    for (word, number) in [("True", "1"), ("False", "0")] {
        let words: Vec<String> = text
            .split_inclusive([' ', ',', '{', '}', '(', ')'])
            .map(|part| {
                let stem = part.trim_end_matches([' ', ',', '{', '}', '(', ')']);
                if stem == word { part.replacen(word, number, 1) } else { part.to_owned() }
            })
            .collect();
        text = words.concat();
    }
    match text.strip_prefix('{').and_then(|inside| inside.strip_suffix('}')) {
        Some(inside) if inside != "/" && !inside.contains('{') => {
            let mut items: Vec<&str> = inside.split(", ").collect();
            items.sort_unstable();
            format!("{{{}}}", items.join(", "))
        }
        _ => text,
    }
}

/// Frozen by `tests/golden/nltk_random.py`: the sentences of random grammars, with the labels of each of their trees.
#[test]
fn matches_nltk_on_random_grammars_with_sets_and_unions() {
    let frozen: Value = serde_json::from_str(include_str!("../golden/nltk_random.json")).unwrap();
    let cases = frozen["cases"].as_array().unwrap();
    assert!(cases.len() >= 50);
    for case in cases {
        let text = case["grammar"].as_str().unwrap();
        let expected = case["sentences"].as_object().unwrap();
        let stimuli = all(text);
        let sentences = stimuli.sentences().unwrap();
        let found: BTreeSet<&str> = sentences.iter().map(String::as_str).collect();
        assert_eq!(found, expected.keys().map(String::as_str).collect(), "{text}");
        for (row, sentence) in sentences.iter().enumerate() {
            let shown: BTreeMap<&str, String> = stimuli
                .features()
                .iter()
                .map(|feature| (feature.name(), plain(&feature.display(row))))
                .filter(|(_, value)| !value.is_empty())
                .collect();
            // A column that is the same in every derivation is left out.
            let fits = expected[sentence].as_array().unwrap().iter().any(|tree| {
                let tree = tree.as_object().unwrap();
                let columns = stimuli.features().names();
                let tree: BTreeMap<&str, String> = tree
                    .iter()
                    .filter(|(name, _)| columns.contains(&name.as_str()))
                    .map(|(name, value)| (name.as_str(), plain(value.as_str().unwrap())))
                    .collect();
                tree == shown
            });
            assert!(fits, "{text}\n{sentence}: {shown:?}\nNLTK: {}", expected[sentence]);
        }
    }
}

/// What reading and looking over a grammar takes grows with its productions, not with their square.
#[test]
fn large_grammars_are_read_and_checked_in_linear_time() {
    let grammar = |n: usize| {
        let mut text = String::from("% start S\n");
        for k in 0..n {
            writeln!(
                text,
                "S[K=?k] -> subj_N[ID=i{k}, K=?k] 'v{k}'\nsubj_N[ID=i{k}, K=k{}] -> 'w{k}'",
                k % 7
            )
            .unwrap();
        }
        text
    };
    let seconds = |n: usize| {
        let text = grammar(n);
        let begun = Instant::now();
        let grammar = Grammar::parse(&text, "g.fcfg").unwrap();
        let read = begun.elapsed().as_secs_f64();
        assert_eq!(grammar.check().unwrap().measured, n);
        (read, begun.elapsed().as_secs_f64())
    };
    let (small, large) = (seconds(2_000), seconds(16_000));
    // Eight times the productions; a square would be 64 times the time.
    assert!(large.0 < 24.0 * small.0.max(0.02) && large.1 < 24.0 * small.1.max(0.05), "{small:?} {large:?}");
}

#[test]
fn productions_that_are_no_start_and_stand_inside_others_are_no_finding() {
    let workspace = Workspace::new();
    let text = "% start S\nS[-INV] -> subj_N S/NP\nS/NP -> 'sleeps' | 'runs'\nsubj_N[NUM=sg] -> 'Kim'\nsubj_N[NUM=pl] -> 'kids'\n";
    workspace.write("g.fcfg", text);
    let said = workspace.ok("check g.fcfg");
    assert!(!said.contains("generates nothing"), "{said}");
    workspace.write("g.fcfg", format!("{text}S/PP -> 'never'\n"));
    let said = workspace.transcript("check g.fcfg");
    assert!(said.contains("do not unify with the start that % start names"), "{said}");
    assert!(!said.contains("takes any"), "{said}");
}

#[test]
fn a_blank_between_a_category_and_its_features_is_the_cause_that_is_told() {
    for text in ["S -> subj_N [NUM=sg]\nsubj_N -> 'a'\n", "S -> subj_N\nsubj_N [NUM=sg] -> 'a'\n"] {
        let error = Grammar::parse(text, "g.fcfg").err().unwrap();
        assert!(format!("{:?}", error.hint()).contains("without a blank"), "{error} {:?}", error.hint());
    }
}

#[test]
fn ten_mistakes_are_shown_with_their_places() {
    let workspace = Workspace::new();
    workspace.write("g.fcfg", "S -> [\n".repeat(12));
    let said = workspace.transcript("check g.fcfg");
    assert!(said.matches("g.fcfg:").count() >= 10 && !said.contains("more lines"), "{said}");
}
