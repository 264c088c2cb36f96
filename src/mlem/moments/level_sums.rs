//! `b` by levels: sums of activations by level in the place of distances of pairs.
//!
//! The squared Euclidean distance of stimuli with activations `x` and squared norms `a` is `t = a_i + a_j − 2 x_i·x_j`, so that
//!
//! ```text
//! Σ over pairs of φ t  =  A'Dn − Σ over units of X'DX
//! Σ over pairs of t²   =  n Σa² + (Σa)² + 2 ‖Σ x x'‖² − 4 (Σ a x)·(Σ x)
//! ```
//!
//! where `n`, `A` and `X` are the numbers of stimuli and the sums of `a` and `x` by joint level of the features of `φ`, and `D` their
//! distances.

use rayon::prelude::*;

use super::levels::{Factor, Levels, cost_of_pair, factors};
use super::sums::{Monomial, TargetSums};
use crate::mlem::pairs::{Neural, Term, n_pairs};
use crate::numeric::linalg::{dot, multiply_transposing};
use crate::numeric::simd::widest;

/// Units that are summed together.
const UNITS: usize = 32;
/// Some numbers of every stimulus, or their sums.
type Row = [f64; UNITS];

/// What some units add to the sums of the training pairs of one fold.
#[derive(Clone)]
struct Part {
    /// Per term.
    products: Vec<f64>,
    /// `‖Σ x‖²`, `‖Σ x x'‖²` and `(Σ a x)·(Σ x)`.
    sum: f64,
    outer: f64,
    weighted: f64,
}

impl Levels {
    /// For every fold the sums of the squared distances of `neural` over its training pairs; `None` where they are not Euclidean, or
    /// visits to the pairs are quicker.
    pub(crate) fn target_sums(
        &self,
        terms: &[Term],
        monomials: &[Monomial],
        neural: &Neural,
    ) -> Option<Vec<TargetSums>> {
        let (points, width, norms) = neural.euclidean()?;
        let factors: Vec<Vec<Factor>> = terms
            .iter()
            .map(|term| factors(&[term.a.min(term.b) as u16, term.a.max(term.b) as u16]))
            .collect();
        if !self.sums_pay(&factors, monomials, width) {
            return None;
        }
        let mut sums = self.of_norms(&factors, norms);
        let blocks: Vec<usize> = (0..width).step_by(UNITS).collect();
        let parts: Vec<Vec<Part>> = blocks
            .into_par_iter()
            .map(|first| self.of_units(&factors, points, width, norms, first))
            .collect();
        for (fold, sums) in sums.iter_mut().enumerate() {
            for part in parts.iter().map(|parts| &parts[fold]) {
                sums.sum -= part.sum;
                sums.square += 2.0 * part.outer - 4.0 * part.weighted;
                sums.products.iter_mut().zip(&part.products).for_each(|(sum, product)| *sum -= product);
            }
            sums.square = sums.square.max(0.0);
            for (sum, monomial) in sums.products.iter_mut().zip(monomials) {
                *sum *= monomial.coefficient;
            }
        }
        Some(sums)
    }

    /// Whether sums by level take less time than visits to the pairs.
    fn sums_pay(&self, factors: &[Vec<Factor>], monomials: &[Monomial], width: usize) -> bool {
        let (n, width) = (self.n_stimuli() as f64, width as f64);
        let of_term = |factors: &Vec<Factor>| n + self.work(factors) * self.folds.len() as f64;
        let of_levels = factors.iter().map(of_term).sum::<f64>() * width / 4.0 + n * width * width / 8.0;
        let of_pairs = n_pairs(self.n_stimuli()) as f64 * (width / 8.0 + cost_of_pair(monomials));
        of_levels <= of_pairs
    }

    /// Turns sums `(n_cells, n_folds)` over each fold into those over what is trained on where it is held out.
    fn training(&self, sums: &mut [Row]) {
        if self.folds.len() == 1 {
            return;
        }
        for folds in sums.chunks_exact_mut(self.folds.len()) {
            let mut all = [0.0; UNITS];
            for fold in &*folds {
                all.iter_mut().zip(fold).for_each(|(all, own)| *all += own);
            }
            for fold in folds {
                fold.iter_mut().zip(&all).for_each(|(own, all)| *own = all - *own);
            }
        }
    }

    /// The sums of `rows` by joint level and fold, `(n_cells, n_folds)`, each over what is trained on where the fold is held out.
    fn by_level(&self, cells: &[u32], n_cells: usize, rows: &[Row], sums: &mut Vec<Row>) {
        sums.clear();
        sums.resize(n_cells * self.folds.len(), [0.0; UNITS]);
        for (fold, range) in self.folds.iter().enumerate() {
            add_by_level(sums, self.folds.len(), fold, &cells[range.clone()], &rows[range.clone()]);
        }
        self.training(sums);
    }

    /// The part of the sums that squared norms make.
    fn of_norms(&self, factors: &[Vec<Factor>], norms: &[f64]) -> Vec<TargetSums> {
        let row = |&a: &f64| {
            let mut row = [0.0; UNITS];
            row[..3].copy_from_slice(&[1.0, a, a * a]);
            row
        };
        let rows: Vec<Row> = norms.iter().map(row).collect();
        let (mut sums, cells) = (Vec::new(), vec![0; rows.len()]);
        self.by_level(&cells, 1, &rows, &mut sums);
        let mut targets: Vec<TargetSums> = sums
            .iter()
            .map(|&[n, a, squares, ..]| TargetSums {
                pairs: n * (n - 1.0) / 2.0,
                sum: n * a,
                square: n * squares + a * a,
                products: Vec::with_capacity(factors.len()),
            })
            .collect();
        self.products(
            factors,
            &rows,
            |product, sums| product[0] * sums[1],
            |fold, sum| targets[fold].products.push(sum),
        );
        targets
    }

    /// Gives `take`, for each of `factors` and then each fold, its number and the sum over cells of what `of` makes of `D` times the sums
    /// of `rows` by joint level, and of these sums.
    fn products(
        &self,
        factors: &[Vec<Factor>],
        rows: &[Row],
        of: impl Fn(&Row, &Row) -> f64,
        mut take: impl FnMut(usize, f64),
    ) {
        let n_folds = self.folds.len();
        let (mut sums, mut x, mut y, mut cells) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for factors in factors {
            self.cells(factors, &mut cells);
            self.by_level(&cells, self.n_cells(factors), rows, &mut sums);
            sums.as_flattened().clone_into(&mut x);
            self.multiply(factors, n_folds * UNITS, &mut x, &mut y);
            let (products, _) = x.as_chunks::<UNITS>();
            for fold in 0..n_folds {
                let both = products.iter().zip(&sums).skip(fold).step_by(n_folds);
                take(fold, both.map(|(product, sums)| of(product, sums)).sum());
            }
        }
    }

    /// The part that the units from `first` on make, of `points` `(n_stimuli, width)` row-major.
    fn of_units(
        &self,
        factors: &[Vec<Factor>],
        points: &[f64],
        width: usize,
        norms: &[f64],
        first: usize,
    ) -> Vec<Part> {
        let n_units = UNITS.min(width - first);
        let row = |point: &[f64]| {
            let mut row = [0.0; UNITS];
            row[..n_units].copy_from_slice(&point[first..first + n_units]);
            row
        };
        let rows: Vec<Row> = points.chunks_exact(width).map(row).collect();
        let mut parts = self.outer(&rows, points, width, first);
        // Without features: the sums, and those that are weighted with the squared norms.
        let weighted: Vec<Row> = rows.iter().zip(norms).map(|(row, norm)| row.map(|x| x * norm)).collect();
        let (mut of_all, mut sums, cells) = (Vec::new(), Vec::new(), vec![0; rows.len()]);
        self.by_level(&cells, 1, &rows, &mut of_all);
        self.by_level(&cells, 1, &weighted, &mut sums);
        for ((part, own), weighted) in parts.iter_mut().zip(&of_all).zip(&sums) {
            part.sum = dot(own, own);
            part.weighted = dot(own, weighted);
        }
        drop(weighted);
        self.products(
            factors,
            &rows,
            |product, sums| dot(product, sums),
            |fold, sum| parts[fold].products.push(sum),
        );
        parts
    }

    /// The parts with `‖Σ x x'‖²` alone: the rows of `Σ x x'` that belong to `rows`. What is above its diagonal counts twice.
    fn outer(&self, rows: &[Row], points: &[f64], width: usize, first: usize) -> Vec<Part> {
        let columns = width - first;
        let of_fold = |fold: &std::ops::Range<usize>| {
            let mut outer = vec![0.0; UNITS * columns];
            let points = &points[fold.start * width..fold.end * width];
            multiply_transposing(
                &mut outer,
                rows[fold.clone()].as_flattened(),
                points,
                [UNITS, width],
                first,
            );
            outer
        };
        let of_folds: Vec<Vec<f64>> = self.folds.iter().map(of_fold).collect();
        let mut all = vec![0.0; UNITS * columns];
        for outer in &of_folds {
            all.iter_mut().zip(outer).for_each(|(all, own)| *all += own);
        }
        let part = |mut outer: Vec<f64>| {
            if self.folds.len() > 1 {
                outer.iter_mut().zip(&all).for_each(|(own, all)| *own = all - *own);
            }
            let squares = outer.chunks_exact(columns).map(|row| {
                let (own, others) = row.split_at(UNITS.min(columns));
                dot(own, own) + 2.0 * dot(others, others)
            });
            Part { products: Vec::new(), sum: 0.0, outer: squares.sum(), weighted: 0.0 }
        };
        of_folds.into_iter().map(part).collect()
    }
}

widest! {
    /// Adds each of `rows` to the sums of its cell and of `fold`.
    fn add_by_level(sums: &mut [Row], n_folds: usize, fold: usize, cells: &[u32], rows: &[Row]) {
        for (&cell, row) in cells.iter().zip(rows) {
            let sums = &mut sums[cell as usize * n_folds + fold];
            for (sum, x) in sums.iter_mut().zip(row) {
                *sum += x;
            }
        }
    }
}
