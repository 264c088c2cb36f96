//! Confounds: which features' distances go together over the pairs of stimuli, and which feature decides another.
//!
//! The distance of a feature between two stimuli is 1 where the levels of a categorical feature differ and 0 where they do
//! not; of a numeric feature it is the absolute difference after min–max scaling; it is 0 where either stimulus lacks a
//! value, unless having one is all that the feature is about. The correlations are Pearson's over all n(n−1)/2 pairs of distinct stimuli, and exact: sums over pairs come from
//! counting levels and from sorted prefix sums, in O(n log n) per pair of features, never from a list of pairs; only a
//! feature that is given as its distances is summed pair by pair.

mod coded;

use coded::{Coded, Moments, correlation};
use ndarray::Array2;

use super::FeatureTable;

/// Two features whose distances correlate beyond this are reported as confounded.
pub const THRESHOLD: f64 = 0.5;

/// How the features of a table go together.
#[derive(Debug, Clone, PartialEq)]
pub struct Confounds {
    names: Vec<String>,
    /// `(n_features, n_features)`, row by row.
    correlations: Vec<Option<f64>>,
    dependencies: Vec<Dependency>,
}

/// Two features and the correlation of their distances.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The feature that comes first in the table.
    pub a: String,
    /// The other one.
    pub b: String,
    /// Pearson's correlation of their distances over pairs of distinct stimuli.
    pub r: f64,
}

/// A feature whose value another decides: no sample can tell all of the two apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The feature that decides.
    pub of: String,
    /// The feature that is decided.
    pub feature: String,
}

impl Confounds {
    /// Measures the features of `table`.
    #[must_use]
    pub fn of(table: &FeatureTable) -> Self {
        let coded: Vec<Coded<'_>> = table.iter().map(Coded::new).collect();
        let n = coded.len();
        let mut correlations = vec![None; n * n];
        let own: Vec<Moments> = coded.iter().map(Coded::moments).collect();
        for a in 0..n {
            for b in a..n {
                let r = if a == b {
                    (own[a].variance > 0.0).then_some(1.0)
                } else {
                    correlation(&coded[a], &own[a], &coded[b], &own[b])
                };
                correlations[a * n + b] = r;
                correlations[b * n + a] = r;
            }
        }
        let names: Vec<String> = table.iter().map(|feature| feature.name().to_owned()).collect();
        let mut dependencies = Vec::new();
        for (a, of) in coded.iter().enumerate() {
            for (b, feature) in coded.iter().enumerate() {
                if a != b && of.decides(feature) {
                    dependencies.push(Dependency { of: names[a].clone(), feature: names[b].clone() });
                }
            }
        }
        Self { names, correlations, dependencies }
    }

    /// The names of the features, in the order of the matrix.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The correlation of the distances of features `a` and `b` (positions); `None` where one of them never differs.
    #[must_use]
    pub fn correlation(&self, a: usize, b: usize) -> Option<f64> {
        self.correlations[a * self.names.len() + b]
    }

    /// The correlations of all features with each other, `(n_features, n_features)`; NaN where one of them never differs.
    #[must_use]
    pub fn matrix(&self) -> Array2<f64> {
        let n = self.names.len();
        Array2::from_shape_fn((n, n), |(a, b)| self.correlation(a, b).unwrap_or(f64::NAN))
    }

    /// All pairs of different features, strongest correlation first; those that never differ are left out.
    #[must_use]
    pub fn pairs(&self) -> Vec<Pair> {
        let n = self.names.len();
        let mut pairs = Vec::new();
        for a in 0..n {
            for b in a + 1..n {
                if let Some(r) = self.correlation(a, b) {
                    pairs.push(Pair { a: self.names[a].clone(), b: self.names[b].clone(), r });
                }
            }
        }
        // Stable, so that ties stay in the order of the table.
        pairs.sort_by(|x, y| y.r.abs().total_cmp(&x.r.abs()));
        pairs
    }

    /// The pair of different features whose distances correlate most.
    #[must_use]
    pub fn largest(&self) -> Option<Pair> {
        self.pairs().into_iter().next()
    }

    /// The pairs that are confounded: a correlation beyond [`THRESHOLD`] in absolute value, strongest first.
    #[must_use]
    pub fn flagged(&self) -> Vec<Pair> {
        self.pairs().into_iter().filter(|pair| pair.r.abs() > THRESHOLD).collect()
    }

    /// The features that another feature decides: stimuli with one value of it have one value of them. What a constant feature decides
    /// is no news and left out, and so is what a feature decides of whose stimuli (those that have a value) more than half share it with
    /// no other, as those of numbers that are nearly all different.
    #[must_use]
    pub fn dependencies(&self) -> &[Dependency] {
        &self.dependencies
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Feature, Values};
    use super::*;
    use crate::numeric::rng::Stream;

    /// The distances of a feature over all pairs, straight from the definition.
    fn distances(feature: &Feature) -> Vec<f64> {
        let n = feature.len();
        let mut all = Vec::new();
        let range = match feature.values() {
            Values::Numeric(values) => {
                let present: Vec<f64> = values.iter().flatten().copied().collect();
                let fold = |f: fn(f64, f64) -> f64, start| present.iter().copied().fold(start, f);
                fold(f64::max, f64::MIN) - fold(f64::min, f64::MAX)
            }
            _ => 1.0,
        };
        for i in 0..n {
            for j in 0..i {
                all.push(match feature.values() {
                    Values::Categorical { codes, .. } => match (codes[i], codes[j]) {
                        (Some(a), Some(b)) => f64::from(u8::from(a != b)),
                        _ => 0.0,
                    },
                    Values::Numeric(values) => match (values[i], values[j]) {
                        (Some(a), Some(b)) => (a - b).abs() / range,
                        _ => 0.0,
                    },
                    Values::Distances(distances) => distances.get(i, j).unwrap_or(0.0) / distances.largest(),
                });
            }
        }
        all
    }

    fn pearson(x: &[f64], y: &[f64]) -> f64 {
        let n = x.len() as f64;
        let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
        let sum = |f: &dyn Fn(f64, f64) -> f64| x.iter().zip(y).map(|(a, b)| f(a - mx, b - my)).sum::<f64>();
        sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt()
    }

    #[test]
    fn correlations_are_those_of_the_list_of_all_pairs() {
        let mut stream = Stream::new(5, "test");
        let n = 90;
        let mut features = Vec::new();
        for index in 0..6 {
            let mut value = || (stream.index(7) > 0).then(|| stream.index(3 + index) as f64);
            let values: Vec<Option<f64>> = (0..n).map(|_| value()).collect();
            features.push(if index < 3 {
                let levels: Vec<Option<String>> = values.iter().map(|x| x.map(|x| x.to_string())).collect();
                Feature::categorical(&format!("f{index}"), &levels)
            } else {
                let noise: Vec<Option<f64>> =
                    values.iter().map(|x| x.map(|x| x + stream.unit() * 0.5)).collect();
                Feature::numeric(&format!("f{index}"), if index == 3 { values } else { noise }).unwrap()
            });
        }
        let mut given = Array2::<f32>::zeros((n, n));
        for i in 0..n {
            for j in 0..i {
                let distance = if stream.index(9) == 0 { f32::NAN } else { 5.0 * stream.unit() as f32 };
                (given[[i, j]], given[[j, i]]) = (distance, distance);
            }
        }
        features.push(Feature::distances("f6", given.view()).unwrap());
        let table = FeatureTable::new(n, features).unwrap();
        let confounds = Confounds::of(&table);
        for a in 0..7 {
            for b in 0..7 {
                let expected = pearson(&distances(table.feature(a)), &distances(table.feature(b)));
                let found = confounds.correlation(a, b).unwrap();
                assert!((found - expected).abs() < 1e-12, "{a} {b}: {found} {expected}");
            }
        }
    }

    #[test]
    fn a_feature_that_another_decides_is_named_and_a_constant_has_no_correlation() {
        let column = |name: &str, values: &str| {
            let values: Vec<Option<String>> =
                values.chars().map(|c| (c != '-').then(|| c.to_string())).collect();
            Feature::categorical(name, &values)
        };
        let features = vec![column("lemma", "abcabc"), column("gender", "ffmffm"), column("same", "xxxxxx")];
        let confounds = Confounds::of(&FeatureTable::new(6, features).unwrap());
        let expected = Dependency { of: "lemma".into(), feature: "gender".into() };
        assert_eq!(confounds.dependencies(), [expected]);
        assert_eq!(confounds.correlation(0, 2), None);
        assert_eq!(confounds.largest().unwrap().b, "gender");
    }

    #[test]
    fn values_that_hardly_come_again_decide_nothing() {
        let n = 40;
        let number: Vec<Option<&str>> = (0..n).map(|row| Some(["sg", "pl"][row % 2])).collect();
        let decided = |zipf: Vec<Option<f64>>| {
            let features =
                vec![Feature::numeric("zipf", zipf).unwrap(), Feature::categorical("number", &number)];
            let confounds = Confounds::of(&FeatureTable::new(n, features).unwrap());
            confounds.dependencies().iter().any(|found| found.of == "zipf")
        };
        // Rows 2k and 2k + 2, the first `pairs` of them, have one value; the others have each their own.
        let zipf = |pairs: usize| {
            let value = |row: usize| if row % 4 >= 2 && row < 4 * pairs { row - 2 } else { row };
            (0..n).map(|row| Some(value(row) as f64 / 7.0)).collect::<Vec<_>>()
        };
        assert!(!decided(zipf(0)) && !decided(zipf(4)));
        assert!(decided(zipf(10)));
        // Five words with a frequency each.
        assert!(decided((0..n).map(|row| Some([1.5, 2.5, 3.5, 4.5, 5.5, 6.5][row % 6])).collect()));
        // Missing values are no value that comes again.
        assert!(!decided((0..n).map(|row| (row % 2 == 0).then_some(row as f64)).collect()));
    }

    #[test]
    fn two_names_for_one_feature_are_flagged() {
        let levels = |name| Feature::categorical(name, &["a", "b", "a", "b"].map(Some));
        let confounds = Confounds::of(&FeatureTable::new(4, vec![levels("x"), levels("y")]).unwrap());
        assert_eq!(confounds.flagged(), [Pair { a: "x".into(), b: "y".into(), r: 1.0 }]);
        assert_eq!(confounds.dependencies().len(), 2);
    }
}
