//! One fit on all stimuli, and what the fitted model can tell.

use ndarray::{ArrayView2, Axis};

use super::super::{Error, Result};
use super::crossval::solve;
use super::moments::Moments;
use super::params::FrRsaParams;
use crate::mlem::moments::Design;
use crate::mlem::pairs::Layout;
use crate::mlem::{FittedMlem, Scored, TermImportance};
use crate::numeric::rng::Stream;
use crate::numeric::split;
use crate::stimuli::FeatureTable;

/// Folds that the fraction is chosen on.
const FOLDS: usize = 5;

impl FrRsaParams {
    /// Fits the weights to the distances of `activations` `(n_stimuli, d_model)` on all pairs of the stimuli of `features`, at
    /// the fraction that is best in five folds of them.
    ///
    /// # Errors
    ///
    /// As the module docs have it.
    pub fn fit(&self, features: &FeatureTable, activations: ArrayView2<'_, f32>) -> Result<FittedFrRsa> {
        self.check()?;
        let n = features.n_stimuli();
        let whole = Design::new(&self.options, features, Layout::whole(n))?;
        // A fold needs two stimuli for a distance, and its distances must differ.
        if n < 3 * FOLDS {
            return Err(Error::TooFewStimuli { stimuli: n, folds: FOLDS, least: 3 * FOLDS });
        }
        if activations.len_of(Axis(0)) != n {
            whole.neural(activations)?;
        }
        let seed = self.options.seed;
        let fold_of = split::folds(n, FOLDS, &mut Stream::new(seed, "folds"));
        let design = Design::new(&self.options, features, Layout::of_folds(&fold_of, FOLDS))?;
        let moments = Moments::new(&design);
        let targets = moments.targets(&design, &design.neural(activations)?);
        let folds: Vec<usize> = (0..FOLDS).collect();
        let fraction = self.fractions[moments.choose(&targets, &folds, &self.fractions)];
        let solved = solve(&moments.over(&targets, |_| true), fraction, &whole.terms);
        Ok(FittedFrRsa { model: FittedMlem::of(whole, solved), fraction })
    }
}

/// A fitted model: `W`, with the names and scales of its features.
#[derive(Debug, Clone)]
pub struct FittedFrRsa {
    model: FittedMlem,
    fraction: f64,
}

impl FittedFrRsa {
    /// `W` at unit Frobenius norm, `(n_features, n_features)`, symmetric.
    #[must_use]
    pub fn weights(&self) -> ArrayView2<'_, f64> {
        self.model.weights()
    }

    /// The fraction of the unpenalised length that was chosen.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        self.fraction
    }

    /// Everything that a fitted MLEM tells too.
    #[must_use]
    pub fn model(&self) -> &FittedMlem {
        &self.model
    }

    /// The score over the pairs of these stimuli: Spearman's correlation, ties at their mid-rank, or what [`MlemParams::scoring`](crate::mlem::MlemParams::scoring) says.
    ///
    /// # Errors
    ///
    /// As [`FittedMlem::score`].
    pub fn score(&self, features: &FeatureTable, activations: ArrayView2<'_, f32>) -> Result<Scored> {
        Ok(self.model.score(features, activations)?)
    }

    /// The importance of every term over the pairs of these stimuli.
    ///
    /// # Errors
    ///
    /// As [`FittedMlem::score`].
    pub fn importance(
        &self,
        features: &FeatureTable,
        activations: ArrayView2<'_, f32>,
    ) -> Result<Vec<TermImportance>> {
        Ok(self.model.importance(features, activations)?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::FrRsa;
    use super::*;
    use crate::mlem::{Constraint, Mlem, PairBudget};
    use crate::stimuli::Feature;
    use ndarray::Array2;

    /// Three binary features that weigh 1, 0.2 and 0, with noise.
    fn data(n: usize, noise: f64) -> (FeatureTable, Array2<f32>) {
        let mut stream = Stream::new(8, "frrsa");
        let codes: Vec<[usize; 3]> = (0..n).map(|_| [0; 3].map(|_: usize| stream.index(2))).collect();
        let column = |k: usize| {
            let values: Vec<_> = codes.iter().map(|code| Some(["a", "b"][code[k]])).collect();
            Feature::categorical(["x", "y", "z"][k], &values)
        };
        let table = FeatureTable::new(n, (0..3).map(column).collect()).unwrap();
        let activations = Array2::from_shape_fn((n, 20), |(i, j)| {
            let signal = match j {
                0 => codes[i][0] as f64,
                1 => 0.2f64.sqrt() * codes[i][1] as f64,
                _ => 0.0,
            };
            (signal + noise * stream.normal()) as f32
        });
        (table, activations)
    }

    #[test]
    fn a_fraction_of_one_is_mlem_without_a_constraint() {
        let (features, x) = data(60, 0.3);
        for interactions in [false, true] {
            let options = Mlem::params().interactions(interactions).pairs(PairBudget::All);
            let plain = options.clone().constraint(Constraint::None).fit(&features, x.view()).unwrap();
            let ridge = FrRsa::params().options(options).fractions(&[1.0]).fit(&features, x.view()).unwrap();
            assert!((&plain.weights() - &ridge.weights()).iter().all(|d| d.abs() < 1e-8));
            assert!((plain.objective() - ridge.model().objective()).abs() < 1e-10);
        }
    }

    #[test]
    fn nested_folds_shrink_where_there_is_noise_and_score_what_was_held_out() {
        let (features, x) = data(90, 0.4);
        let params = FrRsa::params().options(Mlem::params().interactions(true).permutations(2));
        let validation = params.cross_validation(&features, 3).unwrap();
        let fits = validation.fit(x.view()).unwrap();
        assert!(fits.iter().any(|fit| fit.fraction < 1.0));
        for fit in &fits {
            assert!(fit.model.scored.value.unwrap() > 0.1, "{fit:?}");
            assert!(fit.model.importances[0].importance > fit.model.importances[2].importance);
        }
        let clean = data(90, 0.01);
        let fits = params.cross_validation(&clean.0, 3).unwrap().fit(clean.1.view()).unwrap();
        assert!(fits.iter().all(|fit| fit.fraction == 1.0), "{fits:?}");
    }

    #[test]
    fn too_few_folds_and_stimuli_and_bad_fractions_are_said() {
        let (features, x) = data(12, 0.1);
        let message = |result: Result<()>| result.unwrap_err().to_string();
        let check = |folds| message(FrRsa::params().check_features(&features, folds));
        assert_eq!(check(2), "2 folds leave no cross-validation within the training stimuli");
        assert_eq!(check(1), "1 fold leaves no cross-validation within the training stimuli");
        let fit = FrRsa::params().fit(&features, x.view()).map(drop);
        assert_eq!(message(fit), "12 stimuli are too few for 5 folds with folds within them: 15 are needed");
        let fractions = FrRsa::params().fractions(&[0.5, 1.5]).check();
        assert_eq!(message(fractions), "fractions is 1.5, and must be above 0 and at most 1");
    }
}
