//! Moments and fits against loops that are too plain to be wrong.

use ndarray::{Array2, ArrayView2};
use proptest::prelude::*;

use super::design::Design;
use super::pairs::Layout;
use super::params::{Constraint, Distance, Missing, MlemParams, PairBudget, Permute, Target};
use super::{Mlem, Term};
use crate::numeric::correlation::pearson;
use crate::numeric::rng::Stream;
use crate::stimuli::{Feature, FeatureTable, Values};

/// Features of every kind, with gaps, and activations that some of them move.
pub(super) fn data(n: usize, categorical: usize, numeric: usize, seed: u64) -> (FeatureTable, Array2<f32>) {
    let mut stream = Stream::new(seed, "brute force");
    let mut features = Vec::new();
    let mut codes = Vec::new();
    for index in 0..categorical {
        let levels = 2 + index % 2;
        let column: Vec<usize> = (0..n).map(|_| stream.index(levels)).collect();
        let gap = |i: usize| index % 3 == 2 && i.is_multiple_of(7);
        let names: Vec<_> =
            column.iter().enumerate().map(|(i, x)| (!gap(i)).then(|| x.to_string())).collect();
        features.push(Feature::categorical(&format!("c{index}"), &names));
        codes.push(column.iter().map(|&x| x as f64).collect::<Vec<_>>());
    }
    for index in 0..numeric {
        let column: Vec<f64> = (0..n).map(|_| 3.0 + 2.0 * stream.normal()).collect();
        let gap = |i: usize| index % 2 == 1 && i.is_multiple_of(5);
        let values = column.iter().enumerate().map(|(i, &x)| (!gap(i)).then_some(x)).collect();
        features.push(Feature::numeric(&format!("n{index}"), values).unwrap());
        codes.push(column);
    }
    let mix = Array2::from_shape_fn((codes.len(), 6), |_| stream.normal());
    let activations = Array2::from_shape_fn((n, 6), |(i, unit)| {
        let signal: f64 = codes.iter().enumerate().map(|(k, column)| column[i] * mix[[k, unit]]).sum();
        (1.0 + signal + stream.normal()) as f32
    });
    (FeatureTable::new(n, features).unwrap(), activations)
}

fn feature_distance(feature: &Feature, i: usize, j: usize, missing: f64) -> f64 {
    if let (Some(has), 0.0) = (feature.presence(), missing) {
        return f64::from(u8::from(has[i] != has[j]));
    }
    match feature.values() {
        Values::Categorical { codes, .. } => match (codes[i], codes[j]) {
            (Some(a), Some(b)) => f64::from(u8::from(a != b)),
            _ => missing,
        },
        Values::Numeric(values) => {
            let known = || values.iter().flatten().copied();
            let range = known().fold(f64::MIN, f64::max) - known().fold(f64::MAX, f64::min);
            match (values[i], values[j]) {
                (Some(a), Some(b)) => (a - b).abs() / range,
                _ => missing,
            }
        }
        Values::Distances(distances) => {
            distances.get(i, j).map_or(missing, |distance| distance / distances.largest())
        }
    }
}

fn neural_distance(x: ArrayView2<'_, f32>, i: usize, j: usize, distance: Distance) -> f64 {
    let row = |i: usize| x.row(i).iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    let (a, b) = (row(i), row(j));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let norm = |a: &[f64]| dot(a, a).sqrt();
    let difference: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
    match distance {
        Distance::Euclidean => norm(&difference),
        Distance::Manhattan => difference.iter().map(|x| x.abs()).sum(),
        Distance::Cosine => 1.0 - dot(&a, &b) / (norm(&a) * norm(&b)),
        Distance::NormDiff => (norm(&a) - norm(&b)).abs(),
        Distance::Precomputed => a[j],
    }
}

/// `φ` of every pair `(n_pairs, n_terms)`, and the squared neural distances, of the stimuli at `rows`.
fn all_pairs(
    params: &MlemParams,
    terms: &[Term],
    features: &FeatureTable,
    x: ArrayView2<'_, f32>,
    rows: &[usize],
) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut phi = Vec::new();
    let mut squared = Vec::new();
    for (at, &i) in rows.iter().enumerate() {
        for &j in &rows[at + 1..] {
            let d: Vec<f64> =
                features.iter().map(|f| feature_distance(f, i, j, params.missing.distance())).collect();
            phi.push(terms.iter().map(|term| term.multiplicity() * d[term.a] * d[term.b]).collect());
            squared.push(neural_distance(x, i, j, params.distance).powi(2));
        }
    }
    (phi, squared)
}

fn covariance(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>() / n
}

/// `C` and `b` by their definition.
fn slow_moments(phi: &[Vec<f64>], target: &[f64]) -> (Array2<f64>, Vec<f64>) {
    let n_terms = phi[0].len();
    let column = |k: usize| phi.iter().map(|row| row[k]).collect::<Vec<_>>();
    let columns: Vec<Vec<f64>> = (0..n_terms).map(column).collect();
    let c = Array2::from_shape_fn((n_terms, n_terms), |(k, l)| covariance(&columns[k], &columns[l]));
    (c, columns.iter().map(|column| covariance(column, target)).collect())
}

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
            for distance in [Distance::Euclidean, Distance::Manhattan, Distance::Cosine, Distance::NormDiff] {
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

#[test]
fn moments_of_many_features_equal_a_plain_loop() {
    // Patterns in several tables, with numbers and without, more features than bits, and numbers alone.
    for (categorical, numeric) in [(21, 0), (20, 1), (20, 3), (34, 1), (9, 12), (0, 24)] {
        let (features, x) = data(24, categorical, numeric, 6);
        for missing in [Missing::Zero, Missing::One] {
            check_moments(&Mlem::params().missing(missing).interactions(true), &features, x.view(), 2);
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

/// Accelerated projected gradient on the definition of the objective: nothing in common with the solvers under test.
fn slow_fit(c: &Array2<f64>, b: &[f64], terms: &[Term], n_features: usize) -> Vec<f64> {
    let root: Vec<f64> = terms.iter().map(|term| term.multiplicity().sqrt()).collect();
    let c = Array2::from_shape_fn(c.dim(), |(k, l)| c[[k, l]] / (root[k] * root[l]));
    let b: Vec<f64> = b.iter().zip(&root).map(|(b, root)| b / root).collect();
    let interactions = terms.len() > n_features;
    let project = |x: &[f64]| -> Vec<f64> {
        if !interactions {
            return x.iter().map(|x| x.max(0.0)).collect();
        }
        let mut matrix = Array2::zeros((n_features, n_features));
        for ((term, x), root) in terms.iter().zip(x).zip(&root) {
            matrix[[term.a, term.b]] = x / root;
            matrix[[term.b, term.a]] = x / root;
        }
        let (values, vectors) = crate::numeric::linalg::symmetric_eigen(matrix.view()).unwrap();
        let kept = Array2::from_diag(&values.iter().map(|x| x.max(0.0)).collect::<ndarray::Array1<_>>());
        let projected = vectors.dot(&kept).dot(&vectors.t());
        terms.iter().zip(&root).map(|(term, root)| projected[[term.a, term.b]] * root).collect()
    };
    let rate = 1.0 / crate::numeric::linalg::symmetric_eigen(c.view()).unwrap().0.last().unwrap();
    let (mut x, mut ahead, mut momentum) = (vec![0.0; b.len()], vec![0.0; b.len()], 1.0f64);
    for _ in 0..60_000 {
        let gradient = c.dot(&ndarray::ArrayView1::from(&ahead)) - ndarray::ArrayView1::from(&b);
        let stepped: Vec<f64> = ahead.iter().zip(&gradient).map(|(x, g)| x - rate * g).collect();
        let next = project(&stepped);
        // Momentum starts over when it leads uphill.
        let uphill =
            gradient.iter().zip(next.iter().zip(&x)).map(|(g, (n, x))| g * (n - x)).sum::<f64>() > 0.0;
        let grown = if uphill { 1.0 } else { 0.5 + (0.25 + momentum * momentum).sqrt() };
        let carry = if uphill { 0.0 } else { (momentum - 1.0) / grown };
        ahead = next.iter().zip(&x).map(|(n, x)| n + carry * (n - x)).collect();
        momentum = grown;
        x = next;
    }
    x.iter().zip(&root).map(|(x, root)| x / root).collect()
}

#[test]
fn the_fit_is_the_optimum_that_a_slow_solver_finds() {
    for interactions in [false, true] {
        for seed in 0..3 {
            let (features, x) = data(60, 3, 2, seed);
            let params = Mlem::params().interactions(interactions);
            let fitted = params.fit(&features, x.view()).unwrap();
            let rows: Vec<usize> = (0..60).collect();
            let (phi, squared) = all_pairs(&params, fitted.terms(), &features, x.view(), &rows);
            let (c, b) = slow_moments(&phi, &squared);
            let mut slow = slow_fit(&c, &b, fitted.terms(), 5);
            super::terms::normalise(fitted.terms(), &mut slow);
            let fast: Vec<f64> =
                fitted.terms().iter().map(|term| fitted.weights()[[term.a, term.b]]).collect();
            for (fast, slow) in fast.iter().zip(&slow) {
                assert!(
                    (fast - slow).abs() < 1e-4,
                    "seed {seed}, interactions {interactions}: {fast} {slow}"
                );
            }
            let objective = |w: &[f64]| {
                let modelled: Vec<f64> =
                    phi.iter().map(|row| row.iter().zip(w).map(|(phi, w)| phi * w).sum()).collect();
                pearson(&modelled, &squared).unwrap()
            };
            assert!((objective(&fast) - fitted.objective()).abs() < 1e-9);
            assert!((objective(&fast) - objective(&slow)).abs() < 1e-8, "seed {seed}");
            assert!(fitted.gap() < 1e-9, "gap {}", fitted.gap());
        }
    }
}

#[test]
fn rank_targets_are_the_ranks_of_the_training_distances() {
    let (features, x) = data(60, 3, 1, 5);
    let params = Mlem::params().target(Target::Rank);
    let fitted = params.fit(&features, x.view()).unwrap();
    let rows: Vec<usize> = (0..60).collect();
    let (phi, squared) = all_pairs(&params, fitted.terms(), &features, x.view(), &rows);
    let ranks: Vec<f64> = squared.iter().map(|x| squared.iter().filter(|y| *y < x).count() as f64).collect();
    let (c, b) = slow_moments(&phi, &ranks);
    let mut slow = slow_fit(&c, &b, fitted.terms(), 4);
    super::terms::normalise(fitted.terms(), &mut slow);
    for (index, slow) in slow.iter().enumerate() {
        let fast = fitted.weights()[[index, index]];
        assert!((fast - slow).abs() < 1e-3, "{fast} {slow}");
    }
}

#[test]
fn a_sample_of_pairs_is_as_large_as_asked_and_nearly_as_good() {
    let (features, x) = data(400, 4, 1, 3);
    let all = Mlem::params().fit(&features, x.view()).unwrap();
    let sampled = Mlem::params().pairs(PairBudget::AtMost(20_000)).fit(&features, x.view()).unwrap();
    assert!((sampled.pairs() as f64 - 20_000.0).abs() < 50.0, "{} pairs", sampled.pairs());
    let difference = &all.weights() - &sampled.weights();
    assert!(difference.iter().all(|x| x.abs() < 0.05), "{difference}");
    assert!(sampled.warnings().iter().any(|warning| warning.to_string().contains("uniform sample of 20,0")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_larger_model_never_has_a_lower_objective(
        seed in 0u64..1000, n in 12usize..50, categorical in 1usize..5, numeric in 0usize..3,
    ) {
        let (features, x) = data(n, categorical, numeric, seed);
        let objective = |params: MlemParams| params.fit(&features, x.view()).map(|fitted| fitted.objective());
        let Ok(diagonal) = objective(Mlem::params()) else { return Ok(()) };
        let full = objective(Mlem::params().interactions(true)).unwrap();
        let free = objective(Mlem::params().interactions(true).constraint(Constraint::None)).unwrap();
        prop_assert!(full >= diagonal - 1e-9, "{} {}", full, diagonal);
        prop_assert!(free >= full - 1e-9, "{} {}", free, full);
    }

    #[test]
    fn the_order_of_stimuli_changes_nothing(seed in 0u64..1000) {
        let (features, x) = data(40, 3, 1, seed);
        let mut order: Vec<usize> = (0..40).collect();
        Stream::new(seed, "order").shuffle(&mut order);
        let shuffled = x.select(ndarray::Axis(0), &order);
        let params = Mlem::params().interactions(true);
        let fitted = params.fit(&features, x.view()).unwrap();
        let again = params.fit(&features.select(&order), shuffled.view()).unwrap();
        let difference = &fitted.weights() - &again.weights();
        prop_assert!(difference.iter().all(|x| x.abs() < 1e-6), "{}", difference);
        let score = fitted.score(&features, x.view()).unwrap();
        let other = again.score(&features.select(&order), shuffled.view()).unwrap();
        prop_assert!((score.spearman.unwrap() - other.spearman.unwrap()).abs() < 1e-4);
    }
}

#[test]
fn importance_over_stimuli_is_what_scoring_permuted_features_gives() {
    let (features, x) = data(50, 3, 1, 9);
    let params = Mlem::params().interactions(true).permute(Permute::Stimuli).permutations(1).seed(4);
    let fitted = params.fit(&features, x.view()).unwrap();
    let importances = fitted.importance(&features, x.view()).unwrap();
    let mut stream = Stream::new(4, "all permutation 0");
    let permuted: Vec<Feature> = features
        .iter()
        .map(|feature| {
            let mut order: Vec<usize> = (0..50).collect();
            stream.shuffle(&mut order);
            feature.select(&order)
        })
        .collect();
    let score = |replaced: &[usize]| {
        let columns = features.iter().enumerate().map(|(index, feature)| {
            if replaced.contains(&index) { permuted[index].clone() } else { feature.clone() }
        });
        let table = FeatureTable::new(50, columns.collect()).unwrap();
        fitted.score(&table, x.view()).unwrap().spearman.unwrap()
    };
    for (term, importance) in fitted.terms().iter().zip(&importances) {
        let expected = if term.is_main() {
            score(&[]) - score(&[term.a])
        } else {
            score(&[term.a]) + score(&[term.b]) - score(&[term.a, term.b]) - score(&[])
        };
        assert!((importance.importance - expected).abs() < 1e-6, "{importance:?}, expected {expected}");
    }
}

#[test]
fn a_term_that_is_permuted_onto_itself_loses_nothing() {
    // A feature that nothing depends on and has no weight has no importance; one that everything depends on has much.
    let level = |i: usize, step: usize| Some(if (i / step).is_multiple_of(2) { "a" } else { "b" });
    let column = |step| (0..64).map(|i| level(i, step)).collect::<Vec<_>>();
    let features = FeatureTable::new(
        64,
        vec![Feature::categorical("used", &column(1)), Feature::categorical("unused", &column(2))],
    )
    .unwrap();
    let x = Array2::from_shape_fn((64, 1), |(i, _)| (i % 2) as f32);
    let fitted = Mlem::params().fit(&features, x.view()).unwrap();
    let importances = fitted.importance(&features, x.view()).unwrap();
    assert!(importances[0].importance > 0.9, "{importances:?}");
    assert!(importances[1].importance.abs() < 1e-6, "{importances:?}");
}

#[test]
fn stimuli_beyond_the_fitted_range_are_scored_as_they_are() {
    let column =
        |scale: f64| Feature::numeric("zipf", (0..20).map(|i| Some(scale * f64::from(i))).collect()).unwrap();
    let table = |scale| FeatureTable::new(20, vec![column(scale)]).unwrap();
    let x = Array2::from_shape_fn((20, 1), |(i, _)| i as f32);
    let fitted = Mlem::params().fit(&table(1.0), x.view()).unwrap();
    // Distances up to a thousand times the range that the scale was fixed on.
    let scored = fitted.score(&table(1000.0), x.view()).unwrap();
    assert!((scored.spearman.unwrap() - 1.0).abs() < 1e-9, "{scored:?}");
}
