//! Moments against the loops, and features and activations that are given as distances.

use ndarray::{Array2, ArrayView2};

use super::plain::{all_pairs, data, feature_distance, neural_distance, slow_moments};
use crate::mlem::moments::Design;
use crate::mlem::pairs::Layout;
use crate::mlem::{Distance, Missing, Mlem, MlemParams, PairBudget, Permute};
use crate::stimuli::{Feature, FeatureTable, Values};

fn assert_close(fast: &[f64], slow: &[f64], what: &str) {
    let scale = slow.iter().fold(0.0f64, |max, x| max.max(x.abs()));
    for (index, (fast, slow)) in fast.iter().zip(slow).enumerate() {
        assert!((fast - slow).abs() <= 1e-9 * scale, "{what}, entry {index}: {fast}, and {slow} by the loop");
    }
}

/// `C` and `b` of every fold's training pairs against the loop.
fn check_moments(params: &MlemParams, features: &FeatureTable, x: ArrayView2<'_, f32>, n_folds: usize) {
    let n = features.n_stimuli();
    let fold_of: Vec<usize> = (0..n).map(|i| i % n_folds).collect();
    let design = Design::new(params, features, Layout::of_folds(&fold_of, n_folds)).unwrap();
    let moments = design.moments(&design.neural(x).unwrap());
    for (fold, (c, b)) in moments.iter().enumerate() {
        let rows: Vec<usize> = (0..n).filter(|i| n_folds == 1 || fold_of[*i] != fold).collect();
        let (phi, squared) = all_pairs(params, &design.terms, features, x, &rows);
        let (slow_c, slow_b) = slow_moments(&phi, &squared);
        let what = format!("{params:?}, fold {fold}");
        assert_close(c.as_slice().unwrap(), slow_c.as_slice().unwrap(), &format!("C, {what}"));
        assert_close(b, &slow_b, &format!("b, {what}"));
    }
}

#[test]
fn moments_equal_a_plain_loop_for_every_distance_and_missing_option() {
    // 6 + 2 features are grouped by pattern, 40 + 0 share more than 32 bits, 2 + 9 are mostly numbers.
    for (categorical, numeric) in [(6, 2), (40, 0), (2, 9)] {
        let (features, activations) = data(60, categorical, numeric, 1);
        for missing in [Missing::Zero, Missing::One] {
            for distance in [
                Distance::Euclidean,
                Distance::Manhattan,
                Distance::Cosine,
                Distance::Correlation,
                Distance::NormDiff,
            ] {
                for interactions in [false, categorical < 10] {
                    let params =
                        Mlem::params().missing(missing).distance(distance).interactions(interactions);
                    check_moments(&params, &features, activations.view(), 1);
                }
            }
            let params = Mlem::params().missing(missing).interactions(categorical < 10);
            check_moments(&params, &features, activations.view(), 4);
        }
    }
}

/// [`data`] with few values of every numeric feature, and activations of many units.
fn data_of_levels(n: usize, categorical: usize, numeric: usize) -> (FeatureTable, Array2<f32>) {
    let (features, x) = data(n, categorical, numeric, 3);
    let mut levels = FeatureTable::new(n, Vec::new()).unwrap();
    for feature in &features {
        levels
            .push(match feature.values() {
                Values::Numeric(values) => {
                    let rounded =
                        values.iter().map(|value| value.map(|x| (x / 2.0).round() * 2.0 + 0.1)).collect();
                    Feature::numeric(feature.name(), rounded).unwrap()
                }
                _ => feature.clone(),
            })
            .unwrap();
    }
    let wide =
        Array2::from_shape_fn((n, 70), |(i, unit)| x[[i, unit % 6]] * (1.0 + unit as f32) + x[[i, unit % 5]]);
    (levels, wide)
}

#[test]
fn moments_of_levels_equal_a_plain_loop() {
    for (categorical, numeric) in [(6, 2), (12, 0), (0, 3), (1, 0), (34, 1)] {
        let (features, x) = data_of_levels(260, categorical, numeric);
        for missing in [Missing::Zero, Missing::One] {
            for interactions in [false, categorical < 10] {
                let params = Mlem::params().missing(missing).interactions(interactions);
                for n_folds in [1, 5] {
                    let fold_of: Vec<usize> = (0..260).map(|i| i % n_folds).collect();
                    let design =
                        Design::new(&params, &features, Layout::of_folds(&fold_of, n_folds)).unwrap();
                    let by_level = design.by_level(&design.neural(x.view()).unwrap());
                    assert_eq!(by_level, [true; 2], "{categorical} {numeric} {params:?}");
                    check_moments(&params, &features, x.view(), n_folds);
                }
            }
        }
    }
}

#[test]
fn moments_of_many_values_are_not_summed_by_level() {
    let (features, x) = data(260, 2, 1, 3);
    let by_level = |params: MlemParams, features: &FeatureTable| {
        let design = Design::new(&params, features, Layout::whole(260)).unwrap();
        design.by_level(&design.neural(x.view()).unwrap())
    };
    assert_eq!(by_level(Mlem::params(), &features), [false; 2]);
    let (features, _) = data_of_levels(260, 3, 2);
    assert_eq!(by_level(Mlem::params().pairs(PairBudget::AtMost(9999)), &features), [false; 2]);
    assert_eq!(by_level(Mlem::params().distance(Distance::Cosine), &features), [true, false]);
}

#[test]
fn moments_of_many_features_equal_a_plain_loop() {
    // Patterns in several tables, with numbers and without, more features than bits, and numbers alone.
    for (categorical, numeric) in [(21, 0), (20, 1), (20, 3), (34, 1), (9, 12), (0, 24)] {
        let (features, x) = data(24, categorical, numeric, 6);
        for missing in [Missing::Zero, Missing::One] {
            for interactions in [false, true] {
                let params = Mlem::params().missing(missing).interactions(interactions);
                check_moments(&params, &features, x.view(), 2);
            }
        }
    }
    // So many pairs that tables are filled more than once.
    let (features, x) = data(190, 20, 1, 8);
    check_moments(&Mlem::params().interactions(true), &features, x.view(), 1);
    let (features, x) = data(24, 3, 300, 7);
    check_moments(&Mlem::params(), &features, x.view(), 2);
}

#[test]
fn features_that_are_given_as_distances_are_as_good_as_their_values() {
    let (features, x) = data(60, 4, 3, 5);
    for missing in [Missing::Zero, Missing::One] {
        let mut mixed = FeatureTable::new(60, Vec::new()).unwrap();
        for (index, feature) in features.iter().enumerate() {
            let distance = |(i, j)| match (i == j, feature_distance(feature, i, j, f64::NAN) as f32) {
                (true, _) => 0.0,
                (false, distance) => 3.0 * distance,
            };
            let given = Feature::distances(feature.name(), Array2::from_shape_fn((60, 60), distance).view());
            mixed.push(if index % 2 == 0 { given.unwrap() } else { feature.clone() }).unwrap();
        }
        let params = Mlem::params().missing(missing).interactions(true);
        check_moments(&params, &mixed, x.view(), 1);
        check_moments(&params, &mixed, x.view(), 3);
        for params in [params.clone(), params.permute(Permute::Stimuli)] {
            let fits = |features| params.cross_validation(features, 3).unwrap().fit(x.view()).unwrap();
            for (by_value, by_distance) in fits(&features).iter().zip(&fits(&mixed)) {
                let difference = &by_value.weights - &by_distance.weights;
                assert!(difference.iter().all(|x| x.abs() < 1e-5), "{difference}");
                for (a, b) in by_value.importances.iter().zip(&by_distance.importances) {
                    assert!((a.importance - b.importance).abs() < 1e-4, "{a:?} {b:?}");
                }
            }
        }
    }
}

#[test]
fn precomputed_distances_are_taken_as_they_are() {
    let (features, x) = data(60, 3, 1, 2);
    let distances = Array2::from_shape_fn((60, 60), |(i, j)| {
        neural_distance(x.view(), i.min(j), i.max(j), Distance::Euclidean) as f32
    });
    let params = Mlem::params().distance(Distance::Precomputed);
    check_moments(&params, &features, distances.view(), 3);
    let by_distance = params.fit(&features, distances.view()).unwrap();
    let by_activation = Mlem::params().fit(&features, x.view()).unwrap();
    let difference = &by_distance.weights() - &by_activation.weights();
    assert!(difference.iter().all(|x| x.abs() < 1e-5));
}
