//! Which features the stimuli have, and where each value comes from.

use super::rules::{Atom, Name};

/// A feature of the stimuli.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub name: String,
    pub source: ColumnSource,
}

/// Where the values of a column come from.
#[derive(Debug, Clone)]
pub(super) enum ColumnSource {
    /// A feature of what stands in a slot.
    Slot { slot: usize, feature: Name },
    /// A feature of the start symbol.
    Root(Name),
    /// A feature of the template: a value for some rules.
    Rules(Vec<(usize, Atom)>),
    /// Whether two are the same: `true` or `false`, missing where either is.
    Compare { a: Side, b: Side, same: bool, texts: [Atom; 2] },
    /// How many words the sentence has.
    Words,
}

impl ColumnSource {
    /// The slots that the values are read from.
    pub(super) fn slots(&self) -> Vec<usize> {
        let mut slots = match self {
            Self::Slot { slot, .. } => vec![*slot],
            Self::Compare { a, b, .. } => {
                let slot = |side: &Side| if let Side::Slot { slot, .. } = side { Some(*slot) } else { None };
                [slot(a), slot(b)].into_iter().flatten().collect()
            }
            Self::Root(_) | Self::Rules(_) | Self::Words => Vec::new(),
        };
        slots.dedup();
        slots
    }
}

/// A side of a comparison.
#[derive(Debug, Clone, Copy)]
pub(super) enum Side {
    Slot { slot: usize, feature: Name },
    Constant(Atom),
}
