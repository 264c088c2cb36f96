//! Warnings: what may make a finished fit mean less than it seems to.

use std::fmt;

use crate::text;

/// At most so many names are listed in one warning.
const NAMED: usize = 10;

/// A finding about a fit that did succeed. The text says which option changes it.
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
    /// Importances are measured on a sample of the pairs that are scored.
    SampledImportances {
        /// How many pairs are scored.
        pairs: u64,
        /// About how many of them the sample has.
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
    /// A feature does not vary among the held-out stimuli of some folds.
    Unvarying {
        /// The feature.
        feature: String,
        /// The folds, from 0.
        folds: Vec<usize>,
        /// How many folds there are.
        of: usize,
    },
    /// A feature, or a group, is permuted only among stimuli that agree in others.
    Conditional {
        /// The feature or the group.
        effect: String,
        /// The features that it is conditioned on.
        given: Vec<String>,
        /// How many stimuli have a stimulus of another value in their stratum.
        free: usize,
        /// How many stimuli there are.
        stimuli: usize,
    },
    /// A score is not defined.
    UndefinedScore {
        /// The layer, where it is known.
        layer: Option<usize>,
        /// The folds, from 0.
        folds: Vec<usize>,
        /// Why.
        reason: Undefined,
    },
    /// No feature distance goes with the neural distance.
    NoAssociation {
        /// The layer, where it is known.
        layer: Option<usize>,
        /// The folds, from 0.
        folds: Vec<usize>,
    },
    /// The solver stopped short of its tolerance.
    Inexact {
        /// The layer, where it is known.
        layer: Option<usize>,
        /// The folds, from 0.
        folds: Vec<usize>,
        /// The largest relative optimality gap it left.
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

/// `warnings`, each taken into an earlier one where `absorb` says that it was.
pub(crate) fn merged_by<W>(
    warnings: impl IntoIterator<Item = W>,
    absorb: impl Fn(&mut W, &W) -> bool,
) -> Vec<W> {
    let mut merged: Vec<W> = Vec::new();
    for warning in warnings {
        if !merged.iter_mut().any(|earlier| absorb(earlier, &warning)) {
            merged.push(warning);
        }
    }
    merged
}

impl Warning {
    /// The warnings of one layer, where warnings that differ only in their folds become one.
    #[must_use]
    pub fn merged(warnings: impl IntoIterator<Item = Self>) -> Vec<Self> {
        merged_by(warnings, Self::absorb)
    }

    /// Adds the folds of `other`, if it is the same warning about other folds.
    fn absorb(&mut self, other: &Self) -> bool {
        let (folds, more) = match (self, other) {
            (
                Self::UndefinedScore { layer, folds, reason },
                Self::UndefinedScore { layer: other, folds: more, reason: why },
            ) if layer == other && reason == why => (folds, more),
            (Self::NoAssociation { layer, folds }, Self::NoAssociation { layer: other, folds: more })
                if layer == other =>
            {
                (folds, more)
            }
            (
                Self::Inexact { layer, folds, gap },
                Self::Inexact { layer: other, folds: more, gap: larger },
            ) if layer == other => {
                *gap = gap.max(*larger);
                (folds, more)
            }
            _ => return false,
        };
        folds.extend(more);
        true
    }
}

/// `layer 3, folds 0 and 2` or `fold 0`.
struct Place<'a>(Option<usize>, &'a [usize]);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(layer) = self.0 {
            write!(f, "layer {layer}, ")?;
        }
        let folds: Vec<String> = self.1.iter().map(ToString::to_string).collect();
        write!(f, "fold{} {}", if folds.len() == 1 { "" } else { "s" }, text::some(&folds, NAMED))
    }
}

/// `` `a`, `b` and `c` ``.
fn quoted_and(names: &[String]) -> String {
    text::some(&names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>(), NAMED)
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
                "the distances of `{a}` and `{b}` correlate (r = {r:.2}): importance may go to either; leave one out (--drop), or take stimuli in which they differ (`probe check` says what ties them together)"
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
            Self::Unvarying { feature, folds, of } if folds.len() == *of => write!(
                f,
                "`{feature}` varies among the held-out stimuli of no fold: it has no importance; add stimuli of its rarer values, or take fewer folds (--folds)"
            ),
            Self::Unvarying { feature, folds, .. } => write!(
                f,
                "`{feature}` does not vary among the held-out stimuli of {}: it has no importance there, and its mean is over the other folds; add stimuli of its rarer values, or take fewer folds (--folds)",
                Place(None, folds)
            ),
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
            Self::UndefinedScore { layer, folds, reason } => {
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
                    Place(*layer, folds)
                )
            }
            Self::NoAssociation { layer, folds } => write!(
                f,
                "{}: no feature's distance grows with the neural distance; the least bad feature alone is weighted, and the layer's score says nothing for the features",
                Place(*layer, folds)
            ),
            Self::Inexact { layer, folds, gap } => write!(
                f,
                "{}: the solver stopped at a relative gap of {gap:.1e}; fewer features, or no --interactions, make the problem better posed",
                Place(*layer, folds)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folds_of_a_layer_are_told_in_one_line() {
        let undefined = |fold, reason| Warning::UndefinedScore { layer: Some(3), folds: vec![fold], reason };
        let merged = Warning::merged([
            undefined(0, Undefined::NeuralDistances),
            undefined(1, Undefined::ModelledDistances),
            undefined(2, Undefined::NeuralDistances),
            Warning::Inexact { layer: Some(3), folds: vec![0], gap: 1e-6 },
            Warning::Inexact { layer: Some(3), folds: vec![1], gap: 1e-5 },
        ]);
        assert_eq!(merged.len(), 3);
        assert!(merged[0].to_string().starts_with("layer 3, folds 0 and 2: no score"), "{}", merged[0]);
        assert!(merged[1].to_string().starts_with("layer 3, fold 1: no score"), "{}", merged[1]);
        assert!(merged[2].to_string().contains("gap of 1.0e-5"), "{}", merged[2]);
    }
}
