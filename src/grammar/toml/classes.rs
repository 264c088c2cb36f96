//! Features that agreement and equations make the same.

use std::collections::BTreeMap;

use super::constraint::Operand;
use crate::grammar::rules::Value;

/// The features that constraints name, joined into classes of equal value.
#[derive(Default)]
pub(super) struct Classes<'a> {
    pub members: BTreeMap<(&'a str, &'a str), usize>,
    pub parents: Vec<usize>,
    pub constants: Vec<Option<&'a Value>>,
    /// Whether two different constants were to be the same.
    pub clash: bool,
}

impl<'a> Classes<'a> {
    pub(super) fn of(&mut self, operand: &'a Operand) -> usize {
        let fresh = self.parents.len();
        let class = match operand {
            Operand::Feature { slot, feature } => {
                *self.members.entry((slot.as_str(), feature.as_str())).or_insert(fresh)
            }
            Operand::Constant(_) => fresh,
        };
        if class == fresh {
            self.parents.push(fresh);
            self.constants.push(if let Operand::Constant(value) = operand { Some(value) } else { None });
        }
        self.find(class)
    }

    pub(super) fn find(&self, mut class: usize) -> usize {
        while self.parents[class] != class {
            class = self.parents[class];
        }
        class
    }

    pub(super) fn join(&mut self, a: &'a Operand, b: &'a Operand) {
        let (a, b) = (self.of(a), self.of(b));
        if a == b {
            return;
        }
        self.parents[b] = a;
        match (self.constants[a], self.constants[b]) {
            (Some(x), Some(y)) => self.clash |= x != y,
            (None, value) => self.constants[a] = value,
            _ => {}
        }
    }
}
