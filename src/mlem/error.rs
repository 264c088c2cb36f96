//! Why a fit fails.

use crate::text;

/// A result with this module's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a fit fails.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// An option has a value it cannot have.
    #[error("{option} is {value}, and must be {range}")]
    Option {
        /// Which option, by the name of its method.
        option: &'static str,
        /// The value.
        value: String,
        /// What it may be.
        range: &'static str,
    },
    /// Single units cannot be fitted with an option's value.
    #[error("single units have no fit with {option} {value}")]
    Units {
        /// Which option, by the name of its method.
        option: &'static str,
        /// The value.
        value: &'static str,
    },
    /// Too few stimuli for distances to say anything.
    #[error("{found} stimuli, and a fit needs at least {least}")]
    TooFewStimuli {
        /// How many there are.
        found: usize,
        /// How many are needed.
        least: usize,
    },
    /// Folds would hold too few stimuli to score.
    #[error("{folds} folds of {stimuli} stimuli leave fewer than {least} stimuli in a fold")]
    TooManyFolds {
        /// How many folds.
        folds: usize,
        /// How many stimuli.
        stimuli: usize,
        /// How many a fold needs.
        least: usize,
    },
    /// A fold that is given, or that units kept together make, holds too few stimuli to score.
    #[error("fold {fold} holds {stimuli} stimuli, and a fold needs at least {least}")]
    SmallFold {
        /// Which fold, from 0.
        fold: usize,
        /// How many stimuli it has.
        stimuli: usize,
        /// How many a fold needs.
        least: usize,
    },
    /// A set of stimuli that is given, to train on or to test on, is too small.
    #[error("{stimuli} {} `{set}`, and at least {least} are needed", if *stimuli == 1 { "stimulus is" } else { "stimuli are" })]
    SmallSet {
        /// `train` or `test`.
        set: &'static str,
        /// How many stimuli it has.
        stimuli: usize,
        /// How many it needs.
        least: usize,
    },
    /// There is no feature.
    #[error("there is no feature to fit")]
    NoFeatures,
    /// All values of a feature are the same.
    #[error("feature `{feature}` is constant: {only}")]
    ConstantFeature {
        /// Which feature.
        feature: String,
        /// What all stimuli have in common, in words.
        only: String,
    },
    /// A feature has another level for every stimulus.
    #[error("feature `{feature}` has another value for every stimulus, so that all are equally far apart")]
    NamesStimuli {
        /// Which feature.
        feature: String,
    },
    /// Features and activations are not of the same stimuli.
    #[error("the features have {features} rows and the activations {activations}")]
    RowCounts {
        /// Rows of the features.
        features: usize,
        /// Rows of the activations.
        activations: usize,
    },
    /// The activations have no units.
    #[error("the activations have no columns")]
    NoUnits,
    /// An activation is not a finite number.
    #[error("the activation of stimulus {stimulus}, unit {unit} is {value}")]
    NotFinite {
        /// Which stimulus, from 1.
        stimulus: usize,
        /// Which unit, from 1.
        unit: usize,
        /// The value.
        value: f32,
    },
    /// The cosine of a vector of zeros is not defined.
    #[error("the activation of stimulus {stimulus} is all zeros, which has no cosine distance")]
    ZeroVector {
        /// Which stimulus, from 0.
        stimulus: usize,
    },
    /// The correlation with a vector of equal numbers is not defined.
    #[error(
        "the activation of stimulus {stimulus} is {}, which has no correlation distance",
        if *width == 1 { "a single number".to_owned() } else { format!("{width} times the same number") }
    )]
    ConstantVector {
        /// Which stimulus, from 0.
        stimulus: usize,
        /// How many units there are.
        width: usize,
    },
    /// The matrix that is given as precomputed distances is no distance matrix.
    #[error("the precomputed distances are no distance matrix: {reason}")]
    NoDistances {
        /// What is wrong.
        reason: String,
    },
    /// The model was fitted to other features.
    #[error("the model was fitted to {fitted}, and is given {given}")]
    OtherFeatures {
        /// What it was fitted to.
        fitted: String,
        /// What it was given.
        given: String,
    },
    /// A group names a feature that does not exist.
    #[error("group `{group}`: no feature is called `{member}`")]
    UnknownInGroup {
        /// Which group.
        group: String,
        /// The name, or the pattern.
        member: String,
        /// Features that may have been meant.
        near: Vec<String>,
    },
    /// Two groups have one name.
    #[error("two groups are called `{group}`")]
    GroupTwice {
        /// The name.
        group: String,
    },
    /// The moments of so many terms do not fit into memory.
    #[error("{terms} terms need {gibibytes:.1} GiB for their moments")]
    TooManyTerms {
        /// How many terms.
        terms: usize,
        /// Memory for the moments.
        gibibytes: f64,
    },
    /// An error at one layer.
    #[error("layer {layer}: {source}")]
    Layer {
        /// Which layer.
        layer: usize,
        /// The error.
        source: Box<Error>,
    },
}

impl Error {
    /// The same error, with the layer it happened at.
    #[must_use]
    pub fn at_layer(self, layer: usize) -> Self {
        Self::Layer { layer, source: Box::new(self) }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::TooFewStimuli { .. } => "generate or record more stimuli".to_owned(),
            Self::TooManyFolds { stimuli, least, .. } => {
                format!("use --folds {} or fewer", (stimuli / least).max(1))
            }
            Self::SmallFold { .. } => {
                "join folds in the column that names them (--split), or use fewer --folds with --unit".to_owned()
            }
            Self::SmallSet { set, .. } => format!("call more stimuli `{set}` in the column of --split, or take --folds"),
            Self::NoFeatures => "every column but `sentence` is a feature: add at least one".to_owned(),
            Self::NamesStimuli { feature } => format!("leave it out: --drop {feature}"),
            Self::ConstantFeature { feature, .. } => {
                format!("leave it out (--drop {feature}), or add stimuli in which it differs")
            }
            Self::RowCounts { .. } => {
                "one row of activations per stimulus, in the same order: extract them again from these stimuli"
                    .to_owned()
            }
            Self::NotFinite { .. } => {
                "leave the stimulus out, or extract in a wider type (--dtype f32)".to_owned()
            }
            Self::ZeroVector { .. } | Self::ConstantVector { .. } => "use --distance euclidean, or leave the stimulus out".to_owned(),
            Self::NoDistances { .. } => {
                "give a square, symmetric matrix of non-negative numbers with zeros on its diagonal".to_owned()
            }
            Self::OtherFeatures { .. } => "give the same features in the same order and of the same types".to_owned(),
            Self::TooManyTerms { .. } => "fit without --interactions, or with fewer features".to_owned(),
            Self::UnknownInGroup { near, .. } if near.is_empty() => {
                "give names of features, or a pattern such as subj_*".to_owned()
            }
            Self::UnknownInGroup { near, .. } => {
                let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
                format!("did you mean {}?", text::join_or(&near))
            }
            Self::GroupTwice { .. } => "give every --group a name of its own".to_owned(),
            Self::Layer { source, .. } => return source.hint(),
            Self::Units { option, .. } => format!("leave --{option} out, or --per-unit"),
            Self::Option { .. } | Self::NoUnits => return None,
        })
    }
}
