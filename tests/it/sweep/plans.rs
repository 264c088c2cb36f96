//! Plans, and what is said of mistakes in them.

use std::fmt::Write;

use insta::assert_snapshot;
use serde_json::Value;

use super::{COLLECTED, SMALL};
use crate::workspace::Workspace;

#[test]
fn a_dry_run_says_what_each_cell_is_and_runs_none() {
    let w = Workspace::new();
    let plan = SMALL.replace("folds = 2", "folds = [2, 3]");
    w.write("plan.toml", format!("{plan}\n[[exclude]]\npooling = 'last'\nfolds = 3\n"));
    let status = w.transcript("sweep run plan.toml --dry-run");
    let masked: String = status.lines().fold(String::new(), |mut text, line| {
        let words: Vec<&str> = line.split("  ").collect();
        let is_key = |word: &str| word.len() == 12 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let line: Vec<&str> = words.iter().map(|word| if is_key(word) { "[KEY]" } else { word }).collect();
        let _ = writeln!(text, "{}", line.join("  "));
        text
    });
    assert_snapshot!(masked, @"
    exit code 0
    --- stdout
    plan: 12 cells, 2 grammars × 1 model × 2 revisions × 2 poolings × 2 of --folds, less what is excluded
    cell  key           state    grammar               model      revision  pooling  folds
       1  [KEY]  waiting  short_sentence        tiny-bert  step0     mean     2
       2  [KEY]  waiting  short_sentence        tiny-bert  step0     mean     3
       3  [KEY]  waiting  short_sentence        tiny-bert  step0     last     2
       4  [KEY]  waiting  short_sentence        tiny-bert  final     mean     2
       5  [KEY]  waiting  short_sentence        tiny-bert  final     mean     3
       6  [KEY]  waiting  short_sentence        tiny-bert  final     last     2
       7  [KEY]  waiting  long_range_agreement  tiny-bert  step0     mean     2
       8  [KEY]  waiting  long_range_agreement  tiny-bert  step0     mean     3
       9  [KEY]  waiting  long_range_agreement  tiny-bert  step0     last     2
      10  [KEY]  waiting  long_range_agreement  tiny-bert  final     mean     2
      11  [KEY]  waiting  long_range_agreement  tiny-bert  final     mean     3
      12  [KEY]  waiting  long_range_agreement  tiny-bert  final     last     2
    12 waiting
    --- stderr
    ");
    assert!(!w.path("runs").exists());
    let json: Value = serde_json::from_str(&w.ok("sweep status plan.toml --json")).unwrap();
    assert_eq!(json["n_cells"], 12);
    assert_eq!(json["cells"][11]["command"][0], "probe");
    assert_eq!(json["cells"][1]["folds"], "3");
}

#[test]
fn a_cell_is_a_run_that_can_be_made_by_hand() {
    let w = Workspace::new();
    w.write("plan.toml", SMALL);
    w.ok("sweep plan.toml --shard 1/8");
    let cell = super::cells(&w, "runs/plan").remove(0);
    let run: Value = serde_json::from_slice(&std::fs::read(cell.join("run.json")).unwrap()).unwrap();
    let words: Vec<&str> =
        run["command"].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect();
    assert_eq!(words[..2], ["probe", "run"]);
    let by_hand =
        words[1..].iter().map(|word| if word.starts_with("--out=") { "--out=by-hand" } else { word });
    w.ok(&by_hand.collect::<Vec<_>>().join(" "));
    for table in &COLLECTED[..4] {
        let of_cell = std::fs::read_to_string(cell.join(table)).unwrap();
        assert_eq!(of_cell, w.read(&format!("by-hand/{table}")), "{table}");
    }
}

#[test]
fn mistakes_are_pointed_at() {
    let w = Workspace::new();
    let said = |plan: &str| {
        w.write("plan.toml", plan);
        w.transcript("sweep plan.toml")
    };
    assert_snapshot!(said("grammars = ['short_sentence']\nmodel = 'tiny-bert'"), @"
    exit code 1
    --- stdout
    --- stderr
    error: plan.toml:2:1: a plan has no key `model`
      |
    2 | model = 'tiny-bert'
      | ^^^^^
    hint: did you mean models?
    ");
    assert_snapshot!(said("grammars = ['short_sentense']"), @"
    exit code 1
    --- stdout
    --- stderr
    error: plan.toml:1:13: no bundled grammar is called `short_sentense`
      |
    1 | grammars = ['short_sentense']
      |             ^^^^^^^^^^^^^^^^
    hint: did you mean short_sentence?
    ");
    assert_snapshot!(said("grammars = ['--help']"), @r"
    exit code 1
    --- stdout
    --- stderr
    error: plan.toml:1:13: `--help` is an option, not a name
      |
    1 | grammars = ['--help']
      |             ^^^^^^^^
    hint: options of a run stand under [options]; a file whose name begins with `-` is ./-…
    ");
    assert_snapshot!(said("grammars = ['short_sentence']\nrevisions = ['step0', 'finale']"), @"
    exit code 1
    --- stdout
    --- stderr
    error: plan.toml:2:23: tiny-bert has no revision `finale`
      |
    2 | revisions = ['step0', 'finale']
      |                       ^^^^^^^^
    hint: did you mean final? it has step0, step100, step400 and final
    ");
    assert_snapshot!(said("grammars = ['short_sentence']\npoolings = ['mean', 'lst']"), @"
    exit code 1
    --- stdout
    --- stderr
    error: plan.toml:2:21: invalid value 'lst' for '--pool <POOL>'
      |
    2 | poolings = ['mean', 'lst']
      |                     ^^^^^
    hint: did you mean last?
    ");
    assert_snapshot!(said("grammars = ['short_sentence']\n[options]\nfolds = [3, 'many']"), @"
    exit code 1
    --- stdout
    --- stderr
    error: plan.toml:3:13: invalid value 'many' for '--folds <K>': invalid digit found in string
      |
    3 | folds = [3, 'many']
      |             ^^^^^^
    ");
    assert_snapshot!(
        said("grammars = ['short_sentence']\n[options]\nestimator = ['mlem', 'rsa']\ninteractions = [false, true]"), @"
    exit code 1
    --- stdout
    --- stderr
    error: plan.toml: cell 4 (short_sentence × tiny-bert × mean × estimator=rsa × interactions=true) cannot be run: --interactions is an option of --estimator mlem, frrsa and encoding
    hint: leave it out, or choose the estimator that has it; or leave the combination out with [[exclude]]
    ");
    assert_snapshot!(w.transcript("sweep nowhere.toml"), @"
    exit code 1
    --- stdout
    --- stderr
    error: cannot read nowhere.toml: No such file or directory (os error 2)
    hint: check the path; it is read from the folder the command runs in
    ");
    w.write("plan.toml", SMALL);
    assert_snapshot!(w.transcript("sweep plan.toml --cell ffffffffffff"), @"
    exit code 1
    --- stdout
    --- stderr
    error: no cell of plan.toml has a key that begins with `ffffffffffff`
    hint: `probe sweep status plan.toml` lists the keys; a cell has another key when the plan, its grammar or the version of this program has changed
    ");
    assert_snapshot!(w.transcript("sweep plan.toml --shard 4/3"), @"
    exit code 2
    --- stdout
    --- stderr
    error: invalid value '4/3' for '--shard <I/N>': write I/N, with I from 1 to N, such as 2/5

    For more information, try '--help'.
    ");
}

#[test]
fn results_that_are_not_a_sweeps_are_left_alone() {
    let w = Workspace::new();
    w.write("plan.toml", "grammars = ['short_sentence']\n[options]\nsample = 64\nfolds = 2\nlayers = '6'");
    w.ok("short_sentence --sample 64 --folds 2 --layers 6 --map 0 -o runs/plan");
    let before = w.read("runs/plan/scores.csv");
    for command in ["sweep plan.toml", "sweep collect plan.toml --partial"] {
        let refused = w.command(command).output().unwrap();
        assert_eq!(refused.status.code(), Some(1));
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(said.contains("runs/plan/run.json is there") || command.contains("collect"), "{said}");
        assert!(!w.path("runs/plan/cells").exists() && w.read("runs/plan/scores.csv") == before);
    }
}

#[test]
fn paths_are_read_from_the_folder_of_the_plan() {
    let w = Workspace::new();
    let grammar =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/grammars/short_sentence.toml"))
            .unwrap();
    let plan =
        "grammars = 'mine.toml'\nout = 'results'\n[options]\nsample = 64\nfolds = 2\nlayers = 0\nmap = 0\n";
    w.write("plans/mine.toml", &grammar).write("plans/plan.toml", plan);
    w.ok("sweep plans/plan.toml");
    w.ok("sweep collect plans/plan.toml");
    assert!(w.read("plans/results/scores.csv").starts_with("grammar,model,revision,pooling,layer,fold,"));
    // The grammar's text is part of what a cell is.
    w.write("plans/mine.toml", format!("{grammar}\n# another text\n"));
    assert_eq!(super::states(&w, "plans/plan.toml", "plans/results"), ["waiting"]);
}

#[test]
fn the_example_runs() {
    let w = Workspace::new();
    w.write("sweep.toml", include_str!("../../../examples/sweep.toml"));
    assert!(w.ok("sweep sweep.toml").starts_with("16 cells: 16 done\n"));
    let said = w.ok("sweep collect sweep.toml");
    assert!(said.contains("training: 16 cells collected"), "{said}");
    // The comparison that is offered can be made.
    let command = said.lines().find_map(|line| line.trim().strip_prefix("probe compare ")).unwrap();
    assert!(w.ok(&format!("compare {command}")).contains("tiny-bert@step400"));
}

#[test]
fn a_number_may_be_written_in_any_base() {
    let w = Workspace::new();
    let words = |sample: &str| {
        w.write("plan.toml", format!("grammars = ['short_sentence']\n[options]\nsample = {sample}\n"));
        w.ok("sweep plan.toml --dry-run -v")
    };
    assert!(words("256").contains("--sample=256"));
    for same in ["0x100", "0o400", "0b1_0000_0000", "2_5_6", "+256"] {
        assert_eq!(words(same), words("256"), "{same}");
    }
}

#[test]
fn what_no_run_would_take_is_pointed_at_before_any_cell() {
    let w = Workspace::new();
    let said = |plan: &str| {
        w.write("plan.toml", plan);
        w.transcript("sweep plan.toml")
    };
    assert_snapshot!(said("grammars = ['short_sentence']\n[options]\npairs = [5000, 200]"), @"
    exit code 1
    --- stdout
    --- stderr
    error: plan.toml:3:16: pairs is 200, and must be at least 1,000, or all
      |
    3 | pairs = [5000, 200]
      |                ^^^
    ");
    assert_snapshot!(said("grammars = ['mine/clefts.toml']"), @"
    exit code 1
    --- stdout
    --- stderr
    error: plan.toml:1:13: cannot read mine/clefts.toml: No such file or directory (os error 2)
      |
    1 | grammars = ['mine/clefts.toml']
      |             ^^^^^^^^^^^^^^^^^^
    hint: check the path; it is read from the folder of the plan
    ");
    assert_snapshot!(said("grammars = ['short_sentence']\n[options]\nfolds = 0xFFFFFFFFFFFFFFFFFF"), @"
    exit code 1
    --- stdout
    --- stderr
    error: plan.toml:3:9: `folds` is too large a number
      |
    3 | folds = 0xFFFFFFFFFFFFFFFFFF
      |         ^^^^^^^^^^^^^^^^^^^^
    hint: write it as a decimal number
    ");
    assert_snapshot!(said("grammars = ['short_sentence']\n[[exclude]]\n"), @"
    exit code 1
    --- stdout
    --- stderr
    error: plan.toml:2:1: [[exclude]] is empty
      |
    2 | [[exclude]]
      | ^^^^^^^^^^^
    hint: write what it holds below it, or remove it
    ");
    w.write("plan.toml", SMALL);
    assert_snapshot!(w.transcript("sweep plan.toml --shard 10/11"), @"
    exit code 0
    --- stdout
    0 cells: 0 done
    --- stderr
    shard 10/11 has none of the 8 cells: more shards than cells leave some empty
    ");
    w.write("file", "");
    assert_snapshot!(w.transcript("sweep plan.toml --quiet --out file"), @"
    exit code 1
    --- stdout
    --- stderr
    error: cannot write file: File exists (os error 17)
    hint: a file stands where a folder is needed; choose another name with -o
    ");
}
