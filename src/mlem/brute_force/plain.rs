//! Data, and distances and moments by their definitions.

use ndarray::{Array2, ArrayView2};

use crate::mlem::{Distance, MlemParams, Term};
use crate::numeric::rng::Stream;
use crate::stimuli::{Feature, FeatureTable, Values};

/// Features of every kind, with gaps, and activations that some of them move.
pub(in crate::mlem) fn data(
    n: usize,
    categorical: usize,
    numeric: usize,
    seed: u64,
) -> (FeatureTable, Array2<f32>) {
    let mut stream = Stream::new(seed, "brute force");
    let mut features = Vec::new();
    let mut codes = Vec::new();
    for index in 0..categorical {
        let levels = 2 + index % 2;
        let column: Vec<usize> = (0..n).map(|_| stream.index(levels)).collect();
        let gap = |i: usize| index % 3 == 2 && i.is_multiple_of(7);
        let names: Vec<_> =
            column.iter().enumerate().map(|(i, x)| (!gap(i)).then(|| x.to_string())).collect();
        features.push(Feature::categorical(&format!("c{index}"), &names));
        codes.push(column.iter().map(|&x| x as f64).collect::<Vec<_>>());
    }
    for index in 0..numeric {
        let column: Vec<f64> = (0..n).map(|_| 3.0 + 2.0 * stream.normal()).collect();
        let gap = |i: usize| index % 2 == 1 && i.is_multiple_of(5);
        let values = column.iter().enumerate().map(|(i, &x)| (!gap(i)).then_some(x)).collect();
        features.push(Feature::numeric(&format!("n{index}"), values).unwrap());
        codes.push(column);
    }
    let mix = Array2::from_shape_fn((codes.len(), 6), |_| stream.normal());
    let activations = Array2::from_shape_fn((n, 6), |(i, unit)| {
        let signal: f64 = codes.iter().enumerate().map(|(k, column)| column[i] * mix[[k, unit]]).sum();
        (1.0 + signal + stream.normal()) as f32
    });
    (FeatureTable::new(n, features).unwrap(), activations)
}

pub(super) fn feature_distance(feature: &Feature, i: usize, j: usize, missing: f64) -> f64 {
    if let (Some(has), 0.0) = (feature.presence(), missing) {
        return f64::from(u8::from(has[i] != has[j]));
    }
    match feature.values() {
        Values::Categorical { codes, .. } => match (codes[i], codes[j]) {
            (Some(a), Some(b)) => f64::from(u8::from(a != b)),
            _ => missing,
        },
        Values::Numeric(values) => {
            let known = || values.iter().flatten().copied();
            let range = known().fold(f64::MIN, f64::max) - known().fold(f64::MAX, f64::min);
            match (values[i], values[j]) {
                (Some(a), Some(b)) => (a - b).abs() / range,
                _ => missing,
            }
        }
        Values::Distances(distances) => {
            distances.get(i, j).map_or(missing, |distance| distance / distances.largest())
        }
    }
}

pub(super) fn neural_distance(x: ArrayView2<'_, f32>, i: usize, j: usize, distance: Distance) -> f64 {
    let row = |i: usize| x.row(i).iter().map(|&x| f64::from(x)).collect::<Vec<_>>();
    let (a, b) = (row(i), row(j));
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let norm = |a: &[f64]| dot(a, a).sqrt();
    let difference: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
    match distance {
        Distance::Euclidean | Distance::Mahalanobis => norm(&difference),
        Distance::Manhattan => difference.iter().map(|x| x.abs()).sum(),
        Distance::Cosine => 1.0 - dot(&a, &b) / (norm(&a) * norm(&b)),
        Distance::Correlation => {
            let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
            let centred = |x: &[f64]| -> Vec<f64> { x.iter().map(|value| value - mean(x)).collect() };
            let (a, b) = (centred(&a), centred(&b));
            1.0 - dot(&a, &b) / (norm(&a) * norm(&b))
        }
        Distance::NormDiff => (norm(&a) - norm(&b)).abs(),
        Distance::Precomputed => a[j],
        Distance::Crossnobis => a[j].abs().sqrt().copysign(a[j]),
    }
}

/// `φ` of every pair `(n_pairs, n_terms)`, and the squared neural distances, of the stimuli at `rows`.
pub(super) fn all_pairs(
    params: &MlemParams,
    terms: &[Term],
    features: &FeatureTable,
    x: ArrayView2<'_, f32>,
    rows: &[usize],
) -> (Vec<Vec<f64>>, Vec<f64>) {
    let mut phi = Vec::new();
    let mut squared = Vec::new();
    for (at, &i) in rows.iter().enumerate() {
        for &j in &rows[at + 1..] {
            let d: Vec<f64> =
                features.iter().map(|f| feature_distance(f, i, j, params.missing.distance())).collect();
            phi.push(terms.iter().map(|term| term.multiplicity() * d[term.a] * d[term.b]).collect());
            squared.push(neural_distance(x, i, j, params.distance).powi(2));
        }
    }
    (phi, squared)
}

fn covariance(x: &[f64], y: &[f64]) -> f64 {
    let n = x.len() as f64;
    let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
    x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum::<f64>() / n
}

/// `C` and `b` by their definition.
pub(super) fn slow_moments(phi: &[Vec<f64>], target: &[f64]) -> (Array2<f64>, Vec<f64>) {
    let n_terms = phi[0].len();
    let column = |k: usize| phi.iter().map(|row| row[k]).collect::<Vec<_>>();
    let columns: Vec<Vec<f64>> = (0..n_terms).map(column).collect();
    let c = Array2::from_shape_fn((n_terms, n_terms), |(k, l)| covariance(&columns[k], &columns[l]));
    (c, columns.iter().map(|column| covariance(column, target)).collect())
}
