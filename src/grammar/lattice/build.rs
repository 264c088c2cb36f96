//! The lattice of some rules.

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

    /// Whether `symbol` derives anything at all.
    pub(in crate::grammar) fn derives(rules: &Rules, symbol: usize, depth: usize) -> bool {
        Builder::new(rules, BUDGET).solve(symbol, depth).is_ok_and(|answers| !answers.is_empty())
    }
}
