//! The estimator against the published package's results, and its properties on whole fits.

use std::path::{Path, PathBuf};

use mlem_probe::activations::{Activations, Provenance};
use mlem_probe::mlem::{Error, FittedMlem, Mlem, MlemParams, Permute};
use mlem_probe::numeric::rng::Stream;
use mlem_probe::profile::{self, Profile, Split};
use mlem_probe::progress::Silent;
use mlem_probe::rundir::{importance_csv, scores_csv, statistics_csv, weights_csv};
use mlem_probe::stimuli::{Feature, FeatureTable, Stimuli};
use ndarray::{Array2, s};

fn reference(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/reference").join(name)
}

/// The matrix of a version 1.0 `.npy` of little-endian f32.
fn read_npy(path: &Path) -> Array2<f32> {
    let bytes = std::fs::read(path).unwrap();
    let header_len = usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..10 + header_len]).unwrap();
    assert!(header.contains("'<f4'") && header.contains("'fortran_order': False"), "{header}");
    let shape = header.split('(').nth(1).unwrap().split(')').next().unwrap();
    let shape: Vec<usize> = shape.split(',').map(|n| n.trim().parse().unwrap()).collect();
    let values = bytes[10 + header_len..].chunks_exact(4).map(|x| f32::from_le_bytes(x.try_into().unwrap()));
    Array2::from_shape_vec((shape[0], shape[1]), values.collect()).unwrap()
}

pub fn mixed() -> (FeatureTable, Array2<f32>) {
    let stimuli = Stimuli::read(&reference("mixed.features.csv")).unwrap();
    (stimuli.features().clone(), read_npy(&reference("mixed.activations.npy")))
}

pub fn published() -> serde_json::Value {
    let text = std::fs::read_to_string(reference("mixed.reference.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&text).unwrap()["results"][0].clone()
}

fn fit(params: &MlemParams) -> (FittedMlem, FeatureTable, Array2<f32>) {
    let (features, activations) = mixed();
    (params.fit(&features, activations.view()).unwrap(), features, activations)
}

#[test]
fn agrees_with_the_published_package_without_interactions() {
    let (fitted, features, activations) = fit(&Mlem::params());
    let published = published();
    let spearman = fitted.score(&features, activations.view()).unwrap().value.unwrap();
    assert!(spearman >= published["spearman_mean"].as_f64().unwrap() - 0.002, "Spearman {spearman}");
    let importances = fitted.importance(&features, activations.view()).unwrap();
    for (index, term) in importances.iter().enumerate() {
        let importance = published["importance_mean"][&term.name].as_f64().unwrap();
        assert!((term.importance - importance).abs() < 0.005, "{term:?}, published {importance}");
        let weight = published["weight_mean"][&term.name].as_f64().unwrap();
        let ours = fitted.weights()[[index, index]];
        assert!((ours - weight).abs() < 0.02, "weight of {}: {ours}, published {weight}", term.name);
    }
}

#[test]
fn interactions_are_no_worse_than_the_diagonal_model() {
    let (diagonal, ..) = fit(&Mlem::params());
    let (full, features, activations) = fit(&Mlem::params().interactions(true));
    assert!(full.gap() < 1e-8, "gap {}", full.gap());
    assert!(full.objective() >= diagonal.objective(), "{} {}", full.objective(), diagonal.objective());
    let score = |fitted: &FittedMlem| fitted.score(&features, activations.view()).unwrap().value.unwrap();
    assert!(score(&full) >= score(&diagonal), "{} {}", score(&full), score(&diagonal));
}

/// The reference activations as three layers: all, a part, and noise.
fn layers(activations: &Array2<f32>) -> Activations {
    let mut stream = Stream::new(0, "layers");
    let noise = activations.mapv(|x| x + stream.normal() as f32);
    let part = activations.slice(s![.., ..8]).to_owned();
    Activations::new(vec![0, 1, 2], vec![activations.clone(), part, noise], Provenance::default()).unwrap()
}

fn tables(params: &MlemParams, folds: usize, done: Profile) -> (Profile, usize) {
    let (features, activations) = mixed();
    let mut saves = 0;
    let save = |_: &Profile| -> Result<(), profile::Error> {
        saves += 1;
        Ok(())
    };
    let fitted = profile::fit(params, folds, &features, &layers(&activations), done, &Silent, save).unwrap();
    (fitted.profile, saves)
}

fn bytes(profile: &Profile) -> Vec<u8> {
    [scores_csv(profile), importance_csv(profile), weights_csv(profile), statistics_csv(profile)].concat()
}

#[test]
fn the_tables_are_the_same_bytes_on_one_thread_and_on_three() {
    let on = |threads: usize, params: &MlemParams| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| bytes(&tables(params, 5, Profile::default()).0))
    };
    for params in [
        Mlem::params().interactions(true).permutations(2),
        Mlem::params().permute(Permute::Stimuli).permutations(2).nulls(5),
    ] {
        assert_eq!(on(1, &params), on(3, &params));
    }
}

#[test]
fn a_broken_run_goes_on_where_it_stopped() {
    let params = Mlem::params().permutations(2).nulls(9);
    let (whole, saves) = tables(&params, 3, Profile::default());
    assert_eq!(saves, 3);
    let mut broken = whole.clone();
    // Layer 0 is whole, layer 1 has a fold too few, layer 2 was never reached.
    broken.scores.retain(|row| row.layer == 0 || (row.layer == 1 && row.fold == 0));
    broken.importances.retain(|row| row.layer < 2);
    broken.weights.retain(|row| row.layer < 2);
    broken.tested.retain(|row| row.layer < 2);
    let (again, saves) = tables(&params, 3, broken);
    assert_eq!(saves, 2);
    assert_eq!(bytes(&again), bytes(&whole));
}

#[test]
fn held_out_scores_follow_the_layers() {
    let (profile, _) = tables(&Mlem::params(), 5, Profile::default());
    let mean = |layer: usize, split: Split| {
        let rows = profile.scores.iter();
        let scores: Vec<f64> =
            rows.filter(|row| row.layer == layer && row.split == split).map(|row| row.value).collect();
        assert_eq!(scores.len(), 5);
        scores.iter().sum::<f64>() / 5.0
    };
    let held_out = |layer| mean(layer, Split::Test);
    assert!(held_out(0) > 0.85 && held_out(0) > held_out(2), "{} {}", held_out(0), held_out(2));
    let trained = mean(0, Split::Train);
    assert!(
        (trained - held_out(0)).abs() < 0.05,
        "{trained} on the training stimuli, {} held out",
        held_out(0)
    );
}

/// Twelve stimuli with one feature of two levels, and activations of one unit.
fn small() -> (FeatureTable, Array2<f32>) {
    let column: Vec<_> = (0..12).map(|i| Some(if i % 2 == 0 { "a" } else { "b" })).collect();
    let features = FeatureTable::new(12, vec![Feature::categorical("number", &column)]).unwrap();
    (features, Array2::from_shape_fn((12, 1), |(i, _)| (i % 2) as f32 + 0.1 * i as f32))
}

fn message(error: &Error) -> String {
    format!("{error}; {}", error.hint().unwrap_or_default())
}

#[test]
fn terms_that_do_not_fit_into_memory_are_refused_before_the_work() {
    let column = |k: usize| {
        let level = |i: usize| Some(if (i + k).is_multiple_of(2 + k % 3) { "a" } else { "b" });
        Feature::categorical(&format!("f{k}"), &(0..40).map(level).collect::<Vec<_>>())
    };
    let features = FeatureTable::new(40, (0..200).map(column).collect()).unwrap();
    let error = Mlem::params().interactions(true).check_features(&features, 5).unwrap_err();
    let message = message(&error);
    assert!(message.contains("20100 terms need 150.5 GiB"), "{message}");
    assert!(Mlem::params().check_features(&features, 5).is_ok());
}

#[test]
fn bad_input_is_named_with_what_to_do() {
    let (features, x) = small();
    let fit = |features: &FeatureTable, x: &Array2<f32>| {
        message(&Mlem::params().fit(features, x.view()).unwrap_err())
    };

    let mut holed = x.clone();
    holed[[4, 0]] = f32::NAN;
    assert_eq!(
        fit(&features, &holed),
        "the activation of stimulus 4, unit 0 is NaN; leave the stimulus out, or extract in a wider type (--dtype f32)"
    );
    assert_eq!(
        fit(&features, &x.slice(s![..10, ..]).to_owned()),
        "the features have 12 rows and the activations 10; one row of activations per stimulus, in the same order: extract them again from these stimuli"
    );
    let few = features.select(&[0, 1, 2, 3]);
    assert_eq!(
        fit(&few, &x.slice(s![..4, ..]).to_owned()),
        "4 stimuli, and a fit needs at least 8; generate or record more stimuli"
    );
    let constant = features.select(&[0, 2, 4, 6, 8, 10, 0, 2]);
    assert_eq!(
        fit(&constant, &x),
        "feature `number` is constant: every stimulus has `a`; leave it out (--drop number), or add stimuli in which it differs"
    );
    let folds = |folds| message(&Mlem::params().cross_validation(&features, folds).unwrap_err());
    assert_eq!(
        folds(5),
        "5 folds of 12 stimuli leave fewer than 3 stimuli in a fold; use --folds 4 or fewer"
    );
    assert_eq!(folds(0), "folds is 0, and must be at least 1; ");
}

#[test]
fn equal_activations_have_no_score_and_it_is_said() {
    let (features, _) = small();
    let constant = Array2::from_elem((12, 3), 0.1f32);
    let fits = Mlem::params().cross_validation(&features, 2).unwrap().fit(constant.view()).unwrap();
    for fit in &fits {
        assert!(fit.scored.value.is_err());
        assert!(fit.importances.iter().all(|term| term.importance.is_nan()));
        assert_eq!(
            fit.warnings[0].to_string(),
            format!(
                "fold {}: no score, because all neural distances are equal (the activations do not differ: check --pool and --layers)",
                fit.fold
            )
        );
    }
}

#[test]
fn features_that_cannot_be_told_apart_share_their_weight_and_are_named() {
    let (features, x) = small();
    let number = features.feature(0).clone();
    let renamed =
        Feature::categorical("gender", &(0..12).map(|i| Some(number.display(i))).collect::<Vec<_>>());
    let twice = FeatureTable::new(12, vec![number, renamed]).unwrap();
    for interactions in [false, true] {
        let fitted = Mlem::params().interactions(interactions).fit(&twice, x.view()).unwrap();
        let weights = fitted.weights();
        assert!((weights[[0, 0]] - weights[[1, 1]]).abs() < 1e-3, "{weights}");
        let warnings: Vec<String> = fitted.warnings().iter().map(ToString::to_string).collect();
        assert!(
            warnings[0].starts_with("the distances of `number` and `gender` correlate (r = 1.00)"),
            "{warnings:?}"
        );
        assert!(warnings[1].starts_with("`gender` cannot be told apart from `number`"), "{warnings:?}");
    }
}

#[test]
fn a_level_of_one_fold_alone_is_named() {
    let column: Vec<_> = (0..40).map(|i| Some(if i == 7 { "rare" } else { ["a", "b"][i % 2] })).collect();
    let features = FeatureTable::new(40, vec![Feature::categorical("number", &column)]).unwrap();
    let validation = Mlem::params().cross_validation(&features, 5).unwrap();
    let warnings: Vec<String> = validation.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "`rare` of `number` occurs in no training stimulus of 1 fold; fewer --folds or more stimuli would show it"
        ]
    );
}
