//! How stimuli belong together: folds that a column names, units in one fold, means, transforms within the values of a column.

use std::fmt::Write as _;

use crate::bad_input::npy;
use crate::workspace::Workspace;

/// Three recordings of 40 concepts: those of session `s1` are moved far, and `kind` and `size` of a concept are in the numbers.
pub fn recordings() -> Workspace {
    let mut table = "concept,session,fold,kind,size,trial\n".to_owned();
    let mut values = Vec::new();
    for concept in 0..40usize {
        for session in 0..3 {
            let (kind, size) = (concept * 7 % 5 % 2, concept * 3 % 8);
            let trial = (concept + session) % 2;
            let _ = writeln!(
                table,
                "c{concept},s{session},fold{},{},{size},{}",
                // Ten of them, so that 2 stands before 10.
                concept % 10 + 1,
                ["x", "y"][kind],
                ["first", "second"][trial]
            );
            values.extend((0..8).map(|unit| {
                let noise = ((concept * 31 + session * 57 + unit * 17) % 23) as f32 / 20.0;
                let effect = if unit % 2 == 0 { kind as f32 } else { size as f32 / 8.0 };
                let moved = if session == 1 { 9.0 * (unit as f32 - 3.0) } else { 0.0 };
                noise + 2.0 * effect + moved
            }));
        }
    }
    let w = Workspace::new();
    w.write("s.csv", table).write("x.npy", npy(&[120, 8], &values));
    w
}

pub fn scores(w: &Workspace, name: &str) -> Vec<(usize, f64)> {
    let mut reader = csv::Reader::from_reader(w.read(name).into_bytes().leak() as &[u8]);
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let (split, fold, value) = (at("split"), at("fold"), at("spearman"));
    let rows = reader.records().map(Result::unwrap).filter(|row| &row[split] == "test");
    rows.map(|row| (row[fold].parse().unwrap(), row[value].parse().unwrap())).collect()
}

#[test]
fn a_column_names_the_folds_and_is_no_feature() {
    let w = recordings();
    w.ok("fit s.csv x.npy -o o --map 0 -q --split fold --drop concept,session");
    assert_eq!(scores(&w, "o/scores.csv").len(), 10);
    let run: serde_json::Value = serde_json::from_str(&w.read("o/run.json")).unwrap();
    assert_eq!(
        (run["options"]["split"].as_str(), run["options"]["folds"].as_u64()),
        (Some("fold"), Some(10))
    );
    let importance = w.read("o/importance.csv");
    let names: Vec<&str> = importance.lines().skip(1).filter_map(|line| line.split(',').nth(2)).collect();
    assert!(names.contains(&"kind") && !names.contains(&"fold"), "{importance}");
    assert!(w.read("o/report.html").contains("split into the 10 folds of column fold"));
    let small = w.transcript("fit s.csv x.npy -o p --map 0 --split concept --folds 1");
    assert!(small.contains("cannot be used with"), "{small}");
    let table = w.read("s.csv").replace("fold10", "alone").replacen("alone", "fold10", 10);
    w.write("small.csv", table);
    let small = w.transcript("fit small.csv x.npy -o p --map 0 --split fold");
    assert!(small.contains("a fold needs at least 3") && small.contains("join folds"), "{small}");
    let no = w.transcript("fit s.csv x.npy -o p --map 0 --split kinds");
    assert!(no.contains("kinds") && no.contains("did you mean kind?"), "{no}");
}

#[test]
fn train_and_test_are_one_fold_of_every_estimator() {
    let w = recordings();
    let mut lines: Vec<String> = w.read("s.csv").lines().map(str::to_owned).collect();
    for (i, line) in lines.iter_mut().enumerate() {
        *line += match i {
            0 => ",set",
            i if i % 3 == 0 => ",Test",
            _ => ",train",
        };
    }
    w.write("t.csv", lines.join("\n") + "\n");
    for (estimator, trained) in
        [("mlem", true), ("frrsa", true), ("rsa", false), ("decoding", false), ("encoding", true)]
    {
        let out = format!(
            "fit t.csv x.npy -o {estimator} --map 0 --split set --features kind,size --estimator {estimator}"
        );
        let output = w.transcript(&out);
        assert!(output.contains("which 80 to train on and which 40 to test on"), "{output}");
        let of = w.read(&format!("{estimator}/scores.csv"));
        let rows: Vec<&str> = of.lines().skip(1).collect();
        assert_eq!(rows.iter().filter(|row| row.starts_with("0,0,test,")).count(), 1, "{of}");
        assert_eq!(rows.len(), 1 + usize::from(trained), "{of}");
        let importance = w.read(&format!("{estimator}/importance.csv"));
        assert_eq!(importance.lines().count(), 3, "{importance}");
        let statistics = w.read(&format!("{estimator}/statistics.csv"));
        assert!(statistics.lines().skip(1).all(|row| row.split(',').nth(5) == Some("")), "{statistics}");
        let page = w.read(&format!("{estimator}/report.html"));
        assert!(page.contains("no intervals over folds") && !page.contains("on all stimuli"), "{estimator}");
        assert_eq!(w.ok(&format!("{out} -q")), w.ok(&format!("report {estimator} -q")));
    }
    // What is trained on is not scored, and what is scored is not trained on: the labels the other way round are other numbers.
    let swapped: Vec<String> = lines
        .iter()
        .map(|line| line.replace("Test", "x").replace("train", "test").replace(",x", ",train"))
        .collect();
    w.write("swapped.csv", swapped.join("\n") + "\n");
    w.ok("fit swapped.csv x.npy -o swapped --map 0 -q --split set --features kind,size");
    assert_ne!(w.read("swapped/scores.csv"), w.read("mlem/scores.csv"));
    w.ok("fit t.csv x.npy -o null --map 0 -q --split set --features kind,size --null 19 --bootstrap 19 --per-unit --solver exact");
    assert!(w.read("null/null.csv").lines().count() == 20 && w.read("null/units.csv").lines().count() > 3);
    for (from, to, says, hint) in [
        ("Test", "validation", "names `train` and `validation`", "write `train` or `test`"),
        ("Test", "train", "names one alone", "give two folds or more"),
        ("train", "training", "names `Test` and `training`", "write `train` or `test`"),
    ] {
        w.write("bad.csv", lines.join("\n").replace(from, to) + "\n");
        let said = w.transcript("fit bad.csv x.npy -o bad --map 0 --split set --features kind,size");
        assert!(said.contains(says) && said.contains(hint), "{said}");
    }
    let few: Vec<String> = lines
        .iter()
        .enumerate()
        .map(|(i, line)| if i > 6 { line.replace("Test", "train") } else { line.clone() })
        .collect();
    w.write("few.csv", few.join("\n") + "\n");
    let said = w.transcript("fit few.csv x.npy -o bad --map 0 --split set --features kind,size");
    assert!(said.contains("2 stimuli are `test`, and at least 3 are needed"), "{said}");
}

#[test]
fn what_belongs_together_is_on_one_side() {
    let w = recordings();
    w.ok("fit s.csv x.npy -o o --map 0 -q --unit concept --drop fold,session");
    assert_eq!(scores(&w, "o/scores.csv").len(), 5);
    assert!(w.read("o/report.html").contains("those of one value of column concept together"));
    let few = w.transcript("fit s.csv x.npy -o p --map 0 --unit kind");
    assert!(few.contains("`kind` has 2 units") && few.contains("--folds 2"), "{few}");
    let draws = w.transcript("fit s.csv x.npy -o p --map 0 --unit concept --null 20");
    assert!(draws.contains("--average"), "{draws}");
}

/// 24 sentences in two presentations, with the part of the design that each is in, and another that cuts them.
fn presentations() -> Workspace {
    let mut table = "sentence,item,presentation,part,cut,number,tense\n".to_owned();
    let mut values = Vec::new();
    for presentation in 0..2 {
        for item in 0..24usize {
            let (number, tense) = (["sg", "pl"][item % 2], ["past", "present"][item / 2 % 2]);
            let part = ["a", "b", "c"][item / 8];
            let cut = ["a", "b", "c"][if item < 5 { (item + presentation) % 3 } else { item / 8 }];
            let _ = writeln!(table, "the item {item},i{item},p{presentation},{part},{cut},{number},{tense}");
            values.extend((0..6).map(|unit| {
                let noise = ((item * 31 + presentation * 57 + unit * 17) % 23) as f32 / 20.0;
                noise + (if unit % 2 == 0 { item % 2 } else { item / 2 % 2 }) as f32
            }));
        }
    }
    let w = Workspace::new();
    w.write("s.csv", table).write("x.npy", npy(&[48, 6], &values));
    w
}

#[test]
fn copies_are_warned_of_where_folds_part_them() {
    let w = presentations();
    let features = "--features number,tense";
    let fit = |options: &str| w.transcript(&format!("fit s.csv x.npy -o o --force --map 0 {options}"));
    let plain = fit(features);
    for part in [
        "24 sentences are there more than once with the same values",
        "scores are too high",
        "--unit",
        "--average",
    ] {
        assert!(plain.contains(part), "{part}: {plain}");
    }
    for options in ["--unit item", "--split part", "--average item", "--folds 1"] {
        let said = fit(&format!("{features} {options}"));
        assert!(said.starts_with("exit code 0") && !said.contains("too high"), "{options}: {said}");
    }
    let said = fit("--unit item --drop presentation,part,cut");
    assert!(said.starts_with("exit code 0") && !said.contains("too high"), "{said}");
    let cut = fit(&format!("{features} --split cut"));
    for part in [
        "--split `cut` parts copies of 5 sentences",
        "stimuli 0 and 24, counted from 0",
        "one value of `cut`",
    ] {
        assert!(cut.contains(part), "{part}: {cut}");
    }
    let unit = fit(&format!("{features} --unit presentation --folds 2"));
    assert!(unit.contains("--unit `presentation` parts copies of 24 sentences"), "{unit}");
    // Presentations that are numbered differ in that alone.
    let numbered = fit("--features number,tense,presentation");
    assert!(
        numbered.contains("with other values") && numbered.contains("--drop the column that numbers"),
        "{numbered}"
    );
    let check = w.transcript("check s.csv");
    assert!(check.contains("--unit") && check.contains("--average"), "{check}");
}

#[test]
fn a_column_that_was_taken_may_be_dropped() {
    let w = presentations();
    for options in [
        "--average item --drop presentation,part,cut,item",
        "--average item --drop presentation,cut --categorical presentation",
        "--unit item --drop item,presentation,part,cut",
        "--split part --drop part,presentation,item,cut",
    ] {
        let said = w.transcript(&format!("fit s.csv x.npy -o o --force --map 0 {options}"));
        assert!(said.starts_with("exit code 0"), "{options}: {said}");
        assert!(!said.contains("left out, because stimuli of one"), "{options}: {said}");
    }
    for (options, says, hint) in [
        ("--average item --drop presentatin", "no feature is called `presentatin`", ""),
        ("--average item --features number,cut", "stimuli of one `item` differ in `cut`", "leave `cut` out"),
        ("--split part --unit item", "--split says the fold of each stimulus", "leave --unit out"),
        ("--average item --unit item", "--average makes one stimulus", "leave one of the two out"),
    ] {
        let said = w.transcript(&format!("fit s.csv x.npy -o bad --map 0 {options}"));
        assert!(!said.starts_with("exit code 0") && said.contains(says) && said.contains(hint), "{said}");
    }
}

#[test]
fn one_fold_of_rsa_has_no_spread() {
    let w = presentations();
    let fit = |estimator: &str| {
        let of = "-o o --force --map 0 --features number,tense --folds 1";
        let said = w.transcript(&format!("fit s.csv x.npy {of} --estimator {estimator}"));
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let said = fit("rsa");
    assert!(said.contains("on all stimuli (one fold)") && !said.contains("± sd"), "{said}");
    assert!(fit("mlem").contains("mean ± sd over permutations, on all stimuli"));
    assert!(fit("decoding").contains("mean ± sd over control tasks, on all stimuli"));
}

#[test]
fn means_stand_for_what_they_are_means_of() {
    let w = recordings();
    let output = w.transcript("fit s.csv x.npy -o o --map 0 --average concept --drop fold");
    assert!(output.contains("40 stimuli are the means of 120 by `concept`"), "{output}");
    assert!(
        output.contains("left out, because stimuli of one `concept` differ in them: `session` and `trial`"),
        "{output}"
    );
    assert!(w.read("o/report.html").contains("averaged over the stimuli of each value of concept"));
    // The noise that is averaged away is not in the score.
    let mean = |name: &str| {
        let all = scores(&w, name);
        all.iter().map(|(_, score)| score).sum::<f64>() / all.len() as f64
    };
    w.ok("fit s.csv x.npy -o single --map 0 -q --features kind,size");
    assert!(mean("o/scores.csv") > mean("single/scores.csv") + 0.2);
    let differs = w.transcript("fit s.csv x.npy -o p --map 0 --average kind --features size,trial");
    assert!(differs.contains("differ in every feature"), "{differs}");
    let torn = w.transcript("fit s.csv x.npy -o p --map 0 --average concept --split trial");
    assert!(torn.contains("are in several folds of `trial`"), "{torn}");
}

#[test]
fn a_session_is_taken_out_before_the_fit() {
    let w = recordings();
    w.ok("fit s.csv x.npy -o plain --map 0 -q --features kind,size");
    w.ok("fit s.csv x.npy -o within --map 0 -q --z-score-by session --features kind,size");
    w.ok("fit s.csv x.npy -o left --map 0 -q --transform residual:session+trial --features kind,size");
    let mean = |name: &str| scores(&w, name).iter().map(|(_, score)| score).sum::<f64>() / 5.0;
    assert!(mean("plain/scores.csv") < 0.3);
    assert!(mean("within/scores.csv") > 0.6 && mean("left/scores.csv") > 0.6);
    let run: serde_json::Value = serde_json::from_str(&w.read("within/run.json")).unwrap();
    assert_eq!(run["transforms"][0], "z-score:session");
}

#[test]
fn distances_are_weighed_by_the_noise_of_repetitions() {
    let w = recordings();
    let of = "--map 0 -q --features kind,size";
    w.ok(&format!("fit s.csv x.npy -o m {of} --distance mahalanobis --noise-from concept"));
    w.ok(&format!("fit s.csv x.npy -o t {of} --transform whiten:concept"));
    assert_eq!(w.read("m/scores.csv"), w.read("t/scores.csv"));
    w.ok(&format!("fit s.csv x.npy -o e {of}"));
    assert_ne!(w.read("m/scores.csv"), w.read("e/scores.csv"));
    let page = w.read("m/report.html");
    assert!(page.contains("the Mahalanobis distance") && page.contains("Ledoit and Wolf"), "{page}");
    let run: serde_json::Value = serde_json::from_str(&w.read("m/run.json")).unwrap();
    assert_eq!(
        (&run["options"]["distance"], &run["transforms"][0]),
        (&"mahalanobis".into(), &"whiten:concept".into())
    );
    // What is repeated is averaged after the noise was taken, and is no feature.
    let means = "fit s.csv x.npy -o a --map 0 --average concept --distance mahalanobis --noise-from concept --drop fold";
    let said = w.transcript(means);
    assert!(said.contains("40 stimuli are the means of 120"), "{said}");
    assert!(!w.read("a/importance.csv").contains("concept"));
    for (options, says, hint) in [
        ("--distance mahalanobis", "none are named", "--noise-from"),
        (
            "--noise-from concept",
            "--noise-from is of --distance mahalanobis and crossnobis",
            "whiten:concept",
        ),
        ("--distance mahalanobis --noise-from concpt", "no column `concpt`", "did you mean concept?"),
        (
            "--distance mahalanobis --noise-from concept --per-unit",
            "single units have no fit",
            "leave --distance out",
        ),
        ("--transform whiten", "no transform is called `whiten`", "whiten:condition"),
        (
            "--estimator decoding --distance mahalanobis --noise-from concept",
            "--distance is an option of",
            "leave it out",
        ),
    ] {
        let said = w.transcript(&format!("fit s.csv x.npy -o bad --map 0 --features kind,size {options}"));
        assert!(said.contains(says) && said.contains(hint), "{said}");
    }
    let ids: Vec<String> = w
        .read("s.csv")
        .lines()
        .enumerate()
        .map(|(i, line)| if i == 0 { format!("{line},id") } else { format!("{line},i{i}") })
        .collect();
    w.write("ids.csv", ids.join("\n") + "\n");
    let of = "fit ids.csv x.npy -o bad --map 0 --features kind,size";
    let said = w.transcript(&format!("{of} --distance mahalanobis --noise-from id"));
    assert!(said.contains("no two stimuli have the same value"), "{said}");
}

/// The whitened rows of `x`, with the stimuli of each of `groups` for repetitions.
fn whitened(x: &ndarray::Array2<f32>, condition: &[Option<String>]) -> ndarray::Array2<f32> {
    use mlem_probe::activations::{Activations, Beside, Provenance};
    use mlem_probe::stimuli::{Feature, FeatureTable};
    let values: Vec<Option<&str>> = condition.iter().map(Option::as_deref).collect();
    let features = FeatureTable::new(x.nrows(), vec![Feature::categorical("cond", &values)]).unwrap();
    let steps = ["whiten:cond".parse().unwrap()];
    let columns = mlem_probe::extract::columns(&features, &steps);
    let beside = Beside { columns: &columns, ..Beside::default() };
    let plain = Activations::new(vec![0], vec![x.clone()], Provenance::default()).unwrap();
    let white = plain.transform(&steps, None, beside, &mlem_probe::progress::Silent).unwrap();
    white.matrix(0).to_owned()
}

#[test]
fn noise_is_that_of_the_stimuli_that_are_in_a_condition() {
    let value = |i: usize, unit: usize| {
        let noise = ((i * 37 + unit * 101 + i * i * 13 * (unit + 1)) % 97) as f32 / 97.0;
        noise + (i % 12) as f32
    };
    let x = ndarray::Array2::from_shape_fn((60, 4), |(i, unit)| value(i, unit));
    let condition: Vec<Option<String>> =
        (0..60).map(|i| (i % 7 != 3).then(|| format!("c{}", i % 12))).collect();
    let inside: Vec<usize> = (0..60).filter(|&i| condition[i].is_some()).collect();
    assert_eq!(inside.len(), 51);
    let all = whitened(&x, &condition);
    let of_inside: Vec<Option<String>> = inside.iter().map(|&i| condition[i].clone()).collect();
    let alone = whitened(&x.select(ndarray::Axis(0), &inside), &of_inside);
    let distance = |x: &ndarray::Array2<f32>, i: usize, j: usize| -> f32 {
        (0..4).map(|unit| (x[[i, unit]] - x[[j, unit]]).powi(2)).sum()
    };
    for (a, &i) in inside.iter().enumerate() {
        for (b, &j) in inside.iter().enumerate() {
            let (ours, theirs) = (distance(&all, i, j), distance(&alone, a, b));
            assert!((ours - theirs).abs() <= 1e-4 * theirs.max(1.0), "{i} {j}: {ours} {theirs}");
        }
    }
}

#[test]
fn an_empty_cell_is_in_no_condition_and_in_no_session() {
    let w = recordings();
    let table = w.read("s.csv").replace("c3,s0", ",s0").replace("c5,s2", "c5,");
    w.write("e.csv", table);
    let white = "--drop session,trial,fold --distance mahalanobis --noise-from concept";
    let said = w.transcript(&format!("fit e.csv x.npy -o o --map 0 {white}"));
    assert!(said.contains("of 120 stimuli ha") && said.contains("no concept and take"), "{said}");
    for option in
        ["--z-score-by session", "--transform z-score:session", "--transform minus-group-mean:session"]
    {
        let said = w.transcript(&format!("fit e.csv x.npy -o p --map 0 --drop fold,trial {option}"));
        assert!(said.contains("column `session` is empty for") && said.contains("give every row"), "{said}");
    }
}

#[test]
fn single_units_that_cannot_be_fitted_are_refused_first() {
    let w = recordings();
    for option in ["--distance cosine", "--target rank", "--solver stochastic", "--distance correlation"] {
        for estimator in ["mlem", "encoding,decoding,mlem"] {
            let command = format!("fit s.csv x.npy -o u --map 0 --features kind,size --per-unit {option}");
            let said = w.transcript(&format!("{command} --estimator {estimator}"));
            assert!(said.contains("single units have no fit with"), "{said}");
            assert!(!w.path("u/encoding").exists() && !w.path("u/scores.csv").exists(), "{option}");
        }
    }
}
