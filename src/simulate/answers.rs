//! Worlds whose answer is known: which features shape the activations, how much, and which do nothing. Who finds it?
//!
//! A third of the features have no part in the world (a gain of 0), the others one of 0.5 to 2. The oracle knows the world: it predicts
//! the distances between stimuli by the activations without noise, and its importance of a feature is what Spearman's correlation of the world's distances with the
//! noisy ones of held-out stimuli loses when the feature's values are permuted among them *in the world*: of a network, activations are
//! made anew; of `d'Wd`, these numbers, for which no place in space need be found. Every estimator is fitted on the same folds, without interactions, and has the importances that it has in a run
//! (over stimuli: [`Permute::Stimuli`]; of RSA, a feature's own correlation; of decoding, its selectivity).

use rayon::prelude::*;

use super::world::World;
use super::{Error, Options, Result, WorldKind};
use crate::baselines::decoding::{Decoding, FeatureScore};
use crate::baselines::encoding::Encoding;
use crate::baselines::frrsa::FrRsa;
use crate::baselines::rsa::Rsa;
use crate::mlem::{Distance, FoldFit, Mlem, PairBudget, Permute, dissimilarities};
use crate::numeric::auc::roc_auc;
use crate::numeric::correlation::pearson;
use crate::numeric::rank::{Scratch, centred_ranks};
use crate::numeric::rng::Stream;
use crate::progress::{Progress, Unit};

/// Permutations of each importance.
const PERMUTATIONS: usize = 5;
/// The fewest features of which some can do nothing.
const FEATURES: usize = 4;

/// Who is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The world itself.
    Oracle,
    /// Metric learning encoding models.
    Mlem,
    /// Feature-reweighted RSA.
    Frrsa,
    /// RSA of single features; its score is that of their sum.
    Rsa,
    /// Linear probes.
    Decoding,
    /// Ridge regression from features to units.
    Encoding,
}

impl Asked {
    /// All of them, the oracle first.
    pub const ALL: [Self; 6] =
        [Self::Oracle, Self::Mlem, Self::Frrsa, Self::Rsa, Self::Decoding, Self::Encoding];

    /// Its name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Oracle => "oracle",
            Self::Mlem => "MLEM",
            Self::Frrsa => "FR-RSA",
            Self::Rsa => "RSA",
            Self::Decoding => "decoding",
            Self::Encoding => "encoding",
        }
    }

    /// What its scores are.
    #[must_use]
    pub fn measure(self) -> &'static str {
        match self {
            Self::Decoding => "skill",
            Self::Encoding => "R²",
            _ => "Spearman",
        }
    }
}

/// What one of them says of one world at one noise level.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Which world.
    pub world: WorldKind,
    /// Standard deviations of each dimension.
    pub noise: f64,
    /// Under which seed everything was drawn.
    pub seed: u64,
    /// Who says it.
    pub asked: Asked,
    /// Mean over folds of the score on held-out stimuli, in its own measure.
    pub score: f64,
    /// Spearman's correlation of its importances with the oracle's, over features; 1 of the oracle. NaN where either are all equal.
    pub agreement: f64,
    /// How likely a feature that has a part in the world has a larger importance than one that has none: the area under the ROC curve.
    pub told: f64,
    /// The importance of each feature, mean over folds.
    pub importances: Vec<f64>,
    /// The part of each feature in the world; 0 is none.
    pub gains: Vec<f64>,
}

/// Asks all of them about every world, at every noise level, in the order world, noise, [`Asked::ALL`], seed.
///
/// # Errors
///
/// Options out of range, fewer than 4 features among them; a world that cannot be fitted.
pub fn answers(options: &Options, progress: &dyn Progress) -> Result<Vec<Answer>> {
    options.check()?;
    if options.features < FEATURES {
        let (option, value) = ("features", options.features.to_string());
        return Err(Error::Option { option, value, range: "at least 4, of which some do nothing" });
    }
    if options.folds < 3 {
        let (option, value) = ("folds", options.folds.to_string());
        return Err(Error::Option { option, value, range: "at least 3 for feature-reweighted RSA" });
    }
    let jobs = options.jobs();
    progress.begin("simulate", (jobs.len() * options.noise.len()) as u64, Unit::Items);
    let of_job = |&(kind, seed): &(WorldKind, u64)| of_world(kind, seed, options, progress);
    let parts: Vec<Vec<Answer>> = jobs.par_iter().map(of_job).collect::<Result<_>>()?;
    progress.end();
    let mut all: Vec<Answer> = parts.into_iter().flatten().collect();
    let place = |row: &Answer| {
        let world = options.worlds.iter().position(|&world| world == row.world);
        let noise = options.noise.iter().position(|&noise| noise == row.noise);
        (world, noise, Asked::ALL.iter().position(|&asked| asked == row.asked), row.seed)
    };
    all.sort_by_key(place);
    Ok(all)
}

/// The parts of `n` features: a third have none.
fn gains(n: usize, seed: u64) -> Vec<f64> {
    let mut stream = Stream::new(seed, "gains");
    let mut gains: Vec<f64> =
        (0..n).map(|k| if k < n / 3 { 0.0 } else { 0.5 + 1.5 * stream.unit() }).collect();
    stream.shuffle(&mut gains);
    gains
}

/// A score and the importances of all features, means over folds.
type Said = (f64, Vec<f64>);

fn of_world(kind: WorldKind, seed: u64, options: &Options, progress: &dyn Progress) -> Result<Vec<Answer>> {
    let gains = gains(options.features, seed);
    let world = World::with_gains(kind, options, seed, &gains)?;
    let (features, folds) = (&world.features, options.folds);
    let params =
        Mlem::params().pairs(PairBudget::All).permute(Permute::Stimuli).permutations(PERMUTATIONS).seed(seed);
    let mlem = params.cross_validation(features, folds)?;
    let frrsa = FrRsa::params().options(params.clone()).cross_validation(features, folds)?;
    let rsa = Rsa::params().options(params.clone()).cross_validation(features, folds)?;
    let decoding = Decoding::params().controls(PERMUTATIONS).seed(seed).cross_validation(features, folds)?;
    let encoding = Encoding::params().options(params).cross_validation(features, folds)?;
    let fold_of = features.folds(folds, seed);
    let mut answers = Vec::new();
    for &noise in &options.noise {
        let activations = world.noisy(noise, seed);
        let x = activations.view();
        let of_models = |fits: &[FoldFit]| -> Said {
            let importances = |fit: &FoldFit| fit.importances.iter().map(|i| i.importance).collect();
            over_folds(fits.iter().map(|fit| (fit.scored.value.unwrap_or(f64::NAN), importances(fit))))
        };
        let of =
            |asked: Asked| -> Result<Said> {
                Ok(match asked {
                    Asked::Oracle => {
                        let rows = |fold: usize| -> Vec<usize> {
                            (0..fold_of.len()).filter(|&row| fold_of[row] == fold).collect()
                        };
                        let said: Result<Vec<Said>> =
                            (0..folds).map(|fold| oracle(&world, x, &rows(fold), (seed, fold))).collect();
                        over_folds(said?.into_iter())
                    }
                    Asked::Mlem => of_models(&mlem.fit(x)?),
                    Asked::Frrsa => {
                        of_models(&frrsa.fit(x)?.into_iter().map(|fit| fit.model).collect::<Vec<_>>())
                    }
                    Asked::Rsa => over_folds(rsa.fit(x)?.into_iter().map(|fit| {
                        let own = fit.features.iter().map(|feature| feature.correlation).collect();
                        (fit.scored.value.unwrap_or(f64::NAN), own)
                    })),
                    Asked::Decoding => over_folds(decoding.fit(x)?.into_iter().map(|fit| {
                        (fit.score, fit.features.iter().map(FeatureScore::selectivity).collect())
                    })),
                    Asked::Encoding => over_folds(encoding.fit(x)?.into_iter().map(|fit| {
                        (fit.scored.r_squared, fit.importances.iter().map(|i| i.importance).collect())
                    })),
                })
            };
        let (best, truth) = of(Asked::Oracle)?;
        for asked in Asked::ALL {
            let (score, importances) =
                if asked == Asked::Oracle { (best, truth.clone()) } else { of(asked)? };
            answers.push(Answer {
                world: kind,
                noise,
                seed,
                asked,
                score,
                agreement: spearman(&importances, &truth),
                told: roc_auc(&importances, |feature| gains[feature] > 0.0).unwrap_or(f64::NAN),
                importances,
                gains: gains.clone(),
            });
        }
        progress.advance(1);
    }
    Ok(answers)
}

/// Means over folds, of those that have a number.
fn over_folds(folds: impl Iterator<Item = Said>) -> Said {
    let folds: Vec<Said> = folds.collect();
    let mean = |values: &mut dyn Iterator<Item = f64>| {
        let known: Vec<f64> = values.filter(|x| x.is_finite()).collect();
        if known.is_empty() { f64::NAN } else { known.iter().sum::<f64>() / known.len() as f64 }
    };
    let n = folds.first().map_or(0, |(_, importances)| importances.len());
    let importances =
        (0..n).map(|k| mean(&mut folds.iter().map(|(_, importances)| importances[k]))).collect();
    (mean(&mut folds.iter().map(|(score, _)| *score)), importances)
}

/// What the world itself says of the stimuli `rows`.
fn oracle(
    world: &World,
    x: ndarray::ArrayView2<'_, f32>,
    rows: &[usize],
    (seed, fold): (u64, usize),
) -> Result<Said> {
    let distances = dissimilarities(x, rows, Distance::Euclidean)?;
    let pairs = (0..rows.len()).flat_map(|i| (i + 1..rows.len()).map(move |j| (i, j)));
    let neural: Vec<f64> = pairs.map(|pair| f64::from(distances[pair])).collect();
    let score = spearman(&world.clean(rows), &neural);
    let unmoved = spearman(&world.distances(rows, None), &neural);
    let importance = |feature: usize| {
        let drop = |permutation: usize| {
            let mut order = rows.to_vec();
            let name = format!("oracle fold {fold} feature {feature} permutation {permutation}");
            Stream::new(seed, &name).shuffle(&mut order);
            // Distances that are all equal tell nothing.
            let moved = spearman(&world.distances(rows, Some((feature, &order))), &neural);
            unmoved - if moved.is_nan() { 0.0 } else { moved }
        };
        (0..PERMUTATIONS).map(drop).sum::<f64>() / PERMUTATIONS as f64
    };
    Ok((score, (0..world.features.n_features()).map(importance).collect()))
}

/// Spearman's correlation, ties at their mid-rank; NaN where either are all equal, or a value is none.
fn spearman(a: &[f64], b: &[f64]) -> f64 {
    if a.iter().chain(b).any(|x| x.is_nan()) {
        return f64::NAN;
    }
    let mut scratch = Scratch::default();
    let mut ranks = |values: &[f64]| -> Vec<f64> {
        let single: Vec<f32> = values.iter().map(|&x| x as f32).collect();
        centred_ranks(&single, &mut scratch).into_iter().map(f64::from).collect()
    };
    pearson(&ranks(a), &ranks(b)).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    fn options(worlds: Vec<WorldKind>) -> Options {
        Options {
            worlds,
            stimuli: 120,
            features: 6,
            dims: 40,
            noise: vec![0.0, 2.0],
            seeds: 2,
            folds: 4,
            ..Options::default()
        }
    }

    #[test]
    fn the_oracle_is_never_beaten_and_all_find_most_of_what_it_knows() {
        let options = options(vec![WorldKind::Network, WorldKind::Dense]);
        let found = answers(&options, &Silent).unwrap();
        assert_eq!(found.len(), 2 * 2 * 6 * 2);
        let at = |world: WorldKind, noise: f64, asked: Asked, of: fn(&Answer) -> f64| {
            let rows =
                found.iter().filter(|row| row.world == world && row.noise == noise && row.asked == asked);
            let values: Vec<f64> = rows.map(of).collect();
            assert_eq!(values.len(), 2);
            values.iter().sum::<f64>() / 2.0
        };
        let network = WorldKind::Network;
        for world in [network, WorldKind::Dense] {
            // Without noise it has the distances themselves.
            assert!((at(world, 0.0, Asked::Oracle, |row| row.score) - 1.0).abs() < 1e-6);
            for noise in [0.0, 2.0] {
                let best = at(world, noise, Asked::Oracle, |row| row.score);
                for asked in [Asked::Mlem, Asked::Frrsa, Asked::Rsa] {
                    let score = at(world, noise, asked, |row| row.score);
                    assert!(score <= best + 0.02, "{world:?} {asked:?} {noise}: {score} for {best}");
                }
            }
        }
        for asked in [Asked::Oracle, Asked::Mlem, Asked::Encoding] {
            assert!(at(network, 0.0, asked, |row| row.told) > 0.9, "{asked:?}");
            assert!(at(network, 0.0, asked, |row| row.agreement) > 0.7, "{asked:?}");
        }
        assert!(found.iter().all(|row| row.asked != Asked::Oracle || row.agreement == 1.0));
        assert_eq!(format!("{found:?}"), format!("{:?}", answers(&options, &Silent).unwrap()));
    }

    #[test]
    fn a_feature_without_a_part_moves_nothing() {
        let gains = gains(6, 3);
        assert_eq!(gains.iter().filter(|gain| **gain == 0.0).count(), 2);
        for kind in [WorldKind::Network, WorldKind::Sparse] {
            let world = World::with_gains(kind, &options(vec![kind]), 3, &gains).unwrap();
            let rows: Vec<usize> = (0..30).collect();
            let order: Vec<usize> = (0..30).rev().collect();
            let plain = world.distances(&rows, None);
            for (feature, gain) in gains.iter().enumerate() {
                let moved = world.distances(&rows, Some((feature, &order)));
                assert_eq!(moved == plain, *gain == 0.0, "{kind:?} {feature}");
            }
        }
    }

    #[test]
    fn too_few_features_or_folds_are_refused() {
        let few = Options { features: 3, ..options(vec![WorldKind::Network]) };
        assert!(answers(&few, &Silent).unwrap_err().to_string().contains("at least 4"));
        let two = Options { folds: 2, ..options(vec![WorldKind::Network]) };
        assert!(answers(&two, &Silent).unwrap_err().to_string().contains("at least 3"));
    }
}
