//! Sets and tuples worked out once their parts are known: what `{?a+?b}` is where a rule ends.

use std::collections::BTreeSet;

use super::builder::Builder;
use crate::grammar::rules::{Atom, Gathered, Value};
use crate::grammar::unify::NESTING;

impl Builder<'_> {
    /// Works out what is gathered in `head` and known.
    pub(super) fn settle(&mut self, head: usize) {
        if !self.rules.gathers {
            return;
        }
        let (mut todo, mut seen) = (vec![head], BTreeSet::new());
        while let Some(term) = todo.pop() {
            let term = self.arena.find(term);
            if !seen.insert(term) {
                continue;
            }
            todo.extend(self.arena.structure(term).iter().map(|(_, part)| *part));
            if self.arena.gathered(term).is_some()
                && let Some(value) = self.worth(term, 0)
            {
                let atom = self.made(value);
                self.arena.settle(term, atom);
            }
        }
    }

    fn worth(&self, term: usize, nesting: usize) -> Option<Value> {
        if let Some(atom) = self.arena.atom(term) {
            return Some(self.lattice.value(self.rules, atom).clone());
        }
        if nesting > NESTING {
            return None;
        }
        let Gathered { kind, joined, parts } = self.arena.gathered(term)?;
        let parts: Option<Vec<Value>> = parts.iter().map(|&part| self.worth(part, nesting + 1)).collect();
        parts.map(|parts| if *joined { Value::joined(*kind, parts) } else { Value::gathered(*kind, parts) })
    }

    /// The atom of a value that may be in no rule.
    fn made(&mut self, value: Value) -> Atom {
        if let Some(atom) = self.rules.known(&value) {
            return atom;
        }
        let made = &mut self.lattice.made;
        let at = *self.made.entry(value.identity()).or_insert_with(|| {
            made.push(value);
            made.len() - 1
        });
        Atom((self.rules.values().len() + at) as u32)
    }
}
