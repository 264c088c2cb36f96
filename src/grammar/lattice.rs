//! Everything that a grammar derives, packed: a graph whose paths are the derivations, each exactly once.
//!
//! Built bottom up by unification: a symbol's derivations are grouped into [`Answer`]s by the features that they show, and
//! a rule is walked from left to right through states that remember only what a later choice still depends on. A choice
//! whose features clash is never taken. Then counting is adding up, and the k-th derivation is found by walking down
//! with k ([`Lattice::derive`]), so that a sample needs no enumeration.

mod build;
mod plan;
mod settle;

use std::collections::{BTreeMap, BTreeSet};

use self::build::Builder;
use super::rules::{Atom, Name, Rules, Value};
use super::unify::Key;

/// What building may cost, in numbers kept and unifications tried; a few seconds' work.
pub(super) const BUDGET: usize = if cfg!(fuzzing) { 1 << 19 } else { 1 << 25 };

/// Larger sentences than this (in characters, and choices that make no character) are refused.
const LARGEST: usize = 1 << 14;

/// Trees deeper than this are refused.
pub const DEEPEST: usize = 256;

/// Why a lattice could not be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refused {
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
pub(super) struct Answer {
    /// The features as the key of one structure.
    features: Key,
    /// Where its derivations start.
    root: usize,
    pub count: u128,
    /// Of the largest derivation: characters, and choices.
    size: usize,
    /// The features that are bound to values; those of a nested structure under a name of their own ([`Lattice::label`]).
    pub atoms: Vec<(Name, Atom)>,
}

impl Answer {
    pub(super) fn atom(&self, name: Name) -> Option<Atom> {
        self.atoms.iter().find(|(other, _)| *other == name).map(|(_, atom)| *atom)
    }
}

#[derive(Debug)]
struct Node {
    count: u128,
    /// Of the largest way from here on: characters, and choices.
    size: usize,
    /// None at the end of a rule.
    edges: Vec<Edge>,
}

#[derive(Debug, Clone, Copy)]
struct Edge {
    step: Step,
    next: usize,
    /// Derivations over the edges up to and with this one.
    upto: u128,
}

/// What an edge adds to a derivation.
#[derive(Debug, Clone, Copy)]
enum Step {
    Skip,
    Rule(usize),
    Text(usize),
    Group { group: usize, slot: Option<usize>, space: bool },
}

/// Answers of one symbol that a rule cannot tell apart: they agree in the features that it asks for.
#[derive(Debug)]
struct Group {
    /// The features that the rule asks for, as a key of as many terms.
    features: Key,
    answers: Vec<usize>,
    /// Derivations of the answers up to and with each.
    upto: Vec<u128>,
    /// Of the largest derivation.
    size: usize,
}

/// The packed derivations of a grammar.
#[derive(Debug, Default)]
pub(super) struct Lattice {
    nodes: Vec<Node>,
    groups: Vec<Group>,
    pub answers: Vec<Answer>,
    /// The answers of the start symbol.
    pub roots: Vec<usize>,
    pub count: u128,
    /// Of the largest derivation: characters, and choices.
    pub size: usize,
    /// How deep trees were made.
    pub depth: usize,
    /// The names of nested features: of the structure, and of the feature in it. They are numbered on from the rules' names.
    paths: Vec<(Name, Name)>,
    /// Values that are in no rule: sets and tuples that were worked out. They are numbered on from the rules' values.
    made: Vec<Value>,
}

/// What is told of a derivation as it is walked, from left to right.
pub(super) trait Visitor {
    fn root(&mut self, answer: usize);
    fn rule(&mut self, rule: usize);
    fn text(&mut self, piece: usize);
    fn open(&mut self, slot: usize, answer: usize);
    fn close(&mut self, slot: usize);
    fn space(&mut self);
}

impl Lattice {
    /// The lattice of `rules`, their recursion cut where trees would be more than `depth` deep, words included; `budget` is what
    /// building may cost.
    pub(super) fn build(rules: &Rules, depth: usize, budget: usize) -> Result<Self, Refused> {
        let mut builder = Builder::new(rules, budget);
        let depth = match plan::heights(rules)[rules.start] {
            Some(height) if height > DEEPEST => return Err(Refused::Tall { height }),
            Some(height) => height,
            None => depth.min(DEEPEST),
        };
        let mut roots = builder.solve(rules.start, depth)?;
        roots.retain(|&root| builder.starts(root));
        let mut lattice = builder.lattice;
        for &root in &roots {
            lattice.count =
                lattice.count.checked_add(lattice.answers[root].count).ok_or(Refused::Overflow)?;
            lattice.size = lattice.size.max(lattice.answers[root].size);
        }
        if lattice.size > LARGEST {
            return Err(Refused::Large { size: lattice.size });
        }
        lattice.roots = roots;
        lattice.depth = depth;
        Ok(lattice)
    }

    /// How many derivations each of `symbols` has.
    pub(super) fn tally(
        rules: &Rules,
        symbols: &[usize],
        depth: usize,
        budget: usize,
    ) -> Result<Vec<u128>, Refused> {
        let mut builder = Builder::new(rules, budget);
        let count = |&symbol: &usize| {
            let answers = builder.solve(symbol, depth)?;
            let mut counts = answers.iter().map(|&answer| builder.lattice.answers[answer].count);
            counts.try_fold(0u128, u128::checked_add).ok_or(Refused::Overflow)
        };
        symbols.iter().map(count).collect()
    }

    /// Whether `symbol` derives anything at all.
    pub(super) fn derives(rules: &Rules, symbol: usize, depth: usize) -> bool {
        Builder::new(rules, BUDGET).solve(symbol, depth).is_ok_and(|answers| !answers.is_empty())
    }

    /// The value that an answer shows.
    pub(super) fn value<'a>(&'a self, rules: &'a Rules, atom: Atom) -> &'a Value {
        match (atom.0 as usize).checked_sub(rules.values().len()) {
            None => rules.value(atom),
            Some(at) => &self.made[at],
        }
    }

    /// How many values there are.
    pub(super) fn n_values(&self, rules: &Rules) -> usize {
        rules.values().len() + self.made.len()
    }

    /// The name of a feature, or for a nested one those on the way to it: `AGR_NUM`.
    pub(super) fn label(&self, rules: &Rules, name: Name) -> String {
        match (name.0 as usize).checked_sub(rules.names.len()) {
            None => rules.names.text(name).to_owned(),
            Some(path) => {
                let (outer, inner) = self.paths[path];
                format!("{}_{}", self.label(rules, outer), self.label(rules, inner))
            }
        }
    }

    /// Walks derivation `index` of `0..count`.
    pub(super) fn derive(&self, mut index: u128, visitor: &mut impl Visitor) {
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
    pub(super) fn counts_of_rules(&self) -> BTreeMap<usize, u128> {
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
    pub(super) fn used_rules(&self) -> Vec<usize> {
        let mut used = BTreeSet::new();
        self.each_step(|step| {
            if let Step::Rule(rule) = step {
                used.insert(rule);
            }
        });
        used.into_iter().collect()
    }

    /// For each of `n_slots` slots the answers that stand in it in some derivation, ascending.
    pub(super) fn answers_in_slots(&self, n_slots: usize) -> Vec<Vec<usize>> {
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
