//! One fit of MLEM, without folds, layers and files.

use std::sync::Arc;

use mlem_probe::mlem::{FittedMlem, Order, Training, Warning};
use mlem_probe::stimuli::Stimuli as Table;
use ndarray::Array2;
use pyo3::prelude::*;

use crate::activations::Activations;
use crate::commands::inputs::Layers;
use crate::errors::given;
use crate::options::{FitOptions, parse};
use crate::stimuli::Stimuli;
use crate::work::work;

/// How the stochastic solver trains: a dictionary with all of [`Training`]'s options.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub struct TrainingOptions {
    batch_size: Option<usize>,
    n_trials: usize,
    threshold: f64,
    factor: f64,
    batch_size_min: usize,
    batch_size_max: usize,
    max_steps: usize,
    learning_rate: f64,
    weight_decay: f64,
    patience: usize,
}

impl From<TrainingOptions> for Training {
    fn from(given: TrainingOptions) -> Self {
        let TrainingOptions {
            batch_size, n_trials, threshold, factor, batch_size_min, batch_size_max, ..
        } = given;
        let TrainingOptions { max_steps, learning_rate, weight_decay, patience, .. } = given;
        Self {
            batch_size,
            n_trials,
            threshold,
            factor,
            batch_size_min,
            batch_size_max,
            max_steps,
            patience,
            learning_rate,
            weight_decay,
        }
    }
}

/// Pairs per batch of the stochastic solver on these stimuli, under the options `words` and `training`.
#[pyfunction]
pub fn batch_size(
    py: Python<'_>,
    stimuli: PyRef<'_, Stimuli>,
    words: Vec<String>,
    training: TrainingOptions,
) -> PyResult<usize> {
    let FitOptions { estimator, seed, .. } = given(py, parse(&words))?;
    let stimuli = Arc::clone(&stimuli.0);
    work(py, None, None, move |_| {
        Ok(estimator.params(seed).training(training.into()).batch_size(stimuli.features())?)
    })
}

/// A fitted model.
#[pyclass(frozen, module = "mlem_probe._native")]
pub struct Fitted(Arc<FittedMlem>);

#[pymethods]
impl Fitted {
    /// Fits the first layer of `activations` under the options `words`, on all pairs of the stimuli, or as `training` says.
    #[staticmethod]
    #[pyo3(signature = (stimuli, activations, words, threads, training = None))]
    fn fit(
        py: Python<'_>,
        stimuli: PyRef<'_, Stimuli>,
        activations: PyRef<'_, Activations>,
        words: Vec<String>,
        threads: Option<usize>,
        training: Option<TrainingOptions>,
    ) -> PyResult<Self> {
        let FitOptions { estimator, transforms, seed, .. } = given(py, parse(&words))?;
        let (stimuli, activations) = (Arc::clone(&stimuli.0), Arc::clone(&activations.layers));
        let fitted = work(py, threads, None, move |_| {
            estimator.check()?;
            transforms.check(estimator.distance)?;
            let matrix = activations.layer(0)?;
            let training = training.map(Training::from).unwrap_or_default();
            Ok(estimator.params(seed).training(training).fit(stimuli.features(), matrix.view())?)
        })?;
        Ok(Self(Arc::new(fitted)))
    }

    /// W, `(n_features, n_features)`, row by row.
    #[getter]
    fn weights(&self) -> Vec<Vec<f64>> {
        let weights: Array2<f64> = self.0.weights().to_owned();
        weights.outer_iter().map(|row| row.to_vec()).collect()
    }

    /// The names of the features, in the order of the rows of W.
    #[getter]
    fn features(&self) -> Vec<String> {
        self.0.features().to_vec()
    }

    /// Pearson's correlation of the modelled and the target distance: the objective.
    #[getter]
    fn objective(&self) -> f64 {
        self.0.objective()
    }

    /// Pairs per batch of the stochastic solver.
    #[getter]
    fn batch_size(&self) -> Option<usize> {
        self.0.training().first().map(|step| step.batch)
    }

    /// On how many pairs it was fitted.
    #[getter]
    fn pairs(&self) -> u64 {
        self.0.pairs()
    }

    /// What a user should know of the fit.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.0.warnings().iter().map(Warning::to_string).collect()
    }

    /// The score over the pairs of these stimuli; NaN where it is not defined.
    fn score(
        &self,
        py: Python<'_>,
        stimuli: PyRef<'_, Stimuli>,
        activations: PyRef<'_, Activations>,
        threads: Option<usize>,
    ) -> PyResult<f64> {
        self.on(py, &stimuli, &activations, threads, |model, table, layers| {
            let scored = model.score(table.features(), layers.layer(0)?.view())?;
            Ok(scored.value.unwrap_or(f64::NAN))
        })
    }

    /// `(name, order, importance, sd)` of every term over the pairs of these stimuli; `seeds` draw one after the other, each all
    /// permutations, and give a list each.
    fn importances(
        &self,
        py: Python<'_>,
        stimuli: PyRef<'_, Stimuli>,
        activations: PyRef<'_, Activations>,
        seeds: Vec<u64>,
        threads: Option<usize>,
    ) -> PyResult<Vec<Vec<(String, &'static str, f64, f64)>>> {
        self.on(py, &stimuli, &activations, threads, move |model, table, layers| {
            let matrix = layers.layer(0)?;
            let mut all = Vec::with_capacity(seeds.len());
            for seed in seeds {
                let found = model.clone().seeded(seed).importance(table.features(), matrix.view())?;
                let term = |term: mlem_probe::mlem::TermImportance| {
                    let order = match term.order {
                        Order::Main => "main",
                        Order::Interaction => "interaction",
                        Order::Group => "group",
                    };
                    (term.name, order, term.importance, term.sd)
                };
                all.push(found.into_iter().map(term).collect());
            }
            Ok(all)
        })
    }
}

impl Fitted {
    /// Does `act` with the model, some stimuli and their activations.
    fn on<T: Send + 'static>(
        &self,
        py: Python<'_>,
        stimuli: &Stimuli,
        activations: &Activations,
        threads: Option<usize>,
        act: impl FnOnce(&FittedMlem, &Table, &Layers) -> crate::failure::Result<T> + Send + 'static,
    ) -> PyResult<T> {
        let (model, table, layers) =
            (Arc::clone(&self.0), Arc::clone(&stimuli.0), Arc::clone(&activations.layers));
        work(py, threads, None, move |_| act(&model, &table, &layers))
    }
}
