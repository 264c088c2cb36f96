use ndarray::Array2;

use super::find::{DETERMINED, up_to};
use super::samples::Data;
use super::signal::{self, Signals};
use super::*;
use crate::mlem::{Forms, Mlem, PairBudget};
use crate::numeric::rank::{RankTarget, Scratch};
use crate::numeric::rng::Stream;
use crate::progress::Silent;
use crate::stimuli::{Feature, FeatureTable};

/// A balanced and a rare binary feature, three levels, and a number.
fn design(n: usize) -> FeatureTable {
    let mut stream = Stream::new(3, "power test");
    let mut binary = |share: f64| -> Vec<Option<&str>> {
        (0..n).map(|_| Some(if stream.unit() < share { "x" } else { "y" })).collect()
    };
    let (even, rare) = (binary(0.5), binary(0.1));
    let levels: Vec<Option<&str>> = (0..n).map(|i| Some(["a", "b", "c"][i / 2 % 3])).collect();
    let numbers = (0..n).map(|i| Some((i * 7 % n) as f64)).collect();
    FeatureTable::new(
        n,
        vec![
            Feature::categorical("even", &even),
            Feature::categorical("rare", &rare),
            Feature::categorical("levels", &levels),
            Feature::numeric("number", numbers).unwrap(),
        ],
    )
    .unwrap()
}

#[test]
fn less_takes_more_and_a_rare_level_takes_more_than_an_even_one() {
    let find = || up_to(512, &design(240), &[0.05, 0.1], 1, &Silent).unwrap();
    let table = find();
    assert_eq!(table, find(), "the same seed");
    let of = |feature: &str| -> Vec<usize> {
        table.rows.iter().filter(|row| row.feature == feature).filter_map(|row| row.stimuli).collect()
    };
    let (even, rare) = (of("even"), of("rare"));
    assert!(even.len() == 2 && even[0] > even[1], "{even:?}");
    assert!(rare.iter().zip(&even).all(|(rare, even)| rare > even), "{rare:?} {even:?}");
    for row in &table.rows {
        assert!(row.stimuli_one_test <= row.stimuli, "{row:?}");
    }
}

#[test]
fn sizes_are_those_of_an_independent_simulation() {
    // NumPy 2, least squares over all pairs and 600 data sets a size, for a balanced binary feature beside three levels and a number: power .665 at
    // 50 stimuli and .798 at 60 for an importance of .05; .680 at 125 and .790 at 150 for one of .02. There levels are exactly even.
    let n = 600;
    let levels = |k: usize| (0..n).map(|i| Some(["a", "b", "c"][i % k])).collect::<Vec<_>>();
    let numbers = (0..n).map(|i| Some((i * 7919 % n) as f64)).collect();
    let features = vec![
        Feature::categorical("two", &levels(2)),
        Feature::categorical("three", &levels(3)),
        Feature::numeric("number", numbers).unwrap(),
    ];
    let table = up_to(256, &FeatureTable::new(n, features).unwrap(), &[0.02, 0.05], 0, &Silent).unwrap();
    for (row, expected) in table.rows.iter().zip([152.0, 60.0]) {
        let found = row.stimuli_one_test.unwrap() as f64;
        assert!((found / expected - 1.0).abs() < 0.15, "{row:?}");
    }
}

/// Activations of a simulated data set, as a run would have them.
fn activations(
    signals: &Signals,
    (feature, effect): (usize, f64),
    rows: &[usize],
    stream: &mut Stream,
) -> Array2<f32> {
    let mut effects = vec![0.0; signals.each.len()];
    effects[feature] = effect;
    let x = signal::together_at(&signals.each, &effects, rows);
    x.mapv(|x| (x + stream.normal()) as f32)
}

#[test]
fn the_importance_of_an_effect_is_what_was_asked_for() {
    let features = design(240);
    let signals = Signals::new(&features, vec![true; 4], &[0.05], 0);
    let mut stream = Stream::new(8, "noise");
    for feature in 0..features.n_features() {
        let effect = signals.alone[0][feature].unwrap();
        // Pairs with noise of their own.
        let (mut modelled, mut neural) = (Vec::new(), Vec::new());
        for _ in 0..40_000 {
            let (i, j) = (stream.index(240), stream.index(240));
            if i == j {
                continue;
            }
            let x = activations(&signals, (feature, effect), &[i, j], &mut stream);
            let squared = |x: &ndarray::ArrayView1<'_, f32>, y: &ndarray::ArrayView1<'_, f32>| -> f32 {
                x.iter().zip(y).map(|(a, b)| (a - b).powi(2)).sum()
            };
            neural.push(squared(&x.row(0), &x.row(1)));
            let mut alone = vec![0.0; signals.each.len()];
            alone[feature] = 1.0;
            let clean = signal::together_at(&signals.each, &alone, &[i, j]).mapv(|x| x as f32);
            modelled.push((squared(&clean.row(0), &clean.row(1)) * 1e4).round() as i32);
        }
        let target = RankTarget::new(&neural, &mut Scratch::default());
        let found = target.spearman(&modelled, &mut Scratch::default()).unwrap();
        assert!((found - 0.05).abs() < 0.015, "{feature}: {found}");
    }
}

#[test]
fn power_is_that_of_the_tests_of_a_run() {
    let features = design(240);
    let (n, importance) = (90, 0.05);
    let signals = Signals::new(&features, vec![true; 4], &[importance], 0);
    let forms = Forms::new(&features).unwrap();
    let data = Data { forms: &forms, signals: &signals, n, seed: 5 };
    let expected = data.found();
    let sets = 60;
    for feature in [0, 3] {
        let effect = signals.alone[0][feature].unwrap();
        let mut found = 0.0;
        for set in 0..sets {
            let mut stream = Stream::new(set, "data set");
            let rows = data.rows(set as usize);
            let x = activations(&signals, (feature, effect), &rows, &mut stream);
            let validation = Mlem::params()
                .permutations(1)
                .pairs(PairBudget::All)
                .seed(set)
                .cross_validation(&features.select(&rows), 2)
                .unwrap();
            let p = validation.null(x.view(), 199).unwrap().importances()[feature].p.unwrap();
            found += f64::from(u8::from(p < 0.05)) / sets as f64;
        }
        let expected = expected.one_test[0][feature];
        // Three standard deviations of a share of so many.
        let chance = 3.0 * (expected * (1.0 - expected) / sets as f64).sqrt() + 0.03;
        assert!((found - expected).abs() < chance, "{feature}: {found} in runs, {expected} simulated");
    }
}

#[test]
fn what_cannot_be_found_says_why() {
    let n = 24;
    let names: Vec<Option<String>> = (0..n).map(|i| Some(format!("s{i}"))).collect();
    let constant = vec![Some("x"); n];
    let two: Vec<Option<&str>> = (0..n).map(|i| Some(["a", "b"][i % 2])).collect();
    let features = |features: Vec<Feature>| FeatureTable::new(n, features).unwrap();
    let (names, constant) = (Feature::categorical("name", &names), Feature::categorical("same", &constant));
    let error = power(&features(vec![names.clone(), constant.clone()]), 0, &Silent).unwrap_err();
    assert!(error.to_string().contains("name: it") && error.hint().is_some(), "{error}");
    let copy = Feature::categorical("copy", &two);
    let two = Feature::categorical("two", &two);
    let table = power(&features(vec![names, two, copy]), 0, &Silent).unwrap();
    assert_eq!(table.left_out.len(), 1);
    assert!(table.rows.iter().all(|row| row.stimuli.is_none()), "{table:?}");
    assert!(table.rows.iter().all(|row| row.why.as_deref() == Some(DETERMINED)), "{table:?}");
    assert!(table.to_text().contains("left out: name"), "{}", table.to_text());
    let few =
        FeatureTable::new(4, vec![Feature::categorical("a", &[Some("x"), Some("y"), Some("x"), Some("y")])]);
    assert!(power(&few.unwrap(), 0, &Silent).is_err());
}
