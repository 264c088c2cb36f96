//! Runs, compared.

use super::differences::{self, Difference};
use super::distances::{self, DistanceTable};
use super::error::Result;
use super::layers::LayerSimilarity;
use super::trajectories::{self, Trajectories};
use super::warning::Warning;
use super::{Checkpoints, ModelMap, Params, Run, agreement};
use crate::numeric::linkage::Merge;
use crate::profile::{Order, Spread, Summary};

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
    /// Layers against layers, by pair of runs; empty without activations.
    pub similarities: Vec<LayerSimilarity>,
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
        Ok(Self {
            runs,
            summaries,
            order,
            effects,
            distances,
            map,
            tree,
            differences,
            similarities: Vec::new(),
            warnings: agreement.warnings,
        })
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
