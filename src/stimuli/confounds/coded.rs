//! Sums over all pairs of stimuli of one feature's distance, and of the product of two features', without a list of pairs.

use super::super::{Distances, Feature, Values};
use crate::numeric::interval::Interval;

/// A feature with its levels numbered and, where it is numeric, its scaled values.
pub(super) struct Coded<'a> {
    /// `0` is missing; levels count from 1.
    codes: Vec<u32>,
    /// Levels, with the missing one.
    n_codes: usize,
    /// Scaled to `[0, 1]`; where missing, 0. `None` for a categorical feature.
    values: Option<Vec<f64>>,
    /// Where there are no values but distances; all codes are 1 then.
    given: Option<&'a Distances>,
}

/// Mean and variance of a feature's distance over pairs of distinct stimuli.
pub(super) struct Moments {
    mean: f64,
    pub(super) variance: f64,
}

impl<'a> Coded<'a> {
    pub(super) fn new(feature: &'a Feature) -> Self {
        if let Some(has) = feature.presence() {
            let codes = has.into_iter().map(|has| if has { 1 } else { 2 }).collect();
            return Self { codes, n_codes: 3, values: None, given: None };
        }
        match feature.values() {
            Values::Categorical { levels, codes } => Self {
                codes: codes.iter().map(|code| code.map_or(0, |code| code + 1)).collect(),
                n_codes: levels.len() + 1,
                values: None,
                given: None,
            },
            Values::Distances(distances) => Self {
                codes: vec![1; distances.n_stimuli()],
                n_codes: 2,
                values: None,
                given: Some(distances),
            },
            Values::Numeric(values) => {
                let mut distinct: Vec<f64> = values.iter().flatten().copied().collect();
                distinct.sort_by(f64::total_cmp);
                distinct.dedup();
                let interval = Interval::of(distinct.iter().copied());
                let part = |x| interval.map_or(0.0, |interval| interval.part(x));
                let code = |x: f64| distinct.partition_point(|&other| other < x) as u32 + 1;
                Self {
                    codes: values.iter().map(|value| value.map_or(0, code)).collect(),
                    n_codes: distinct.len() + 1,
                    values: Some(values.iter().map(|value| value.map_or(0.0, part)).collect()),
                    given: None,
                }
            }
        }
    }

    /// The distance of two stimuli.
    fn distance(&self, i: usize, j: usize) -> f64 {
        match (self.given, &self.values) {
            (Some(given), _) => given.get(i, j).unwrap_or(0.0) / given.largest(),
            _ if self.codes[i] == 0 || self.codes[j] == 0 => 0.0,
            (None, Some(values)) => (values[i] - values[j]).abs(),
            (None, None) => f64::from(u8::from(self.codes[i] != self.codes[j])),
        }
    }

    /// Σ over pairs of the product of two features' distances, pair by pair.
    fn sum_of_products(&self, other: &Self) -> f64 {
        let pairs = (0..self.codes.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
        pairs.map(|(i, j)| self.distance(i, j) * other.distance(i, j)).sum()
    }

    fn present(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.codes.len()).filter(|&row| self.codes[row] != 0)
    }

    pub(super) fn moments(&self) -> Moments {
        let pairs = pairs_of(self.codes.len() as f64);
        let rows: Vec<usize> = self.present().collect();
        let n = rows.len() as f64;
        let (sum, squares) = match &self.values {
            _ if self.given.is_some() => {
                let pairs = (0..self.codes.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
                (pairs.map(|(i, j)| self.distance(i, j)).sum(), self.sum_of_products(self))
            }
            None => {
                let mut counts = vec![0.0; self.n_codes];
                for &row in &rows {
                    counts[self.codes[row] as usize] += 1.0;
                }
                let differing = pairs_of(n) - counts.into_iter().map(pairs_of).sum::<f64>();
                (differing, differing)
            }
            Some(values) => {
                let mut values: Vec<f64> = rows.iter().map(|&row| values[row]).collect();
                values.sort_by(f64::total_cmp);
                let total: f64 = values.iter().sum();
                let squares: f64 = values.iter().map(|x| x * x).sum();
                (sum_of_gaps(&values), (n * squares - total * total).max(0.0))
            }
        };
        if pairs == 0.0 {
            return Moments { mean: 0.0, variance: 0.0 };
        }
        let mean = sum / pairs;
        let variance = squares / pairs - mean * mean;
        // What rounding leaves of a distance that never varies is not variance.
        Moments { mean, variance: if variance > 1e-13 { variance } else { 0.0 } }
    }

    /// Whether each level of this feature goes with one level of `other` only, and levels come again often enough for that to mean
    /// something.
    pub(super) fn decides(&self, other: &Self) -> bool {
        if self.given.is_some() || other.given.is_some() || !self.recurs() {
            return false;
        }
        let mut seen: Vec<Option<u32>> = vec![None; self.n_codes];
        let mut first = None;
        let mut varies = false;
        for (&a, &b) in self.codes.iter().zip(&other.codes) {
            varies |= *first.get_or_insert(b) != b;
            match &mut seen[a as usize] {
                Some(known) if *known != b => return false,
                Some(_) => {}
                empty @ None => *empty = Some(b),
            }
        }
        varies
    }

    /// Whether at least half of the stimuli that have a value share it with another one: a value that occurs once goes with one value of
    /// any other feature, and most of such are a function of nothing.
    fn recurs(&self) -> bool {
        let mut counts = vec![0usize; self.n_codes];
        self.present().for_each(|row| counts[self.codes[row] as usize] += 1);
        let shared: usize = counts.iter().filter(|&&count| count > 1).sum();
        shared > 0 && 2 * shared >= self.present().count()
    }
}

fn pairs_of(n: f64) -> f64 {
    n * (n - 1.0) / 2.0
}

/// Σ over pairs of |x − y|, for sorted values.
fn sum_of_gaps(sorted: &[f64]) -> f64 {
    let n = sorted.len() as f64;
    sorted.iter().enumerate().map(|(i, x)| x * (2.0 * i as f64 - (n - 1.0))).sum()
}

/// Pearson's correlation of two features' distances.
pub(super) fn correlation(a: &Coded<'_>, own_a: &Moments, b: &Coded<'_>, own_b: &Moments) -> Option<f64> {
    if own_a.variance <= 0.0 || own_b.variance <= 0.0 {
        return None;
    }
    let rows: Vec<usize> = a.present().filter(|&row| b.codes[row] != 0).collect();
    let sum = match (&a.values, &b.values) {
        _ if a.given.is_some() || b.given.is_some() => a.sum_of_products(b),
        (None, None) => both_differ(a, b, &rows),
        (None, Some(values)) => gaps_where_differing(a, values, &rows),
        (Some(values), None) => gaps_where_differing(b, values, &rows),
        (Some(x), Some(y)) => products_of_gaps(x, y, b, &rows),
    };
    let covariance = sum / pairs_of(a.codes.len() as f64) - own_a.mean * own_b.mean;
    Some((covariance / (own_a.variance * own_b.variance).sqrt()).clamp(-1.0, 1.0))
}

/// How many pairs differ in both: all, less those alike in one, and those alike in both were taken away twice.
fn both_differ(a: &Coded<'_>, b: &Coded<'_>, rows: &[usize]) -> f64 {
    let mut cells: Vec<(u32, u32)> = rows.iter().map(|&row| (a.codes[row], b.codes[row])).collect();
    cells.sort_unstable();
    let mut by_a = vec![0.0; a.n_codes];
    let mut by_b = vec![0.0; b.n_codes];
    let mut alike_in_both = 0.0;
    for run in cells.chunk_by(|x, y| x == y) {
        let count = run.len() as f64;
        by_a[run[0].0 as usize] += count;
        by_b[run[0].1 as usize] += count;
        alike_in_both += pairs_of(count);
    }
    let alike = |counts: Vec<f64>| counts.into_iter().map(pairs_of).sum::<f64>();
    pairs_of(rows.len() as f64) - alike(by_a) - alike(by_b) + alike_in_both
}

/// Σ of |x − y| over the pairs that differ in `levels`: over all pairs, less those within a level.
fn gaps_where_differing(levels: &Coded<'_>, values: &[f64], rows: &[usize]) -> f64 {
    let mut sorted: Vec<(u32, f64)> = rows.iter().map(|&row| (levels.codes[row], values[row])).collect();
    sorted.sort_by(|x, y| x.1.total_cmp(&y.1));
    let all: Vec<f64> = sorted.iter().map(|(_, x)| *x).collect();
    let mut within: Vec<Vec<f64>> = vec![Vec::new(); levels.n_codes];
    for (level, x) in &sorted {
        within[*level as usize].push(*x);
    }
    sum_of_gaps(&all) - within.iter().map(|values| sum_of_gaps(values)).sum::<f64>()
}

/// Σ over pairs of |x − x'| |y − y'|. With x ascending, |x − x'| has a known sign, and the sign of y' − y is that of its
/// rank: prefix sums over the ranks of y (a Fenwick tree) give each stimulus's share.
fn products_of_gaps(x: &[f64], y: &[f64], ranked: &Coded<'_>, rows: &[usize]) -> f64 {
    let mut order = rows.to_vec();
    order.sort_by(|&i, &j| x[i].total_cmp(&x[j]));
    let mut below = Fenwick(vec![[0.0; 4]; ranked.n_codes + 1]);
    let mut all = [0.0; 4];
    let mut total = 0.0;
    for row in order {
        let (xi, yi) = (x[row], y[row]);
        let rank = ranked.codes[row] as usize;
        let lower = below.sum(rank);
        // Those of equal y add nothing on either side, so they may be counted with the higher ones.
        let share = |[n, sx, sy, sxy]: [f64; 4]| n * xi * yi - xi * sy - yi * sx + sxy;
        let higher = [0, 1, 2, 3].map(|k| all[k] - lower[k]);
        total += share(lower) - share(higher);
        let own = [1.0, xi, yi, xi * yi];
        below.add(rank, own);
        all = [0, 1, 2, 3].map(|k| all[k] + own[k]);
    }
    total
}

/// Prefix sums that can be added to: count, Σx, Σy, Σxy.
struct Fenwick(Vec<[f64; 4]>);

impl Fenwick {
    fn add(&mut self, rank: usize, own: [f64; 4]) {
        let mut at = rank;
        while at < self.0.len() {
            (0..4).for_each(|k| self.0[at][k] += own[k]);
            at += at & at.wrapping_neg();
        }
    }

    /// Over the ranks below and at `rank`.
    fn sum(&self, rank: usize) -> [f64; 4] {
        let mut sum = [0.0; 4];
        let mut at = rank;
        while at > 0 {
            (0..4).for_each(|k| sum[k] += self.0[at][k]);
            at -= at & at.wrapping_neg();
        }
        sum
    }
}
