//! The stochastic solver against the published package, which it reproduces, and against the exact one, which it cannot beat.

use mlem_probe::mlem::{Constraint, Mlem, Solver};

use crate::mlem::{mixed, published};

#[test]
fn importances_are_those_of_the_published_package() {
    let (features, activations) = mixed();
    let published = published();
    let seeds = 6;
    let mut means = vec![(String::new(), 0.0); features.n_features()];
    let mut spearman = 0.0;
    for seed in 0..seeds {
        let fitted =
            Mlem::params().solver(Solver::Stochastic).seed(seed).fit(&features, activations.view()).unwrap();
        spearman += fitted.score(&features, activations.view()).unwrap().spearman.unwrap() / seeds as f64;
        for (mean, term) in means.iter_mut().zip(fitted.importance(&features, activations.view()).unwrap()) {
            mean.0 = term.name;
            mean.1 += term.importance / seeds as f64;
        }
        eprintln!("{} {:?}", fitted.training().len(), fitted.training()[0].batch);
    }
    let number = |table: &str, name: &str| published[table][name].as_f64().unwrap();
    eprintln!("spearman {spearman} {}", published["spearman_mean"]);
    for (name, importance) in &means {
        let (mean, sd) = (number("importance_mean", name), number("importance_sd", name));
        eprintln!("{name}: {importance}, published {mean} ± {sd} {}", (importance - mean) / sd);
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
        eprintln!("{interactions} {constraint:?} lost {lost} steps {}", stochastic.training().len());
        assert!((-1e-9..short).contains(&lost), "{interactions} {constraint:?}: {lost}");
        let again = params.solver(Solver::Stochastic).fit(&features, activations.view()).unwrap();
        assert_eq!(stochastic.weights(), again.weights());
    }
}
