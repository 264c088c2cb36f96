//! Tests of the mean of every column of rows `(n, m)` by sign flips of the rows: each for itself, by the largest t over columns
//! (Westfall and Young 1993, single-step), by clusters of columns, and by threshold-free cluster enhancement.
//!
//! A flip turns the same rows around in every column, so that what columns share is kept. The squares of a column are the same under
//! every flip: only its sum changes, and t follows from it.

use ndarray::ArrayView2;
use rayon::prelude::*;

use super::clusters::{self, Cluster, Measure};
use super::graph::Graph;
use super::sign_flips::{Flips, Tail, as_extreme};
use super::tfce::{self, Tfce};

/// Rows, of which flips are taken.
#[derive(Debug)]
pub struct Flipped<'a> {
    rows: Vec<Vec<f64>>,
    /// The sum of squares of each column; NaN where there is no test of it.
    squares: Vec<f64>,
    flips: &'a Flips,
    tail: Tail,
}

/// The p-values of columns.
#[derive(Debug, Clone, PartialEq)]
pub struct PValues {
    /// Of each column for itself; `None` where it has no test.
    pub own: Vec<Option<f64>>,
    /// By the largest statistic over all columns.
    pub max: Vec<Option<f64>>,
}

/// A cluster and how many flips have one as large.
#[derive(Debug, Clone, PartialEq)]
pub struct Tested {
    /// The cluster.
    pub cluster: Cluster,
    /// Which block it is in.
    pub block: usize,
    /// The share of flips whose largest cluster in its block is as large.
    pub p: f64,
    /// The share of flips whose largest cluster in any block is as large.
    pub p_all: f64,
}

/// Scores and how many flips have one as large.
#[derive(Debug, Clone, PartialEq)]
pub struct Enhanced {
    /// The score of each column.
    pub scores: Vec<f64>,
    /// By the largest score in its block; `None` where a column has no test.
    pub p: Vec<Option<f64>>,
    /// By the largest score in any block.
    pub p_all: Vec<Option<f64>>,
}

/// Which block each column is in: the first `size` in block 0, the next in block 1 ….
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Blocks {
    /// Columns in each.
    pub size: usize,
    /// How many.
    pub count: usize,
}

impl<'a> Flipped<'a> {
    /// The flips of `rows` `(n, m)`; a column that `is_tested` does not name has no t in any flip.
    #[must_use]
    pub fn new(rows: ArrayView2<'_, f64>, is_tested: &[bool], flips: &'a Flips, tail: Tail) -> Self {
        let kept = |row: ndarray::ArrayView1<'_, f64>| {
            row.iter().zip(is_tested).map(|(&x, &tested)| if tested { x } else { 0.0 }).collect()
        };
        let rows: Vec<Vec<f64>> = rows.rows().into_iter().map(kept).collect();
        let mut squares = vec![0.0; is_tested.len()];
        for row in &rows {
            squares.iter_mut().zip(row).for_each(|(sum, x)| *sum += x * x);
        }
        squares
            .iter_mut()
            .zip(is_tested)
            .filter(|(_, tested)| !**tested)
            .for_each(|(sum, _)| *sum = f64::NAN);
        Self { rows, squares, flips, tail }
    }

    /// Writes t of every column under flip `at` into `t`.
    fn t(&self, at: usize, t: &mut [f64]) {
        t.fill(0.0);
        for (i, row) in self.rows.iter().enumerate() {
            if self.flips.turns(at, i) {
                t.iter_mut().zip(row).for_each(|(sum, x)| *sum -= x);
            } else {
                t.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
        }
        let n = self.rows.len() as f64;
        for (t, &squares) in t.iter_mut().zip(&self.squares) {
            // A flip under which all values are equal has no variance; it is as extreme as any.
            let variance = ((squares - *t * *t / n) / (n - 1.0)).max(1e-14 * squares);
            *t = *t / n / (variance / n).sqrt();
        }
    }

    /// t of every column as it is.
    #[must_use]
    pub fn observed(&self) -> Vec<f64> {
        let mut t = vec![0.0; self.squares.len()];
        self.t(0, &mut t);
        t
    }

    /// What `of` makes of t under each flip.
    fn each<S, R: Send>(
        &self,
        scratch: impl Fn() -> S + Sync + Send,
        of: impl Fn(&mut S, &[f64]) -> R + Sync + Send,
    ) -> Vec<R> {
        let buffers = || (scratch(), vec![0.0; self.squares.len()]);
        let of_flip = |(scratch, t): &mut (S, Vec<f64>), at: usize| {
            self.t(at, t);
            of(scratch, t)
        };
        (0..self.flips.count()).into_par_iter().with_min_len(8).map_init(buffers, of_flip).collect()
    }

    /// The p-value of each column.
    #[must_use]
    pub fn p_values(&self) -> PValues {
        let observed: Vec<f64> = self.observed().into_iter().map(|t| self.tail.extremity(t)).collect();
        let m = observed.len();
        let count = |(mut own, mut max): (Vec<u32>, Vec<f64>), t: &[f64]| {
            let mut most = f64::NEG_INFINITY;
            for ((own, t), &observed) in own.iter_mut().zip(t).zip(&observed) {
                let t = self.tail.extremity(*t);
                *own += u32::from(as_extreme(t, observed));
                most = most.max(t);
            }
            max.push(most);
            (own, max)
        };
        let at = |(mut t, counts): (Vec<f64>, _), at: usize| {
            self.t(at, &mut t);
            let counts = count(counts, &t);
            (t, counts)
        };
        let start = || (vec![0.0; m], (vec![0u32; m], Vec::new()));
        let flips = (0..self.flips.count()).into_par_iter().with_min_len(8);
        let (own, max) = flips.fold(start, at).map(|(_, counts)| counts).reduce(
            || (vec![0u32; m], Vec::new()),
            |mut a, b| {
                a.0.iter_mut().zip(b.0).for_each(|(a, b)| *a += b);
                a.1.extend(b.1);
                a
            },
        );
        let share = |count: usize| count as f64 / self.flips.count() as f64;
        let known = |column: usize| !observed[column].is_nan();
        PValues {
            own: (0..m).map(|i| known(i).then(|| share(own[i] as usize))).collect(),
            max: (0..m).map(|i| known(i).then(|| self.share_as_extreme(&max, observed[i]))).collect(),
        }
    }

    /// The clusters of t beyond `threshold` (above 0) on `graph`, the largest of each block first.
    #[must_use]
    pub fn clusters(&self, threshold: f64, measure: Measure, graph: &Graph, blocks: Blocks) -> Vec<Tested> {
        let beyond = (threshold, self.tail);
        let largest = self.each(clusters::Scratch::default, |scratch, t| {
            let mut largest = vec![0.0f64; blocks.count];
            clusters::visit(t, beyond, graph, scratch, |nodes, mass| {
                let size = if measure == Measure::Mass { mass.abs() } else { nodes.len() as f64 };
                let block = &mut largest[nodes[0] / blocks.size];
                *block = block.max(size);
            });
            largest
        });
        let found = clusters::clusters(&self.observed(), beyond, graph);
        let mut tested: Vec<Tested> = found
            .into_iter()
            .map(|cluster| {
                let block = cluster.nodes[0] / blocks.size;
                let [p, p_all] = self.shares(&largest, block, cluster.size(measure));
                Tested { cluster, block, p, p_all }
            })
            .collect();
        tested.sort_by(|a, b| {
            a.block.cmp(&b.block).then(b.cluster.size(measure).total_cmp(&a.cluster.size(measure)))
        });
        tested
    }

    /// The scores of t by `tfce` on `graph`.
    #[must_use]
    pub fn enhanced(&self, tfce: &Tfce, graph: &Graph, blocks: Blocks) -> Enhanced {
        let largest = self.each(
            || (tfce::Scratch::default(), Vec::new()),
            |(scratch, scores), t| {
                tfce.scores(t, self.tail, graph, scratch, scores);
                let of_block =
                    |block: &[f64]| block.iter().fold(0.0, |most: f64, score| most.max(score.abs()));
                scores.chunks(blocks.size.max(1)).map(of_block).collect::<Vec<f64>>()
            },
        );
        let (t, mut scores) = (self.observed(), Vec::new());
        tfce.scores(&t, self.tail, graph, &mut tfce::Scratch::default(), &mut scores);
        let p: Vec<Option<[f64; 2]>> = (0..scores.len())
            .map(|i| (!t[i].is_nan()).then(|| self.shares(&largest, i / blocks.size, scores[i].abs())))
            .collect();
        Enhanced {
            scores,
            p: p.iter().map(|p| p.map(|p| p[0])).collect(),
            p_all: p.iter().map(|p| p.map(|p| p[1])).collect(),
        }
    }

    /// The shares of flips of which the largest in `block`, and in any, is at least `size`.
    fn shares(&self, largest: &[Vec<f64>], block: usize, size: f64) -> [f64; 2] {
        let share = |of: &dyn Fn(&Vec<f64>) -> f64| {
            largest.iter().filter(|blocks| as_extreme(of(blocks), size)).count() as f64
                / self.flips.count() as f64
        };
        [share(&|blocks| blocks[block]), share(&|blocks| blocks.iter().copied().fold(0.0, f64::max))]
    }

    fn share_as_extreme(&self, largest: &[f64], observed: f64) -> f64 {
        largest.iter().filter(|&&most| as_extreme(most, observed)).count() as f64 / self.flips.count() as f64
    }
}
