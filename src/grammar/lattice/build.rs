//! The lattice of some rules.

use std::collections::BTreeSet;

use super::builder::Builder;
use super::graph::{BUDGET, DEEPEST, LARGEST, Lattice, Refused};
use super::plan::heights;
use crate::grammar::rules::Rules;

impl Lattice {
    /// The lattice of `rules`, their recursion cut where trees would be more than `depth` deep, words included; `budget` is what
    /// building may cost.
    pub(in crate::grammar) fn build(rules: &Rules, depth: usize, budget: usize) -> Result<Self, Refused> {
        let mut builder = Builder::new(rules, budget);
        let depth = match heights(rules)[rules.start] {
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
    pub(in crate::grammar) fn tally(
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

    /// The symbols that derive nothing at all, of `symbols`.
    pub(in crate::grammar) fn barren(
        rules: &Rules,
        symbols: &BTreeSet<usize>,
        depth: usize,
    ) -> BTreeSet<usize> {
        let mut builder = Builder::new(rules, BUDGET);
        let mut is_barren =
            |symbol: &usize| builder.solve(*symbol, depth).is_ok_and(|answers| answers.is_empty());
        symbols.iter().copied().filter(|symbol| is_barren(symbol)).collect()
    }
}
