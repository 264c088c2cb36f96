//! How `W` is made of parameters that can move freely, and the derivatives.

use super::batch::Batch;
use crate::mlem::pairs::Term;
use crate::numeric::rng::Stream;
use crate::numeric::simd::widest;

/// Pairs that are worked on at once, so that they stay in the cache.
const BLOCK: usize = 1024;

/// What the parameters are.
#[derive(Debug, Clone)]
pub(super) enum Form {
    /// The diagonal of `W` is their softplus, `ln(1 + eˣ)`: positive, and its gradient does not vanish at 0 as that of a square
    /// does.
    Diagonal(usize),
    /// The lower triangle of `L` in `W = LL'`, row by row.
    Factor(usize),
    /// The entries of `W` themselves.
    Free(Vec<Term>),
}

/// Where entry `(row, column)` of a lower triangle is.
fn place(row: usize, column: usize) -> usize {
    row * (row + 1) / 2 + column
}

impl Form {
    pub(super) fn n_parameters(&self) -> usize {
        match self {
            Self::Diagonal(n) => *n,
            Self::Factor(n) => n * (n + 1) / 2,
            Self::Free(terms) => terms.len(),
        }
    }

    /// Where a climb starts, at random: as the published package's, and without a constraint, which it has not, at normal deviates.
    pub(super) fn start(&self, stream: &mut Stream) -> Vec<f64> {
        let mut draw =
            |value: fn(&mut Stream) -> f64| (0..self.n_parameters()).map(|_| value(stream)).collect();
        match self {
            Self::Diagonal(_) => draw(Stream::unit),
            Self::Factor(_) => draw(|stream| 2.0 * stream.unit() - 1.0),
            Self::Free(_) => draw(Stream::normal),
        }
    }

    /// The entries of `W`, one per term.
    pub(super) fn weights(&self, parameters: &[f64], terms: &[Term]) -> Vec<f64> {
        match self {
            Self::Diagonal(_) => parameters.iter().map(|&x| softplus(x)).collect(),
            Self::Factor(_) => terms
                .iter()
                .map(|term| {
                    let columns = 0..=term.a.min(term.b);
                    columns.map(|c| parameters[place(term.a, c)] * parameters[place(term.b, c)]).sum()
                })
                .collect(),
            Self::Free(_) => parameters.to_vec(),
        }
    }

    /// The modelled distances `d'Wd` of the pairs of `batch`.
    pub(super) fn distances(&self, parameters: &[f64], batch: &Batch, out: &mut Vec<f64>) {
        out.clear();
        out.resize(batch.len(), 0.0);
        let mut directions = [0.0; BLOCK];
        for (block, out) in out.chunks_mut(BLOCK).enumerate() {
            let range = block * BLOCK..block * BLOCK + out.len();
            let feature = |k: usize| &batch.features[k][range.clone()];
            match self {
                Self::Diagonal(_) => {
                    for (k, &parameter) in parameters.iter().enumerate() {
                        let weight = softplus(parameter);
                        add_products(out, weight, feature(k), feature(k));
                    }
                }
                Self::Factor(n) => {
                    for column in 0..*n {
                        let direction = &mut directions[..out.len()];
                        along(parameters, *n, column, feature, direction);
                        for (out, z) in out.iter_mut().zip(&*direction) {
                            *out += z * z;
                        }
                    }
                }
                Self::Free(terms) => {
                    for (term, parameter) in terms.iter().zip(parameters) {
                        let weight = term.multiplicity() * parameter;
                        add_products(out, weight, feature(term.a), feature(term.b));
                    }
                }
            }
        }
    }

    /// The gradient with respect to the parameters of a function whose gradient with respect to the modelled distances is
    /// `outer`.
    pub(super) fn gradient(&self, parameters: &[f64], batch: &Batch, outer: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        let mut directions = [0.0; BLOCK];
        let mut total = 0.0;
        for (block, outer) in outer.chunks(BLOCK).enumerate() {
            let from = block * BLOCK;
            let feature = |k: usize| &batch.features[k][from..from + outer.len()];
            match self {
                Self::Diagonal(n) => {
                    for k in 0..*n {
                        sum(&mut total, outer, feature(k), feature(k));
                        out[k] += logistic(parameters[k]) * total;
                    }
                }
                Self::Factor(n) => {
                    for column in 0..*n {
                        let direction = &mut directions[..outer.len()];
                        along(parameters, *n, column, feature, direction);
                        for (z, g) in direction.iter_mut().zip(outer) {
                            *z *= 2.0 * g;
                        }
                        for row in column..*n {
                            weighted(&mut total, direction, feature(row));
                            out[place(row, column)] += total;
                        }
                    }
                }
                Self::Free(terms) => {
                    for (term, out) in terms.iter().zip(&mut *out) {
                        sum(&mut total, outer, feature(term.a), feature(term.b));
                        *out += term.multiplicity() * total;
                    }
                }
            }
        }
    }
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// The derivative of [`softplus`].
fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// Column `column` of `L` times the feature distances: one coordinate of `L'd` for each pair.
fn along<'a>(
    parameters: &[f64],
    n: usize,
    column: usize,
    feature: impl Fn(usize) -> &'a [f32],
    out: &mut [f64],
) {
    out.fill(0.0);
    for row in column..n {
        add_scaled(out, parameters[place(row, column)], feature(row));
    }
}

widest! {
    /// Adds `scale · d`.
    fn add_scaled(out: &mut [f64], scale: f64, d: &[f32]) {
        for (out, &d) in out.iter_mut().zip(d) {
            *out += scale * f64::from(d);
        }
    }

    /// Adds `scale · a · b`.
    fn add_products(out: &mut [f64], scale: f64, a: &[f32], b: &[f32]) {
        for (out, (&a, &b)) in out.iter_mut().zip(a.iter().zip(b)) {
            *out += scale * f64::from(a) * f64::from(b);
        }
    }

    /// `Σ g · a · b`, in sixteen strands so that it vectorises.
    fn sum(total: &mut f64, g: &[f64], a: &[f32], b: &[f32]) {
        let mut strands = [0.0; 16];
        for ((g, a), b) in g.chunks(16).zip(a.chunks(16)).zip(b.chunks(16)) {
            for (((strand, g), &a), &b) in strands.iter_mut().zip(g).zip(a).zip(b) {
                *strand += g * f64::from(a) * f64::from(b);
            }
        }
        *total = strands.iter().sum();
    }

    /// `Σ g · a`, as [`sum`].
    fn weighted(total: &mut f64, g: &[f64], a: &[f32]) {
        let mut strands = [0.0; 16];
        for (g, a) in g.chunks(16).zip(a.chunks(16)) {
            for ((strand, g), &a) in strands.iter_mut().zip(g).zip(a) {
                *strand += g * f64::from(a);
            }
        }
        *total = strands.iter().sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlem::pairs::{matrix, terms};

    /// A batch longer than a block.
    fn batch(n_features: usize) -> Batch {
        let mut stream = Stream::new(4, "batch");
        let column = |_| (0..BLOCK + 77).map(|_| stream.unit() as f32).collect();
        Batch { features: (0..n_features).map(column).collect(), ..Batch::default() }
    }

    #[test]
    fn every_form_gives_the_quadratic_form_of_its_weights_and_its_gradient() {
        let n = 4;
        let batch = batch(n);
        let with = terms(n, true);
        for (form, terms) in [
            (Form::Diagonal(n), terms(n, false)),
            (Form::Factor(n), with.clone()),
            (Form::Free(with.clone()), with),
        ] {
            let mut stream = Stream::new(5, "parameters");
            let parameters: Vec<f64> = (0..form.n_parameters()).map(|_| stream.normal()).collect();
            let mut distances = Vec::new();
            form.distances(&parameters, &batch, &mut distances);
            let w = matrix(n, &terms, &form.weights(&parameters, &terms));
            for pair in [0, 5, BLOCK, BLOCK + 76] {
                let d: Vec<f64> = batch.features.iter().map(|column| f64::from(column[pair])).collect();
                let d = ndarray::Array1::from(d);
                assert!((d.dot(&w.dot(&d)) - distances[pair]).abs() < 1e-12);
            }
            let outer: Vec<f64> = (0..batch.len()).map(|_| stream.normal()).collect();
            let value = |parameters: &[f64]| -> f64 {
                let mut distances = Vec::new();
                form.distances(parameters, &batch, &mut distances);
                distances.iter().zip(&outer).map(|(p, g)| p * g).sum()
            };
            let mut gradient = vec![0.0; form.n_parameters()];
            form.gradient(&parameters, &batch, &outer, &mut gradient);
            for k in 0..parameters.len() {
                let (mut up, mut down) = (parameters.clone(), parameters.clone());
                up[k] += 1e-5;
                down[k] -= 1e-5;
                let slope = (value(&up) - value(&down)) / 2e-5;
                assert!((slope - gradient[k]).abs() < 1e-5 * (1.0 + slope.abs()), "{form:?} {k}");
            }
        }
    }
}
