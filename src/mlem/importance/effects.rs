//! The effects that have an importance: every term, and every group of features that is asked for.

use serde::{Deserialize, Serialize};

use crate::mlem::error::{Error, Result};
use crate::mlem::group::FeatureGroup;
use crate::mlem::pairs::Term;
use crate::mlem::params::Permute;

/// The kind of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// One feature.
    Main,
    /// Two features, `a x b`.
    Interaction,
    /// Several features that are permuted together.
    Group,
}

impl Order {
    /// What an effect of this kind is called, in a sentence.
    #[must_use]
    pub fn noun(self) -> &'static str {
        match self {
            Self::Main => "feature",
            Self::Interaction => "interaction",
            Self::Group => "group",
        }
    }
}

/// A term or a group of features, whose importance is measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) name: String,
    pub(crate) order: Order,
    /// The features that are permuted, ascending.
    pub(crate) features: Vec<usize>,
    /// The terms whose distances the permutation changes.
    pub(crate) terms: Vec<usize>,
}

/// The effects of `terms` in their order, then those of `groups`.
pub(crate) fn effects(
    terms: &[Term],
    features: &[String],
    groups: &[FeatureGroup],
    permute: Permute,
) -> Result<Vec<Effect>> {
    let touching = |columns: &[usize]| {
        let touches = |term: &Term| columns.contains(&term.a) || columns.contains(&term.b);
        (0..terms.len()).filter(|&k| touches(&terms[k])).collect()
    };
    let mut effects: Vec<Effect> = terms
        .iter()
        .enumerate()
        .map(|(k, term)| {
            let columns = if term.is_main() { vec![term.a] } else { vec![term.a, term.b] };
            Effect {
                name: term.name(features),
                order: if term.is_main() { Order::Main } else { Order::Interaction },
                terms: if permute == Permute::Pairs { vec![k] } else { touching(&columns) },
                features: columns,
            }
        })
        .collect();
    for (index, group) in groups.iter().enumerate() {
        if groups[..index].iter().any(|other| other.name == group.name) {
            return Err(Error::GroupTwice { group: group.name.clone() });
        }
        let columns = group.columns(features)?;
        effects.push(Effect {
            name: group.name.clone(),
            order: Order::Group,
            terms: touching(&columns),
            features: columns,
        });
    }
    Ok(effects)
}

/// Subtracts from an interaction's drop the drops of its two features: the rest is what only both together explain.
pub(crate) fn subtract_mains(drops: &mut [f64], effects: &[Effect]) {
    for (k, effect) in effects.iter().enumerate() {
        if let (Order::Interaction, &[a, b]) = (effect.order, effect.features.as_slice()) {
            // Main effects come first, in the order of the features.
            drops[k] -= drops[a] + drops[b];
        }
    }
}
