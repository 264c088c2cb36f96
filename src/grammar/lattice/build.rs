//! The lattice built, bottom up, by unification.

use std::collections::BTreeMap;

use super::super::rules::{Atom, Item, Name, Rules, Term, Test};
use super::super::unify::{Arena, Key};
use super::{Answer, BUDGET, Edge, Group, Lattice, Node, Refused, Step};

/// Nested features deeper than this are no columns.
const NESTING: usize = 8;
pub(super) struct Builder<'a> {
    rules: &'a Rules,
    heights: Vec<usize>,
    pub(super) lattice: Lattice,
    /// Answers by symbol and depth.
    solved: BTreeMap<(usize, usize), Vec<usize>>,
    /// Groups by symbol, depth, and the features asked for.
    grouped: BTreeMap<(usize, usize, Vec<Name>), Vec<usize>>,
    arena: Arena,
    /// Edges that may still be made.
    budget: usize,
}

/// A state of a rule: a position, and what the choices so far leave for later ones to depend on.
struct State {
    key: Key,
    /// `(step, position, state there)`.
    edges: Vec<(Step, usize, usize)>,
}

impl<'a> Builder<'a> {
    pub(super) fn new(rules: &'a Rules) -> Self {
        Self {
            rules,
            heights: heights(rules),
            lattice: Lattice::default(),
            solved: BTreeMap::new(),
            grouped: BTreeMap::new(),
            arena: Arena::default(),
            budget: BUDGET,
        }
    }

    pub(super) fn solve(&mut self, symbol: usize, depth: usize) -> Result<Vec<usize>, Refused> {
        let depth = depth.min(self.heights[symbol]);
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
            self.flatten(head, None, &mut atoms, 0);
            let count = self.lattice.nodes[root].count;
            self.lattice.answers.push(Answer { features, root, count, atoms });
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
    ) {
        for (inner, term) in self.arena.structure(structure).to_vec() {
            let name = match outer {
                None => inner,
                Some(outer) => {
                    let paths = &mut self.lattice.paths;
                    let known = paths.iter().position(|path| *path == (outer, inner));
                    let at = known.unwrap_or_else(|| {
                        paths.push((outer, inner));
                        paths.len() - 1
                    });
                    Name((self.rules.names.len() + at) as u32)
                }
            };
            if let Some(atom) = self.arena.atom(term) {
                atoms.push((name, atom));
            } else if nesting < NESTING {
                self.flatten(term, Some(name), atoms, nesting + 1);
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
            shown.is_none_or(|shown| self.arena.unify(wanted, shown))
        })
    }

    /// A node with these edges in this order.
    fn node(&mut self, edges: Vec<(Step, usize)>) -> Result<usize, Refused> {
        let mut upto = 0u128;
        let mut counted = Vec::with_capacity(edges.len());
        for (step, next) in edges {
            let inside = match step {
                Step::Group { group, .. } => self.lattice.groups[group].upto.last().copied().unwrap_or(0),
                _ => 1,
            };
            let count = inside.checked_mul(self.lattice.nodes[next].count);
            upto = count.and_then(|count| upto.checked_add(count)).ok_or(Refused::Overflow)?;
            counted.push(Edge { step, next, upto });
        }
        let count = if counted.is_empty() { 1 } else { upto };
        self.lattice.nodes.push(Node { count, edges: counted });
        Ok(self.lattice.nodes.len() - 1)
    }

    /// The answers to `symbol`, grouped by the features called `names`.
    fn groups(&mut self, symbol: usize, depth: usize, names: &[Name]) -> Result<Vec<usize>, Refused> {
        let depth = depth.min(self.heights[symbol]);
        let cached = (symbol, depth, names.to_vec());
        if let Some(groups) = self.grouped.get(&cached) {
            return Ok(groups.clone());
        }
        let mut groups: Vec<usize> = Vec::new();
        let mut places: BTreeMap<Key, usize> = BTreeMap::new();
        for answer in self.solve(symbol, depth)? {
            self.arena.clear();
            let Answer { features, count, .. } = &self.lattice.answers[answer];
            let count = *count;
            let head = self.arena.decode(features)[0];
            let asked: Vec<usize> = names
                .iter()
                .map(|name| {
                    let found = self.arena.structure(head).iter().find(|(other, _)| other == name);
                    let found = found.map(|(_, term)| *term);
                    found.unwrap_or_else(|| self.arena.free())
                })
                .collect();
            let features = self.arena.encode(asked);
            let group = *places.entry(features.clone()).or_insert_with(|| {
                self.lattice.groups.push(Group { features, answers: Vec::new(), upto: Vec::new() });
                groups.push(self.lattice.groups.len() - 1);
                self.lattice.groups.len() - 1
            });
            let group = &mut self.lattice.groups[group];
            let before = group.upto.last().copied().unwrap_or(0);
            group.answers.push(answer);
            group.upto.push(before.checked_add(count).ok_or(Refused::Overflow)?);
        }
        self.grouped.insert(cached, groups.clone());
        Ok(groups)
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
                    let key = levels[position][state].key.clone();
                    let mut reached: Vec<(Step, Key)> = Vec::new();
                    let ends = arc.to == last;
                    if depth < 2 && !matches!(arc.item, Item::Skip) {
                        continue;
                    }
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
                            for group in self.groups(*symbol, depth - 1, &names)? {
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
                    for (step, key) in reached {
                        self.budget =
                            self.budget.checked_sub(1).ok_or(Refused::Entangled { rule: rule_id })?;
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
        // Backwards, once for each end: the nodes from which it is reached.
        let mut roots = Vec::with_capacity(levels[last].len());
        for end in 0..levels[last].len() {
            let mut nodes: Vec<Vec<Option<usize>>> =
                levels.iter().map(|level| vec![None; level.len()]).collect();
            nodes[last][end] = Some(self.node(Vec::new())?);
            for position in (0..last).rev() {
                for (state, State { edges, .. }) in levels[position].iter().enumerate() {
                    let alive: Vec<(Step, usize)> = edges
                        .iter()
                        .filter_map(|&(step, to, at)| nodes[to][at].map(|node| (step, node)))
                        .collect();
                    if !alive.is_empty() {
                        nodes[position][state] = Some(self.node(alive)?);
                    }
                }
            }
            if let Some(root) = nodes[0][0] {
                roots.push((std::mem::take(&mut levels[last][end].key), root));
            }
        }
        Ok(roots)
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
            return self.arena.encode([head]);
        }
        let terms: Vec<usize> =
            needed.iter().map(|&variable| self.arena.build(&Term::Var(variable), variables)).collect();
        self.arena.encode(terms)
    }

    fn holds(&self, test: &Test, variables: &[Option<usize>]) -> bool {
        let atom = |term: &Term| match term {
            Term::Atom(atom) => Some(*atom),
            Term::Var(variable) => variables[*variable as usize].and_then(|term| self.arena.atom(term)),
            Term::Structure(_) => None,
        };
        let same = |a: &Term, b: &Term| atom(a).is_some_and(|a| Some(a) == atom(b));
        match test {
            Test::Different(a, b) => !same(a, b),
            Test::AtMostOne(pairs) => pairs.iter().filter(|(a, b)| same(a, b)).count() <= 1,
        }
    }
}

/// For each position of a rule the variables that anything from there on depends on.
fn needed(rule_id: usize, rules: &Rules) -> Vec<Vec<u32>> {
    let rule = &rules.all[rule_id];
    let last = rule.body.len();
    let mut head = Vec::new();
    rule.head.variables(&mut head);
    // Backwards over the positions: what the arcs from here on name.
    let mut named: Vec<Vec<u32>> = vec![head; last + 1];
    for position in (0..last).rev() {
        let mut here = named[last].clone();
        for arc in &rule.body[position] {
            here.extend(&named[arc.to]);
            if let Item::Call { features, .. } = &arc.item {
                for (_, term) in features {
                    term.variables(&mut here);
                }
            }
        }
        here.sort_unstable();
        here.dedup();
        named[position] = here;
    }
    // A test keeps its variables alive as long as one of them is still to come.
    let tests: Vec<Vec<u32>> = rule.tests.iter().map(Test::variables).collect();
    named
        .iter()
        .map(|named| {
            let mut all = named.clone();
            for test in tests.iter().filter(|test| test.iter().any(|variable| named.contains(variable))) {
                all.extend(test);
            }
            all.sort_unstable();
            all.dedup();
            all
        })
        .collect()
}

/// For each symbol how deep its derivations nest at most, words included; `usize::MAX` where it contains itself.
fn heights(rules: &Rules) -> Vec<usize> {
    // Longest path by relaxation: what still grows after as many rounds as there are symbols is recursive.
    let n = rules.symbols.len();
    let mut heights = vec![1usize; n];
    for round in 0..=n {
        let mut changed = false;
        for symbol in 0..n {
            let deepest = rules.symbols[symbol]
                .iter()
                .flat_map(|&rule| rules.all[rule].body.iter().flatten())
                .filter_map(|arc| match arc.item {
                    Item::Call { symbol, .. } => Some(heights[symbol]),
                    Item::Text(_) => Some(1),
                    Item::Skip => None,
                })
                .max()
                .unwrap_or(0)
                .saturating_add(1);
            if deepest > heights[symbol] {
                heights[symbol] = if round == n { usize::MAX } else { deepest };
                changed = true;
            }
        }
        if !changed {
            break;
        }
    }
    // A symbol above a recursive one may have been reached late.
    for _ in 0..n {
        for symbol in 0..n {
            let above = rules.symbols[symbol]
                .iter()
                .flat_map(|&rule| rules.all[rule].body.iter().flatten())
                .any(|arc| matches!(arc.item, Item::Call { symbol, .. } if heights[symbol] == usize::MAX));
            if above {
                heights[symbol] = usize::MAX;
            }
        }
    }
    heights
}
