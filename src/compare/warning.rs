//! What a reader of a comparison should know.

use std::fmt;

use crate::mlem::Order;
use crate::rundir::Doubt;
use crate::text;

/// At most so many names are listed at a time.
const NAMED: usize = 10;

/// What differs between runs beside their models, or is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// The stimuli are not the same.
    Stimuli {
        /// Run directories, those with the same stimuli together.
        groups: Vec<Vec<String>>,
    },
    /// A run has effects that not all have.
    Effects {
        /// Its run directory.
        folder: String,
        /// What is compared.
        order: Order,
        /// The effects.
        only: Vec<String>,
    },
    /// An option of the fit is not the same.
    Option {
        /// Its long name.
        name: String,
        /// Its values, each with the run directories that have it.
        values: Vec<(String, Vec<String>)>,
    },
    /// Folds that are not the same stimuli.
    Unpaired {
        /// What differs.
        why: &'static str,
    },
    /// Scores of several kinds.
    Scales,
    /// One fold, which has no spread.
    OneFold,
    /// A run of which something is not as it was written.
    Doubt {
        /// Its run directory.
        folder: String,
        /// What.
        doubt: Doubt,
    },
    /// An effect without a number at some layer, which distances leave out.
    Undefined {
        /// The effect.
        effect: String,
        /// The labels of the runs.
        runs: Vec<String>,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups = |groups: &[Vec<String>]| {
            groups.iter().map(|group| text::some(group, NAMED)).collect::<Vec<_>>().join("; ")
        };
        match self {
            Self::Stimuli { groups: of } => write!(
                f,
                "the runs are not over the same stimuli ({}): what differs may be the stimuli's doing; run every model on one \
                 stimuli.csv",
                groups(of)
            ),
            Self::Effects { folder, order: Order::Group, only } => write!(
                f,
                "{folder} has the {} {} too, which not all runs have; give each run the same --group",
                if only.len() == 1 { "group" } else { "groups" },
                text::some(only, NAMED)
            ),
            Self::Effects { folder, only, .. } => write!(
                f,
                "{folder} was fitted with {} too, which not all runs have: importances depend on what else is fitted; choose the \
                 same features with --features or --drop",
                text::some(only, NAMED)
            ),
            Self::Option { name, values } => {
                let values: Vec<String> = values
                    .iter()
                    .map(|(value, folders)| format!("{value} in {}", text::some(folders, NAMED)))
                    .collect();
                let what = match name.as_str() {
                    "estimator" => "the estimator differs, so that importances are not on one scale",
                    "scoring" => "the score differs, so that importances are not on one scale",
                    "permute" | "conditional" => "importance is defined in more than one way",
                    "groups" => "groups are of other features",
                    "pooling" => "tokens were pooled in more than one way",
                    "transforms" => "activations were transformed in more than one way",
                    "version" => "the runs are of several versions of this program",
                    _ => "an option of the fit differs",
                };
                let knob = if name == "transforms" {
                    "run again with the same transforms".to_owned()
                } else if name == "version" {
                    "run again with one".to_owned()
                } else if name == "groups" {
                    "fit with the same --group".to_owned()
                } else {
                    format!("fit with one --{name}")
                };
                write!(f, "{what}: {name} is {}; {knob}", values.join(", "))
            }
            Self::Unpaired { why } => write!(
                f,
                "the folds of the runs are not the same stimuli ({why}): differences are not tested; fit with the same stimuli, --folds \
                 and --seed"
            ),
            Self::Doubt { folder, doubt } => write!(f, "{folder}: {doubt}"),
            Self::Scales => write!(
                f,
                "scores, and so importances, are not of one kind in all runs: differences are not tested, and layers that are nearest are \
                 not sought; fit with one estimator and one --scoring"
            ),
            Self::OneFold => {
                write!(f, "with a single fold there is no spread and no test; fit with --folds 5")
            }
            Self::Undefined { effect, runs } => write!(
                f,
                "the importance of {effect} is no number at some layer of {}: distances leave it out; a constant feature or constant \
                 activations give none, see the warnings of the run",
                text::some(runs, NAMED)
            ),
        }
    }
}
