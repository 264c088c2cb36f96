//! The stochastic solver against the published package, which it reproduces, and against the exact one, which it cannot beat.

use mlem_probe::mlem::{Constraint, Mlem, Solver, TermImportance};
use mlem_probe::numeric::correlation::mean_sd;

use crate::mlem::{mixed, published};

#[test]
fn importances_are_those_of_the_published_package() {
    let (features, activations) = mixed();
    let published = published();
    let fits: Vec<Vec<TermImportance>> = (0..6)
        .map(|seed| {
            let params = Mlem::params().solver(Solver::Stochastic).seed(seed);
            let fitted = params.fit(&features, activations.view()).unwrap();
            let spearman = fitted.score(&features, activations.view()).unwrap().value.unwrap();
            assert!((spearman - published["spearman_mean"].as_f64().unwrap()).abs() < 0.005, "{spearman}");
            assert!(fitted.training().len() <= 1000 && fitted.training()[0].batch > 10_000);
            fitted.importance(&features, activations.view()).unwrap()
        })
        .collect();
    for (index, term) in fits[0].iter().enumerate() {
        let over_seeds: Vec<f64> = fits.iter().map(|fit| fit[index].importance).collect();
        let (ours, spread) = mean_sd(&over_seeds).unwrap();
        let published = |table: &str| published[table][&term.name].as_f64().unwrap();
        let (theirs, sd) = (published("importance_mean"), published("importance_sd"));
        assert!(
            (ours - theirs).abs() < 3.0 * sd,
            "{}: {ours} ± {spread}, published {theirs} ± {sd}",
            term.name
        );
    }
}

#[test]
fn a_climb_comes_near_the_optimum_and_never_above_it() {
    let (features, activations) = mixed();
    for (interactions, constraint, short) in
        [(false, Constraint::Spd, 0.002), (true, Constraint::Spd, 0.01), (true, Constraint::None, 0.01)]
    {
        let params = Mlem::params().interactions(interactions).constraint(constraint);
        let exact = params.fit(&features, activations.view()).unwrap();
        let stochastic =
            params.clone().solver(Solver::Stochastic).fit(&features, activations.view()).unwrap();
        let lost = exact.objective() - stochastic.objective();
        assert!((-1e-9..short).contains(&lost), "{interactions} {constraint:?}: {lost}");
        let again = params.solver(Solver::Stochastic).fit(&features, activations.view()).unwrap();
        assert_eq!(stochastic.weights(), again.weights());
    }
}
