//! RSA over the folds of stimuli that the other estimators have.

use ndarray::{Array2, ArrayView2};
use rayon::prelude::*;

use super::super::Result;
use super::params::RsaParams;
use crate::mlem::score::GridModel;
use crate::mlem::solve::Solved;
use crate::mlem::{self, Scored, Scoring, Warning};
use crate::numeric::comoments::{Comoments, Line};
use crate::numeric::linalg::{Cholesky, symmetrise};
use crate::numeric::rank::{RankTarget, Scratch};
use crate::stimuli::FeatureTable;

/// Features split into folds, with the correlations between their distances.
#[derive(Debug, Clone)]
pub struct CrossValidation {
    folds: mlem::CrossValidation,
    /// Per fold, correlations between the distances of the features over its pairs, `(n_features, n_features)`.
    correlations: Vec<Array2<f64>>,
}

/// The correlations of one fold at one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldFit {
    /// The fold, from 0.
    pub fold: usize,
    /// Of the sum of all feature distances.
    pub scored: Scored,
    /// One per feature.
    pub features: Vec<FeatureCorrelation>,
    /// What a user should know.
    pub warnings: Vec<Warning>,
}

/// How the distance of one feature goes with the neural one.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureCorrelation {
    /// The feature.
    pub name: String,
    /// The correlation, Spearman's or Pearson's; NaN where it is not defined.
    pub correlation: f64,
    /// The same with all other features' distances, or their ranks, taken out of both; NaN where it is not defined, as where
    /// others determine it.
    pub partial: f64,
}

impl RsaParams {
    /// Splits the stimuli of `features` into `folds` at random under the seed, the same ones as MLEM's.
    ///
    /// # Errors
    ///
    /// As the module docs have it.
    pub fn cross_validation(&self, features: &FeatureTable, folds: usize) -> Result<CrossValidation> {
        self.check()?;
        let validation = self.options.cross_validation(features, folds)?;
        let correlations =
            (0..folds).into_par_iter().map(|fold| between_features(&validation, fold)).collect();
        Ok(CrossValidation { folds: validation, correlations })
    }

    /// Whether `features` can be measured in `folds` folds with these options.
    ///
    /// # Errors
    ///
    /// As [`RsaParams::cross_validation`].
    pub fn check_features(&self, features: &FeatureTable, folds: usize) -> Result<()> {
        self.check()?;
        Ok(self.options.check_features(features, folds)?)
    }
}

/// Correlations between the distances of all features over the pairs that `fold` is scored on; 0 where one does not vary.
fn between_features(validation: &mlem::CrossValidation, fold: usize) -> Array2<f64> {
    let design = validation.design();
    let n = design.n_features();
    let set = validation.held_pairs(fold);
    let distances: Vec<Vec<i32>> =
        (0..n).map(|k| GridModel::new(&design.terms, &one(n, k), &design.columns).distances(set)).collect();
    let mut scratch = Scratch::default();
    let mut matrix = Array2::eye(n);
    for a in 0..n {
        let values: Vec<f32> = distances[a].iter().map(|&x| x as f32).collect();
        let ranks =
            (design.params.scoring == Scoring::Spearman).then(|| RankTarget::new(&values, &mut scratch));
        for b in 0..a {
            let correlation = if let Some(ranks) = &ranks {
                ranks.spearman(&distances[b], &mut scratch)
            } else {
                let mut sums = Comoments::default();
                sums.add(&distances[b], &values);
                sums.pearson()
            };
            matrix[[a, b]] = correlation.unwrap_or(0.0);
            matrix[[b, a]] = matrix[[a, b]];
        }
    }
    symmetrise(&mut matrix);
    matrix
}

/// The weights of feature `k` alone.
fn one(n: usize, k: usize) -> Vec<f64> {
    (0..n).map(|i| f64::from(u8::from(i == k))).collect()
}

impl CrossValidation {
    /// MLEM's cross-validation of the same folds.
    #[must_use]
    pub fn folds(&self) -> &mlem::CrossValidation {
        &self.folds
    }

    /// What a user should know about the features and the folds.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        self.folds.warnings()
    }

    /// Measures every fold at one layer, of which `activations` are `(n_stimuli, d_model)`.
    ///
    /// # Errors
    ///
    /// Another number of rows than the features have; activations that are not finite.
    pub fn fit(&self, activations: ArrayView2<'_, f32>) -> Result<Vec<FoldFit>> {
        let names = self.folds.features();
        let n = names.len();
        let with = |w: &[f64]| {
            self.folds.fit_with(activations, |design, _| {
                (0..design.n_folds()).map(|_| Solved::given(w.to_vec(), Line::default())).collect()
            })
        };
        let together = with(&vec![1.0; n])?;
        let alone: Vec<Vec<mlem::FoldFit>> = (0..n).map(|k| with(&one(n, k))).collect::<mlem::Result<_>>()?;
        Ok(together
            .into_iter()
            .map(|sum| {
                let fold = sum.fold;
                let correlations: Vec<f64> =
                    alone.iter().map(|fits| fits[fold].scored.value.unwrap_or(f64::NAN)).collect();
                let partial = partial(&self.correlations[fold], &correlations);
                let rows = names.iter().zip(correlations.iter().zip(partial));
                FoldFit {
                    fold,
                    scored: sum.scored,
                    features: rows
                        .map(|(name, (&correlation, partial))| FeatureCorrelation {
                            name: name.clone(),
                            correlation,
                            partial,
                        })
                        .collect(),
                    warnings: sum.warnings,
                }
            })
            .collect())
    }
}

/// The partial correlation of each variable with another, all others held: from their correlations `among` `(n, n)` and
/// those `with` the other. A variable that has none with the other, because it does not vary, has no partial one, and the others
/// are what they are without it.
fn partial(among: &Array2<f64>, with: &[f64]) -> Vec<f64> {
    let known: Vec<usize> = (0..with.len()).filter(|&k| with[k].is_finite()).collect();
    let n = known.len();
    let all = Array2::from_shape_fn((n + 1, n + 1), |(i, j)| match (i < n, j < n) {
        (true, true) => among[[known[i], known[j]]],
        (false, false) => 1.0,
        (true, false) => with[known[i]],
        (false, true) => with[known[j]],
    });
    let mut partial = vec![f64::NAN; with.len()];
    if all.iter().any(|x| !x.is_finite()) {
        return partial;
    }
    // Where features determine one another, there is nothing of one that the others leave.
    let mut shifted = all.clone();
    shifted.diag_mut().iter_mut().for_each(|x| *x -= 1e-9);
    let factors = (Cholesky::new(shifted.view()), Cholesky::new(all.view()));
    let (Some(_), Some(factor)) = factors else { return partial };
    let precision = factor.inverse();
    for (k, &feature) in known.iter().enumerate() {
        partial[feature] = -precision[[k, n]] / (precision[[k, k]] * precision[[n, n]]).sqrt();
    }
    partial
}

#[cfg(test)]
mod tests {
    use super::super::Rsa;
    use super::*;
    use crate::mlem::dissimilarities;
    use crate::numeric::correlation::pearson;
    use crate::numeric::rng::Stream;
    use crate::stimuli::Feature;

    fn ranks(x: &[f64]) -> Vec<f64> {
        let below = |v: f64| x.iter().filter(|&&y| y < v).count() as f64;
        let equal = |v: f64| x.iter().filter(|&&y| y == v).count() as f64;
        x.iter().map(|&v| below(v) + equal(v) / 2.0).collect()
    }

    /// What is left of `y` after the best linear function of two others.
    fn residuals(y: &[f64], a: &[f64], b: &[f64]) -> Vec<f64> {
        let centred = |x: &[f64]| {
            let mean = x.iter().sum::<f64>() / x.len() as f64;
            x.iter().map(|x| x - mean).collect::<Vec<_>>()
        };
        let dot = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        let (y, a, b) = (centred(y), centred(a), centred(b));
        let determinant = dot(&a, &a) * dot(&b, &b) - dot(&a, &b).powi(2);
        let u = (dot(&y, &a) * dot(&b, &b) - dot(&y, &b) * dot(&a, &b)) / determinant;
        let v = (dot(&y, &b) * dot(&a, &a) - dot(&y, &a) * dot(&a, &b)) / determinant;
        (0..y.len()).map(|i| y[i] - u * a[i] - v * b[i]).collect()
    }

    #[test]
    fn correlations_are_those_of_ranks_and_partial_ones_those_of_residuals() {
        let n = 60;
        let mut stream = Stream::new(3, "rsa");
        let number: Vec<usize> = (0..n).map(|_| stream.index(2)).collect();
        let case: Vec<usize> = number.iter().map(|&x| if stream.index(4) == 0 { 1 - x } else { x }).collect();
        let zipf: Vec<f64> = (0..n).map(|_| stream.unit()).collect();
        let categorical = |name, codes: &[usize]| {
            Feature::categorical(name, &codes.iter().map(|&c| Some(["a", "b"][c])).collect::<Vec<_>>())
        };
        let features = FeatureTable::new(
            n,
            vec![
                categorical("number", &number),
                categorical("case", &case),
                Feature::numeric("zipf", zipf.iter().map(|&x| Some(x)).collect()).unwrap(),
            ],
        )
        .unwrap();
        let x = Array2::from_shape_fn((n, 5), |(i, j)| {
            (stream.normal() + if j == 0 { 6.0 * number[i] as f64 + zipf[i] } else { 0.0 }) as f32
        });
        let fit = Rsa::params().fit(&features, x.view()).unwrap();

        let rows: Vec<usize> = (0..n).collect();
        let neural = dissimilarities(x.view(), &rows, mlem::Distance::Euclidean).unwrap();
        let pairs = || (0..n).flat_map(|i| (i + 1..n).map(move |j| (i, j)));
        let neural = ranks(&pairs().map(|(i, j)| f64::from(neural[[i, j]])).collect::<Vec<_>>());
        let differ = |codes: &[usize]| {
            ranks(&pairs().map(|(i, j)| f64::from(u8::from(codes[i] != codes[j]))).collect::<Vec<_>>())
        };
        let zipf = ranks(&pairs().map(|(i, j)| (zipf[i] - zipf[j]).abs()).collect::<Vec<_>>());
        let distances = [differ(&number), differ(&case), zipf];
        for k in 0..3 {
            let (a, b) = (&distances[(k + 1) % 3], &distances[(k + 2) % 3]);
            let spearman = pearson(&distances[k], &neural).unwrap();
            assert!((fit.features[k].correlation - spearman).abs() < 1e-4);
            let partial = pearson(&residuals(&distances[k], a, b), &residuals(&neural, a, b)).unwrap();
            assert!(
                (fit.features[k].partial - partial).abs() < 1e-4,
                "{} {partial}",
                fit.features[k].partial
            );
        }
        // Case goes with the neural distance only as far as number does.
        assert!(fit.features[1].partial.abs() < 0.5 * fit.features[1].correlation);
    }

    #[test]
    fn a_feature_that_does_not_vary_takes_nothing_from_the_others() {
        let among = ndarray::array![[1.0, 0.0, 0.3], [0.0, 1.0, 0.0], [0.3, 0.0, 1.0]];
        let found = partial(&among, &[0.5, f64::NAN, 0.4]);
        let without = partial(&ndarray::array![[1.0, 0.3], [0.3, 1.0]], &[0.5, 0.4]);
        assert_eq!((found[0], found[2]), (without[0], without[1]));
        // The formula for one control: (r − r₁r₂) / √((1 − r₁²)(1 − r₂²)).
        let expected = (0.5 - 0.4 * 0.3) / ((1.0_f64 - 0.16) * (1.0 - 0.09)).sqrt();
        assert!((found[0] - expected).abs() < 1e-12 && found[1].is_nan());
    }
}
