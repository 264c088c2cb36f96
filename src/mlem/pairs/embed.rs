//! Feature distances and their products as inner products of coordinates, so that sums over all pairs are products of small matrices.
//!
//! With coordinates `F` and signs `s`, what is between stimuli `i` and `j` is `Σ_p s_p F_ip F_jp`: of levels `1 − Σ_l 1_l(i) 1_l(j)`, of
//! the squared difference of numbers `x_i² + x_j² − 2 x_i x_j`. Where no few coordinates are exact, as for the difference of two numbers
//! times another distance, and for distances that are given, some are near.

use ndarray::{Array2, Axis};

use super::encode::{Column, Columns, MISSING, Slot};
use super::terms::Term;
use crate::mlem::params::Missing;
use crate::numeric::spectral::leading;

/// At most so many steps stand for the difference of two numbers.
const STEPS: usize = 16;
/// At most so many coordinates stand for distances that are given.
const MOST: usize = 24;

/// What is between any two of some stimuli, as an inner product.
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

    /// The product of two: every coordinate of one times every one of the other.
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
}

impl Columns {
    /// The products of distances that `term` weights, between the stimuli at `rows`.
    pub(crate) fn embedding(&self, term: Term, rows: &[usize]) -> Embedding {
        if term.is_main() {
            return self.distance(self.slots()[term.a], rows, true);
        }
        let of = |feature: usize| self.distance(self.slots()[feature], rows, false);
        of(term.a).times(&of(term.b), term.multiplicity())
    }

    /// Whether a feature is given as its distances, all of which its coordinates are found from.
    pub(crate) fn is_given(&self, slot: Slot) -> bool {
        matches!(slot, Slot::Dense(column) if matches!(self.dense[column], Column::Given { .. }))
    }

    /// The distance of the feature in `slot`, or its square.
    fn distance(&self, slot: Slot, rows: &[usize], squared: bool) -> Embedding {
        let far = self.missing == Missing::One;
        let column = match slot {
            // A distance of 0 or 1 is its own square.
            Slot::Bit(bit) => return of_levels(&self.bits[bit], rows, far),
            Slot::Dense(column) => &self.dense[column],
        };
        match column {
            Column::Levels(levels) => of_levels(levels, rows, far),
            Column::Values(values) => {
                let values: Vec<f64> = rows.iter().map(|&row| values[row]).collect();
                if squared { of_squares(&values, far) } else { of_steps(&values, far) }
            }
            Column::Given { distances, places, largest } => {
                let missing = f64::from(u8::from(far));
                let between = |i: usize, j: usize| {
                    let [i, j] = [i, j].map(|k| places[rows[k]] as usize);
                    let distance = distances.get(i, j).map_or(missing, |distance| distance / largest);
                    if squared { distance * distance } else { distance }
                };
                let n = rows.len();
                let matrix = Array2::from_shape_fn((n, n), |(i, j)| if i == j { 0.0 } else { between(i, j) });
                let (values, mut coordinates) =
                    leading(matrix.view(), MOST).unwrap_or_else(|| (Vec::new(), Array2::zeros((n, 0))));
                for (mut column, value) in coordinates.axis_iter_mut(Axis(1)).zip(&values) {
                    column *= value.abs().sqrt();
                }
                Embedding { signs: values.into_iter().map(f64::signum).collect(), coordinates }
            }
        }
    }
}

fn of_levels(levels: &[u32], rows: &[usize], far: bool) -> Embedding {
    let levels: Vec<u32> = rows.iter().map(|&row| levels[row]).collect();
    let mut codes: Vec<u32> = levels.iter().copied().filter(|&code| code != MISSING).collect();
    codes.sort_unstable();
    codes.dedup();
    let constant = levels.iter().map(|&code| f64::from(u8::from(far || code != MISSING))).collect();
    let mut parts = vec![(1.0, constant)];
    for code in codes {
        parts.push((-1.0, levels.iter().map(|&other| f64::from(u8::from(other == code))).collect()));
    }
    Embedding::of_columns(rows.len(), parts)
}

/// Coordinates of numbers; where a value is missing, all but the constant one are zero.
fn of_numbers(values: &[f64], far: bool, mut parts: Vec<(f64, Vec<f64>)>) -> Embedding {
    if far {
        parts.push((1.0, vec![1.0; values.len()]));
        parts.push((-1.0, values.iter().map(|x| f64::from(u8::from(!x.is_nan()))).collect()));
    }
    Embedding::of_columns(values.len(), parts)
}

fn of_squares(values: &[f64], far: bool) -> Embedding {
    let of = |f: &dyn Fn(f64) -> f64| -> Vec<f64> {
        values.iter().map(|&x| if x.is_nan() { 0.0 } else { f(x) }).collect()
    };
    // x_i² + x_j² is the difference of two squares.
    let parts = vec![(0.5, of(&|x| 1.0 + x * x)), (-0.5, of(&|x| 1.0 - x * x)), (-2.0, of(&|x| x))];
    of_numbers(values, far, parts)
}

/// The difference of two numbers as the sum of the steps between them: exact where there are few values.
fn of_steps(values: &[f64], far: bool) -> Embedding {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|x| !x.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    let mut distinct = sorted.clone();
    distinct.dedup();
    if distinct.len() > STEPS + 1 {
        // As many stimuli from one to the next, ends included.
        distinct = (0..=STEPS).map(|k| sorted[k * (sorted.len() - 1) / STEPS]).collect();
        distinct.dedup();
    }
    let mut parts = Vec::new();
    let indicator = |of: &dyn Fn(f64) -> bool| -> Vec<f64> {
        values.iter().map(|&x| f64::from(u8::from(!x.is_nan() && of(x)))).collect()
    };
    let whole: f64 = distinct.windows(2).map(|step| step[1] - step[0]).sum();
    parts.push((whole, indicator(&|_| true)));
    for step in distinct.windows(2) {
        let (height, middle) = (step[1] - step[0], f64::midpoint(step[0], step[1]));
        parts.push((-height, indicator(&|x| x > middle)));
        parts.push((-height, indicator(&|x| x <= middle)));
    }
    of_numbers(values, far, parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlem::pairs::{Scales, terms};
    use crate::numeric::rng::Stream;
    use crate::stimuli::{Feature, FeatureTable};

    #[test]
    fn inner_products_are_the_products_of_distances() {
        let (n, mut stream) = (30, Stream::new(3, "embed"));
        let codes: Vec<Option<&str>> =
            (0..n).map(|_| [Some("a"), Some("b"), Some("c"), None][stream.index(4)]).collect();
        let numbers: Vec<Option<f64>> =
            (0..n).map(|_| (stream.index(5) > 0).then(|| stream.index(9) as f64)).collect();
        let places: Vec<f64> = (0..n).map(|_| stream.unit()).collect();
        let given = Array2::from_shape_fn((n, n), |(i, j)| (places[i] - places[j]).abs() as f32);
        let features = FeatureTable::new(
            n,
            vec![
                Feature::categorical("codes", &codes),
                Feature::numeric("numbers", numbers.clone()).unwrap(),
                Feature::distances("given", given.view()).unwrap(),
            ],
        )
        .unwrap();
        let rows: Vec<usize> = (0..n).rev().step_by(2).collect();
        let order: Vec<usize> = (0..n).collect();
        for missing in [Missing::Zero, Missing::One] {
            let columns = Scales::new(&features).unwrap().columns(&features, &order, missing);
            let far = f64::from(u8::from(missing == Missing::One));
            let distance = |feature: usize, i: usize, j: usize| match feature {
                0 => codes[i].zip(codes[j]).map_or(far, |(a, b)| f64::from(u8::from(a != b))),
                1 => numbers[i].zip(numbers[j]).map_or(far, |(a, b)| (a - b).abs() / 8.0),
                _ => f64::from(given[[i, j]]) / given.iter().copied().fold(0.0, f32::max) as f64,
            };
            for term in terms(3, true) {
                let Embedding { signs, coordinates } = columns.embedding(term, &rows);
                for (i, &a) in rows.iter().enumerate() {
                    for (j, &b) in rows.iter().enumerate().filter(|&(j, _)| j != i) {
                        let found: f64 = (0..signs.len())
                            .map(|p| signs[p] * coordinates[[i, p]] * coordinates[[j, p]])
                            .sum();
                        let expected = term.multiplicity() * distance(term.a, a, b) * distance(term.b, a, b);
                        let slack = if term.b == 2 { 1e-5 } else { 1e-12 };
                        assert!((found - expected).abs() < slack, "{term:?} {missing:?}: {found} {expected}");
                    }
                }
            }
        }
    }
}
