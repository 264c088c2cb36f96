//! Runs, compared.

use ndarray::Array2;

use super::differences::{self, Difference};
use super::distances::{self, DistanceTable, Measure, Scale};
use super::error::{Error, Result};
use super::layers::LayerSimilarity;
use super::metadata::{Metadata, MetadataParams, ProfileDistance, features_of, fit_metadata};
use super::nearest::{self, Nearest};
use super::trajectories::{self, Trajectories, depths};
use super::warning::Warning;
use super::{Checkpoints, ModelMap, Params, Run, agreement};
use crate::numeric::linkage::Merge;
use crate::profile::{Order, Spread, Summary};
use crate::stimuli::Stimuli;

/// Models against each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// What was compared.
    pub runs: Vec<Run>,
    /// Each run across its folds.
    pub summaries: Vec<Summary>,
    /// What kind of effects are compared.
    pub order: Order,
    /// Those that all runs have, the largest peak of any run first.
    pub effects: Vec<String>,
    /// Distances between the profiles of models.
    pub distances: Vec<DistanceTable>,
    /// Multidimensional scaling of the warped distances; `None` where they are not defined.
    pub map: Option<ModelMap>,
    /// Average linkage of the warped distances, `n_runs − 1` merges; `None` where they are not defined.
    pub tree: Option<Vec<Merge>>,
    /// The tests, by pair of runs, effect and quantity; empty where folds are not paired.
    pub differences: Vec<Difference>,
    /// For every layer of a run the layer of each other run whose importances are nearest.
    pub nearest: Vec<Nearest>,
    /// Layers against layers, by pair of runs; empty without activations.
    pub similarities: Vec<LayerSimilarity>,
    /// The models fitted by their metadata, if they were ([`Comparison::by_metadata`]).
    pub metadata: Option<Metadata>,
    /// What differs between the runs beside their models.
    pub warnings: Vec<Warning>,
}

impl Comparison {
    /// Compares `runs`, which have their labels.
    ///
    /// # Errors
    ///
    /// [`TooFew`](super::Error::TooFew), [`NoImportance`](super::Error::NoImportance), [`Effects`](super::Error::Effects).
    pub fn of(runs: Vec<Run>, params: Params) -> Result<Self> {
        let order = params.order;
        let mut agreement = agreement::check(&runs, order)?;
        agreement.warnings.extend(runs.iter().flat_map(|run| {
            run.doubts.iter().map(|doubt| Warning::Doubt { folder: run.folder.clone(), doubt: doubt.clone() })
        }));
        let summaries: Vec<Summary> = runs.iter().map(|run| Summary::of(&run.profile)).collect();
        let effects = by_peak(agreement.effects, order, &summaries);
        let trajectories: Vec<Trajectories> = runs
            .iter()
            .map(|run| Trajectories::of(&run.profile, order, &effects, run.is_of_model()))
            .collect();
        agreement.warnings.extend(trajectories::undefined(&trajectories, &effects, &runs));
        let distances = distances::tables(&trajectories, agreement.paired, params);
        let tree = distances::tree(&distances[0]);
        let map = distances::map(&distances[0]);
        let samples: Vec<Option<Trajectories>> = runs
            .iter()
            .map(|run| Trajectories::of_samples(&run.samples, order, &effects, run.is_of_model()))
            .collect();
        let differences = if agreement.paired {
            differences::tests(&trajectories, &samples, &effects, params)
        } else {
            Vec::new()
        };
        let mut comparison = Self {
            runs,
            summaries,
            order,
            effects,
            distances,
            map,
            tree,
            differences,
            nearest: Vec::new(),
            similarities: Vec::new(),
            metadata: None,
            warnings: agreement.warnings,
        };
        if agreement::one_scale(&comparison.runs) {
            comparison.nearest = comparison.find_nearest(params);
        }
        Ok(comparison)
    }

    /// The models fitted by what `table`, read from `file`, says of them: their names stand in the place of its sentences.
    ///
    /// # Errors
    ///
    /// Fewer than 8 models, a model that the table does not have or has twice, no feature that tells them apart, models whose distance is
    /// not defined; as [`fit_metadata`].
    pub fn by_metadata(
        &self,
        (table, file): (&Stimuli, &str),
        distance: ProfileDistance,
        params: &MetadataParams,
    ) -> Result<Metadata> {
        if !agreement::one_scale(&self.runs) {
            return Err(Error::Scales);
        }
        let (features, warnings) = features_of(&self.runs, table, file)?;
        let matrix = self.profile_distances(distance);
        if let Some(((a, b), _)) = matrix.indexed_iter().find(|(_, value)| !value.is_finite()) {
            let [a, b] = [a, b].map(|run| self.runs[run].label.clone());
            return Err(Error::NoDistance { a, b });
        }
        let mut fit = fit_metadata(matrix.view(), &features, params).map_err(Error::Metadata)?;
        fit.warnings.splice(0..0, warnings);
        Ok(Metadata { file: file.to_owned(), distance, fit })
    }

    /// The distances between the profiles of all runs, `(n_runs, n_runs)`.
    fn profile_distances(&self, distance: ProfileDistance) -> Array2<f64> {
        let n = self.n_runs();
        let measure = match distance {
            ProfileDistance::Dtw => Measure::Warped,
            ProfileDistance::MatchedDepth => Measure::Matched,
            ProfileDistance::Vector => {
                let vectors: Vec<Vec<f64>> = (0..n).map(|run| self.vector(run)).collect();
                // An effect without a number somewhere is in none.
                let used: Vec<usize> = (0..self.effects.len())
                    .filter(|&k| vectors.iter().all(|vector| vector[k].is_finite()))
                    .collect();
                let apart = |a: &[f64], b: &[f64]| {
                    let squares: f64 = used.iter().map(|&k| (a[k] - b[k]).powi(2)).sum();
                    if used.is_empty() { f64::NAN } else { squares.sqrt() }
                };
                return Array2::from_shape_fn((n, n), |(i, j)| apart(&vectors[i], &vectors[j]));
            }
        };
        let of = |table: &&DistanceTable| table.measure == measure && table.scale == Scale::Importance;
        self.distances
            .iter()
            .find(of)
            .map_or_else(|| Array2::from_elem((n, n), f64::NAN), |t| t.distance.clone())
    }

    /// The importance of each effect in `run`, its mean over the layers that have a depth.
    fn vector(&self, run: usize) -> Vec<f64> {
        let layers = &self.summaries[run].layers;
        let deep = depths(layers, self.runs[run].is_of_model());
        let mean = |effect: &String| {
            let at = self.trajectory(run, effect);
            let of = |&(layer, _): &(usize, f64)| {
                layers
                    .iter()
                    .position(|other| *other == layer)
                    .and_then(|k| at.get(k))
                    .map_or(f64::NAN, |at| at.mean)
            };
            deep.iter().map(of).sum::<f64>() / deep.len() as f64
        };
        self.effects.iter().map(mean).collect()
    }

    /// The nearest layers of every pair of runs, each as the one and as the other.
    fn find_nearest(&self, params: Params) -> Vec<Nearest> {
        let at = |run: usize, effect: &String, layer: usize| {
            self.trajectory(run, effect).get(layer).map_or(f64::NAN, |spread| spread.mean)
        };
        let of_layer = |run: usize, layer: usize| -> Vec<f64> {
            self.effects.iter().map(|effect| at(run, effect, layer)).collect()
        };
        let layers: Vec<&[usize]> = self.summaries.iter().map(|summary| summary.layers.as_slice()).collect();
        let vectors: Vec<Vec<Vec<f64>>> = (0..self.n_runs())
            .map(|run| (0..layers[run].len()).map(|layer| of_layer(run, layer)).collect())
            .collect();
        nearest::find(&vectors, &layers, params)
    }

    /// The bytes of `nearest.csv`; a cell is empty where there is no number.
    #[must_use]
    pub fn nearest_csv(&self) -> Vec<u8> {
        let labels: Vec<&str> = self.runs.iter().map(|run| run.label.as_str()).collect();
        nearest::csv(&self.nearest, &labels)
    }

    /// How many runs.
    #[must_use]
    pub fn n_runs(&self) -> usize {
        self.runs.len()
    }

    /// The importance of `effect` in run `run`, one per layer of its summary.
    #[must_use]
    pub fn trajectory(&self, run: usize, effect: &str) -> &[Spread] {
        let mut terms = self.summaries[run].terms.iter();
        terms.find(|term| term.order == self.order && term.name == effect).map_or(&[], |term| &term.at)
    }

    /// Where the mean importance of `effect` is largest in run `run`: the layer and the importance there. `None` where it is no
    /// number anywhere.
    #[must_use]
    pub fn peak(&self, run: usize, effect: &str) -> Option<(usize, Spread)> {
        let at = self.trajectory(run, effect);
        let means: Vec<f64> = at.iter().map(|spread| spread.mean).collect();
        trajectories::peak(&means).map(|i| (self.summaries[run].layers[i], at[i]))
    }

    /// The runs of one model at several revisions, for each model that has them.
    #[must_use]
    pub fn checkpoints(&self) -> Vec<Checkpoints> {
        let mut all: Vec<Checkpoints> = Vec::new();
        for (i, run) in self.runs.iter().enumerate() {
            let Some(model) = run.record.model.as_ref() else { continue };
            match all.iter_mut().find(|checkpoints| checkpoints.model == model.id) {
                Some(checkpoints) => checkpoints.runs.push(i),
                None => all.push(Checkpoints { model: model.id.clone(), runs: vec![i] }),
            }
        }
        let revision = |i: usize| self.runs[i].record.model.as_ref().map(|model| &model.revision);
        all.retain(|Checkpoints { runs, .. }| runs.iter().any(|&i| revision(i) != revision(runs[0])));
        all
    }
}

/// `effects`, the largest peak of any run first.
fn by_peak(effects: Vec<String>, order: Order, summaries: &[Summary]) -> Vec<String> {
    let peak = |name: &str| {
        let terms = summaries.iter().flat_map(|summary| &summary.terms);
        let peaks = terms
            .filter(|term| term.order == order && term.name == name)
            .map(crate::profile::Trajectory::peak_mean);
        peaks.fold(f64::NEG_INFINITY, f64::max)
    };
    let mut effects: Vec<(f64, String)> = effects.into_iter().map(|name| (peak(&name), name)).collect();
    effects.sort_by(|a, b| b.0.total_cmp(&a.0));
    effects.into_iter().map(|(_, name)| name).collect()
}
