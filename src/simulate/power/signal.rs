//! The effects of features on activations, and how large they are for an importance to be what it is to be.
//!
//! With noise of variance 1 in each of `d` units, a pair of stimuli at signal distance `D` has the squared distance `|Δ + ε|²`, of mean
//! `2d + D²` and variance `8d + 8D²`, and for so many units it is about normal. The expected rank of a pair among all others follows from
//! these, pair by pair, so that the population's Spearman correlation takes no noise to be drawn.

use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;

use super::limits::UNITS;
use crate::numeric::normal::normal_cdf;
use crate::numeric::rng::Stream;
use crate::numeric::spectral::orthonormal;
use crate::stimuli::{Feature, FeatureTable, Values};

/// So many pairs of stimuli stand for all.
const PAIRS: usize = 1 << 13;
/// Pairs are in so many classes of signal distance at most.
const CLASSES: usize = 96;
/// Steps towards effects with which all features have one importance.
const STEPS: usize = 400;
/// How near they must come.
const NEAR: f64 = 0.01;

/// Where a feature places a stimulus: at a level's point, at a number along a direction, or nowhere.
pub(super) enum Place {
    Levels(Vec<Option<usize>>),
    Numbers(Vec<Option<f64>>),
}

/// A feature as a signal.
pub(super) struct Signal {
    pub(super) place: Place,
    /// `(levels, units)`: the point of each level, or the direction of a number.
    pub(super) points: Array2<f64>,
    /// Sum and sum of squares of the variances along all directions: of the trace of its covariance, and of that of its square.
    pub(super) spread: (f64, f64),
}

/// The features as signals, and the squared sizes of their effects.
pub(super) struct Signals {
    pub(super) each: Vec<Signal>,
    /// Per importance, of each feature alone; `None` where it cannot have it.
    pub(super) alone: Vec<Vec<Option<f64>>>,
    /// Per importance, of all features together.
    pub(super) all: Vec<Option<Vec<f64>>>,
    /// Whether something of each feature's distance is not determined by the others'.
    pub(super) own: Vec<bool>,
    /// How many stimuli the design has.
    pub(super) n_stimuli: usize,
}

impl Signal {
    fn new(feature: &Feature, stream: &mut Stream) -> Self {
        let (place, n_points) = match (feature.presence(), feature.values()) {
            (Some(there), _) => (Place::Levels(there.iter().map(|&x| Some(usize::from(x))).collect()), 2),
            (None, Values::Categorical { levels, codes }) => {
                let codes = codes.iter().map(|code| code.map(|code| code as usize)).collect();
                (Place::Levels(codes), levels.len())
            }
            (None, Values::Numeric(values)) => {
                let there = || values.iter().copied().flatten();
                let (low, high) = (there().fold(f64::MAX, f64::min), there().fold(f64::MIN, f64::max));
                let part = |x: &Option<f64>| x.map(|x| (x - low) / (high - low));
                (Place::Numbers(values.iter().map(part).collect()), 1)
            }
            (None, Values::Distances(_)) => (Place::Levels(Vec::new()), 1),
        };
        let draws = Array2::from_shape_fn((UNITS, n_points), |_| stream.normal());
        // More levels than units are in directions that are nearly apart.
        let mut points = if n_points <= UNITS {
            orthonormal(draws.view()).reversed_axes()
        } else {
            draws.reversed_axes() / (UNITS as f64).sqrt()
        };
        if let Place::Levels(_) = place {
            points *= std::f64::consts::FRAC_1_SQRT_2;
        }
        let spread = spread(&place, n_points);
        Self { place, points: points.as_standard_layout().into_owned(), spread }
    }

    /// The point of the stimulus at `row`, and how far along it is.
    pub(super) fn at(&self, row: usize) -> Option<(usize, f64)> {
        match &self.place {
            Place::Levels(codes) => codes[row].map(|code| (code, 1.0)),
            Place::Numbers(values) => values[row].map(|x| (0, x)),
        }
    }

    /// Whether it is a number.
    pub(super) fn is_numeric(&self) -> bool {
        matches!(self.place, Place::Numbers(_))
    }

    /// The squared distance of two stimuli.
    fn squared(&self, i: usize, j: usize) -> f64 {
        match &self.place {
            Place::Levels(codes) => {
                f64::from(u8::from(codes[i].is_some() && codes[j].is_some() && codes[i] != codes[j]))
            }
            Place::Numbers(values) => values[i].zip(values[j]).map_or(0.0, |(a, b)| (a - b).powi(2)),
        }
    }
}

/// The trace of a signal's covariance, and that of its square.
fn spread(place: &Place, n_points: usize) -> (f64, f64) {
    match place {
        Place::Levels(codes) => {
            let n = codes.len().max(1) as f64;
            let mut share = vec![0.0; n_points];
            codes.iter().flatten().for_each(|&code| share[code] += 1.0 / n);
            let power = |k: i32| share.iter().map(|p: &f64| p.powi(k)).sum::<f64>();
            let (two, three) = (power(2), power(3));
            (0.5 * (power(1) - two), 0.25 * (two - 2.0 * three + two * two))
        }
        Place::Numbers(values) => {
            let there: Vec<f64> = values.iter().copied().flatten().collect();
            let n = there.len().max(1) as f64;
            let mean = there.iter().sum::<f64>() / n;
            let variance = there.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
            (variance, variance * variance)
        }
    }
}

impl Signals {
    /// The signals of `features`, of which `own` says whether others determine them, and how large each is for every one of
    /// `importances`.
    pub(super) fn new(features: &FeatureTable, own: Vec<bool>, importances: &[f64], seed: u64) -> Self {
        let n = features.n_stimuli();
        let mut stream = Stream::new(seed, "power signals");
        let each: Vec<Signal> = features.iter().map(|feature| Signal::new(feature, &mut stream)).collect();
        let mut stream = Stream::new(seed, "power pairs");
        let pairs: Vec<(usize, usize)> = (0..PAIRS)
            .map(|_| {
                let (i, j) = (stream.index(n), stream.index(n - 1));
                (i, j + usize::from(j >= i))
            })
            .collect();
        let squared: Vec<Vec<f64>> = each
            .par_iter()
            .map(|signal| pairs.iter().map(|&(i, j)| signal.squared(i, j)).collect())
            .collect();
        let ranked: Vec<Ranked> = squared.par_iter().map(|squared| Ranked::of(squared)).collect();
        let alone: Vec<Vec<Option<f64>>> = importances
            .iter()
            .map(|&importance| ranked.par_iter().map(|ranked| ranked.effect_for(importance)).collect())
            .collect();
        let mean = |x: &[f64]| x.iter().sum::<f64>() / PAIRS as f64;
        let means: Vec<f64> = squared.iter().map(|squared| mean(squared)).collect();
        let covariance = |(f, g): (usize, usize)| {
            let products = squared[f].iter().zip(&squared[g]).map(|(a, b)| a * b);
            products.sum::<f64>() / PAIRS as f64 - means[f] * means[g]
        };
        let covariances = Array2::from_shape_fn((each.len(), each.len()), covariance);
        let all = importances
            .iter()
            .zip(&alone)
            .map(|(&importance, alone)| together(&covariances, importance, alone))
            .collect();
        Self { each, alone, all, own, n_stimuli: n }
    }
}

/// Signal distances of pairs in classes, ascending.
struct Ranked {
    /// Of each class, the mean squared signal distance, the share of the pairs, and the mid-rank as a share of all less a half.
    mean: Vec<f64>,
    share: Vec<f64>,
    rank: Vec<f64>,
}

impl Ranked {
    fn of(squared: &[f64]) -> Self {
        let n = squared.len();
        let mut order: Vec<usize> = (0..n).collect();
        order.sort_unstable_by(|&a, &b| squared[a].total_cmp(&squared[b]));
        let mut ranked = Self { mean: Vec::new(), share: Vec::new(), rank: Vec::new() };
        let mut start = 0;
        while start < n {
            // Equal distances are never parted, and unequal ones only up to so many classes.
            let mut end = (start + n / CLASSES).min(n);
            let last = squared[order[end.max(start + 1) - 1]];
            if squared[order[start]] == last || end == start {
                end = start + 1;
            }
            let last = squared[order[end - 1]];
            while end < n && squared[order[end]] == last {
                end += 1;
            }
            let count = (end - start) as f64;
            let sum: f64 = order[start..end].iter().map(|&pair| squared[pair]).sum();
            ranked.mean.push(sum / count);
            ranked.share.push(count / n as f64);
            ranked.rank.push((start as f64 + count / 2.0) / n as f64 - 0.5);
            start = end;
        }
        ranked
    }

    /// The expected rank of a neural distance in each class, as a share of all less a half, where squared signal distances are `scale`
    /// times as large.
    fn expected(&self, scale: f64) -> Vec<f64> {
        let d = UNITS as f64;
        let variance = |mean: f64| 8.0 * d + 8.0 * scale * mean;
        let rank = |k: usize| {
            let below = |l: usize| {
                let sd = (variance(self.mean[k]) + variance(self.mean[l])).sqrt();
                self.share[l] * normal_cdf(scale * (self.mean[k] - self.mean[l]) / sd)
            };
            (0..self.mean.len()).map(below).sum::<f64>() - 0.5
        };
        (0..self.mean.len()).map(rank).collect()
    }

    /// Spearman's correlation of the signal distance with the neural one.
    fn spearman(&self, scale: f64) -> f64 {
        let expected = self.expected(scale);
        let classes = || self.share.iter().zip(&self.rank);
        let product: f64 = classes().zip(&expected).map(|((share, rank), other)| share * rank * other).sum();
        let variance: f64 = classes().map(|(share, rank)| share * rank * rank).sum();
        if variance > 0.0 { product / (variance / 12.0).sqrt() } else { 0.0 }
    }

    /// The squared size of the effect of a feature that alone has one, for its importance to be `importance`: permuted, nothing of the
    /// correlation is left.
    fn effect_for(&self, importance: f64) -> Option<f64> {
        let (mut low, mut high) = (1e-6f64.ln(), 1e5f64.ln());
        if self.spearman(high.exp()) < importance {
            return None;
        }
        for _ in 0..40 {
            let middle = f64::midpoint(low, high);
            if self.spearman(middle.exp()) < importance { low = middle } else { high = middle }
        }
        Some(f64::midpoint(low, high).exp())
    }
}

/// The squared sizes of the effects with which every feature has `importance`; `None` where there are none. `covariances` are those of the
/// squared distances `(n_features, n_features)`.
fn together(covariances: &Array2<f64>, importance: f64, alone: &[Option<f64>]) -> Option<Vec<f64>> {
    let m = alone.len();
    let mut effects: Vec<f64> = alone.iter().copied().collect::<Option<_>>()?;
    if m == 1 {
        return Some(effects);
    }
    // Importances add up to the score, about.
    if importance * m as f64 >= 1.0 {
        return None;
    }
    for _ in 0..STEPS {
        let found = drops(covariances, &effects);
        if found.iter().all(|found| (found / importance - 1.0).abs() < NEAR) {
            return Some(effects);
        }
        for (effect, found) in effects.iter_mut().zip(found) {
            *effect *= (importance / found.max(importance / 9.0)).sqrt().clamp(0.33, 3.0);
        }
    }
    None
}

/// What Pearson's correlation of the signal distance with the neural one loses when the distances of each feature are permuted across
/// pairs. Ranks would change all at once where two effects change places, so that features could not be alike in them.
fn drops(covariances: &Array2<f64>, effects: &[f64]) -> Vec<f64> {
    let effects = Array1::from(effects.to_vec());
    // With the whole distance, of each feature's part.
    let with_all = covariances.dot(&effects) * &effects;
    let variance = with_all.sum();
    let neural = (variance + 8.0 * UNITS as f64).sqrt();
    let of_feature = |f: usize| {
        let own = effects[f] * effects[f] * covariances[[f, f]];
        // Of the distance with the feature's part permuted: its covariance with the whole one, and its variance.
        let kept = variance - with_all[f];
        let permuted = variance - 2.0 * with_all[f] + 2.0 * own;
        (variance.sqrt() - kept / permuted.max(f64::MIN_POSITIVE).sqrt()) / neural
    };
    (0..effects.len()).map(of_feature).collect()
}

/// The activations that `signals` with squared effects `effects` give the stimuli at `rows`: `(n, units)`.
pub(super) fn together_at(signals: &[Signal], effects: &[f64], rows: &[usize]) -> Array2<f64> {
    let mut x = Array2::zeros((rows.len(), UNITS));
    for (signal, effect) in signals.iter().zip(effects) {
        let size = effect.sqrt();
        for (mut out, &row) in x.axis_iter_mut(Axis(0)).zip(rows) {
            if let Some((point, along)) = signal.at(row) {
                out.scaled_add(size * along, &signal.points.row(point));
            }
        }
    }
    x
}
