//! What a grammar derives, as a graph, and its derivations, counted and walked.

use std::collections::{BTreeMap, BTreeSet};

use crate::grammar::rules::{Atom, Name, Rules, Value};
use crate::grammar::unify::Key;

/// What building may cost, in numbers kept and unifications tried; a few seconds' work.
pub(in crate::grammar) const BUDGET: usize = if cfg!(fuzzing) { 1 << 19 } else { 1 << 25 };

/// Larger sentences than this (in characters, and choices that make no character) are refused.
pub(super) const LARGEST: usize = 1 << 14;

/// How deep trees of a recursive grammar are, words included, where nothing else is said.
pub const DEPTH: usize = 8;

/// Trees deeper than this are refused.
pub const DEEPEST: usize = 256;

/// Why a lattice could not be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::grammar) enum Refused {
    /// Too many states, the last of them in this rule.
    Entangled { rule: usize },
    /// More derivations than 128 bits count.
    Overflow,
    /// Without recursing, trees would be this deep.
    Tall { height: usize },
    /// The feature structures of this rule nest too deep.
    Nested { rule: usize },
    /// A sentence would be of this size.
    Large { size: usize },
}

/// What the derivations of a symbol have in common that show the same features.
#[derive(Debug)]
pub(in crate::grammar) struct Answer {
    /// The features as the key of one structure.
    pub(super) features: Key,
    /// Where its derivations start.
    pub(super) root: usize,
    pub count: u128,
    /// Of the largest derivation: characters, and choices.
    pub(super) size: usize,
    /// The features that are bound to values; those of a nested structure under a name of their own ([`Lattice::label`]).
    pub atoms: Vec<(Name, Atom)>,
}

impl Answer {
    pub(in crate::grammar) fn atom(&self, name: Name) -> Option<Atom> {
        self.atoms.iter().find(|(other, _)| *other == name).map(|(_, atom)| *atom)
    }
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) count: u128,
    /// Of the largest way from here on: characters, and choices.
    pub(super) size: usize,
    /// None at the end of a rule.
    pub(super) edges: Vec<Edge>,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Edge {
    pub(super) step: Step,
    pub(super) next: usize,
    /// Derivations over the edges up to and with this one.
    pub(super) upto: u128,
}

/// What an edge adds to a derivation.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Skip,
    Rule(usize),
    Text(usize),
    Group { group: usize, slot: Option<usize>, space: bool },
}

/// Answers of one symbol that a rule cannot tell apart: they agree in the features that it asks for.
#[derive(Debug)]
pub(super) struct Group {
    /// The features that the rule asks for, as a key of as many terms.
    pub(super) features: Key,
    pub(super) answers: Vec<usize>,
    /// Derivations of the answers up to and with each.
    pub(super) upto: Vec<u128>,
    /// Of the largest derivation.
    pub(super) size: usize,
}

/// The packed derivations of a grammar.
#[derive(Debug, Default)]
pub(in crate::grammar) struct Lattice {
    pub(super) nodes: Vec<Node>,
    pub(super) groups: Vec<Group>,
    pub answers: Vec<Answer>,
    /// The answers of the start symbol.
    pub roots: Vec<usize>,
    pub count: u128,
    /// Of the largest derivation: characters, and choices.
    pub size: usize,
    /// How deep trees were made.
    pub depth: usize,
    /// The names of nested features: of the structure, and of the feature in it. They are numbered on from the rules' names.
    pub(super) paths: Vec<(Name, Name)>,
    /// Values that are in no rule: sets and tuples that were worked out. They are numbered on from the rules' values.
    pub(super) made: Vec<Value>,
}

/// What is told of a derivation as it is walked, from left to right.
pub(in crate::grammar) trait Visitor {
    fn root(&mut self, answer: usize);
    fn rule(&mut self, rule: usize);
    fn text(&mut self, piece: usize);
    fn open(&mut self, slot: usize, answer: usize);
    fn close(&mut self, slot: usize);
    fn space(&mut self);
}

impl Lattice {
    /// The value that an answer shows.
    pub(in crate::grammar) fn value<'a>(&'a self, rules: &'a Rules, atom: Atom) -> &'a Value {
        match (atom.0 as usize).checked_sub(rules.values().len()) {
            None => rules.value(atom),
            Some(at) => &self.made[at],
        }
    }

    /// How many values there are.
    pub(in crate::grammar) fn n_values(&self, rules: &Rules) -> usize {
        rules.values().len() + self.made.len()
    }

    /// The name of a feature, or for a nested one those on the way to it: `AGR_NUM`.
    pub(in crate::grammar) fn label(&self, rules: &Rules, name: Name) -> String {
        match (name.0 as usize).checked_sub(rules.names.len()) {
            None => rules.names.text(name).to_owned(),
            Some(path) => {
                let (outer, inner) = self.paths[path];
                format!("{}_{}", self.label(rules, outer), self.label(rules, inner))
            }
        }
    }

    /// Walks derivation `index` of `0..count`.
    pub(in crate::grammar) fn derive(&self, mut index: u128, visitor: &mut impl Visitor) {
        for &root in &self.roots {
            let answer = &self.answers[root];
            if index < answer.count {
                visitor.root(root);
                self.walk(answer.root, index, visitor);
                return;
            }
            index -= answer.count;
        }
    }

    /// How many derivations start with each rule of the start symbol; those that derive nothing are not listed.
    pub(in crate::grammar) fn counts_of_rules(&self) -> BTreeMap<usize, u128> {
        let mut counts: BTreeMap<usize, u128> = BTreeMap::new();
        for &root in &self.roots {
            for Edge { step, next, .. } in &self.nodes[self.answers[root].root].edges {
                if let Step::Rule(rule) = step {
                    *counts.entry(*rule).or_default() += self.nodes[*next].count;
                }
            }
        }
        counts
    }

    /// The rules that some derivation uses, ascending.
    pub(in crate::grammar) fn used_rules(&self) -> Vec<usize> {
        let mut used = BTreeSet::new();
        self.each_step(|step| {
            if let Step::Rule(rule) = step {
                used.insert(rule);
            }
        });
        used.into_iter().collect()
    }

    /// For each of `n_slots` slots the answers that stand in it in some derivation, ascending.
    pub(in crate::grammar) fn answers_in_slots(&self, n_slots: usize) -> Vec<Vec<usize>> {
        let mut groups: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); n_slots];
        self.each_step(|step| {
            if let Step::Group { group, slot: Some(slot), .. } = step {
                groups[slot].insert(group);
            }
        });
        let answers = |groups: BTreeSet<usize>| -> BTreeSet<usize> {
            groups.into_iter().flat_map(|group| self.groups[group].answers.iter().copied()).collect()
        };
        groups.into_iter().map(|groups| answers(groups).into_iter().collect()).collect()
    }

    /// Calls `seen` for every step that some derivation takes.
    fn each_step(&self, mut seen: impl FnMut(Step)) {
        let (mut visited, mut entered) = (vec![false; self.nodes.len()], vec![false; self.groups.len()]);
        let mut todo: Vec<usize> = self.roots.iter().map(|&root| self.answers[root].root).collect();
        while let Some(node) = todo.pop() {
            if std::mem::replace(&mut visited[node], true) {
                continue;
            }
            for Edge { step, next, .. } in &self.nodes[node].edges {
                seen(*step);
                if let Step::Group { group, .. } = step
                    && !std::mem::replace(&mut entered[*group], true)
                {
                    todo.extend(self.groups[*group].answers.iter().map(|&answer| self.answers[answer].root));
                }
                todo.push(*next);
            }
        }
    }

    fn walk(&self, mut node: usize, mut index: u128, visitor: &mut impl Visitor) {
        loop {
            let edges = &self.nodes[node].edges;
            if edges.is_empty() {
                return;
            }
            let at = edges.partition_point(|edge| edge.upto <= index);
            if at > 0 {
                index -= edges[at - 1].upto;
            }
            let Edge { step, next, .. } = edges[at];
            match step {
                Step::Skip => {}
                Step::Rule(rule) => visitor.rule(rule),
                Step::Text(piece) => visitor.text(piece),
                Step::Group { group, slot, space } => {
                    let rest = self.nodes[next].count;
                    let mut inner = divide(&mut index, rest);
                    let Group { answers, upto, .. } = &self.groups[group];
                    let at = upto.partition_point(|&upto| upto <= inner);
                    if at > 0 {
                        inner -= upto[at - 1];
                    }
                    if space {
                        visitor.space();
                    }
                    if let Some(slot) = slot {
                        visitor.open(slot, answers[at]);
                    }
                    self.walk(self.answers[answers[at]].root, inner, visitor);
                    if let Some(slot) = slot {
                        visitor.close(slot);
                    }
                }
            }
            node = next;
        }
    }
}

/// `index / by`, leaving the remainder in `index`; in 64 bits where they suffice, which is many times faster.
fn divide(index: &mut u128, by: u128) -> u128 {
    if let (Ok(small), Ok(by)) = (u64::try_from(*index), u64::try_from(by)) {
        *index = u128::from(small % by);
        return u128::from(small / by);
    }
    let quotient = *index / by;
    *index %= by;
    quotient
}
