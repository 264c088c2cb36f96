//! How well rows of numbers agree with one another: the noise ceiling of Nili et al. (2014, `PLoS` Computational Biology 10, e1003553).
//!
//! Each row is ranked, ties at their middle, so that rows may be on scales of their own. The lower bound is the mean over rows of the
//! correlation with the mean of the *others'* ranks, the upper bound that with the mean of *all* ranks, its own among them.

use super::correlation::pearson;

/// How one row agrees with the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Agreement {
    /// Spearman's correlation with the mean ranks of the others.
    pub with_others: f64,
    /// With the mean ranks of all.
    pub with_all: f64,
}

/// How each of `rows` (two or more, of finite numbers, as long as each other) agrees with the rest; `None` where a row or the mean of
/// the others is constant.
#[must_use]
pub fn agreements(rows: &[Vec<f64>]) -> Vec<Option<Agreement>> {
    let ranks: Vec<Vec<f64>> = rows.iter().map(|row| mid_ranks(row)).collect();
    let mut all = vec![0.0; ranks.first().map_or(0, Vec::len)];
    for row in &ranks {
        all.iter_mut().zip(row).for_each(|(sum, rank)| *sum += rank);
    }
    let agreement = |own: &Vec<f64>| {
        let others: Vec<f64> = all.iter().zip(own).map(|(all, own)| all - own).collect();
        let with = |sums: &[f64]| pearson(own, &mid_ranks(sums));
        Some(Agreement { with_others: with(&others)?, with_all: with(&all)? })
    };
    ranks.iter().map(agreement).collect()
}

/// The lower and the upper bound of `rows`, the means of [`agreements`]; `None` where a row has none.
#[must_use]
pub fn ceiling(rows: &[Vec<f64>]) -> Option<(f64, f64)> {
    let all: Vec<Agreement> = agreements(rows).into_iter().collect::<Option<_>>()?;
    let mean = |of: fn(&Agreement) -> f64| all.iter().map(of).sum::<f64>() / all.len() as f64;
    (all.len() > 1).then(|| (mean(|one| one.with_others), mean(|one| one.with_all)))
}

/// The ranks of `values` from 1, ties at their middle.
fn mid_ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut ranks = vec![0.0; values.len()];
    let mut start = 0;
    for tied in order.chunk_by(|&a, &b| values[a] == values[b]) {
        for &i in tied {
            ranks[i] = start as f64 + (tied.len() + 1) as f64 / 2.0;
        }
        start += tied.len();
    }
    ranks
}
