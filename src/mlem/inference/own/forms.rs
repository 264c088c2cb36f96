//! The statistic of every feature as a form of activations that someone simulates, with no model of a layer: what power is found from.

use ndarray::{Array1, Array2};

use super::terms::Terms;
use crate::mlem::error::Result;
use crate::mlem::pairs::{Columns, Embedding, Scales, terms};
use crate::mlem::params::Missing;
use crate::stimuli::FeatureTable;

/// The features of a design, from which stimuli are taken.
pub(crate) struct Forms {
    columns: Columns,
}

/// The weight of every feature, of some stimuli, as a form of their activations.
pub(crate) struct FormsAt {
    terms: Terms,
}

impl Forms {
    /// The forms of `features`; a missing value is at distance 0 from all.
    ///
    /// # Errors
    ///
    /// No features, or one that is constant.
    pub(crate) fn new(features: &FeatureTable) -> Result<Self> {
        let order: Vec<usize> = (0..features.n_stimuli()).collect();
        let columns = Scales::new(features)?.columns(features, &order, Missing::Zero);
        Ok(Self { columns })
    }

    /// Those of the stimuli at `rows`, which may be there several times; `None` where they tell nothing.
    pub(crate) fn at(&self, rows: &[usize]) -> Option<FormsAt> {
        let terms = terms(self.columns.slots().len(), false);
        let parts: Vec<Embedding> = terms.iter().map(|&term| self.columns.embedding(term, rows)).collect();
        Some(FormsAt { terms: Terms::new(&parts, rows.len())? })
    }
}

impl FormsAt {
    /// `(n_stimuli, dimensions)`: the coordinates whose products with activations the forms take.
    pub(crate) fn coordinates(&self) -> &Array2<f64> {
        &self.terms.coordinates
    }

    /// Whether something of a feature's distance is not determined by the others'.
    pub(crate) fn is_own(&self, feature: usize) -> bool {
        self.terms.own[feature]
    }

    /// The weights of all features between two sets of activations, of which `stimuli` are the inner products of each stimulus with
    /// itself, and `coordinates` those of each coordinate's products with the activations.
    pub(crate) fn weights(&self, stimuli: &Array1<f64>, coordinates: &Array1<f64>) -> Array1<f64> {
        self.terms.sums.t().dot(stimuli) - self.terms.forms.dot(coordinates)
    }

    /// `(n_stimuli, n_features)`: how much of the first argument of [`FormsAt::weights`] goes into the weight of each feature.
    pub(crate) fn sums(&self) -> &Array2<f64> {
        &self.terms.sums
    }

    /// What the second argument of [`FormsAt::weights`] takes from the weight of a feature.
    pub(crate) fn taken(&self, feature: usize, coordinates: &Array1<f64>) -> f64 {
        self.terms.forms.row(feature).dot(coordinates)
    }

    /// [`FormsAt::weights`] of one feature.
    pub(crate) fn weight(&self, feature: usize, stimuli: &Array1<f64>, coordinates: &Array1<f64>) -> f64 {
        self.terms.sums.column(feature).dot(stimuli) - self.terms.forms.row(feature).dot(coordinates)
    }
}
