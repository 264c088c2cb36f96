//! Tests that finished derivations are held against, where taking them into the lattice would make it too large.
//!
//! Five slots that draw different words from a hundred leave 10⁸ sets of words to remember before the last one is chosen. So
//! when a rule's tests tie too many choices together, they are left out of its lattice: a derivation is drawn without them and
//! thrown away if it fails, which leaves a draw uniform. How many pass is counted by inclusion and exclusion, without making
//! them.

use std::collections::BTreeMap;

use super::lattice::{BUDGET, Lattice};
use super::rules::{Atom, Item, Name, Rule, Rules, Term, Test};

/// More pairs that must differ than this are not counted: there are 2 to this power ways in which some of them can be the same.
const PAIRS: usize = 15;

/// The tests of rules that their lattice leaves out, and where the values of their variables stand.
#[derive(Debug, Default)]
pub(super) struct Sieve {
    by_rule: BTreeMap<usize, Tests>,
}

#[derive(Debug)]
struct Tests {
    tests: Vec<Test>,
    /// For each variable the slots and features that it is shared by.
    places: Vec<Vec<(usize, Name)>>,
}

impl Sieve {
    pub(super) fn of(rules: &Rules) -> Self {
        let sieved = rules.all.iter().enumerate().filter(|(_, rule)| !rule.sieved.is_empty());
        let by_rule =
            sieved.map(|(at, rule)| (at, Tests { tests: rule.sieved.clone(), places: places(rule) }));
        Self { by_rule: by_rule.collect() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_rule.is_empty()
    }

    /// Whether a derivation of `rule` passes, where `value` tells what a slot's feature is.
    pub(super) fn passes(&self, rule: usize, value: impl Fn(usize, Name) -> Option<Atom>) -> bool {
        let Some(Tests { tests, places }) = self.by_rule.get(&rule) else { return true };
        let known = |term: &Term| match term {
            Term::Atom(atom) => Some(*atom),
            Term::Var(variable) => {
                places[*variable as usize].iter().find_map(|&(slot, feature)| value(slot, feature))
            }
            Term::Structure(_) | Term::Shared(..) | Term::Gathered(_) => None,
        };
        tests.iter().all(|test| test.holds(known))
    }

    /// How many derivations of the start symbol's rule `rule` pass, exactly; `None` where that takes too long, or where a slot
    /// may be absent or a feature missing.
    pub(super) fn count(&self, rules: &Rules, rule: usize, depth: usize) -> Option<u128> {
        let tests = &self.by_rule.get(&rule)?.tests;
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for test in tests {
            let Test::Different(Term::Var(a), Term::Var(b)) = test else { return None };
            let bound = |variable| always_bound(rules, &rules.all[rule], variable);
            if a == b || !bound(*a) || !bound(*b) {
                return None;
            }
            pairs.push((*a.min(b), *a.max(b)));
        }
        pairs.sort_unstable();
        pairs.dedup();
        if pairs.len() > PAIRS {
            return None;
        }
        // Each way in which variables can be the same is a rule with fewer variables, and a start of its own.
        let ways = ways(&pairs, rules.all[rule].n_variables);
        let mut rules = rules.clone();
        let starts: Vec<usize> = ways
            .keys()
            .map(|merged| {
                let symbol = rules.symbol();
                let mut rule = rules.all[rule].renamed(|variable| merged[variable as usize]);
                rule.drop_lone_variables();
                rules.add(symbol, rule);
                symbol
            })
            .collect();
        let counts = Lattice::tally(&rules, &starts, depth, BUDGET).ok()?;
        let mut total = 0i128;
        for (&sign, count) in ways.values().zip(counts) {
            total = total.checked_add(sign.checked_mul(i128::try_from(count).ok()?)?)?;
        }
        u128::try_from(total).ok()
    }
}

/// For every way in which `pairs` of variables can be the same (to each variable the least that it is the same as), how often
/// inclusion and exclusion counts it: derivations in which none is the same are the sum of those in which these are, times this.
fn ways(pairs: &[(u32, u32)], n_variables: usize) -> BTreeMap<Vec<u32>, i128> {
    let mut ways: BTreeMap<Vec<u32>, i128> = BTreeMap::new();
    for same in 0..1usize << pairs.len() {
        let mut merged: Vec<u32> = (0..n_variables as u32).collect();
        for (at, &(a, b)) in pairs.iter().enumerate() {
            if same >> at & 1 == 1 {
                let (a, b) = (merged[a as usize], merged[b as usize]);
                let (least, other) = (a.min(b), a.max(b));
                merged
                    .iter_mut()
                    .filter(|variable| **variable == other)
                    .for_each(|variable| *variable = least);
            }
        }
        *ways.entry(merged).or_default() += if same.count_ones() % 2 == 0 { 1 } else { -1 };
    }
    ways.retain(|_, sign| *sign != 0);
    ways
}

/// For each variable of `rule` the slots and features that it is shared by.
fn places(rule: &Rule) -> Vec<Vec<(usize, Name)>> {
    let mut places = vec![Vec::new(); rule.n_variables];
    for arc in rule.body.iter().flatten() {
        let Item::Call { slot: Some(slot), features, .. } = &arc.item else { continue };
        for (name, term) in features {
            if let Term::Var(variable) = term {
                places[*variable as usize].push((*slot, *name));
            }
        }
    }
    places
}

/// Whether `variable` has a value in every derivation: a part that is never left out shows it, whatever stands there.
fn always_bound(rules: &Rules, rule: &Rule, variable: u32) -> bool {
    rule.body.iter().enumerate().any(|(at, arcs)| {
        let [arc] = arcs.as_slice() else { return false };
        let passed_by = rule.body[..at].iter().flatten().any(|other| other.to > at);
        let Item::Call { symbol, features, .. } = &arc.item else { return false };
        let shows = |rule: &usize, name: &Name| match &rules.all[*rule].head {
            Term::Structure(head) => {
                head.iter().any(|(other, term)| other == name && matches!(term, Term::Atom(_)))
            }
            _ => false,
        };
        !passed_by
            && features.iter().any(|(name, term)| {
                *term == Term::Var(variable) && rules.symbols[*symbol].iter().all(|rule| shows(rule, name))
            })
    })
}

#[cfg(test)]
mod tests {
    use super::super::Grammar;
    use super::super::generate::Generator;
    use super::*;

    #[test]
    fn three_that_differ_are_counted_as_partitions_are() {
        // All: 1. Two the same: −1, three ways. All the same: 2.
        let ways = ways(&[(0, 1), (0, 2), (1, 2)], 3);
        let counted: Vec<(Vec<u32>, i128)> = ways.into_iter().collect();
        assert_eq!(
            counted,
            [
                (vec![0, 0, 0], 2),
                (vec![0, 0, 2], -1),
                (vec![0, 1, 0], -1),
                (vec![0, 1, 1], -1),
                (vec![0, 1, 2], 1)
            ]
        );
    }

    /// Counts what `text` derives through the lattice, by trying each derivation without its tests, and by inclusion and
    /// exclusion.
    fn three_counts(text: &str) -> (u128, usize, Option<u128>) {
        let mut grammar = Grammar::parse(text, "g.toml").unwrap();
        let exact = grammar.count().derivations;
        for rule in &mut grammar.rules.all {
            rule.sieved = std::mem::take(&mut rule.tests);
        }
        let sieve = Sieve::of(&grammar.rules);
        let lattice = Lattice::build(&grammar.rules, 8, BUDGET).unwrap();
        let generator = Generator { rules: &grammar.rules, lattice: &lattice, columns: &[], sieve: &sieve };
        let all: Vec<u128> = (0..lattice.count).collect();
        (exact, generator.passing(&all), sieve.count(&grammar.rules, grammar.templates[0].1, 8))
    }

    const WORDS: &str = "
        [lexicon.noun]
        inflect = { number = [\"sg\", \"pl\"] }
        words = [
            { sg = \"a\", pl = \"as\", gender = \"f\" }, { sg = \"b\", pl = \"bs\", gender = \"m\" },
            { sg = \"c\", pl = \"cs\", gender = \"f\" }, { sg = \"d\", pl = \"ds\" },
        ]
        [slots]
        x = \"noun\"
        y = \"noun\"
        z = { lexicon = \"noun\", only = { number = \"sg\" } }
        w = \"noun\"
        [[template]]
        ";

    #[test]
    fn what_passes_is_what_the_lattice_counts() {
        for (rest, counted) in [
            (
                "text = \"{x} {y} {z} {w}\"\ndistinct = [\"x\", \"y\", \"z\", \"w\"]\nagree = { y = \"x\" }",
                true,
            ),
            ("text = \"{x} {y} {z} {w}\"\ndistinct = [[\"x\", \"y\"], [\"y\", \"z\", \"w\"]]", true),
            ("text = \"{x} {y} {z}\"\nwhere = [\"x.number != y.number\", \"y != z\"]", true),
            ("text = \"{x} [{y}] {z}\"\ndistinct = [\"x\", \"y\", \"z\"]", false),
            ("text = \"{x} {y} {z}\"\ndistinct = [\"x.gender\", \"y.gender\"]", false),
            ("text = \"{x} {y}\"\nat_most_one = [\"x.number = pl\", \"y.number = pl\"]", false),
        ] {
            let (exact, passed, included) = three_counts(&format!("{WORDS}{rest}"));
            assert_eq!(exact, passed as u128, "{rest}");
            assert_eq!(included, counted.then_some(exact), "{rest}");
        }
    }
}
