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
    /// Whether it holds: `true` or `false`, missing where that cannot be told.
    Holds { condition: Condition<Side, usize>, texts: [Atom; 2] },
    /// How many words the sentence has.
    Words,
}

impl ColumnSource {
    /// The slots that the values are read from.
    pub(super) fn slots(&self) -> Vec<usize> {
        let mut slots = match self {
            Self::Slot { slot, .. } => vec![*slot],
            Self::Holds { condition, .. } => {
                let mut slots = Vec::new();
                condition.sides(&mut |side| {
                    if let Side::Slot { slot, .. } = side {
                        slots.push(*slot);
                    }
                });
                slots
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

/// What may hold of a sentence: its sides are `S`, its slots `P`.
#[derive(Debug, Clone)]
pub(super) enum Condition<S, P> {
    /// Whether two sides are the same, or are not.
    Compare {
        a: S,
        b: S,
        same: bool,
    },
    /// Whether a slot is in the sentence.
    Present(P),
    Not(Box<Self>),
    All(Vec<Self>),
    Any(Vec<Self>),
}

impl<S, P> Condition<S, P> {
    /// Gives every side that is compared to `each`.
    pub(super) fn sides<'a>(&'a self, each: &mut impl FnMut(&'a S)) {
        match self {
            Self::Compare { a, b, .. } => {
                each(a);
                each(b);
            }
            Self::Present(_) => {}
            Self::Not(inner) => inner.sides(each),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.sides(each)),
        }
    }

    /// Gives every slot that is asked for to `each`.
    pub(super) fn slots<'a>(&'a self, each: &mut impl FnMut(&'a P)) {
        match self {
            Self::Compare { .. } => {}
            Self::Present(slot) => each(slot),
            Self::Not(inner) => inner.slots(each),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.slots(each)),
        }
    }

    /// The same with its sides and slots as `side` and `slot` make them.
    pub(super) fn map<T, Q>(
        &self,
        side: &mut impl FnMut(&S) -> T,
        slot: &mut impl FnMut(&P) -> Q,
    ) -> Condition<T, Q> {
        match self {
            Self::Compare { a, b, same } => Condition::Compare { a: side(a), b: side(b), same: *same },
            Self::Present(name) => Condition::Present(slot(name)),
            Self::Not(inner) => Condition::Not(Box::new(inner.map(side, slot))),
            Self::All(parts) => Condition::All(parts.iter().map(|part| part.map(side, slot)).collect()),
            Self::Any(parts) => Condition::Any(parts.iter().map(|part| part.map(side, slot)).collect()),
        }
    }

    /// Whether it holds, where `value` tells what a side is and `present` whether a slot is there. What is not known stays so,
    /// unless the rest decides: `false and unknown` is false.
    pub(super) fn holds(
        &self,
        value: &impl Fn(&S) -> Option<Atom>,
        present: &impl Fn(&P) -> bool,
    ) -> Option<bool> {
        let joined = |parts: &[Self], decides: bool| {
            let mut unknown = false;
            for part in parts {
                match part.holds(value, present) {
                    Some(found) if found == decides => return Some(decides),
                    Some(_) => {}
                    None => unknown = true,
                }
            }
            (!unknown).then_some(!decides)
        };
        match self {
            Self::Compare { a, b, same } => Some((value(a)? == value(b)?) == *same),
            Self::Present(slot) => Some(present(slot)),
            Self::Not(inner) => inner.holds(value, present).map(|found| !found),
            Self::All(parts) => joined(parts, false),
            Self::Any(parts) => joined(parts, true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_stays_so_unless_the_rest_decides() {
        type Of = Condition<Option<u32>, bool>;
        let holds = |condition: &Of| condition.holds(&|side| side.map(Atom), &|slot| *slot);
        let compare = |a, b| Of::Compare { a, b, same: true };
        let (yes, no, unknown) =
            (compare(Some(1), Some(1)), compare(Some(1), Some(2)), compare(None, Some(1)));
        assert_eq!([&yes, &no, &unknown].map(holds), [Some(true), Some(false), None]);
        let all = |parts: &[&Of]| holds(&Of::All(parts.iter().map(|&part| part.clone()).collect()));
        let any = |parts: &[&Of]| holds(&Of::Any(parts.iter().map(|&part| part.clone()).collect()));
        assert_eq!([all(&[&yes, &unknown]), all(&[&no, &unknown])], [None, Some(false)]);
        assert_eq!([any(&[&yes, &unknown]), any(&[&no, &unknown])], [Some(true), None]);
        assert_eq!(holds(&Of::Not(Box::new(Of::Present(false)))), Some(true));
        assert_eq!(holds(&Of::Not(Box::new(unknown))), None);
    }
}
