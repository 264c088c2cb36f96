//! Squared neural distances, in f64, a run of pairs at a time.

use ndarray::{ArrayView2, Axis};

use super::encode::Partners;
use super::params::Distance;
use super::{Error, Result};
use crate::numeric::linalg::{dot, multiply_transposed};

/// Below this fraction of `‖x‖² + ‖y‖²` a squared distance is rounding alone, and is 0.
const ROUNDING: f64 = 1e-14;

/// The activations of one layer, ready for distances.
#[derive(Debug)]
pub(crate) struct Neural {
    distance: Distance,
    /// `(n_stimuli, width)` row-major: centred (Euclidean), as they are (Manhattan, precomputed), of unit length
    /// (cosine); empty for the difference of norms.
    rows: Vec<f64>,
    width: usize,
    /// Squared norms of `rows` (Euclidean), norms (difference of norms), else empty.
    norms: Vec<f64>,
}

impl Neural {
    /// The activations `(n_stimuli, d_model)` of the stimuli at `order`, checked.
    pub(crate) fn new(activations: ArrayView2<'_, f32>, order: &[usize], distance: Distance) -> Result<Self> {
        check(activations, distance)?;
        let width = activations.ncols();
        let mut rows: Vec<f64> = Vec::with_capacity(order.len() * width);
        if distance == Distance::Precomputed {
            for &i in order {
                let row = activations.row(i);
                rows.extend(order.iter().map(|&j| f64::from(row[j])));
            }
            return Ok(Self { distance, rows, width: order.len(), norms: Vec::new() });
        }
        for &i in order {
            rows.extend(activations.row(i).iter().map(|&x| f64::from(x)));
        }
        let mut norms = Vec::new();
        match distance {
            Distance::Euclidean => {
                // Distances do not change, and lose fewer digits in norms that are not far longer than they.
                centre(&mut rows, width);
                norms = rows.chunks_exact(width).map(|row| dot(row, row)).collect();
            }
            Distance::Cosine => {
                for (row, &i) in rows.chunks_exact_mut(width).zip(order) {
                    let norm = dot(row, row).sqrt();
                    if norm == 0.0 {
                        return Err(Error::ZeroVector { stimulus: i + 1 });
                    }
                    for x in row {
                        *x /= norm;
                    }
                }
            }
            Distance::NormDiff => {
                norms = rows.chunks_exact(width).map(|row| dot(row, row).sqrt()).collect();
                rows = Vec::new();
            }
            Distance::Manhattan | Distance::Precomputed => {}
        }
        Ok(Self { distance, rows, width, norms })
    }

    fn row(&self, i: usize) -> &[f64] {
        &self.rows[i * self.width..(i + 1) * self.width]
    }

    /// Whether dot products of whole tiles make its distances.
    pub(crate) fn wants_gram(&self) -> bool {
        matches!(self.distance, Distance::Euclidean | Distance::Cosine)
    }

    /// Dot products of `rows` by `columns` into `out`, row-major.
    pub(crate) fn gram(
        &self,
        rows: std::ops::Range<usize>,
        columns: std::ops::Range<usize>,
        out: &mut Vec<f64>,
    ) {
        out.resize(rows.len() * columns.len(), 0.0);
        let part =
            |range: std::ops::Range<usize>| &self.rows[range.start * self.width..range.end * self.width];
        multiply_transposed(out, part(rows), part(columns), self.width);
    }

    /// Appends the squared distances of stimulus `i` to the stimuli of `columns`, whose dot products are `gram`.
    pub(crate) fn append_from_gram(
        &self,
        i: usize,
        columns: std::ops::Range<usize>,
        gram: &[f64],
        out: &mut Vec<f64>,
    ) {
        if self.distance == Distance::Cosine {
            out.extend(gram.iter().map(|&g| cosine_squared(g)));
        } else {
            let own = self.norms[i];
            out.extend(gram.iter().zip(&self.norms[columns]).map(|(&g, &other)| {
                let both = own + other;
                let squared = both - 2.0 * g;
                if squared > ROUNDING * both { squared } else { 0.0 }
            }));
        }
    }

    /// Appends the squared distances of stimulus `i` to `partners`, one pair at a time.
    pub(crate) fn append(&self, i: usize, partners: &Partners<'_>, out: &mut Vec<f64>) {
        match partners {
            Partners::Range(range) => out.extend(range.clone().map(|j| self.squared(i, j))),
            Partners::List(list) => out.extend(list.iter().map(|&j| self.squared(i, j as usize))),
        }
    }

    fn squared(&self, i: usize, j: usize) -> f64 {
        match self.distance {
            Distance::Euclidean => sum(self.row(i), self.row(j), |difference| difference * difference),
            Distance::Manhattan => sum(self.row(i), self.row(j), f64::abs).powi(2),
            Distance::Cosine => cosine_squared(dot(self.row(i), self.row(j))),
            Distance::NormDiff => (self.norms[i] - self.norms[j]).powi(2),
            Distance::Precomputed => self.row(i)[j].powi(2),
        }
    }
}

fn cosine_squared(similarity: f64) -> f64 {
    let distance = 1.0 - similarity;
    if distance > ROUNDING { distance * distance } else { 0.0 }
}

/// The sum over units of `of(x − y)`, in eight strands so that it vectorises.
fn sum(x: &[f64], y: &[f64], of: impl Fn(f64) -> f64) -> f64 {
    let mut strands = [0.0; 8];
    let (x_chunks, y_chunks) = (x.chunks_exact(8), y.chunks_exact(8));
    let rest: f64 = x_chunks.remainder().iter().zip(y_chunks.remainder()).map(|(x, y)| of(x - y)).sum();
    for (x, y) in x_chunks.zip(y_chunks) {
        for ((strand, x), y) in strands.iter_mut().zip(x).zip(y) {
            *strand += of(x - y);
        }
    }
    strands.iter().sum::<f64>() + rest
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

fn check(activations: ArrayView2<'_, f32>, distance: Distance) -> Result<()> {
    if activations.ncols() == 0 {
        return Err(Error::NoUnits);
    }
    for (i, row) in activations.axis_iter(Axis(0)).enumerate() {
        if let Some(unit) = row.iter().position(|x| !x.is_finite()) {
            return Err(Error::NotFinite { stimulus: i + 1, unit: unit + 1, value: row[unit] });
        }
    }
    if distance != Distance::Precomputed {
        return Ok(());
    }
    let n = activations.nrows();
    let failed = |reason: String| Err(Error::NoDistances { reason });
    if activations.ncols() != n {
        return failed(format!("{n} rows and {} columns", activations.ncols()));
    }
    for i in 0..n {
        if activations[[i, i]] != 0.0 {
            return failed(format!("stimulus {} is {} from itself", i + 1, activations[[i, i]]));
        }
        for j in 0..i {
            let (here, there) = (activations[[i, j]], activations[[j, i]]);
            if here < 0.0 {
                return failed(format!("stimuli {} and {} are {here} apart", j + 1, i + 1));
            }
            // Written by any program in f32: the two halves may differ by rounding.
            if (here - there).abs() > 1e-5 * here.abs().max(there.abs()) {
                return failed(format!(
                    "stimulus {} is {there} from {}, but {here} the other way",
                    j + 1,
                    i + 1
                ));
            }
        }
    }
    Ok(())
}
