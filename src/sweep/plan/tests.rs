use std::path::Path;

use insta::assert_snapshot;

use super::*;
use crate::sweep::fixtures::Toy;

fn parse(text: &str) -> Result<Plan> {
    Plan::parse(text, "plan.toml", Path::new("plans"), "plan", &Toy::new())
}

fn problem(text: &str) -> String {
    let error = parse(text).unwrap_err();
    format!("{error}\nhint: {}", error.hint().unwrap_or_default())
}

#[test]
fn a_plan_is_read_whole() {
    let plan = parse(
        r#"
        name = "training"
        out = "results"
        engine = "slurm"
        grammars = ["short_sentence", "mine/clauses.toml"]
        models = ["./checkpoint", { name = "pythia-70m", revisions = ["step1", "step2"] }]
        revisions = "main"
        poolings = ["mean", "last"]
        [options]
        folds = [3, 5]
        group = [["a=x", "b=y"]]
        interactions = true
        untrained = [false, true, 7]
        batch-tokens = 1_000
        [slurm]
        partition = "gpu"
        time = 90
        chunk = 4
        at-once = 2
        "#,
    )
    .unwrap();
    assert_eq!((plan.name.as_str(), plan.engine), ("training", Engine::Slurm));
    assert_eq!(plan.out.as_deref(), Some(Path::new("plans/results")));
    assert_eq!(plan.grammars[1].words, ["plans/mine/clauses.toml"]);
    assert_eq!(plan.models[0].name.words, ["--model=plans/./checkpoint"]);
    assert_eq!(plan.models[0].revisions[0].words, ["--revision=main"]);
    assert_eq!(plan.models[1].revisions.len(), 2);
    let words: Vec<Vec<&[String]>> = plan
        .options
        .iter()
        .map(|option| option.values.iter().map(|value| value.words.as_slice()).collect())
        .collect();
    assert_eq!(words[0], [["--folds=3"], ["--folds=5"]]);
    assert_eq!(words[1], [["--group=a=x", "--group=b=y"]]);
    assert_eq!(words[2], [["--interactions"]]);
    assert_eq!(words[3], [&[][..], &["--untrained".to_owned()], &["--untrained=7".to_owned()]]);
    assert_eq!(words[4], [["--batch-tokens=1000"]]);
    let axes: Vec<&str> =
        plan.options.iter().filter(|option| option.is_axis).map(|o| o.name.as_str()).collect();
    assert_eq!(axes, ["folds", "group", "untrained"]);
    assert_eq!(plan.slurm.time.as_deref(), Some("90"));
    assert_eq!((plan.slurm.chunk, plan.slurm.at_once), (4, Some(2)));
}

#[test]
fn what_is_left_out_has_a_default() {
    let plan = parse("grammars = 'short_sentence'").unwrap();
    assert_eq!((plan.name.as_str(), plan.engine, plan.out), ("plan", Engine::Local, None));
    assert_eq!(plan.models[0].name.text, "tiny-bert");
    assert_eq!(plan.poolings[0].text, "mean");
    assert_eq!((plan.models[0].revisions.len(), plan.slurm.chunk), (0, 1));
}

#[test]
fn mistakes_have_their_place_and_near_names() {
    assert_snapshot!(problem("grammers = ['a']"), @"
    plan.toml:1:1: a plan has no key `grammers`
      |
    1 | grammers = ['a']
      | ^^^^^^^^
    hint: did you mean grammars?
    ");
    assert_snapshot!(problem("models = ['a']"), @"
    plan.toml:1:1: a plan has no `grammars`
      |
    1 | models = ['a']
      | ^
    hint: write grammars = [\"relative_clause\"]; a file of a grammar or a CSV of stimuli serves too
    ");
    assert_snapshot!(problem("grammars = ['a', 'b', 'a']"), @"
    plan.toml:1:23: `a` is there twice
      |
    1 | grammars = ['a', 'b', 'a']
      |                       ^^^
    hint: name each value once
    ");
    assert_snapshot!(problem("grammars = 'a'\nmodels = 'x,y'"), @r#"
    plan.toml:2:10: `x,y` is several
      |
    2 | models = 'x,y'
      |          ^^^^^
    hint: write a list: models = ["x", "y"]
    "#);
}

#[test]
fn mistakes_in_options_have_their_place_and_near_names() {
    assert_snapshot!(problem("grammars = 'a'\n[options]\nfold = 3"), @"
    plan.toml:3:1: `probe run` has no option --fold
      |
    3 | fold = 3
      | ^^^^
    hint: did you mean folds?
    ");
    assert_snapshot!(problem("grammars = 'a'\n[options]\nbatch_tokens = 3"), @"
    plan.toml:3:1: `probe run` has no option --batch_tokens
      |
    3 | batch_tokens = 3
      | ^^^^^^^^^^^^
    hint: write `batch-tokens`, as on a command line
    ");
    assert_snapshot!(problem("grammars = 'a'\n[options]\nbatch-tokens = [3, 4]"), @"
    plan.toml:3:16: --batch-tokens changes no number, so it is no axis
      |
    3 | batch-tokens = [3, 4]
      |                ^^^^^^
    hint: give it one value, or leave it out
    ");
    assert_snapshot!(problem("grammars = 'a'\n[options]\npool = 'last'"), @"
    plan.toml:3:1: `pool` is no option of a cell
      |
    3 | pool = 'last'
      | ^^^^
    hint: write `poolings = [\"…\"]` above [options]
    ");
    assert_snapshot!(problem("grammars = 'a'\n[options]\nfolds = [3, 1]"), @"
    plan.toml:3:13: `1` are no folds
      |
    3 | folds = [3, 1]
      |             ^
    hint: give a number from 2
    ");
    assert_snapshot!(problem("grammars = 'a'\n[options]\ninteractions = 'yes'"), @"
    plan.toml:3:16: --interactions takes no value: it is there or not
      |
    3 | interactions = 'yes'
      |                ^^^^^
    hint: write `interactions = true`, or for both `interactions = [false, true]`
    ");
}

#[test]
fn mistakes_elsewhere_have_their_place_and_near_names() {
    assert_snapshot!(problem("grammars = 'a'\n[slurm]\nmemory = '8G'"), @"
    plan.toml:3:1: [slurm] has no key `memory`
      |
    3 | memory = '8G'
      | ^^^^^^
    hint: did you mean mem?
    ");
    assert_snapshot!(problem("grammars = 'a'\n[slurm]\nchunk = 0"), @"
    plan.toml:3:9: `chunk` must be a whole number from 1
      |
    3 | chunk = 0
      |         ^
    hint:
    ");
    assert_snapshot!(problem("grammars = 'svo'\n[[exclude]]\ngrammar = 'b'"), @"
    plan.toml:3:11: the plan has no grammar `b`
      |
    3 | grammar = 'b'
      |           ^^^
    hint: its values are svo
    ");
    assert_snapshot!(problem("grammars = 'a'\nengine = 'slum'"), @"
    plan.toml:2:10: no engine is called `slum`
      |
    2 | engine = 'slum'
      |          ^^^^^^
    hint: did you mean slurm?
    ");
    assert_snapshot!(problem("grammars = 'a'\nname = '../x'"), @"
    plan.toml:2:8: `../x` cannot name a sweep
      |
    2 | name = '../x'
      |        ^^^^^^
    hint: use letters, digits, `-`, `_` and `.`; it names a folder, and the jobs of Slurm
    ");
    assert_snapshot!(problem("grammars = ["), @"
    plan.toml:1:13: unclosed array, expected `]`
      |
    1 | grammars = [
      |             ^
    hint: see https://toml.io for the notation; texts stand in quotes
    ");
}

#[test]
fn a_plan_that_is_not_text_says_where() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.toml");
    files::write(&path, b"grammars = 'a'\nname = '\xff'\n").unwrap();
    let error = Plan::read(&path, &Toy::new()).unwrap_err().to_string();
    assert!(error.contains("p.toml:2:9: this is not UTF-8"), "{error}");
}
