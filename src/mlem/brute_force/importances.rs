//! Importances and scores against features that are permuted, or out of range, in the table itself.

use ndarray::Array2;

use super::plain::{all_pairs, data};
use crate::mlem::importance::subtract_mains;
use crate::mlem::score::{Evaluation, GridModel, ScoreTarget, neural_distances};
use crate::mlem::{FeatureGroup, Missing, Mlem, Permute, Scoring, Term};
use crate::numeric::correlation::{mean_sd, pearson};
use crate::numeric::counting::StepCounts;
use crate::numeric::rank::{RankTarget, Scratch};
use crate::numeric::rng::Stream;
use crate::stimuli::{Feature, FeatureTable};

/// So few stimuli that their pairs are sorted for every effect, and so many that they are counted.
const FEW_AND_MANY: [usize; 2] = [50, 270];

const SCORINGS: [Scoring; 3] = [Scoring::Spearman, Scoring::Pearson, Scoring::SquaredError];

fn few_and_many() -> impl Iterator<Item = (usize, Scoring)> {
    FEW_AND_MANY.into_iter().flat_map(|n| SCORINGS.map(|scoring| (n, scoring)))
}

#[test]
fn importance_over_stimuli_is_what_scoring_permuted_features_gives() {
    for (n, scoring) in few_and_many() {
        let (features, x) = data(n, 3, 1, 9);
        let group = |name: &str, members: &[&str]| FeatureGroup {
            name: name.to_owned(),
            members: members.iter().map(|&member| member.to_owned()).collect(),
        };
        let groups = vec![group("levels", &["c0", "c1"]), group("all", &["*"])];
        let params = Mlem::params().interactions(true).permute(Permute::Stimuli).permutations(1).seed(4);
        let fitted = params.scoring(scoring).groups(groups).fit(&features, x.view()).unwrap();
        let importances = fitted.importance(&features, x.view()).unwrap();
        let mut alone = Stream::new(4, "all permutation 0");
        let mut together: Vec<usize> = (0..n).collect();
        Stream::new(4, "all groups permutation 0").shuffle(&mut together);
        let permuted: Vec<[Feature; 2]> = features
            .iter()
            .map(|feature| {
                let mut order: Vec<usize> = (0..n).collect();
                alone.shuffle(&mut order);
                [feature.select(&order), feature.select(&together)]
            })
            .collect();
        let score = |replaced: &[usize], with: usize| {
            let columns = features.iter().enumerate().map(|(index, feature)| {
                if replaced.contains(&index) { permuted[index][with].clone() } else { feature.clone() }
            });
            let table = FeatureTable::new(n, columns.collect()).unwrap();
            fitted.score(&table, x.view()).unwrap().value.unwrap()
        };
        let of_term = |term: &Term| {
            if term.is_main() {
                return score(&[], 0) - score(&[term.a], 0);
            }
            score(&[term.a], 0) + score(&[term.b], 0) - score(&[term.a, term.b], 0) - score(&[], 0)
        };
        let of_groups = [&[0, 1][..], &[0, 1, 2, 3]].map(|members| score(&[], 1) - score(members, 1));
        let expected = fitted.terms().iter().map(of_term).chain(of_groups);
        for (importance, expected) in importances.iter().zip(expected) {
            assert!((importance.importance - expected).abs() < 3e-6, "{importance:?}, expected {expected}");
        }
        assert_eq!(importances.len(), 12);
    }
}

/// Spearman's correlation with mid-ranks; modelled distances that differ by rounding alone tie.
fn spearman(modelled: &[f64], squared: &[f64]) -> f64 {
    let ranks = |values: &[f64]| {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        let mut ranks = vec![0.0; values.len()];
        let mut below = 0;
        for group in order.chunk_by(|&a, &b| values[b] - values[a] < 1e-9) {
            for &i in group {
                ranks[i] = below as f64 + 0.5 * group.len() as f64;
            }
            below += group.len();
        }
        ranks
    };
    pearson(&ranks(modelled), &ranks(squared)).unwrap()
}

/// One less the squared error of `squared`, predicted from `distances` by the line of least squares over `fitted`.
fn r_squared(distances: &[f64], squared: &[f64], fitted: &[f64]) -> f64 {
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let (x, y) = (mean(fitted), mean(squared));
    let products: f64 = fitted.iter().zip(squared).map(|(a, b)| (a - x) * (b - y)).sum();
    let slope = products / fitted.iter().map(|a| (a - x).powi(2)).sum::<f64>();
    let error: f64 = distances.iter().zip(squared).map(|(a, b)| (b - y - slope * (a - x)).powi(2)).sum();
    1.0 - error / squared.iter().map(|b| (b - y).powi(2)).sum::<f64>()
}

#[test]
fn importance_over_pairs_is_what_ranking_permuted_products_gives() {
    for (n, scoring) in few_and_many() {
        let (features, x) = data(n, 3, 2, 3);
        let params = Mlem::params().interactions(true).permutations(2).seed(6).scoring(scoring);
        let fitted = params.fit(&features, x.view()).unwrap();
        let importances = fitted.importance(&features, x.view()).unwrap();
        let terms = fitted.terms();
        let weights: Vec<f64> = terms.iter().map(|term| fitted.weights()[[term.a, term.b]]).collect();
        let (phi, squared) = all_pairs(&params, terms, &features, x.view(), &(0..n).collect::<Vec<_>>());
        let modelled: Vec<f64> =
            phi.iter().map(|phi| phi.iter().zip(&weights).map(|(phi, w)| phi * w).sum()).collect();
        let of_distances = |distances: &[f64]| match scoring {
            Scoring::Spearman => spearman(distances, &squared),
            Scoring::Pearson => pearson(distances, &squared).unwrap(),
            Scoring::SquaredError => r_squared(distances, &squared, &modelled),
        };
        let score = of_distances(&modelled);
        let scored = fitted.score(&features, x.view()).unwrap().value.unwrap();
        assert!((scored - score).abs() < 1e-6, "{scoring:?}: {scored} {score}");
        for (k, importance) in importances.iter().enumerate() {
            let drop = |permutation: usize| {
                let mut order: Vec<usize> = (0..phi.len()).collect();
                Stream::new(6, &format!("all permutation {permutation}")).shuffle(&mut order);
                let moved = modelled
                    .iter()
                    .enumerate()
                    .map(|(pair, distance)| distance + weights[k] * (phi[order[pair]][k] - phi[pair][k]));
                score - of_distances(&moved.collect::<Vec<f64>>())
            };
            let (first, second) = (drop(0), drop(1));
            let expected = 0.5 * (first + second);
            assert!((importance.importance - expected).abs() < 1e-5, "{importance:?}, expected {expected}");
            assert!((importance.sd - (first - second).abs() / 2f64.sqrt()).abs() < 1e-5, "{importance:?}");
        }
    }
}

/// Features that tie often, with gaps, one that few pairs differ in, and numbers of few values, and of many where `many` are wanted.
fn tied(n: usize, many: usize, seed: u64) -> (FeatureTable, Array2<f32>) {
    let (features, x) = data(n, 3, many, seed);
    let mut stream = Stream::new(seed, "tied");
    let few: Vec<Option<f64>> = (0..n).map(|i| (i % 11 > 0).then(|| stream.index(5) as f64 * 0.3)).collect();
    let fewer = (0..n).map(|_| Some(stream.index(3) as f64)).collect();
    let rare: Vec<Option<&str>> = (0..n).map(|i| Some(if i < 3 { "rare" } else { "usual" })).collect();
    let more = vec![
        Feature::numeric("few", few).unwrap(),
        Feature::numeric("fewer", fewer).unwrap(),
        Feature::categorical("rare", &rare),
    ];
    (FeatureTable::new(n, features.iter().cloned().chain(more).collect()).unwrap(), x)
}

#[test]
fn drops_side_by_side_are_those_of_counting_one_after_the_other() {
    let groups = || {
        let group = |name: &str, members: &[&str]| FeatureGroup {
            name: name.to_owned(),
            members: members.iter().map(|&member| member.to_owned()).collect(),
        };
        vec![group("some", &["c0", "few"]), group("all", &["*"])]
    };
    let pairs = Mlem::params().permutations(9);
    let stimuli = pairs.clone().permute(Permute::Stimuli).permutations(3);
    let cases = [
        pairs.clone().interactions(true).missing(Missing::One),
        pairs.groups(groups()),
        stimuli.clone().interactions(true),
        stimuli.clone().groups(groups()),
        stimuli.conditional(Some(0.1)).groups(groups()),
    ];
    let mut n_counted = 0;
    let tables = [0, 2].into_iter().flat_map(|many| cases.iter().map(move |params| (many, params)));
    for (seed, (many, params)) in (0..).zip(tables) {
        let (features, x) = tied(270, many, seed);
        let validation = params.cross_validation(&features, 1).unwrap();
        let neural = validation.design.neural(x.view()).unwrap();
        let w: Vec<f64> = (0..validation.terms().len()).map(|k| [0.7, 0.0, 0.001, 0.2][k % 4]).collect();
        let (tasks, plan) = (validation.design.layout.tasks_within(0), &validation.plan);
        let (held, set) = (validation.held(0, &tasks), validation.held_pairs(0));
        let squared = neural_distances(&neural, &tasks, validation.coverage);
        let target = RankTarget::new(&squared, &mut Scratch::default());
        let model = GridModel::new(validation.terms(), &w, &validation.design.columns);
        let evaluation = Evaluation::new(model, set, ScoreTarget::Ranks(target.clone()));
        let by_counting = |distances: &[i32]| {
            let mut counts = StepCounts::new(distances.len(), 1);
            counts.add(distances, target.shifted());
            target.spearman_counted(&mut counts)[0].unwrap_or(0.0)
        };
        let by_sorting =
            |distances: &[i32]| target.spearman(distances, &mut Scratch::default()).unwrap_or(0.0);
        // Steps may be too coarse for some model; it is sorted then.
        let counts = (by_counting(&evaluation.distances) - by_sorting(&evaluation.distances)).abs() < 1e-6;
        n_counted += usize::from(counts);
        let counted = |distances: &[i32]| if counts { by_counting(distances) } else { by_sorting(distances) };
        let permutable = plan.permutable(&held.stimuli, set);
        let baseline = counted(&evaluation.distances);
        let drops: Vec<Vec<f64>> = (0..plan.permutations)
            .map(|permutation| {
                let permuted = plan.permuted(set, &held, permutation);
                let drop = |k: usize| match evaluation.permuted_distances(plan, k, &permuted) {
                    _ if !permutable[k] => f64::NAN,
                    Some(distances) => baseline - counted(&distances),
                    None => 0.0,
                };
                let mut drops: Vec<f64> = (0..plan.effects.len()).map(drop).collect();
                if plan.permute() == Permute::Stimuli {
                    subtract_mains(&mut drops, &plan.effects);
                }
                drops
            })
            .collect();
        let score = evaluation.score().value;
        for (k, importance) in evaluation.importance(score, plan, &held).into_iter().enumerate() {
            let (mean, sd) = mean_sd(&drops.iter().map(|drops| drops[k]).collect::<Vec<f64>>()).unwrap();
            assert_eq!(importance.importance.to_bits(), mean.to_bits(), "{seed}: {importance:?}, {mean}");
            assert_eq!(importance.sd.to_bits(), sd.to_bits(), "{seed}: {importance:?}, {sd}");
        }
    }
    assert!(n_counted >= 5, "{n_counted}");
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
    assert!((scored.value.unwrap() - 1.0).abs() < 1e-9, "{scored:?}");
}
