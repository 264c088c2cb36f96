//! Which estimator is fitted, and how: what a run is made with.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::estimator::Estimator;
use super::measure::{EstimatorName, ScoreMeasure};
use crate::baselines::decoding::Decoding;
use crate::baselines::encoding::{Encoding, EncodingParams};
use crate::baselines::frrsa::FrRsa;
use crate::baselines::rsa::Rsa;
use crate::mlem::{Constraint, MlemParams, Permute, Scoring, Solver};

/// What a run is made with.
///
/// | name | default | meaning |
/// | --- | --- | --- |
/// | `estimator` | MLEM | what is fitted |
/// | `params` | [`MlemParams`] | its options, as far as it has them; the seed |
/// | `folds` | 5 | folds of cross-validation over stimuli; 1 fits and scores on all of them |
/// | `split` | none | the column that names the folds, `folds` of them |
/// | `average` | none | the column whose values one stimulus, the mean, stands for |
/// | `partition` | none | the column that distances between these means are cross-validated over |
/// | `unit` | none | the column whose values are kept in one fold |
/// | `bootstrap` | 0 | samples of the stimuli; MLEM alone |
/// | `map` | 400 | stimuli on the map of each layer; 0 draws no maps |
/// | `dimension` | 400 | stimuli of which the intrinsic dimension of each layer is taken; 0 takes none |
/// | `per_unit` | no | whether every single unit is fitted too; MLEM and encoding |
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What is fitted.
    pub estimator: EstimatorName,
    /// Its options, as far as it has them; the seed.
    pub params: MlemParams,
    /// Folds of cross-validation over stimuli.
    pub folds: usize,
    /// The column that names the folds ([`FeatureTable::hold_out_by`](crate::stimuli::FeatureTable::hold_out_by)).
    pub split: Option<String>,
    /// The column whose values are kept in one fold ([`FeatureTable::keep_together`](crate::stimuli::FeatureTable::keep_together)).
    pub unit: Option<String>,
    /// The column of which one stimulus, the mean, stands for each value ([`Stimuli::averaged`](crate::stimuli::Stimuli::averaged)).
    pub average: Option<String>,
    /// The column that distances between these are cross-validated over
    /// ([`Distance::Crossnobis`](crate::mlem::Distance::Crossnobis)).
    pub partition: Option<String>,
    /// Samples of the stimuli.
    pub bootstrap: usize,
    /// Stimuli on the map of each layer.
    pub map: usize,
    /// Stimuli of which the intrinsic dimension of each layer is taken.
    pub dimension: usize,
    /// Whether every single unit is fitted too.
    pub per_unit: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            estimator: EstimatorName::default(),
            params: MlemParams::default(),
            folds: 5,
            split: None,
            unit: None,
            average: None,
            partition: None,
            bootstrap: 0,
            map: 400,
            dimension: 400,
            per_unit: false,
        }
    }
}

impl Settings {
    /// The estimator, ready to meet features.
    #[must_use]
    pub fn estimator(&self) -> Box<dyn Estimator> {
        let params = self.params.clone();
        match self.estimator {
            EstimatorName::Mlem => Box::new(params),
            EstimatorName::Frrsa => Box::new(FrRsa::params().options(params)),
            EstimatorName::Rsa => Box::new(Rsa::params().options(params)),
            EstimatorName::Decoding => {
                Box::new(Decoding::params().controls(params.permutations).seed(params.seed))
            }
            EstimatorName::Encoding => Box::new(self.encoding()),
        }
    }

    /// What its scores are.
    #[must_use]
    pub fn measure(&self) -> ScoreMeasure {
        self.estimator.measure(self.params.scoring)
    }

    /// The options of encoding.
    #[must_use]
    pub fn encoding(&self) -> EncodingParams {
        Encoding::params().options(self.params.clone())
    }

    /// The options that the estimator has and that decide the fits of its layers, by their long names, as `run.json` has them.
    #[must_use]
    pub fn options(&self) -> BTreeMap<String, Value> {
        let params = &self.params;
        let all = json!({
            "estimator": self.estimator,
            "solver": params.solver,
            "soft_rank_strength": params.soft_rank_strength,
            "interactions": params.interactions,
            "distance": params.distance,
            "target": params.target,
            "constraint": params.constraint,
            "missing": params.missing,
            "folds": self.folds,
            "permutations": params.permutations,
            "permute": params.permuted(),
            "groups": params.groups,
            "conditional": params.conditional,
            "null": params.nulls,
            "pairs": params.pairs,
        });
        let mut options: BTreeMap<String, Value> =
            all.as_object().map(|options| options.clone().into_iter().collect()).unwrap_or_default();
        if params.solver == Solver::Exact {
            options.remove("soft_rank_strength");
        }
        if params.scoring != Scoring::default() {
            // Runs of before there was a choice have the records that they had.
            options.insert("scoring".to_owned(), json!(params.scoring));
        }
        match self.estimator {
            EstimatorName::Mlem => {}
            EstimatorName::Frrsa => {
                options.remove("solver");
                options.insert("constraint".to_owned(), json!(Constraint::None));
            }
            EstimatorName::Rsa => {
                options.retain(|name, _| {
                    ["estimator", "distance", "missing", "folds", "pairs", "scoring"].contains(&name.as_str())
                });
            }
            EstimatorName::Decoding => {
                options.retain(|name, _| ["estimator", "folds", "permutations"].contains(&name.as_str()));
            }
            EstimatorName::Encoding => {
                let own = [
                    "estimator",
                    "interactions",
                    "folds",
                    "permutations",
                    "groups",
                    "conditional",
                    "permute",
                ];
                options.retain(|name, _| own.contains(&name.as_str()));
                options.insert("permute".to_owned(), json!(Permute::Stimuli));
            }
        }
        let columns = [
            ("split", &self.split),
            ("unit", &self.unit),
            ("average", &self.average),
            ("partition", &self.partition),
        ];
        options.extend(
            columns.into_iter().filter_map(|(name, column)| Some((name.to_owned(), json!(column.as_ref()?)))),
        );
        options
    }
}
