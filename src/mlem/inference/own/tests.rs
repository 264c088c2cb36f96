//! Own effects against plain regressions, and sums in closed form against loops.

use super::*;
use crate::mlem::brute_force::data;
use crate::mlem::{Missing, Mlem, MlemParams, Permute};
use crate::numeric::rng::Stream;
use crate::stimuli::{Feature, FeatureTable};

fn least_squares(x: &[Vec<f64>], y: &[f64]) -> Vec<f64> {
    let n = y.len() as f64;
    let centred = |values: &[f64]| -> Vec<f64> {
        let mean = values.iter().sum::<f64>() / n;
        values.iter().map(|v| v - mean).collect()
    };
    let (x, y): (Vec<Vec<f64>>, Vec<f64>) = (x.iter().map(|x| centred(x)).collect(), centred(y));
    let c = Array2::from_shape_fn((x.len(), x.len()), |(i, j)| dot(&x[i], &x[j]));
    let mut w: Vec<f64> = x.iter().map(|x| dot(x, &y)).collect();
    Cholesky::new(c.view()).unwrap().solve(&mut w);
    w
}

/// The Spearman that term `k` adds, its residuals moved by `to`, by a plain loop over the pairs of every fold.
fn plainly(validation: &CrossValidation, x: &Array2<f32>, k: usize, to: &[usize]) -> f64 {
    let design = &validation.design;
    let neural = design.neural(x.view()).unwrap();
    let mut sum = 0.0;
    for fold in 0..validation.n_folds() {
        let values = |columns: &crate::mlem::pairs::Columns, held: bool| {
            let (mut terms, mut t) = (vec![Vec::new(); design.terms.len()], Vec::new());
            for task in design.layout.tasks() {
                let inside = task.folds == (fold, fold);
                let outside = task.folds.0 != fold && task.folds.1 != fold;
                if if held { inside } else { outside } {
                    task.stream(Some(columns), Some(&neural), design.coverage, |chunk| {
                        for (monomial, term) in design.monomials.iter().zip(&mut terms) {
                            let mut out = vec![0.0; chunk.len()];
                            monomial.evaluate(chunk, &mut out);
                            term.extend(out);
                        }
                        t.extend_from_slice(&chunk.squared);
                    });
                }
            }
            (terms, t)
        };
        let moved = design.columns.permuted(0..to.len(), |_, out| out.copy_from_slice(to));
        let others = |terms: &[Vec<f64>]| -> Vec<Vec<f64>> {
            terms.iter().enumerate().filter(|(l, _)| *l != k).map(|(_, x)| x.clone()).collect()
        };
        let combined = |terms: &[Vec<f64>], w: &[f64]| -> Vec<f64> {
            (0..terms[0].len()).map(|i| terms.iter().zip(w).map(|(x, w)| x[i] * w).sum()).collect()
        };
        let (train, t) = values(&design.columns, false);
        let shared = least_squares(&others(&train), &train[k]);
        let residual = |terms: &[Vec<f64>]| -> Vec<f64> {
            let explained = combined(&others(terms), &shared);
            terms[k].iter().zip(explained).map(|(x, e)| x - e).collect()
        };
        let weights = least_squares(&others(&train), &t);
        let unexplained: Vec<f64> =
            t.iter().zip(combined(&others(&train), &weights)).map(|(t, e)| t - e).collect();
        let own = least_squares(&[residual(&values(&moved, false).0)], &unexplained)[0];
        let (held, t) = values(&design.columns, true);
        let base = combined(&others(&held), &weights);
        let part = residual(&values(&moved, true).0);
        let with: Vec<f64> = base.iter().zip(&part).map(|(b, p)| b + own * p).collect();
        let spearman = |values: &[f64]| {
            let t: Vec<f32> = t.iter().map(|&t| t as f32).collect();
            let target = RankTarget::new(&t, &mut Scratch::default());
            let mut grid = Vec::new();
            on_grid(&values.iter().map(|&v| v as f32).collect::<Vec<_>>(), &mut grid);
            target.spearman(&grid, &mut Scratch::default()).unwrap_or(0.0)
        };
        sum += spearman(&with) - spearman(&base);
    }
    sum / validation.n_folds() as f64
}

fn check(params: MlemParams, features: &FeatureTable, x: &Array2<f32>) {
    let validation = params.permutations(1).cross_validation(features, 3).unwrap();
    let neural = validation.design.neural(x.view()).unwrap();
    let mut stream = Stream::new(7, "own");
    let shuffles: Vec<Shuffle> = (0..3)
        .map(|draw| {
            let mut from: Vec<u32> = (0..x.nrows() as u32).collect();
            if draw > 0 {
                for fold in &validation.design.layout.folds {
                    stream.shuffle(&mut from[fold.clone()]);
                }
            }
            Shuffle::new(from)
        })
        .collect();
    let moved: Vec<Neural> =
        shuffles.iter().map(|shuffle| neural.looked_up().unwrap().reordered(&shuffle.from)).collect();
    let sums = validation.design.target_sums_under(&moved);
    let own = validation.own_effects(&neural, &shuffles, &sums);
    for (draw, shuffle) in shuffles.iter().enumerate() {
        for (k, &quick) in own[draw].iter().enumerate() {
            let plain = plainly(&validation, x, k, &shuffle.to);
            assert!((quick - plain).abs() < 2e-3, "draw {draw}, term {k}: {quick} {plain}");
        }
    }
}

#[test]
fn an_own_effect_is_what_a_plain_regression_on_residuals_adds() {
    let (features, x) = data(60, 3, 2, 5);
    check(Mlem::params().constraint(Constraint::None), &features, &x);
    check(
        Mlem::params().constraint(Constraint::None).interactions(true).permute(Permute::Pairs),
        &features,
        &x,
    );
    let (features, x) = data(60, 3, 0, 5);
    check(Mlem::params().constraint(Constraint::None).interactions(true), &features, &x);
}

#[test]
fn sums_of_shuffled_terms_in_closed_form_are_those_over_all_pairs() {
    let mut stream = Stream::new(3, "crossed");
    let mut level = |n: usize| (stream.normal().abs() * 10.0) as usize % n;
    let codes: Vec<Option<&str>> =
        (0..40).map(|_| [Some("a"), Some("b"), Some("c"), None][level(4)]).collect();
    let numbers: Vec<Option<f64>> =
        (0..40).map(|_| if level(5) == 0 { None } else { Some(level(100) as f64) }).collect();
    let plain: Vec<Option<&str>> = (0..40).map(|_| [Some("x"), Some("y")][level(2)]).collect();
    let features = FeatureTable::new(
        40,
        vec![
            Feature::categorical("codes", &codes),
            Feature::numeric("numbers", numbers).unwrap(),
            Feature::categorical("plain", &plain),
        ],
    )
    .unwrap();
    for missing in [Missing::Zero, Missing::One] {
        let validation = Mlem::params().missing(missing).cross_validation(&features, 4).unwrap();
        let mut to: Vec<usize> = (0..40).collect();
        for fold in &validation.design.layout.folds {
            stream.shuffle(&mut to[fold.clone()]);
        }
        let moved = validation.design.columns.permuted(0..40, |_, out| out.copy_from_slice(&to));
        let mut crossing = Crossing::new(&validation.design);
        let quick = crossing.covariances(&to, &moved);
        crossing.visit_all_pairs();
        for (quick, slow) in quick.iter().zip(crossing.covariances(&to, &moved)) {
            let apart = (quick - &slow).iter().fold(0.0f64, |most, x| most.max(x.abs()));
            assert!(apart < 1e-12, "{missing:?}: {apart}");
        }
    }
}
