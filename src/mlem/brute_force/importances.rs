//! Importances and scores against features that are permuted, or out of range, in the table itself.

use ndarray::Array2;

use super::plain::data;
use crate::mlem::{Mlem, Permute};
use crate::numeric::rng::Stream;
use crate::stimuli::{Feature, FeatureTable};

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
