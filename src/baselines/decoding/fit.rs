//! Probes of every feature on some stimuli, and what they are worth on others.

use ndarray::{Array1, Array2, ArrayView2, Axis};
use rayon::prelude::*;

use super::super::Result;
use super::super::rows::check;
use super::params::DecodingParams;
use super::probe::{Labels, Probe, Training};
use super::score::{FeatureScore, Measure, score};
use crate::numeric::correlation::mean_sd;
use crate::numeric::linalg::symmetric_eigen;
use crate::numeric::rng::Stream;
use crate::numeric::split;
use crate::stimuli::{Feature, FeatureTable};

impl DecodingParams {
    /// Fits a probe of every feature, and of its control tasks, to all of `activations` `(n_stimuli, d_model)`.
    ///
    /// # Errors
    ///
    /// As the module docs have it.
    pub fn fit(&self, features: &FeatureTable, activations: ArrayView2<'_, f32>) -> Result<FittedDecoding> {
        self.check_features(features, 1)?;
        check(features.n_stimuli(), activations)?;
        let rows: Vec<usize> = (0..features.n_stimuli()).collect();
        Ok(self.fit_rows(features, activations, &rows, "all"))
    }

    /// As [`DecodingParams::fit`], to the stimuli at `rows` alone; `name` tells the draws of one fit from another's.
    pub(super) fn fit_rows(
        &self,
        features: &FeatureTable,
        activations: ArrayView2<'_, f32>,
        rows: &[usize],
        name: &str,
    ) -> FittedDecoding {
        let basis = Basis::of(activations, rows);
        let x = basis.project(activations);
        let mut fold_of = vec![usize::MAX; features.n_stimuli()];
        let mut stream = Stream::new(self.seed, &format!("inner folds of {name}"));
        for (&row, fold) in rows.iter().zip(split::folds(rows.len(), self.inner_folds, &mut stream)) {
            fold_of[row] = fold;
        }
        let all = Folds::new(x.view(), rows, &fold_of, self.inner_folds);
        let probes = features
            .iter()
            .collect::<Vec<_>>()
            .into_par_iter()
            .filter_map(|feature| {
                let (labels, known) = Labels::of(feature)?;
                let own: Vec<usize> =
                    rows.iter().copied().filter(|row| known.binary_search(row).is_ok()).collect();
                // Features that every stimulus has a value of share what the activations alone decide.
                let folds = if own.len() == rows.len() {
                    &all
                } else {
                    &Folds::new(x.view(), &own, &fold_of, self.inner_folds)
                };
                Some(self.learn(feature, &labels, &known, folds, x.view(), name))
            })
            .collect();
        FittedDecoding { params: self.clone(), name: name.to_owned(), basis, probes }
    }

    fn learn(
        &self,
        feature: &Feature,
        labels: &Labels,
        known: &[usize],
        folds: &Folds,
        x: ArrayView2<'_, f64>,
        name: &str,
    ) -> Learned {
        let place = folds.choose(labels, &self.penalties, x);
        let penalty = self.penalties[place];
        // The path of penalties is followed down to the chosen one, so that the last fit starts near its end.
        let last = |labels: &Labels| folds.whole.fit(labels, &self.penalties[..=place]);
        let probe = last(labels);
        let controls = (0..self.controls)
            .map(|control| {
                let mut stream = self.control_stream(name, feature.name(), control);
                let shuffled = labels.shuffled(known, |order| stream.shuffle(order));
                folds.whole.fit(&shuffled, &[penalty])
            })
            .collect();
        Learned { name: feature.name().to_owned(), penalty, probe, controls }
    }

    fn control_stream(&self, name: &str, feature: &str, control: usize) -> Stream {
        Stream::new(self.seed, &format!("control {control} of {feature} in {name}"))
    }
}

/// How activations are standardised, and turned into their principal axes: a probe's coefficients lie in the space that these
/// span, and it is found in fewer steps along them.
#[derive(Debug, Clone)]
struct Basis {
    mean: Array1<f64>,
    /// 1 over the standard deviation; 0 for a unit that does not vary.
    scale: Array1<f64>,
    /// `(d_model, n_directions)`, of unit length; `None` where nothing varies.
    axes: Option<Array2<f64>>,
}

impl Basis {
    fn of(activations: ArrayView2<'_, f32>, rows: &[usize]) -> Self {
        let n = rows.len() as f64;
        let mut mean = Array1::<f64>::zeros(activations.ncols());
        for &row in rows {
            mean.zip_mut_with(&activations.row(row), |mean, &x| *mean += f64::from(x) / n);
        }
        let mut variance = Array1::<f64>::zeros(activations.ncols());
        for &row in rows {
            let deviations = &activations.row(row).mapv(f64::from) - &mean;
            variance.zip_mut_with(&deviations, |variance, d| *variance += d * d / n);
        }
        let magnitude = mean.mapv(f64::abs);
        // A deviation that is rounding of the mean alone is none.
        let scale = ndarray::Zip::from(&variance)
            .and(&magnitude)
            .map_collect(|&v, &m| if v.sqrt() > 1e-7 * m { 1.0 / v.sqrt() } else { 0.0 });
        let mut basis = Self { mean, scale, axes: None };
        let x = basis.project(activations.select(Axis(0), rows).view());
        let wide = activations.ncols() > rows.len();
        let moments = if wide { x.dot(&x.t()) } else { x.t().dot(&x) };
        if let Some((values, vectors)) = symmetric_eigen(moments.view()) {
            let largest = values.last().copied().unwrap_or(0.0);
            let kept: Vec<usize> = (0..values.len()).filter(|&k| values[k] > 1e-12 * largest).collect();
            let mut axes = vectors.select(Axis(1), &kept);
            if wide {
                axes = x.t().dot(&axes);
                for (mut axis, &k) in axes.columns_mut().into_iter().zip(&kept) {
                    axis /= values[k].sqrt();
                }
            }
            basis.axes = Some(axes).filter(|_| !kept.is_empty());
        }
        basis
    }

    /// `(n_stimuli, n_directions)`.
    fn project(&self, activations: ArrayView2<'_, f32>) -> Array2<f64> {
        let standard = (&activations.mapv(f64::from) - &self.mean) * &self.scale;
        match &self.axes {
            Some(axes) => standard.dot(axes),
            None => standard,
        }
    }
}

/// Penalties without a better score that end the search for the best.
const WORSE: usize = 2;

/// Training stimuli, whole and without each of the inner folds.
struct Folds {
    whole: Training,
    /// What is left to fit to, and the stimuli that are held out.
    inner: Vec<(Training, Vec<usize>)>,
}

impl Folds {
    fn new(x: ArrayView2<'_, f64>, rows: &[usize], fold_of: &[usize], n_folds: usize) -> Self {
        let inner = (0..n_folds).map(|fold| {
            let (held_out, kept) = rows.iter().partition(|&&row| fold_of[row] == fold);
            (Training::new(x, kept), held_out)
        });
        Self { whole: Training::new(x, rows.to_vec()), inner: inner.collect() }
    }

    /// The place of the penalty that is best on average over the inner folds: the first of equals. The search ends after
    /// [`WORSE`] in a row that are no better than the best.
    fn choose(&self, labels: &Labels, penalties: &[f64], x: ArrayView2<'_, f64>) -> usize {
        let held_out: Vec<Array2<f64>> = self.inner.iter().map(|(_, rows)| x.select(Axis(0), rows)).collect();
        let mut last: Vec<Option<Probe>> = self.inner.iter().map(|_| None).collect();
        let mut best = (f64::NEG_INFINITY, 0);
        for (place, &penalty) in penalties.iter().enumerate() {
            let (mut sum, mut most) = (0.0, 0.0);
            for (((training, rows), x), last) in self.inner.iter().zip(&held_out).zip(&mut last) {
                *last = training.fit_from(labels, penalty, last.as_ref());
                if let Some(score) = last.as_ref().and_then(|p| score(&p.predict(x.view()), labels, rows)) {
                    sum += score;
                    most += 1.0;
                }
            }
            if sum > best.0 {
                best = (sum, place);
            }
            if place >= best.1 + WORSE || sum >= most {
                break;
            }
        }
        best.1
    }
}

/// The probe of one feature, and those of its control tasks; `None` where training had one value alone.
struct Learned {
    name: String,
    penalty: f64,
    probe: Option<Probe>,
    controls: Vec<Option<Probe>>,
}

/// Fitted probes of every feature.
pub struct FittedDecoding {
    params: DecodingParams,
    name: String,
    basis: Basis,
    probes: Vec<Learned>,
}

impl FittedDecoding {
    /// The features whose probe stopped short of its optimum.
    #[must_use]
    pub fn inexact(&self) -> Vec<&str> {
        let stopped = |learned: &&Learned| learned.probe.as_ref().is_some_and(|probe| !probe.converged());
        self.probes.iter().filter(stopped).map(|learned| learned.name.as_str()).collect()
    }

    /// The score of every feature on these stimuli, with that of its control tasks.
    ///
    /// # Errors
    ///
    /// Another number of rows than the features have; activations that are not finite.
    pub fn score(
        &self,
        features: &FeatureTable,
        activations: ArrayView2<'_, f32>,
    ) -> Result<Vec<FeatureScore>> {
        check(features.n_stimuli(), activations)?;
        let rows: Vec<usize> = (0..features.n_stimuli()).collect();
        Ok(self.score_rows(features, activations, &rows))
    }

    /// What every feature's score has over that of its control tasks, in the order of the features.
    ///
    /// # Errors
    ///
    /// As [`FittedDecoding::score`].
    pub fn importance(&self, features: &FeatureTable, activations: ArrayView2<'_, f32>) -> Result<Vec<f64>> {
        Ok(self.score(features, activations)?.iter().map(FeatureScore::selectivity).collect())
    }

    /// As [`FittedDecoding::score`], on the stimuli at `rows` alone.
    pub(super) fn score_rows(
        &self,
        features: &FeatureTable,
        activations: ArrayView2<'_, f32>,
        rows: &[usize],
    ) -> Vec<FeatureScore> {
        let x = self.basis.project(activations);
        let of = |learned: &Learned| {
            let feature = features.iter().find(|feature| feature.name() == learned.name)?;
            let (labels, known) = Labels::of(feature)?;
            let rows: Vec<usize> =
                rows.iter().copied().filter(|row| known.binary_search(row).is_ok()).collect();
            let x = x.select(Axis(0), &rows);
            let value = |probe: &Option<Probe>, labels: &Labels| {
                let probe = probe.as_ref()?;
                score(&probe.predict(x.view()), labels, &rows)
            };
            let controls: Vec<f64> = learned
                .controls
                .iter()
                .enumerate()
                .filter_map(|(control, probe)| {
                    let mut stream = self.params.control_stream(&self.name, &learned.name, control);
                    let shuffled = labels.shuffled(&known, |order| stream.shuffle(order));
                    value(probe, &shuffled)
                })
                .collect();
            let (control, control_sd) = mean_sd(&controls).unwrap_or((f64::NAN, f64::NAN));
            Some(FeatureScore {
                name: learned.name.clone(),
                measure: match labels {
                    Labels::Classes { .. } => Measure::RocAuc,
                    Labels::Numbers(_) => Measure::RSquared,
                },
                score: value(&learned.probe, &labels).unwrap_or(f64::NAN),
                control,
                control_sd,
                penalty: learned.penalty,
                stimuli: rows.len(),
            })
        };
        self.probes.iter().filter_map(of).collect()
    }
}
