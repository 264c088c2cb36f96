//! The lattice built, bottom up, by unification.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::graph::{Answer, Edge, Group, Lattice, Node, Refused, Step};
use super::plan::{heights, needed};
use crate::grammar::rules::{Atom, Identity, Item, Name, Rules, Term, Test};
use crate::grammar::unify::{Arena, Key};

/// Nested features deeper than this are no columns.
const NESTING: usize = 8;

/// So many parts of a structure are looked at for columns.
const PARTS: usize = 1024;

/// What trying to unify costs, where a number of a key that is kept costs 1.
const TRIAL: usize = 4;

/// What an edge costs beside its key.
const EDGE: usize = 8;

pub(super) struct Builder<'a> {
    pub(super) rules: &'a Rules,
    heights: Vec<Option<usize>>,
    pub(super) lattice: Lattice,
    /// The values that were worked out, by what makes them one.
    pub(super) made: BTreeMap<Identity, usize>,
    /// The names of nested features.
    paths: BTreeMap<(Name, Name), usize>,
    /// Answers by symbol and depth.
    solved: BTreeMap<(usize, usize), Vec<usize>>,
    /// Groups by symbol, depth, and the features asked for.
    grouped: BTreeMap<(usize, usize, Vec<Name>), Rc<Groups>>,
    pub(super) arena: Arena,
    /// What may still be spent on building.
    budget: usize,
}

/// The answers to a symbol, grouped by some of its features.
struct Groups {
    /// In the order of the first answer of each.
    all: Vec<usize>,
    /// For each of the features, where every group has a value of it: the groups by that value.
    by_value: Vec<Option<BTreeMap<Atom, Vec<usize>>>>,
}

/// A state of a rule: a position, and what the choices so far leave for later ones to depend on.
pub(super) struct State {
    pub(super) key: Key,
    /// `(step, position, state there)`.
    pub(super) edges: Vec<(Step, usize, usize)>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(rules: &'a Rules, budget: usize) -> Self {
        Self {
            rules,
            heights: heights(rules),
            lattice: Lattice::default(),
            made: BTreeMap::new(),
            paths: BTreeMap::new(),
            solved: BTreeMap::new(),
            grouped: BTreeMap::new(),
            arena: Arena::default(),
            budget,
        }
    }

    /// How deep a derivation of `symbol` may be where `depth` is what recursion is left: one that does not recurse is whole.
    fn bounded(&self, symbol: usize, depth: usize) -> usize {
        self.heights[symbol].map_or(depth, |height| depth.min(height))
    }

    fn spend(&mut self, cost: usize, rule: usize) -> Result<(), Refused> {
        self.budget = self.budget.checked_sub(cost).ok_or(Refused::Entangled { rule })?;
        Ok(())
    }

    pub(super) fn solve(&mut self, symbol: usize, depth: usize) -> Result<Vec<usize>, Refused> {
        let depth = self.bounded(symbol, depth);
        if depth == 0 {
            return Ok(Vec::new());
        }
        if let Some(answers) = self.solved.get(&(symbol, depth)) {
            return Ok(answers.clone());
        }
        // For each set of features, in order of appearance, the rules and nodes that show it.
        let mut order: Vec<(Key, Vec<(usize, usize)>)> = Vec::new();
        let mut places: BTreeMap<Key, usize> = BTreeMap::new();
        for &rule in &self.rules.symbols[symbol] {
            for (features, node) in self.expand(rule, depth)? {
                let place = *places.entry(features.clone()).or_insert_with(|| {
                    order.push((features, Vec::new()));
                    order.len() - 1
                });
                order[place].1.push((rule, node));
            }
        }
        let mut answers = Vec::with_capacity(order.len());
        for (features, alternatives) in order {
            let edges = alternatives.into_iter().map(|(rule, node)| (Step::Rule(rule), node)).collect();
            let root = self.node(edges)?;
            self.arena.clear();
            let head = self.arena.decode(&features)[0];
            let mut atoms = Vec::new();
            self.flatten(head, None, &mut atoms, 0, &mut 0);
            let Node { count, size, .. } = self.lattice.nodes[root];
            self.lattice.answers.push(Answer { features, root, count, size, atoms });
            answers.push(self.lattice.answers.len() - 1);
        }
        self.solved.insert((symbol, depth), answers.clone());
        Ok(answers)
    }

    /// Collects the features of `structure` that are bound to values, nested ones too.
    fn flatten(
        &mut self,
        structure: usize,
        outer: Option<Name>,
        atoms: &mut Vec<(Name, Atom)>,
        nesting: usize,
        seen: &mut usize,
    ) {
        for (inner, term) in self.arena.structure(structure).to_vec() {
            *seen += 1;
            if *seen > PARTS {
                return;
            }
            let name = match outer {
                None => inner,
                Some(outer) => {
                    let paths = &mut self.lattice.paths;
                    let at = *self.paths.entry((outer, inner)).or_insert_with(|| {
                        paths.push((outer, inner));
                        paths.len() - 1
                    });
                    Name((self.rules.names.len() + at) as u32)
                }
            };
            if let Some(atom) = self.arena.atom(term) {
                atoms.push((name, atom));
            } else if nesting < NESTING {
                self.flatten(term, Some(name), atoms, nesting + 1, seen);
            }
        }
    }

    /// Whether a sentence may be what `answer` derives.
    pub(super) fn starts(&mut self, answer: usize) -> bool {
        self.arena.clear();
        let head = self.arena.decode(&self.lattice.answers[answer].features)[0];
        let mut variables = vec![None; self.rules.start_variables];
        self.rules.start_features.iter().all(|(name, term)| {
            let shown =
                self.arena.structure(head).iter().find(|(other, _)| other == name).map(|(_, term)| *term);
            let wanted = self.arena.build(term, &mut variables);
            shown.is_none_or(|shown| {
                // A union of which nothing is known is what the start asks for where it says the same of it.
                let open = self.arena.gathered(shown).is_some();
                open && self.arena.encode([wanted]) == self.arena.encode([shown])
                    || self.arena.unify(wanted, shown)
            })
        })
    }

    /// A node with these edges in this order.
    pub(super) fn node(&mut self, edges: Vec<(Step, usize)>) -> Result<usize, Refused> {
        let mut upto = 0u128;
        let mut size = 0;
        let mut counted = Vec::with_capacity(edges.len());
        for (step, next) in edges {
            let (inside, inner) = match step {
                Step::Group { group, .. } => {
                    let Group { upto, size, .. } = &self.lattice.groups[group];
                    (upto.last().copied().unwrap_or(0), *size)
                }
                Step::Text(piece) => (1, self.rules.pieces[piece].n_chars as usize),
                Step::Skip | Step::Rule(_) => (1, 0),
            };
            size = size.max(self.lattice.nodes[next].size.saturating_add(inner).saturating_add(1));
            let count = inside.checked_mul(self.lattice.nodes[next].count);
            upto = count.and_then(|count| upto.checked_add(count)).ok_or(Refused::Overflow)?;
            counted.push(Edge { step, next, upto });
        }
        let count = if counted.is_empty() { 1 } else { upto };
        self.lattice.nodes.push(Node { count, size, edges: counted });
        Ok(self.lattice.nodes.len() - 1)
    }

    /// The answers to `symbol`, grouped by the features called `names`.
    fn groups(&mut self, symbol: usize, depth: usize, names: &[Name]) -> Result<Rc<Groups>, Refused> {
        let depth = self.bounded(symbol, depth);
        let cached = (symbol, depth, names.to_vec());
        if let Some(groups) = self.grouped.get(&cached) {
            return Ok(Rc::clone(groups));
        }
        let mut groups =
            Groups { all: Vec::new(), by_value: names.iter().map(|_| Some(BTreeMap::new())).collect() };
        let mut places: BTreeMap<Key, usize> = BTreeMap::new();
        for answer in self.solve(symbol, depth)? {
            self.arena.clear();
            let Answer { features, count, size, .. } = &self.lattice.answers[answer];
            let (count, size) = (*count, *size);
            let head = self.arena.decode(features)[0];
            let asked: Vec<usize> = names
                .iter()
                .map(|&name| self.arena.feature(head, name).unwrap_or_else(|| self.arena.free()))
                .collect();
            let features = self.arena.encode(asked.iter().copied());
            let group = *places.entry(features.clone()).or_insert_with(|| {
                let group = self.lattice.groups.len();
                for (by_value, &term) in groups.by_value.iter_mut().zip(&asked) {
                    match (self.arena.atom(term), by_value.as_mut()) {
                        (Some(atom), Some(by_value)) => {
                            by_value.entry(atom.unified()).or_default().push(group);
                        }
                        _ => *by_value = None,
                    }
                }
                groups.all.push(group);
                self.lattice.groups.push(Group { features, answers: Vec::new(), upto: Vec::new(), size: 0 });
                group
            });
            let group = &mut self.lattice.groups[group];
            let before = group.upto.last().copied().unwrap_or(0);
            group.answers.push(answer);
            group.upto.push(before.checked_add(count).ok_or(Refused::Overflow)?);
            group.size = group.size.max(size);
        }
        let groups = Rc::new(groups);
        self.grouped.insert(cached, Rc::clone(&groups));
        Ok(groups)
    }

    /// The groups that may unify with `features`, going by the values that are known already.
    fn candidates<'g>(
        &self,
        groups: &'g Groups,
        features: &[(Name, Term)],
        variables: &[Option<usize>],
    ) -> &'g [usize] {
        let mut fewest = groups.all.as_slice();
        for ((_, term), by_value) in features.iter().zip(&groups.by_value) {
            let (Some(atom), Some(by_value)) = (self.known(term, variables), by_value) else { continue };
            let having = by_value.get(&atom.unified()).map_or(&[][..], Vec::as_slice);
            if having.len() < fewest.len() {
                fewest = having;
            }
        }
        fewest
    }

    /// Walks `rule` through its states; for each set of features that its head ends with, the node to start from.
    fn expand(&mut self, rule_id: usize, depth: usize) -> Result<Vec<(Key, usize)>, Refused> {
        let rules = self.rules;
        let rule = &rules.all[rule_id];
        let last = rule.body.len();
        let needed = needed(rule_id, rules);
        let mut levels: Vec<Vec<State>> = (0..=last).map(|_| Vec::new()).collect();
        let mut places: Vec<BTreeMap<Key, usize>> = vec![BTreeMap::new(); last + 1];

        self.arena.clear();
        let mut variables = vec![None; rule.n_variables];
        let start = self.leave(&needed[0], &mut variables, &rule.head, last == 0);
        levels[0].push(State { key: start, edges: Vec::new() });
        for position in 0..last {
            for state in 0..levels[position].len() {
                for arc in &rule.body[position] {
                    if depth < 2 && !matches!(arc.item, Item::Skip) {
                        continue;
                    }
                    let key = levels[position][state].key.clone();
                    let mut reached: Vec<(Step, Key)> = Vec::new();
                    let ends = arc.to == last;
                    match &arc.item {
                        Item::Skip | Item::Text(_) => {
                            let mut variables = self.enter(&needed[position], &key, rule.n_variables);
                            let step =
                                if let Item::Text(piece) = arc.item { Step::Text(piece) } else { Step::Skip };
                            reached
                                .push((step, self.leave(&needed[arc.to], &mut variables, &rule.head, ends)));
                        }
                        Item::Call { symbol, slot, features, space } => {
                            let names: Vec<Name> = features.iter().map(|(name, _)| *name).collect();
                            let groups = self.groups(*symbol, depth - 1, &names)?;
                            let variables = self.enter(&needed[position], &key, rule.n_variables);
                            for &group in self.candidates(&groups, features, &variables) {
                                self.spend(TRIAL, rule_id)?;
                                let mut variables = self.enter(&needed[position], &key, rule.n_variables);
                                let shown = self.arena.decode(&self.lattice.groups[group].features);
                                let unified = features.iter().zip(shown).all(|((_, term), shown)| {
                                    let term = self.arena.build(term, &mut variables);
                                    self.arena.unify(term, shown)
                                });
                                if unified && rule.tests.iter().all(|test| self.holds(test, &variables)) {
                                    let step = Step::Group { group, slot: *slot, space: *space };
                                    let left = self.leave(&needed[arc.to], &mut variables, &rule.head, ends);
                                    reached.push((step, left));
                                }
                            }
                        }
                    }
                    if self.arena.overran() {
                        return Err(Refused::Nested { rule: rule_id });
                    }
                    for (step, key) in reached {
                        self.spend(EDGE + key.len(), rule_id)?;
                        let there = &mut levels[arc.to];
                        let at = *places[arc.to].entry(key.clone()).or_insert_with(|| {
                            there.push(State { key, edges: Vec::new() });
                            there.len() - 1
                        });
                        levels[position][state].edges.push((step, arc.to, at));
                    }
                }
            }
        }
        self.roots(levels)
    }

    /// The variables of a state, rebuilt in the arena.
    fn enter(&mut self, needed: &[u32], key: &[u32], n_variables: usize) -> Vec<Option<usize>> {
        self.arena.clear();
        let mut variables = vec![None; n_variables];
        for (&variable, term) in needed.iter().zip(self.arena.decode(key)) {
            variables[variable as usize] = Some(term);
        }
        variables
    }

    /// The key of the next state: the variables that are still needed, or at the end of the rule its head.
    fn leave(&mut self, needed: &[u32], variables: &mut [Option<usize>], head: &Term, ends: bool) -> Key {
        if ends {
            let head = self.arena.build(head, variables);
            self.settle(head);
            return self.arena.encode([head]);
        }
        let terms: Vec<usize> =
            needed.iter().map(|&variable| self.arena.build(&Term::Var(variable), variables)).collect();
        self.arena.encode(terms)
    }

    fn holds(&self, test: &Test, variables: &[Option<usize>]) -> bool {
        test.holds(|term| self.known(term, variables))
    }

    /// The value that `term` is bound to.
    fn known(&self, term: &Term, variables: &[Option<usize>]) -> Option<Atom> {
        match term {
            Term::Atom(atom) => Some(*atom),
            Term::Var(variable) => variables[*variable as usize].and_then(|term| self.arena.atom(term)),
            Term::Structure(_) | Term::Shared(..) | Term::Gathered(_) => None,
        }
    }
}
