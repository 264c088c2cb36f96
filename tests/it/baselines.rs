//! The baselines against scikit-learn's frozen numbers, and as the program runs them.

use mlem_probe::baselines::decoding::Decoding;
use mlem_probe::baselines::frrsa::FrRsa;
use mlem_probe::mlem::Mlem;
use mlem_probe::numeric::auc::roc_auc;
use mlem_probe::numeric::logistic::Logistic;
use mlem_probe::stimuli::{Feature, FeatureTable};
use ndarray::{Array2, Axis};
use serde_json::Value;

use crate::bad_input::{npy, own_data};
use crate::workspace::Workspace;

struct Golden {
    x: Array2<f32>,
    two: Vec<usize>,
    three: Vec<usize>,
    number: Vec<f64>,
    cases: Vec<Value>,
}

fn golden() -> Golden {
    let text = include_str!("../golden/decoding.json");
    let all: Value = serde_json::from_str(text).unwrap();
    let numbers = |value: &Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    };
    let codes = |name: &str| -> Vec<usize> { numbers(&all[name]).iter().map(|&x| x as usize).collect() };
    let rows: Vec<Vec<f64>> = all["x"].as_array().unwrap().iter().map(numbers).collect();
    Golden {
        x: Array2::from_shape_fn((rows.len(), rows[0].len()), |(i, j)| rows[i][j] as f32),
        two: codes("two"),
        three: codes("three"),
        number: numbers(&all["number"]),
        cases: all["cases"].as_array().unwrap().clone(),
    }
}

#[test]
fn logistic_regression_matches_scikit_learn() {
    let golden = golden();
    let train: Vec<usize> = (0..golden.two.len()).step_by(2).collect();
    let x = golden.x.mapv(f64::from);
    let half = x.select(Axis(0), &train);
    let (mean, sd) = (half.mean_axis(Axis(0)).unwrap(), half.std_axis(Axis(0), 0.0));
    let half = (&half - &mean) / &sd;
    for case in &golden.cases {
        let penalty = case["penalty"].as_f64().unwrap();
        let labels = |all: &[usize]| -> Vec<usize> { train.iter().map(|&i| all[i]).collect() };
        let two = Logistic::fit(half.view(), &labels(&golden.two), 2, penalty, None);
        let three = Logistic::fit(half.view(), &labels(&golden.three), 3, penalty, None);
        let near = |ours: f64, theirs: &Value| {
            assert!((ours - theirs.as_f64().unwrap()).abs() < 1e-3, "{ours} {theirs} at {penalty}");
        };
        for j in 0..x.ncols() {
            near(two.coefficients(0)[j], &case["two_coefficients"][j]);
            for k in 0..3 {
                near(three.coefficients(k)[j], &case["three_coefficients"][k][j]);
            }
        }
    }
}

#[test]
fn decoding_scores_match_scikit_learn() {
    let golden = golden();
    let n = golden.two.len();
    let names = ["a", "b", "c"];
    let categorical = |name, codes: &[usize]| {
        Feature::categorical(name, &codes.iter().map(|&c| Some(names[c])).collect::<Vec<_>>())
    };
    let features = FeatureTable::new(
        n,
        vec![
            categorical("two", &golden.two),
            categorical("three", &golden.three),
            Feature::numeric("number", golden.number.iter().map(|&x| Some(x)).collect()).unwrap(),
        ],
    )
    .unwrap();
    let (train, test): (Vec<usize>, Vec<usize>) = (0..n).partition(|i| i % 2 == 0);
    for case in &golden.cases {
        let penalty = case["penalty"].as_f64().unwrap();
        let fitted = Decoding::params()
            .penalties(&[penalty])
            .fit(&features.select(&train), golden.x.select(Axis(0), &train).view())
            .unwrap();
        let scores = fitted.score(&features.select(&test), golden.x.select(Axis(0), &test).view()).unwrap();
        for (score, name) in scores.iter().zip(["two_auc", "three_auc", "ridge_r2"]) {
            let theirs = case[name].as_f64().unwrap();
            // One swapped pair of the largest curve is 0.0025.
            assert!((score.score - theirs).abs() < 1e-3, "{}: {} {theirs}", score.name, score.score);
            assert_eq!(score.stimuli, test.len());
            // 0 is chance and 1 is perfect, whatever the measure.
            let skill = if name.ends_with("r2") { theirs } else { 2.0 * theirs - 1.0 };
            assert!((score.skill() - skill).abs() < 2e-3, "{}", score.name);
        }
    }
    assert_eq!(roc_auc(&[1.0, 2.0], |i| i == 1), Some(1.0));
}

#[test]
fn a_probe_with_more_units_than_stimuli_reads_what_is_there_and_nothing_of_noise() {
    let n = 60;
    let column: Vec<_> = (0..n).map(|i| Some(["a", "b"][i % 2])).collect();
    let noise: Vec<_> = (0..n).map(|i| Some(["a", "b"][(i * i + i / 7) % 3 % 2])).collect();
    let features = FeatureTable::new(
        n,
        vec![Feature::categorical("there", &column), Feature::categorical("not", &noise)],
    )
    .unwrap();
    let mut stream = mlem_probe::numeric::rng::Stream::new(1, "wide");
    let x = Array2::from_shape_fn((n, 200), |(i, j)| {
        stream.normal() as f32 + if j < 20 { (i % 2) as f32 * 1.5 } else { 0.0 }
    });
    let fits = Decoding::params().cross_validation(&features, 3).unwrap().fit(x.view()).unwrap();
    for fit in &fits {
        let [there, not] = &fit.features[..] else { panic!() };
        assert!(there.score > 0.9 && there.selectivity() > 0.4, "{there:?}");
        assert!(not.score < 0.85, "{not:?}");
    }
    let again = Decoding::params().cross_validation(&features, 3).unwrap().fit(x.view()).unwrap();
    assert_eq!(format!("{fits:?}"), format!("{again:?}"));
}

#[test]
fn nested_folds_of_the_ridge_never_see_the_held_out_stimuli() {
    // Activations of one fold replaced by noise change nothing of the fold that is tested on them but its score.
    let (n, folds) = (60, 3);
    let level = |i: usize, step: usize| Some(["a", "b"][i / step % 2]);
    let column = |step| (0..n).map(|i| level(i, step)).collect::<Vec<_>>();
    let features = FeatureTable::new(
        n,
        vec![Feature::categorical("x", &column(1)), Feature::categorical("y", &column(2))],
    )
    .unwrap();
    let mut stream = mlem_probe::numeric::rng::Stream::new(1, "nested");
    let x = Array2::from_shape_fn((n, 4), |(i, j)| (i / (j + 1) % 2) as f32 + 0.3 * stream.normal() as f32);
    let params = FrRsa::params().options(Mlem::params().permutations(0));
    let validation = params.cross_validation(&features, folds).unwrap();
    let fold_of =
        mlem_probe::numeric::split::folds(n, folds, &mut mlem_probe::numeric::rng::Stream::new(0, "folds"));
    let mut spoilt = x.clone();
    for i in (0..n).filter(|&i| fold_of[i] == 1) {
        spoilt.row_mut(i).mapv_inplace(|_| 10.0 * stream.normal() as f32);
    }
    let (a, b) = (validation.fit(x.view()).unwrap(), validation.fit(spoilt.view()).unwrap());
    assert_eq!(a[1].fraction, b[1].fraction);
    assert!((&a[1].model.weights - &b[1].model.weights).iter().all(|d| d.abs() < 1e-9));
    assert!((&a[0].model.weights - &b[0].model.weights).iter().any(|d| d.abs() > 1e-3));
}

fn workspace(n: usize) -> Workspace {
    let (features, activations) = own_data(n, 6);
    let w = Workspace::new();
    w.write("f.csv", features).write("a.npy", activations);
    w
}

#[test]
fn every_estimator_writes_the_tables_names_itself_and_goes_on_where_it_stopped() {
    let w = workspace(64);
    for (estimator, says, own) in [
        ("mlem --solver stochastic", "drop in Spearman", "training.csv"),
        ("frrsa", "drop in Spearman", "ridge.csv"),
        ("rsa", "Spearman of the feature's distance alone", "correlations.csv"),
        ("decoding", "selectivity of a linear probe", "decoding.csv"),
    ] {
        let out = estimator.split(' ').next().unwrap();
        let command = format!("fit f.csv a.npy -o {out} --quiet --folds 4 --estimator {estimator}");
        let table = w.ok(&command);
        assert!(table.split_whitespace().collect::<Vec<_>>().join(" ").contains(says), "{table}");
        assert!(table.contains("number") && table.contains("gender"));
        let run: Value = serde_json::from_str(&w.read(&format!("{out}/run.json"))).unwrap();
        assert_eq!(run["options"]["estimator"], out);
        let page = w.read(&format!("{out}/report.html"));
        let file = w.read(&format!("{out}/{own}"));
        assert!(file.lines().count() > 4, "{file}");
        let scores = w.read(&format!("{out}/scores.csv"));
        assert_eq!(scores.lines().filter(|row| row.contains(",test,")).count(), 4, "{scores}");
        assert_eq!(w.ok(&command), table);
        assert_eq!(w.read(&format!("{out}/{own}")), file);
        match out {
            "decoding" => assert!(page.contains("control task") && page.contains("hewitt2019control")),
            "rsa" => assert!(page.contains("Nothing was fitted") && page.contains("kriegeskorte2008rsa")),
            "frrsa" => assert!(page.contains("fractional ridge") && page.contains("kaniuth2022frrsa")),
            _ => assert!(page.contains("stochastic gradient ascent") && page.contains("jalouzot2024mlem")),
        }
    }
}

#[test]
fn feature_reweighted_rsa_has_groups_and_conditional_permutation() {
    let w = workspace(64);
    let fit = |out: &str, options: &str| {
        w.ok(&format!("fit f.csv a.npy -o {out} --quiet --folds 4 --estimator frrsa {options}"));
        w.read(&format!("{out}/importance.csv"))
    };
    let grouped = fit("grouped", "--group both=number,gender");
    assert_eq!(grouped.lines().filter(|row| row.contains("both")).count(), 4, "{grouped}");
    let (pairs, strata) = (fit("pairs", "--permute stimuli"), fit("strata", "--conditional=0"));
    assert_eq!(pairs.lines().count(), strata.lines().count());
    assert_ne!(pairs, strata);
}

#[test]
fn options_that_an_estimator_has_no_use_for_are_refused() {
    let w = workspace(24);
    for (option, estimators) in [
        ("--group all=*", &["decoding", "rsa"][..]),
        ("--conditional", &["decoding", "rsa"][..]),
        ("--null 3", &["frrsa", "decoding", "rsa"][..]),
        ("--per-unit", &["frrsa", "decoding", "rsa"][..]),
        ("--bootstrap 9", &["frrsa", "decoding", "rsa"][..]),
        ("--permute stimuli", &["decoding", "rsa"][..]),
        ("--distance cosine", &["decoding"][..]),
        ("--missing one", &["decoding"][..]),
    ] {
        for estimator in estimators {
            let said =
                w.transcript(&format!("fit f.csv a.npy -o out --force --estimator {estimator} {option}"));
            let name = option.split([' ', '=']).next().unwrap();
            assert!(said.starts_with("exit code 2") && said.contains("leave it out"), "{said}");
            assert!(said.contains(&format!("{name} is an option of --estimator mlem")), "{said}");
        }
    }
}

#[test]
fn what_an_estimator_cannot_do_is_said_with_what_to_do() {
    let w = workspace(24);
    let (features, activations) = own_data(7, 3);
    w.write("few.csv", features).write("few.npy", activations);
    for (command, code, message, hint) in [
        (
            "f.csv a.npy --estimator decoding --interactions",
            2,
            "--interactions is an option of --estimator mlem, frrsa and encoding",
            "leave it out, or choose the estimator that has it",
        ),
        (
            "f.csv a.npy --estimator rsa --solver stochastic",
            2,
            "--solver stochastic is an option of",
            "leave it out",
        ),
        (
            "f.csv a.npy --estimator frrsa --folds 2",
            1,
            "2 folds leave no cross-validation within the training stimuli",
            "use --folds 3 or more",
        ),
        (
            "f.csv a.npy --solver stochastic --soft-rank-strength 0",
            1,
            "soft_rank_strength is 0, and must be a number above 0",
            "",
        ),
        (
            "few.csv few.npy --estimator decoding --folds 2",
            1,
            "7 stimuli, and a fit needs at least 8",
            "generate",
        ),
    ] {
        let said = w.transcript(&format!("fit {command} -o out --force"));
        assert!(said.starts_with(&format!("exit code {code}")), "{said}");
        assert!(said.contains(message) && said.contains(hint), "{said}");
    }
    let mut rare = own_data(24, 3).0;
    rare = rare.replacen("sg,f", "dual,f", 1);
    w.write("rare.csv", rare)
        .write("b.npy", npy(&[24, 3], &(0..72).map(|i| (i * 7 % 11) as f32).collect::<Vec<_>>()));
    let said = w.transcript("fit rare.csv b.npy -o out --force --estimator decoding --folds 3");
    assert!(said.contains("`dual` of `number` has fewer stimuli than the 3 folds"), "{said}");
}
