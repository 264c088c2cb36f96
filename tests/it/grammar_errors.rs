//! Every mistake in a grammar is told with its place, its line and a hint.

use mlem_probe::grammar::{Draw, Error, Grammar};

use crate::workspace::Workspace;

/// A small grammar that is right; each case below breaks it in one place.
const RIGHT: &str = r#"
[lexicon.noun]
inflect = { number = ["sg", "pl"] }
words = [
    { sg = "dog", pl = "dogs", kind = "animal", zipf = 5.0 },
    { sg = "cat", pl = "cats", kind = "animal", zipf = 4.5 },
]

[lexicon.verb]
inflect = { number = ["sg", "pl"] }
words = [{ sg = "sleeps", pl = "sleep" }]

[slots]
subj = "noun"
verb = "verb"

[constraints]
agree = { verb = "subj" }

[[template]]
text = "the {subj} {verb}."
features = { group = "plain" }
"#;

/// `RIGHT` with `from` replaced by `to` gives a problem there: `(line, column, message, a part of the hint)`.
#[track_caller]
fn broken(from: &str, to: &str, place: (usize, usize), message: &str, hint: &str) {
    assert!(RIGHT.contains(from), "{from}");
    invalid(&RIGHT.replace(from, to), "g.toml", place, message, hint);
}

#[track_caller]
fn invalid(text: &str, origin: &str, place: (usize, usize), message: &str, hint: &str) {
    let error = Grammar::parse(text, origin).unwrap_err();
    let shown = error.to_string();
    let told = error.hint().unwrap_or_default();
    let Error::Invalid(problem) = error else { panic!("{shown}") };
    assert_eq!((problem.line, problem.column), place, "{shown}\n{told}");
    assert_eq!(problem.message, message, "{shown}\n{told}");
    assert!(told.contains(hint), "{shown}\n{told}");
    assert_eq!(problem.excerpt, text.lines().nth(place.0 - 1).unwrap_or_default());
}

#[test]
fn the_grammar_that_is_broken_below_is_right() {
    let stimuli = Grammar::parse(RIGHT, "g.toml").unwrap().generate(&Draw::All).unwrap().stimuli;
    assert_eq!(
        stimuli.sentences().unwrap(),
        ["the dog sleeps.", "the cat sleeps.", "the dogs sleep.", "the cats sleep."]
    );
    assert_eq!(
        stimuli.features().names(),
        ["group", "subj_zipf", "subj_number"],
        "a feature that never varies is none"
    );
}

#[test]
fn names_that_do_not_exist() {
    broken("{subj}", "{sbj}", (21, 14), "no slot is called `sbj`", "did you mean subj?");
    broken(
        "subj = \"noun\"",
        "subj = \"nuon\"",
        (14, 9),
        "no lexicon is called `nuon`",
        "did you mean noun?",
    );
    broken("= \"subj\" }", "= \"subject\" }", (18, 19), "no slot is called `subject`", "did you mean subj?");
    broken("verb = \"subj\"", "vreb = \"subj\"", (18, 11), "no slot is called `vreb`", "did you mean verb?");
    broken(
        "= \"subj\" }",
        "= \"subj.gender\" }",
        (18, 19),
        "the words of `verb` (verb) have no feature `gender`",
        "their features are number and lemma",
    );
    broken("sg = \"dog\"", "gs.x = \"dog\"", (5, 7), "lexicon `noun` has no form `gs`", "did you mean sg");
    broken("features =", "feature =", (22, 1), "template 1 has no key `feature`", "did you mean features?");
    broken("[slots]", "[slot]", (13, 2), "a grammar has no key `slot`", "did you mean slots?");
}

#[test]
fn values_that_no_form_has() {
    let equation = "features = { group = \"plain\" }\nwhere = [\"subj.number = plural\"]";
    broken(
        "features = { group = \"plain\" }",
        equation,
        (23, 25),
        "`subj` has no `number` that is `plural`",
        "pl",
    );
    broken(
        "subj = \"noun\"",
        "subj = { lexicon = \"noun\", only = { number = \"dual\" } }",
        (14, 46),
        "no word has a `number` that is `dual`",
        "its values are sg and pl",
    );
    broken(
        "kind = \"animal\", zipf = 5.0",
        "number = \"du\"",
        (5, 41),
        "`du` is no value of `number`",
        "sg and pl",
    );
}

#[test]
fn circles_empty_lexicons_and_words_without_a_form() {
    broken(
        "agree = { verb = \"subj\" }",
        "agree = { verb = \"subj\", subj = \"verb\" }",
        (18, 11),
        "`verb` agrees in `number` with itself, in a circle",
        "remove one",
    );
    broken(
        "[{ sg = \"sleeps\", pl = \"sleep\" }]",
        "[]",
        (11, 9),
        "lexicon `verb` has no words",
        "add a word",
    );
    broken("{ sg = \"sleeps\", pl = \"sleep\" }", "{ zipf = 3 }", (11, 10), "this word has no form", "sg = ");
    broken("pl = \"dogs\"", "pl = \"\"", (5, 25), "an empty form", "as it stands in a sentence");
    broken(
        "sg = \"cat\"",
        "lemma = \"dog\", sg = \"cat\"",
        (6, 5),
        "lexicon `noun` has two words with the lemma `dog`",
        "a lemma of its own",
    );
}

#[test]
fn notation_that_does_not_parse() {
    broken("{verb}.\"", "{verb}.", (21, 27), "invalid basic string, expected `\"`", "toml.io");
    broken("{verb}.", "{verb.", (21, 20), "`{` is never closed", "{subj}");
    broken("{verb}.", "[{verb}.", (21, 20), "`[` is never closed", "\\");
    broken("the {subj}", "the) {subj}", (21, 12), "`)` closes nothing", "\\");
    broken(
        "{subj} {verb}",
        "{subj} {subj}",
        (21, 21),
        "slot `subj` stands twice in one sentence",
        "second slot",
    );
    broken(
        "text = \"the {subj} {verb}.\"",
        "text = 3",
        (21, 8),
        "`text` must be a text in quotes, not of type integer",
        "",
    );
    broken("[[template]]", "[template]", (20, 1), "`template` must be a list", "two brackets");
    invalid("", "g.toml", (1, 1), "a grammar has no `lexicon`", "[lexicon.noun]");
}

#[test]
fn features_that_collide() {
    broken("group =", "subj_zipf =", (14, 1), "two features are called `subj_zipf`", "rename");
    broken("group =", "sentence =", (22, 14), "a feature cannot be called `sentence`", "holds the sentences");
}

#[test]
fn a_grammar_that_generates_nothing_names_what_removed_the_last_candidate() {
    let none = "where = [\"verb.number != subj.number\"]";
    let text = RIGHT.replace("features = { group = \"plain\" }", none);
    let error = Grammar::parse(&text, "g.toml").unwrap().generate(&Draw::All).unwrap_err();
    assert_eq!(
        error.to_string(),
        "g generates no sentence: template 1: `verb.number != subj.number` (line 22) removed the last candidate"
    );
}

#[test]
fn feature_grammars_tell_their_places_too() {
    let case = |text: &str, place, message: &str, hint: &str| invalid(text, "g.fcfg", place, message, hint);
    case("S -> NP[NUM=sg VP", (1, 16), "`,` or `]` is missing before `V`", "commas");
    case("S -> NP[NUM=sg\nNP -> 'a'", (1, 8), "`[` is never closed", "same line");
    case("S -> 'a", (1, 6), "' is never closed", "same quote");
    case("S NP", (1, 3), "`->` is missing before `N`", "a production is written");
    case("# nothing\n% start NPP\nNP -> 'a'", (2, 9), "no production makes `NPP`", "did you mean NP?");
    case("S -> NP[NUM=]\nNP -> 'a'", (1, 13), "a value is missing before `]`", "a word, a number");
    case("S -> NP[NUM=sg, NUM=pl]\nNP -> 'a'", (1, 17), "`NUM` is given twice", "remove one");
    case("%begin S\nS -> 'a'", (1, 1), "no directive is called `begin`", "% start S");
    case("?x -> 'a'", (1, 1), "a category cannot be a variable", "one production for each");
    case("# only a comment", (1, 1), "no productions", "S -> NP VP");
}

#[test]
fn a_feature_grammar_that_generates_nothing_says_why() {
    let killed = |text: &str| {
        let error = Grammar::parse(text, "g.fcfg").unwrap().generate(&Draw::All).unwrap_err();
        error.to_string()
    };
    assert_eq!(
        killed("S -> A[N=x] B[N=y]\nA[N=z] -> 'a'\nB[N=y] -> 'b'"),
        "g generates no sentence: line 1, S -> A B: the features of its parts never unify"
    );
    assert_eq!(
        killed("S -> A\nA -> A 'a'"),
        "g generates no sentence: line 1, S -> A: `A` derives nothing within the depth of 8"
    );
}

#[test]
fn a_file_that_is_not_utf8_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.toml");
    std::fs::write(&path, b"# caf\xe9\n").unwrap();
    let Error::Invalid(problem) = Grammar::load(&path).unwrap_err() else { panic!() };
    assert_eq!((problem.line, problem.column, problem.message.as_str()), (1, 6, "this is not UTF-8"));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let error = Grammar::load(std::path::Path::new("no/such.toml")).unwrap_err();
    assert!(error.to_string().starts_with("cannot read no/such.toml"), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn a_lexicon_may_stand_in_a_csv_beside_the_grammar() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g.toml");
    let inline = RIGHT.find("words = [\n").unwrap()..RIGHT.find("\n]\n").unwrap() + 3;
    let mut text = RIGHT.to_owned();
    text.replace_range(inline, "file = \"nouns.csv\"\n");
    std::fs::write(&path, &text).unwrap();
    let Error::Invalid(missing) = Grammar::load(&path).unwrap_err() else { panic!() };
    assert_eq!((missing.line, missing.column), (4, 9));
    let write = |csv: &str| std::fs::write(folder.path().join("nouns.csv"), csv).unwrap();

    write("sg,pl,kind,zipf\ndog,dogs,animal,5.0\ncat,cats,animal,4.5\n");
    let from_csv = Grammar::load(&path).unwrap();
    let inline = Grammar::parse(RIGHT, "g.toml").unwrap();
    let all = |grammar: &Grammar| grammar.generate(&Draw::All).unwrap().stimuli.to_csv();
    assert_eq!(String::from_utf8(all(&from_csv)).unwrap(), String::from_utf8(all(&inline)).unwrap());
    let hash = from_csv.hash();

    write("sg,pl,kind,zipf\ndog,dogs,animal,5.0\ncat,cats,animal,3.5\n");
    assert_ne!(Grammar::load(&path).unwrap().hash(), hash, "the file is part of the grammar");

    let problem = |csv: &str| {
        write(csv);
        let Error::Invalid(problem) = Grammar::load(&path).unwrap_err() else { panic!() };
        assert!(problem.origin.ends_with("nouns.csv"), "{problem}");
        (problem.line, problem.column, problem.message)
    };
    assert_eq!(problem("sg,pl\ndog\n"), (2, 1, "1 values where the header has 2 columns".to_owned()));
    assert_eq!(problem("sg,pl.x\ndog,dogs\n"), (2, 5, "lexicon `noun` has no form `x`".to_owned()));
    assert_eq!(problem("zipf\n3\n"), (2, 1, "this word has no form".to_owned()));
    let twice = "lexicon `noun` has two words with the lemma `dog`".to_owned();
    assert_eq!(problem("sg,pl\ndog,dogs\ndog,dogs\n"), (3, 1, twice));
}

#[test]
fn a_feature_is_numeric_or_categorical() {
    broken(
        "zipf = 4.5",
        "zipf = \"high\"",
        (6, 56),
        "`zipf` is a text here and a number in an earlier word",
        "all its values as numbers",
    );
}

#[test]
fn groups_and_readings_are_bounded() {
    let deep = format!("text = \"{}{{subj}} {{verb}}.{}\"", "[".repeat(70), "]".repeat(70));
    broken("text = \"the {subj} {verb}.\"", &deep, (21, 73), "groups nested too deep", "several templates");
    let value = |d: usize, v: usize| format!("d{d}v{v}");
    let dimension = |d| {
        let values: Vec<String> = (0..10).map(|v| format!("\"{}\"", value(d, v))).collect();
        format!("d{d} = [{}]", values.join(", "))
    };
    let dimensions: Vec<String> = (0..5).map(dimension).collect();
    let words: Vec<String> = (0..50).map(|w| format!("{{ {0} = \"{0}\" }}", value(w / 10, w % 10))).collect();
    let text = format!(
        "[lexicon.noun]\ninflect = {{ {0} }}\nwords = [{1}]\n[slots]\na = {{ lexicon = \"noun\", only = {{ {0} }} }}\n\
         [[template]]\ntext = \"{{a}}\"\n",
        dimensions.join(", "),
        words.join(", ")
    );
    invalid(&text, "g.toml", (5, 1), "`only` leaves 100000 ways to read a form of `a`", "name fewer values");
}

#[test]
fn marks_of_shared_structures_are_checked() {
    let case = |features: &str, column, message: &str, hint: &str| {
        let text = format!("S -> X[A=?a]\nX{features} -> 'x'\n");
        invalid(&text, "g.fcfg", (2, column), message, hint);
    };
    case("[A->(1)]", 6, "no structure before it is marked `(1)`", "mark a structure before it");
    case("[A=(1)[B=c], D->(2)]", 18, "no structure before it is marked `(2)`", "D->(1)");
    case("[A=(1)[B=c], D=(1)[]]", 17, "`(1)` marks two structures", "number each");
    case("[A->]", 6, "`(` is missing before `]`", "D->(1)");
    invalid(
        "S -> (1)X\nX -> 'x'\n",
        "g.fcfg",
        (1, 6),
        "a category cannot be marked as a whole",
        "NP[AGR=(1)",
    );
}

#[test]
fn every_mistake_is_told_at_once_and_none_that_follows_from_another() {
    let text = RIGHT
        .replace("zipf = 4.5", "zipf = \"high\"")
        .replace("agree = { verb", "agree = { vreb")
        .replace("the {subj}", "the {sbj}")
        + "\nlength = 3\n";
    let error = Grammar::parse(&text, "g.toml").unwrap_err();
    let Error::Several { problems, more } = &error else { panic!("{error}") };
    assert_eq!(*more, 0);
    let told: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
    assert!(told.len() >= 3, "{told:?}");
    assert!(told.contains(&"`zipf` is a text here and a number in an earlier word"), "{told:?}");
    assert!(
        told.contains(&"no slot is called `sbj`") && told.contains(&"no slot is called `vreb`"),
        "{told:?}"
    );
    assert!(!told.iter().any(|message| message.contains("`subj`")), "{told:?}");
    assert!(problems.is_sorted_by_key(|problem| problem.line));
    // Each with its own hint, in the text.
    assert_eq!(error.to_string().matches("\nhint: ").count(), told.len());
    // In a feature grammar, a line each; after ten they are counted.
    let lines = (0..14).map(|k| format!("A{k} -> B[C={k}\n")).collect::<Vec<_>>().concat();
    let error = Grammar::parse(&format!("S -> 'a'\n{lines}"), "g.fcfg").unwrap_err();
    let Error::Several { problems, more } = &error else { panic!("{error}") };
    assert_eq!((problems.len(), *more), (10, 4));
    assert!(error.to_string().ends_with("and 4 more mistakes"));
}

/// Hints name options of the program, and these help.
#[test]
fn what_a_hint_says_can_be_done() {
    let workspace = Workspace::new();
    let deep = "S -> A S | A\nA -> 'a' | 'b' | 'c' | 'd' | 'e' | 'f' | 'g' | 'h'\n";
    workspace.write("deep.fcfg", deep);
    let said = workspace.transcript("check deep.fcfg --depth 200");
    let depth = said.split("--depth ").nth(1).unwrap_or_else(|| panic!("{said}"));
    let depth: String = depth.chars().take_while(char::is_ascii_digit).collect();
    assert!(
        workspace
            .transcript(&format!("check deep.fcfg --depth {}", depth.parse::<usize>().unwrap() / 4))
            .starts_with("exit code 0")
    );
}
