//! Squared neural distances, in f64, a run of pairs at a time.

use std::sync::Arc;

use ndarray::{Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::encode::Partners;
use super::given::signed_squares;
use crate::mlem::error::{Error, Result};
use crate::mlem::params::Distance;
use crate::numeric::differences::{
    SIDE_BY_SIDE, STRANDS, add_absolutes, add_squares, add_to_strands, sum_strands,
};
use crate::numeric::linalg::{dot, multiply_transposed, symmetrise};
use crate::numeric::spectral::leading;
use crate::stimuli::Distances;

/// Below this fraction of `‖x‖² + ‖y‖²` a squared distance is rounding alone, and is 0.
const ROUNDING: f64 = 1e-14;

/// Activations that span more, or less than one part of this, are measured in a unit of their own: squared distances are kept in
/// f32 on their way to ranks, where they overflow above 1e38 and lose digits below 1e-38.
const SPAN: f64 = 1e9;

/// The activations of one layer, prepared for distances, in the order of the positions of a design.
#[derive(Debug, Clone)]
pub(crate) struct Neural {
    shared: Arc<Shared>,
    /// Which row is at each position; `None` where row `i` is at position `i`.
    rows: Option<Vec<u32>>,
}

/// What all orders of the same stimuli have in common.
#[derive(Debug)]
struct Shared {
    distance: Distance,
    /// `(n_stimuli, width)` row-major: centred (Euclidean), as they are (Manhattan), of unit length (cosine, and
    /// correlation, where each row is less its mean); else empty.
    rows: Vec<f64>,
    width: usize,
    /// Squared norms of `rows` (Euclidean), norms (difference of norms), else empty.
    norms: Vec<f64>,
    /// The distances themselves where they are known (their signed squares, of crossnobis), `(n_stimuli, n_stimuli)` row-major, else
    /// empty.
    table: Vec<f32>,
    /// What one of these distances is in the activations' own unit: a power of two, so that every digit stays.
    unit: f64,
}

/// The most memory that a table of distances may take of each layer that is fitted.
const MAX_LOOKED_UP: usize = 1 << 28;
/// At most so many axes of classical scaling.
const MOST_AXES: usize = 512;

impl Neural {
    /// The activations `(n_stimuli, d_model)` of the stimuli at `order`, checked.
    pub(crate) fn new(activations: ArrayView2<'_, f32>, order: &[usize], distance: Distance) -> Result<Self> {
        check(activations)?;
        let width = activations.ncols();
        let mut shared =
            Shared { distance, rows: Vec::new(), width, norms: Vec::new(), table: Vec::new(), unit: 1.0 };
        if distance == Distance::Precomputed {
            let cleaned = Distances::clean(activations);
            let (table, largest) = cleaned.map_err(|reason| Error::NoDistances { reason })?;
            (shared.table, shared.unit) = (table, unit(f64::from(largest)));
            if shared.unit != 1.0 {
                shared.table.iter_mut().for_each(|x| *x = (f64::from(*x) / shared.unit) as f32);
            }
            let rows = order.iter().map(|&i| i as u32).collect();
            return Ok(Self { shared: Arc::new(shared), rows: Some(rows) });
        }
        if distance == Distance::Crossnobis {
            let largest = signed_squares(activations)?;
            shared.unit = unit(largest.sqrt());
            let one = shared.unit * shared.unit;
            shared.table = activations.iter().map(|&x| (f64::from(x) / one) as f32).collect();
            let rows = order.iter().map(|&i| i as u32).collect();
            return Ok(Self { shared: Arc::new(shared), rows: Some(rows) });
        }
        let mut rows: Vec<f64> = Vec::with_capacity(order.len() * width);
        for &i in order {
            rows.extend(activations.row(i).iter().map(|&x| f64::from(x)));
        }
        if matches!(distance, Distance::Euclidean | Distance::Mahalanobis | Distance::Manhattan) {
            shared.unit = unit(span(&rows, width));
            divide(&mut rows, shared.unit);
        }
        match distance {
            Distance::Euclidean | Distance::Mahalanobis => {
                // Centring changes no distance, and shorter norms leave more digits to it.
                centre(&mut rows, width);
                shared.norms = rows.chunks_exact(width).map(|row| dot(row, row)).collect();
            }
            Distance::Cosine => {
                for (row, &i) in rows.chunks_exact_mut(width).zip(order) {
                    let norm = dot(row, row).sqrt();
                    if norm == 0.0 {
                        return Err(Error::ZeroVector { stimulus: i });
                    }
                    for x in row {
                        *x /= norm;
                    }
                }
            }
            Distance::Correlation => {
                for (row, &i) in rows.chunks_exact_mut(width).zip(order) {
                    let whole = dot(row, row);
                    let mean = row.iter().sum::<f64>() / width as f64;
                    for x in &mut *row {
                        *x -= mean;
                    }
                    let squared = dot(row, row);
                    // What is left of equal numbers is rounding.
                    if squared <= ROUNDING * whole {
                        return Err(Error::ConstantVector { stimulus: i, width });
                    }
                    for x in row {
                        *x /= squared.sqrt();
                    }
                }
            }
            Distance::NormDiff => {
                shared.norms = rows.chunks_exact(width).map(|row| dot(row, row).sqrt()).collect();
                shared.unit = unit(span(&shared.norms, 1));
                divide(&mut shared.norms, shared.unit);
                rows = Vec::new();
            }
            Distance::Manhattan | Distance::Precomputed | Distance::Crossnobis => {}
        }
        shared.rows = rows;
        Ok(Self { shared: Arc::new(shared), rows: None })
    }

    /// The same stimuli with every distance in a table, where that takes no more than 256 MiB: for pairs that are drawn again
    /// and again.
    pub(crate) fn looked_up(&self) -> Option<Self> {
        let n = self.shared.norms.len().max(self.shared.rows.len() / self.shared.width);
        if self.rows.is_some() || !self.shared.table.is_empty() || 4 * n * n > MAX_LOOKED_UP {
            return None;
        }
        let mut table = vec![0.0; n * n];
        table.par_chunks_mut(n).enumerate().for_each(|(i, row)| {
            for (j, distance) in row.iter_mut().enumerate() {
                *distance = self.squared(i, j).sqrt() as f32;
            }
        });
        Some(Self::of_table(table, n))
    }

    /// `n` stimuli whose distances are those of `table`, `(n, n)` row-major.
    pub(super) fn of_table(table: Vec<f32>, n: usize) -> Self {
        let shared = Shared {
            distance: Distance::Precomputed,
            rows: Vec::new(),
            width: n,
            norms: Vec::new(),
            table,
            unit: 1.0,
        };
        Self { shared: Arc::new(shared), rows: None }
    }

    /// Coordinates of the stimuli at `rows`, and a sign for each, so that the squared distance of two is the signed sum of the squares of
    /// their differences: the activations themselves where the distance is Euclidean, and else the leading axes of classical scaling,
    /// all of them where stimuli are few.
    pub(crate) fn points(&self, rows: &[usize]) -> (Array2<f64>, Vec<f64>) {
        let n = rows.len();
        if self.is_euclidean() {
            let Shared { rows: all, width, .. } = &*self.shared;
            let at = |(i, unit): (usize, usize)| all[self.place(rows[i]) * width + unit];
            let mut points = Array2::from_shape_fn((n, *width), at);
            if let Some(mean) = points.mean_axis(Axis(0)) {
                points -= &mean;
            }
            return (points, vec![1.0; *width]);
        }
        // −½ J t J, of which inner products are.
        let mut products = Array2::zeros((n, n));
        products.axis_iter_mut(Axis(0)).into_par_iter().enumerate().for_each(|(i, mut row)| {
            row.iter_mut().zip(rows).for_each(|(to, &j)| *to = -0.5 * self.squared(rows[i], j));
        });
        for axis in [Axis(0), Axis(1)] {
            if let Some(mean) = products.mean_axis(axis) {
                products -= &mean.insert_axis(axis);
            }
        }
        symmetrise(&mut products);
        let (values, mut points) =
            leading(products.view(), MOST_AXES).unwrap_or_else(|| (Vec::new(), Array2::zeros((n, 0))));
        for (mut column, value) in points.axis_iter_mut(Axis(1)).zip(&values) {
            column *= value.abs().sqrt();
        }
        (points, values.into_iter().map(f64::signum).collect())
    }

    /// What one of its distances is in the unit of the activations.
    pub(super) fn unit(&self) -> f64 {
        self.shared.unit
    }

    /// Whether the distance is Euclidean, between activations that are at hand.
    pub(crate) fn is_euclidean(&self) -> bool {
        matches!(self.shared.distance, Distance::Euclidean | Distance::Mahalanobis)
    }

    /// Points `(n_stimuli, width)`, row-major, their width, and their squared norms, where distances are Euclidean between them and they
    /// are in the order of the positions.
    pub(crate) fn euclidean(&self) -> Option<(&[f64], usize, &[f64])> {
        let Shared { rows, width, norms, .. } = &*self.shared;
        (self.is_euclidean() && self.rows.is_none()).then_some((rows, *width, norms))
    }

    /// The same stimuli in another order: position `k` gets the stimulus that was at position `order[k]`.
    pub(crate) fn reordered(&self, order: &[u32]) -> Self {
        let rows = order.iter().map(|&i| self.rows.as_ref().map_or(i, |rows| rows[i as usize])).collect();
        Self { shared: Arc::clone(&self.shared), rows: Some(rows) }
    }

    /// The row at a position.
    fn place(&self, i: usize) -> usize {
        self.rows.as_ref().map_or(i, |rows| rows[i] as usize)
    }

    /// Whether dot products of whole tiles make its distances.
    pub(crate) fn wants_gram(&self) -> bool {
        self.rows.is_none()
            && (self.is_euclidean()
                || matches!(self.shared.distance, Distance::Cosine | Distance::Correlation))
    }

    /// Whether a distance takes the activations of both stimuli.
    pub(super) fn takes_rows(&self) -> bool {
        !self.shared.rows.is_empty()
    }

    /// Numbers of a stimulus.
    pub(super) fn width(&self) -> usize {
        self.shared.width
    }

    /// Dot products of `rows` by `columns` into `out`, row-major.
    pub(crate) fn gram(
        &self,
        rows: std::ops::Range<usize>,
        columns: std::ops::Range<usize>,
        out: &mut Vec<f64>,
    ) {
        out.resize(rows.len() * columns.len(), 0.0);
        let Shared { rows: all, width, .. } = &*self.shared;
        let part = |range: std::ops::Range<usize>| &all[range.start * width..range.end * width];
        multiply_transposed(out, part(rows), part(columns), *width);
    }

    /// Appends the squared distances of stimulus `i` to the stimuli of `columns`, whose dot products are `gram`.
    pub(crate) fn append_from_gram(
        &self,
        i: usize,
        columns: std::ops::Range<usize>,
        gram: &[f64],
        out: &mut Vec<f64>,
    ) {
        if matches!(self.shared.distance, Distance::Cosine | Distance::Correlation) {
            out.extend(gram.iter().map(|&g| cosine_squared(g)));
        } else {
            let own = self.shared.norms[i];
            out.extend(gram.iter().zip(&self.shared.norms[columns]).map(|(&g, &other)| {
                let both = own + other;
                let squared = both - 2.0 * g;
                if squared > ROUNDING * both { squared } else { 0.0 }
            }));
        }
    }

    /// Appends the squared distances of stimulus `i` to `partners`, one pair at a time.
    pub(crate) fn append(&self, i: usize, partners: &Partners<'_>, out: &mut Vec<f64>) {
        match (partners, &self.rows) {
            (Partners::Range(range), Some(rows)) if !self.shared.table.is_empty() => {
                let row = &self.shared.table[rows[i] as usize * self.shared.width..][..self.shared.width];
                let signed = self.shared.distance == Distance::Crossnobis;
                let squared = |x: f64| if signed { x } else { x * x };
                out.extend(rows[range.clone()].iter().map(|&j| squared(f64::from(row[j as usize]))));
            }
            (Partners::Range(range), _) => out.extend(range.clone().map(|j| self.squared(i, j))),
            (Partners::List(list), _) => out.extend(list.iter().map(|&j| self.squared(i, j as usize))),
        }
    }

    /// The squared distances of stimulus `i` to `partners`, each as [`Neural::squared`] has it.
    pub(super) fn squares(&self, i: usize, partners: &[u32], out: &mut [f64]) {
        let Shared { rows, width, .. } = &*self.shared;
        if self.rows.is_some() || !self.is_euclidean() {
            return out.iter_mut().zip(partners).for_each(|(to, &j)| *to = self.squared(i, j as usize));
        }
        let row = |i: usize| &rows[i * width..(i + 1) * width];
        for (partners, out) in partners.chunks(SIDE_BY_SIDE).zip(out.chunks_mut(SIDE_BY_SIDE)) {
            let mut strands = [[0.0; STRANDS]; SIDE_BY_SIDE];
            for ((strands, to), &j) in strands.iter_mut().zip(&mut *out).zip(partners) {
                add_to_strands(strands, to, row(i), row(j as usize));
            }
            sum_strands(out, &strands);
        }
    }

    /// The squared distance of two stimuli.
    pub(super) fn squared(&self, i: usize, j: usize) -> f64 {
        let (i, j) = (self.place(i), self.place(j));
        let Shared { distance, rows, width, norms, table, .. } = &*self.shared;
        let row = |i: usize| &rows[i * width..(i + 1) * width];
        match distance {
            Distance::Euclidean | Distance::Mahalanobis => {
                let mut squared = 0.0;
                add_squares(&mut squared, row(i), row(j));
                squared
            }
            Distance::Manhattan => {
                let mut distance = 0.0;
                add_absolutes(&mut distance, row(i), row(j));
                distance.powi(2)
            }
            Distance::Cosine | Distance::Correlation => cosine_squared(dot(row(i), row(j))),
            Distance::NormDiff => (norms[i] - norms[j]).powi(2),
            Distance::Precomputed => f64::from(table[i * width + j]).powi(2),
            Distance::Crossnobis => f64::from(table[i * width + j]),
        }
    }
}

fn cosine_squared(similarity: f64) -> f64 {
    let distance = 1.0 - similarity;
    if distance > ROUNDING { distance * distance } else { 0.0 }
}

/// How far the unit reaches that reaches farthest: no difference in any is larger.
fn span(rows: &[f64], width: usize) -> f64 {
    let (mut low, mut high) = (vec![f64::INFINITY; width], vec![f64::NEG_INFINITY; width]);
    for row in rows.chunks_exact(width) {
        for ((low, high), &x) in low.iter_mut().zip(&mut high).zip(row) {
            (*low, *high) = (low.min(x), high.max(x));
        }
    }
    low.iter().zip(&high).map(|(low, high)| high - low).fold(0.0, f64::max)
}

/// The power of two that distances of this size are divided by; 1 unless they are extreme.
fn unit(size: f64) -> f64 {
    let fits = size == 0.0 || !size.is_finite() || (1.0 / SPAN..=SPAN).contains(&size);
    if fits { 1.0 } else { 2.0_f64.powi(size.log2().floor() as i32) }
}

fn divide(values: &mut [f64], unit: f64) {
    if unit != 1.0 {
        for x in values {
            *x /= unit;
        }
    }
}

fn centre(rows: &mut [f64], width: usize) {
    let n = (rows.len() / width) as f64;
    let mut mean = vec![0.0; width];
    for row in rows.chunks_exact(width) {
        mean.iter_mut().zip(row).for_each(|(mean, x)| *mean += x);
    }
    for mean in &mut mean {
        *mean /= n;
    }
    for row in rows.chunks_exact_mut(width) {
        row.iter_mut().zip(&mean).for_each(|(x, mean)| *x -= mean);
    }
}

fn check(activations: ArrayView2<'_, f32>) -> Result<()> {
    if activations.ncols() == 0 {
        return Err(Error::NoUnits);
    }
    for (i, row) in activations.axis_iter(Axis(0)).enumerate() {
        if let Some(unit) = row.iter().position(|x| !x.is_finite()) {
            return Err(Error::NotFinite { stimulus: i, unit, value: row[unit] });
        }
    }
    Ok(())
}
