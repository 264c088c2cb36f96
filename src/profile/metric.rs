//! The fitted metric: W of every layer, averaged over folds.

use std::collections::BTreeMap;

use ndarray::Array2;

use super::Profile;
use crate::numeric::linalg::symmetric_eigen;

/// W per layer. Every fold's W has unit Frobenius norm; their mean is at most that long.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The features, in the order of the tables.
    pub features: Vec<String>,
    /// The layers, ascending.
    pub layers: Vec<usize>,
    /// One symmetric `(n_features, n_features)` matrix per layer; NaN where no fold has a number.
    pub mean: Vec<Array2<f64>>,
    /// Whether there are weights off the diagonal.
    pub interactions: bool,
}

/// An eigen-direction of W: features that are weighed together.
#[derive(Debug, Clone, PartialEq)]
pub struct Direction {
    /// How much it weighs.
    pub eigenvalue: f64,
    /// One loading per feature, at unit length; the largest in absolute value is positive.
    pub loadings: Vec<f64>,
}

impl Metric {
    /// The eigen-directions of the metric of the layer at position `layer`, the largest absolute eigenvalue first; `None`
    /// where a weight is not a number.
    #[must_use]
    pub fn directions(&self, layer: usize) -> Option<Vec<Direction>> {
        let (values, vectors) = symmetric_eigen(self.mean.get(layer)?.view())?;
        let mut directions: Vec<Direction> = values
            .into_iter()
            .zip(vectors.columns())
            .map(|(eigenvalue, vector)| {
                // An eigenvector's sign is arbitrary; the first of equally large loadings decides it.
                let largest =
                    vector.iter().fold(0.0_f64, |best, &x| if x.abs() > best.abs() { x } else { best });
                let sign = if largest < 0.0 { -1.0 } else { 1.0 };
                Direction { eigenvalue, loadings: vector.iter().map(|x| sign * x).collect() }
            })
            .collect();
        directions.sort_by(|a, b| b.eigenvalue.abs().total_cmp(&a.eigenvalue.abs()));
        Some(directions)
    }

    /// The metric of `profile`.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        let mut features: Vec<String> = Vec::new();
        let mut positions: BTreeMap<&str, usize> = BTreeMap::new();
        for name in profile.weights.iter().flat_map(|row| [&row.feature_a, &row.feature_b]) {
            positions.entry(name).or_insert_with(|| {
                features.push(name.clone());
                features.len() - 1
            });
        }
        let mut layers: Vec<usize> = profile.weights.iter().map(|row| row.layer).collect();
        layers.sort_unstable();
        layers.dedup();
        let n = features.len();
        let mut sums = vec![Array2::<f64>::zeros((n, n)); layers.len()];
        let mut counts = vec![Array2::<f64>::zeros((n, n)); layers.len()];
        let mut interactions = false;
        for row in profile.weights.iter().filter(|row| row.weight.is_finite()) {
            let (a, b) = (positions[row.feature_a.as_str()], positions[row.feature_b.as_str()]);
            let Ok(layer) = layers.binary_search(&row.layer) else { continue };
            interactions |= a != b;
            sums[layer][[a, b]] += row.weight;
            counts[layer][[a, b]] += 1.0;
            if a != b {
                sums[layer][[b, a]] += row.weight;
                counts[layer][[b, a]] += 1.0;
            }
        }
        // Without interactions W is zero off its diagonal, which the table does not spell out.
        let mean = |(sum, count): (Array2<f64>, Array2<f64>)| {
            Array2::from_shape_fn((n, n), |at| match count[at] {
                0.0 if at.0 != at.1 && !interactions => 0.0,
                0.0 => f64::NAN,
                count => sum[at] / count,
            })
        };
        Self { features, layers, mean: sums.into_iter().zip(counts).map(mean).collect(), interactions }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::Weight;

    #[test]
    fn weights_are_averaged_over_folds_and_mirrored() {
        let weight = |fold, a: &str, b: &str, weight| Weight {
            layer: 3,
            fold,
            feature_a: a.to_owned(),
            feature_b: b.to_owned(),
            weight,
        };
        let weights = vec![
            weight(0, "a", "a", 0.5),
            weight(0, "a", "b", -0.25),
            weight(0, "b", "b", 1.0),
            weight(1, "a", "a", 1.0),
            weight(1, "a", "b", f64::NAN),
            weight(1, "b", "b", 0.0),
        ];
        let metric = Metric::of(&Profile { weights, ..Profile::default() });
        assert_eq!((metric.layers.as_slice(), metric.interactions), ([3].as_slice(), true));
        assert_eq!(metric.mean[0], ndarray::array![[0.75, -0.25], [-0.25, 0.5]]);
    }

    #[test]
    fn directions_rebuild_the_metric() {
        let features = vec!["a".to_owned(), "b".to_owned()];
        let w = ndarray::array![[0.6, -0.3], [-0.3, 0.2]];
        let metric = Metric { features, layers: vec![0], mean: vec![w.clone()], interactions: true };
        let directions = metric.directions(0).unwrap();
        assert!(directions[0].eigenvalue > directions[1].eigenvalue && directions[0].loadings[0] > 0.0);
        for (at, &expected) in w.indexed_iter() {
            let rebuilt: f64 =
                directions.iter().map(|d| d.eigenvalue * d.loadings[at.0] * d.loadings[at.1]).sum();
            assert!((rebuilt - expected).abs() < 1e-12);
        }
        assert!(metric.directions(1).is_none());
    }

    #[test]
    fn a_diagonal_metric_is_zero_elsewhere() {
        let row = |name: &str| Weight {
            layer: 0,
            fold: 0,
            feature_a: name.to_owned(),
            feature_b: name.to_owned(),
            weight: 0.5,
        };
        let metric = Metric::of(&Profile { weights: vec![row("a"), row("b")], ..Profile::default() });
        assert_eq!(metric.mean[0], ndarray::array![[0.5, 0.0], [0.0, 0.5]]);
        assert!(!metric.interactions);
    }
}
