//! What a user should know about a fit that went through.

use std::fmt;

use crate::text;

/// What a user should know about a fit that went through. The text says which knob to turn.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Warning {
    /// Not all pairs were used.
    Sampled {
        /// How many pairs there are.
        pairs: u64,
        /// How many were drawn.
        used: u64,
    },
    /// Importances are taken over a part of the pairs that are scored.
    SampledImportances {
        /// How many pairs are scored.
        pairs: u64,
        /// About how many of them are held.
        used: u64,
    },
    /// The distances of two features correlate beyond 0.5.
    Correlated {
        /// One feature.
        a: String,
        /// The other.
        b: String,
        /// Pearson's correlation of their distances over pairs.
        r: f64,
    },
    /// A term's distances are a linear function of others': their weights cannot be told apart.
    Confounded {
        /// The term.
        term: String,
        /// The terms that determine it; empty where it never varies.
        others: Vec<String>,
    },
    /// Levels of a feature that occur in no training stimulus of some folds.
    UnseenLevels {
        /// The feature.
        feature: String,
        /// The levels.
        levels: Vec<String>,
        /// The folds, from 0.
        folds: Vec<usize>,
    },
    /// A feature, or a group, is permuted only among stimuli that agree in others.
    Conditional {
        /// The feature or the group.
        effect: String,
        /// The features that it is conditioned on.
        given: Vec<String>,
        /// How many stimuli share a stratum with one of another value.
        free: usize,
        /// How many stimuli there are.
        stimuli: usize,
    },
    /// A score is not defined.
    UndefinedScore {
        /// The layer, where it is known.
        layer: Option<usize>,
        /// The fold, from 0.
        fold: usize,
        /// Why.
        reason: Undefined,
    },
    /// No feature distance goes with the neural distance.
    NoAssociation {
        /// The layer, where it is known.
        layer: Option<usize>,
        /// The fold, from 0.
        fold: usize,
    },
    /// The solver stopped short of its tolerance.
    Inexact {
        /// The layer, where it is known.
        layer: Option<usize>,
        /// The fold, from 0.
        fold: usize,
        /// The relative optimality gap it reached.
        gap: f64,
    },
}

/// Why a score is not defined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undefined {
    /// All neural distances are equal.
    NeuralDistances,
    /// All modelled distances are equal.
    ModelledDistances,
}

impl Warning {
    /// The same warning, with the layer it is about.
    #[must_use]
    pub fn at_layer(mut self, at: usize) -> Self {
        if let Self::UndefinedScore { layer, .. }
        | Self::NoAssociation { layer, .. }
        | Self::Inexact { layer, .. } = &mut self
        {
            *layer = Some(at);
        }
        self
    }
}

/// `layer 3, fold 0` or `fold 0`.
struct Place(Option<usize>, usize);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(layer) => write!(f, "layer {layer}, fold {}", self.1),
            None => write!(f, "fold {}", self.1),
        }
    }
}

/// `` `a`, `b` and `c` ``.
fn quoted_and(names: &[String]) -> String {
    text::join_and(&names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>())
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sampled { pairs, used } => write!(
                f,
                "a uniform sample of {} of {} pairs is used; --pairs all takes every one",
                text::count(u128::from(*used)),
                text::count(u128::from(*pairs))
            ),
            Self::SampledImportances { pairs, used } => write!(
                f,
                "importances are taken over a uniform sample of {} of the {} pairs that are scored; --permutations 0 leaves them out",
                text::count(u128::from(*used)),
                text::count(u128::from(*pairs))
            ),
            Self::Correlated { a, b, r } => write!(
                f,
                "the distances of `{a}` and `{b}` correlate (r = {r:.2}): importance may go to either; --balance, or other stimuli, keep them apart"
            ),
            Self::Confounded { term, others } if others.is_empty() => {
                write!(
                    f,
                    "`{term}` never varies over pairs, so that its weight is 0; drop a feature or add stimuli"
                )
            }
            Self::Confounded { term, others } => {
                write!(
                    f,
                    "`{term}` cannot be told apart from {}: the smallest of the equally good weights are given; drop a feature or add stimuli",
                    quoted_and(others)
                )
            }
            Self::UnseenLevels { feature, levels, folds } => {
                write!(
                    f,
                    "{} of `{feature}` {} in no training stimulus of {} fold{}; fewer --folds or more stimuli would show {}",
                    quoted_and(levels),
                    if levels.len() == 1 { "occurs" } else { "occur" },
                    folds.len(),
                    if folds.len() == 1 { "" } else { "s" },
                    if levels.len() == 1 { "it" } else { "them" },
                )
            }
            Self::Conditional { effect, given, free: 0, .. } => write!(
                f,
                "`{effect}` cannot be permuted, because {} decide{} it: it has no importance; drop a feature, or raise the threshold of --conditional",
                quoted_and(given),
                if given.len() == 1 { "s" } else { "" },
            ),
            Self::Conditional { effect, given, free, stimuli } => write!(
                f,
                "`{effect}` is permuted among stimuli that agree in {}: {} of {} stimuli are free to move",
                quoted_and(given),
                text::count(*free as u128),
                text::count(*stimuli as u128),
            ),
            Self::UndefinedScore { layer, fold, reason } => {
                let (what, knob) = match reason {
                    Undefined::NeuralDistances => {
                        ("neural", "the activations do not differ: check --pool and --layers")
                    }
                    Undefined::ModelledDistances => {
                        ("modelled", "the features do not differ there: use fewer --folds")
                    }
                };
                write!(
                    f,
                    "{}: no score, because all {what} distances are equal ({knob})",
                    Place(*layer, *fold)
                )
            }
            Self::NoAssociation { layer, fold } => write!(
                f,
                "{}: no feature's distance grows with the neural distance; the least bad feature alone is weighted, and the layer's score says nothing for the features",
                Place(*layer, *fold)
            ),
            Self::Inexact { layer, fold, gap } => write!(
                f,
                "{}: the solver stopped at a relative gap of {gap:.1e}; fewer features, or no --interactions, make the problem better posed",
                Place(*layer, *fold)
            ),
        }
    }
}
