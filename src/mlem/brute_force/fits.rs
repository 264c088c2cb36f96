//! Fits against a slow solver of the same problem, and what holds of every fit.

use ndarray::Array2;
use proptest::prelude::*;

use super::plain::{all_pairs, data, slow_moments};
use crate::mlem::pairs::normalise;
use crate::mlem::{Constraint, Mlem, MlemParams, PairBudget, Target, Term};
use crate::numeric::correlation::pearson;
use crate::numeric::rng::Stream;

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
            normalise(fitted.terms(), &mut slow);
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
    normalise(fitted.terms(), &mut slow);
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
        prop_assert!((score.value.unwrap() - other.value.unwrap()).abs() < 1e-4);
    }
}
