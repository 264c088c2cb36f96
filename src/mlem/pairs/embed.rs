//! Squared feature distances as inner products of coordinates, so that sums over all pairs are products of small matrices.
//!
//! With coordinates `F` and signs `s`, the squared distance of stimuli `i` and `j` is `Σ_p s_p F_ip F_jp`: for levels
//! `1 − Σ_l 1_l(i) 1_l(j)`, for numbers `x_i² + x_j² − 2 x_i x_j`.

use ndarray::Array2;

use super::encode::{Column, Columns, MISSING, Slot};
use super::terms::Term;
use crate::mlem::params::Missing;

/// A term's distances between some stimuli as inner products of coordinates.
#[derive(Debug, Clone)]
pub(crate) struct Embedding {
    /// `(dimensions)`.
    pub(crate) signs: Vec<f64>,
    /// `(n_stimuli, dimensions)`.
    pub(crate) coordinates: Array2<f64>,
}

impl Embedding {
    fn of_columns(n: usize, parts: Vec<(f64, Vec<f64>)>) -> Self {
        let mut coordinates = Array2::zeros((n, parts.len()));
        let mut signs = Vec::with_capacity(parts.len());
        for (mut column, (sign, values)) in coordinates.columns_mut().into_iter().zip(parts) {
            column.iter_mut().zip(values).for_each(|(to, from)| *to = from);
            signs.push(sign);
        }
        Self { signs, coordinates }
    }

    /// The product of two distances: every coordinate of one times every one of the other.
    fn times(&self, other: &Self, coefficient: f64) -> Self {
        let n = self.coordinates.nrows();
        let parts = (0..self.signs.len())
            .flat_map(|p| (0..other.signs.len()).map(move |q| (p, q)))
            .map(|(p, q)| {
                let of = |i: usize| self.coordinates[[i, p]] * other.coordinates[[i, q]];
                (coefficient * self.signs[p] * other.signs[q], (0..n).map(of).collect())
            })
            .collect();
        Self::of_columns(n, parts)
    }

    /// Each stimulus's distance to itself: not zero where missing values are at a distance.
    pub(crate) fn own(&self) -> Vec<f64> {
        let square = |row: ndarray::ArrayView1<'_, f64>| {
            row.iter().zip(&self.signs).map(|(x, sign)| sign * x * x).sum::<f64>()
        };
        self.coordinates.rows().into_iter().map(square).collect()
    }
}

impl Columns {
    /// The products of distances that `term` weights; `None` where they are no inner products: distances that are given, and
    /// numbers in a product with another feature.
    pub(crate) fn embedding(&self, term: Term) -> Option<Embedding> {
        if term.is_main() {
            return self.squared(self.slots()[term.a]);
        }
        let of = |feature: usize| {
            let slot = self.slots()[feature];
            // Levels are at a distance of 0 or 1, which is its own square.
            self.levels(slot).is_some().then(|| self.squared(slot)).flatten()
        };
        Some(of(term.a)?.times(&of(term.b)?, term.multiplicity()))
    }

    fn levels(&self, slot: Slot) -> Option<&[u32]> {
        match slot {
            Slot::Bit(bit) => Some(&self.bits[bit]),
            Slot::Dense(column) => match &self.dense[column] {
                Column::Levels(levels) => Some(levels),
                _ => None,
            },
        }
    }

    fn squared(&self, slot: Slot) -> Option<Embedding> {
        let n = self.n_stimuli();
        let far = self.missing == Missing::One;
        if let Some(levels) = self.levels(slot) {
            let mut codes: Vec<u32> = levels.iter().copied().filter(|&code| code != MISSING).collect();
            codes.sort_unstable();
            codes.dedup();
            let constant = levels.iter().map(|&code| f64::from(u8::from(far || code != MISSING))).collect();
            let mut parts = vec![(1.0, constant)];
            for code in codes {
                let here = levels.iter().map(|&other| f64::from(u8::from(other == code))).collect();
                parts.push((-1.0, here));
            }
            return Some(Embedding::of_columns(n, parts));
        }
        let Slot::Dense(column) = slot else { return None };
        let Column::Values(values) = &self.dense[column] else { return None };
        // Where a value is missing, all coordinates but the constant are zero. x_i² + x_j² is the difference of two squares.
        let of = |f: &dyn Fn(f64) -> f64| -> Vec<f64> {
            values.iter().map(|&x| if x.is_nan() { 0.0 } else { f(x) }).collect()
        };
        let mut parts = vec![(0.5, of(&|x| 1.0 + x * x)), (-0.5, of(&|x| 1.0 - x * x)), (-2.0, of(&|x| x))];
        if far {
            parts.push((1.0, vec![1.0; n]));
            parts.push((-1.0, of(&|_| 1.0)));
        }
        Some(Embedding::of_columns(n, parts))
    }
}
