//! Own effects in closed form against refits of the activations that a draw makes, pair by pair.

use super::*;
use crate::mlem::brute_force::data;
use crate::mlem::pairs::terms;
use crate::mlem::{Distance, Missing, Mlem, MlemParams, Permute};
use crate::numeric::spectral::orthonormal;
use crate::stimuli::{Feature, FeatureTable};

/// The distances of `feature` between positions `i` and `j`.
fn distance(features: &FeatureTable, feature: usize, i: usize, j: usize) -> f64 {
    use crate::stimuli::Values;
    match features.feature(feature).values() {
        Values::Categorical { codes, .. } => f64::from(u8::from(codes[i] != codes[j])),
        Values::Numeric(values) => {
            let all = || values.iter().flatten().copied();
            let range = all().fold(f64::MIN, f64::max) - all().fold(f64::MAX, f64::min);
            (values[i].unwrap() - values[j].unwrap()).abs() / range
        }
        Values::Distances(_) => unreachable!(),
    }
}

/// The unconstrained weights of all pairs, as shares of the mean squared distance, from squared distances `t` of each pair.
fn weights(features: &FeatureTable, n_terms: &[Term], t: &dyn Fn(usize, usize) -> f64) -> Vec<f64> {
    let n = features.n_stimuli();
    let pairs: Vec<(usize, usize)> = (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).collect();
    let centred = |of: &dyn Fn(usize, usize) -> f64| {
        let all: Vec<f64> = pairs.iter().map(|&(i, j)| of(i, j)).collect();
        let mean = all.iter().sum::<f64>() / all.len() as f64;
        Array1::from(all) - mean
    };
    let columns: Vec<Array1<f64>> = n_terms
        .iter()
        .map(|term| {
            centred(&|i, j| {
                term.multiplicity() * distance(features, term.a, i, j) * distance(features, term.b, i, j)
            })
        })
        .collect();
    let c = Array2::from_shape_fn((columns.len(), columns.len()), |(k, l)| columns[k].dot(&columns[l]));
    let t = centred(t);
    let mut w: Vec<f64> = columns.iter().map(|column| column.dot(&t)).collect();
    Cholesky::new(c.view()).unwrap().solve(&mut w);
    w
}

/// The linear model of `x` with an intercept and the values of `kept` features.
fn explained(features: &FeatureTable, x: &Array2<f64>, kept: &[usize]) -> (Array2<f64>, usize) {
    use crate::stimuli::Values;
    let n = x.nrows();
    let mut columns = vec![vec![1.0; n]];
    for &feature in kept {
        match features.feature(feature).values() {
            Values::Categorical { codes, levels } => {
                for level in 0..levels.len() as u32 {
                    columns
                        .push(codes.iter().map(|&code| f64::from(u8::from(code == Some(level)))).collect());
                }
            }
            Values::Numeric(values) => {
                columns.push(values.iter().map(|value| value.unwrap()).collect());
                columns.push(values.iter().map(|value| value.unwrap().powi(2)).collect());
            }
            Values::Distances(_) => unreachable!(),
        }
    }
    let z = Array2::from_shape_fn((n, columns.len()), |(i, k)| columns[k][i]);
    let basis = orthonormal(z.view());
    (basis.dot(&basis.t().dot(x)), basis.ncols())
}

fn squared(x: &Array2<f64>, i: usize, j: usize) -> f64 {
    (&x.row(i) - &x.row(j)).mapv(|d| d * d).sum()
}

fn check(params: MlemParams, features: &FeatureTable, x: &Array2<f32>) {
    let n = x.nrows();
    let validation = params.permutations(1).cross_validation(features, 3).unwrap();
    let order = validation.design.layout.order.clone();
    let x = x.mapv(f64::from);
    let neural = validation.design.neural(x.mapv(|x| x as f32).view()).unwrap();
    let found = validation.own_effects(&neural, 2);
    let all = terms(features.n_features(), validation.params().interactions);
    let mean =
        (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j))).map(|(i, j)| squared(&x, i, j)).sum::<f64>()
            / (n * (n - 1) / 2) as f64;
    let observed = weights(features, &all, &|i, j| squared(&x, i, j) / mean);
    for (k, effect) in validation.plan.effects.iter().enumerate().filter(|(_, e)| e.order == Order::Main) {
        assert!((found[0][k] - observed[k]).abs() < 1e-5, "{}: {} {}", effect.name, found[0][k], observed[k]);
        let kept: Vec<usize> = (0..features.n_features()).filter(|f| !effect.features.contains(f)).collect();
        let (model, degrees) = explained(features, &x, &kept);
        let scale = ((n as f64 - 1.0) / (n - degrees) as f64).sqrt();
        for (draw, found) in found.iter().enumerate().skip(1).take(2) {
            let mut from: Vec<usize> = (0..n).collect();
            Stream::new(validation.params().seed, &format!("null {draw} of effects")).shuffle(&mut from);
            // Positions are shuffled, and rows go by their positions.
            let mut other = vec![0; n];
            from.iter().enumerate().for_each(|(i, &j)| other[order[i]] = order[j]);
            let moved = Array2::from_shape_fn(x.dim(), |(i, unit)| {
                scale * (x[[other[i], unit]] - model[[other[i], unit]])
            });
            // What the model would explain of that is no part of a draw.
            let drawn = &model + &moved - explained(features, &moved, &kept).0;
            let plain = weights(features, &all, &|i, j| squared(&drawn, i, j) / mean)[k];
            assert!((found[k] - plain).abs() < 1e-5, "{}: {} {plain}", effect.name, found[k]);
        }
    }
}

#[test]
fn a_draw_is_a_refit_of_what_the_others_explain_and_shuffled_residuals() {
    let (features, x) = data(60, 2, 1, 5);
    check(Mlem::params(), &features, &x);
    let (features, x) = data(60, 2, 0, 5);
    check(Mlem::params().interactions(true).permute(Permute::Pairs), &features, &x);
}

#[test]
fn other_distances_are_held_against_the_same_null() {
    // Given as a matrix, Euclidean distances have the p-values that they have of activations, for another route to them.
    let (features, x) = data(50, 3, 1, 4);
    let rows: Vec<usize> = (0..50).collect();
    let table = crate::mlem::dissimilarities(x.view(), &rows, Distance::Euclidean).unwrap();
    let of = |params: MlemParams, x: &Array2<f32>| {
        let validation = params.permutations(1).cross_validation(&features, 2).unwrap();
        validation.own_effects(&validation.design.neural(x.view()).unwrap(), 3)
    };
    let (plain, given) = (of(Mlem::params(), &x), of(Mlem::params().distance(Distance::Precomputed), &table));
    for (a, b) in plain.iter().flatten().zip(given.iter().flatten()) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}

#[test]
fn what_others_determine_has_nothing_of_its_own() {
    let levels: Vec<Option<&str>> = (0..40).map(|i| Some(["x", "y"][i % 2])).collect();
    let free: Vec<Option<&str>> = (0..40).map(|i| Some(["x", "y", "z"][i / 2 % 3])).collect();
    let column = Feature::categorical;
    let features =
        FeatureTable::new(40, vec![column("a", &levels), column("b", &levels), column("c", &free)]).unwrap();
    let mut stream = Stream::new(2, "points");
    let x = Array2::from_shape_fn((40, 5), |(i, _)| (stream.normal() + (i % 2) as f64) as f32);
    for missing in [Missing::Zero, Missing::One] {
        let validation =
            Mlem::params().missing(missing).permutations(1).cross_validation(&features, 2).unwrap();
        let null = validation.null(x.view(), 19).unwrap().importances();
        assert_eq!((null[0].p, null[1].p), (Some(1.0), Some(1.0)));
        assert!(null[2].p.unwrap() < 1.0);
    }
}
