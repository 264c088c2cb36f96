//! How near each fit comes to the truth, over worlds, noise and seeds.

use ndarray::Array2;
use rayon::prelude::*;

use super::world::{World, norm};
use super::{Options, Result, WorldKind};
use crate::mlem::{Constraint, CrossValidation, FoldFit, Mlem, PairBudget, Solver};
use crate::progress::{Progress, Unit};

/// A way to fit `W`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// Positive semidefinite, or any.
    pub constraint: Constraint,
    /// Exact or stochastic.
    pub solver: Solver,
}

impl Method {
    /// All, those that the simulation is about first.
    pub const ALL: [Self; 4] = [
        Self { constraint: Constraint::Spd, solver: Solver::Exact },
        Self { constraint: Constraint::None, solver: Solver::Exact },
        Self { constraint: Constraint::Spd, solver: Solver::Stochastic },
        Self { constraint: Constraint::None, solver: Solver::Stochastic },
    ];

    /// Its name in tables and figures.
    #[must_use]
    pub fn name(self) -> &'static str {
        match (self.constraint, self.solver) {
            (Constraint::Spd, Solver::Exact) => "MLEM",
            (Constraint::None, Solver::Exact) => "FR-RSA-I",
            (Constraint::Spd, Solver::Stochastic) => "MLEM, stochastic",
            (Constraint::None, Solver::Stochastic) => "FR-RSA-I, stochastic",
        }
    }
}

/// A fit of one world at one noise level.
#[derive(Debug, Clone, PartialEq)]
pub struct Recovery {
    /// Which world.
    pub world: WorldKind,
    /// How it was fitted.
    pub method: Method,
    /// Standard deviations of each dimension.
    pub noise: f64,
    /// Under which seed everything was drawn.
    pub seed: u64,
    /// `‖Ŵ − W‖` of the fit to all stimuli; NaN where there is no `W`.
    pub error: f64,
    /// `‖Ŵ − Ŵ at the first noise level‖` of the fits to all stimuli.
    pub drift: f64,
    /// Mean over folds of Spearman over pairs of held-out stimuli.
    pub spearman: f64,
    /// Steps of the stochastic solver on all stimuli; 0 for the exact one.
    pub steps: usize,
}

/// The objective on each step's batch as the stochastic solver climbs, on all stimuli of one world without noise.
#[derive(Debug, Clone, PartialEq)]
pub struct Climb {
    /// Which world.
    pub world: WorldKind,
    /// How it was fitted.
    pub method: Method,
    /// At which noise level.
    pub noise: f64,
    /// Under which seed everything was drawn.
    pub seed: u64,
    /// Soft Spearman on each step's batch.
    pub soft_spearman: Vec<f64>,
    /// Pairs in a batch.
    pub batch: usize,
    /// What the exact solver reaches, over all pairs.
    pub optimum: f64,
}

/// All that was measured.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Simulation {
    /// In the order world, noise, method, seed.
    pub recoveries: Vec<Recovery>,
    /// One per stochastic fit to all stimuli.
    pub climbs: Vec<Climb>,
}

/// Runs the simulation.
///
/// # Errors
///
/// Options out of range; a world that cannot be fitted.
pub fn run(options: &Options, progress: &dyn Progress) -> Result<Simulation> {
    options.check()?;
    let jobs = options.jobs();
    progress.begin("simulate", (jobs.len() * options.noise.len()) as u64, Unit::Items);
    let parts: Vec<Simulation> = jobs
        .par_iter()
        .map(|&(kind, seed)| of_world(kind, seed, options, progress))
        .collect::<Result<_>>()?;
    progress.end();
    let mut all = Simulation::default();
    for part in parts {
        all.recoveries.extend(part.recoveries);
        all.climbs.extend(part.climbs);
    }
    let place = |row: &Recovery| {
        let world = options.worlds.iter().position(|&world| world == row.world);
        let noise = options.noise.iter().position(|&noise| noise == row.noise);
        (world, noise, Method::ALL.iter().position(|&method| method == row.method), row.seed)
    };
    all.recoveries.sort_by_key(place);
    Ok(all)
}

fn of_world(kind: WorldKind, seed: u64, options: &Options, progress: &dyn Progress) -> Result<Simulation> {
    let world = World::new(kind, options, seed)?;
    let stochastic = seed - options.seed < options.stochastic_seeds;
    let methods: Vec<Method> =
        Method::ALL.into_iter().filter(|method| stochastic || method.solver == Solver::Exact).collect();
    // What the features alone decide is the same at every noise level.
    let prepared = methods
        .iter()
        .map(|method| {
            let params = Mlem::params()
                .interactions(true)
                .constraint(method.constraint)
                .solver(method.solver)
                .pairs(PairBudget::All)
                .permutations(0)
                .seed(seed);
            let folds = params.cross_validation(&world.features, options.folds)?;
            Ok((params.cross_validation(&world.features, 1)?, folds))
        })
        .collect::<Result<Vec<(CrossValidation, CrossValidation)>>>()?;
    let mut first: Vec<Option<Array2<f64>>> = vec![None; methods.len()];
    let mut simulation = Simulation::default();
    for &noise in &options.noise {
        let activations = world.noisy(noise, seed);
        let mut optimum = [f64::NAN; 2];
        for (place, &method) in methods.iter().enumerate() {
            let (whole, folds) = &prepared[place];
            let fitted = whole.fit(activations.view())?.remove(0);
            let folds = folds.fit(activations.view())?;
            let w = fitted.weights;
            let start = first[place].get_or_insert_with(|| w.clone());
            let free = usize::from(method.constraint == Constraint::None);
            if method.solver == Solver::Exact {
                optimum[free] = fitted.objective;
            } else {
                let steps = &fitted.training;
                simulation.climbs.push(Climb {
                    world: kind,
                    method,
                    noise,
                    seed,
                    soft_spearman: steps.iter().map(|step| step.soft_spearman).collect(),
                    batch: steps.first().map_or(0, |step| step.batch),
                    optimum: optimum[free],
                });
            }
            simulation.recoveries.push(Recovery {
                world: kind,
                method,
                noise,
                seed,
                error: world.weights.as_ref().map_or(f64::NAN, |truth| norm(&(&w - truth))),
                drift: norm(&(&w - &*start)),
                spearman: mean_spearman(&folds),
                steps: fitted.training.len(),
            });
        }
        progress.advance(1);
    }
    Ok(simulation)
}

fn mean_spearman(folds: &[FoldFit]) -> f64 {
    let scores: Vec<f64> = folds.iter().filter_map(|fold| fold.scored.value.ok()).collect();
    if scores.is_empty() { f64::NAN } else { scores.iter().sum::<f64>() / scores.len() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    #[test]
    fn the_constraint_never_hurts_the_recovery_and_noise_takes_it_away() {
        let options = Options {
            worlds: vec![WorldKind::Dense, WorldKind::Network],
            stimuli: 60,
            features: 4,
            dims: 80,
            noise: vec![0.0, 3.0],
            seeds: 2,
            stochastic_seeds: 0,
            ..Options::default()
        };
        let simulation = run(&options, &Silent).unwrap();
        assert_eq!(simulation.recoveries.len(), 2 * 2 * 2 * 2);
        // What is not defined is not equal to itself, but is written alike.
        assert_eq!(format!("{simulation:?}"), format!("{:?}", run(&options, &Silent).unwrap()));
        let mean = |noise: f64, method: Method, of: fn(&Recovery) -> f64| {
            let rows = simulation
                .recoveries
                .iter()
                .filter(|row| row.world == WorldKind::Dense && row.noise == noise && row.method == method);
            let values: Vec<f64> = rows.map(of).collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        let [mlem, free, ..] = Method::ALL;
        for noise in [0.0, 3.0] {
            assert!(mean(noise, mlem, |row| row.error) <= mean(noise, free, |row| row.error) + 1e-3);
        }
        assert!(mean(0.0, mlem, |row| row.spearman) > mean(3.0, mlem, |row| row.spearman));
        assert!(simulation.recoveries.iter().all(|row| row.noise > 0.0 || row.drift == 0.0));
        assert!(
            simulation.recoveries.iter().all(|row| (row.world == WorldKind::Network) == row.error.is_nan())
        );
    }
}
