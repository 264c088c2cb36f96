//! Data sets of one size: the statistics of every feature, without its effect and with it, and how often it is found.

use ndarray::{Array1, Array2, ArrayView2, Axis, Zip, s};
use rayon::prelude::*;

use super::limits::UNITS;
use super::signal::{Signals, together_at};
use crate::mlem::{Forms, FormsAt};
use crate::numeric::correlation::mean_sd;
use crate::numeric::normal::skewed_tail;
use crate::numeric::rng::Stream;
use crate::numeric::significance::benjamini_hochberg;

/// Choices of stimuli.
const CHOICES: usize = 8;
/// Data sets of each choice: so many stimuli in all, within these bounds.
const STIMULI: usize = 1 << 16;
const DATA_SETS: (usize, usize) = (32, 64);
/// Features with more coordinates than this have fewer data sets.
const COORDINATES: usize = 200;
/// What is called found.
const ALPHA: f64 = 0.05;

/// Data sets of `n` stimuli.
pub(super) struct Data<'a> {
    pub(super) forms: &'a Forms,
    pub(super) signals: &'a Signals,
    pub(super) n: usize,
    pub(super) seed: u64,
}

/// Shares of the data sets in which each feature was found, per importance.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) alone: Vec<Vec<f64>>,
    pub(super) one_test: Vec<Vec<f64>>,
    pub(super) all: Vec<Vec<f64>>,
}

/// The statistics of one data set, of each feature.
struct Drawn {
    /// Of noise alone.
    noise: Vec<f64>,
    /// Twice what noise and a feature's signal at size 1 have between them.
    between: Vec<f64>,
    /// Per importance that all can have, of noise and all signals, without each feature's own and with it.
    all: Vec<Vec<(f64, f64)>>,
}

/// What one choice of stimuli makes of the signals.
struct Choice {
    at: FormsAt,
    rows: Vec<usize>,
    /// Per feature: the coordinates' products with its signal at size 1, and its weight then.
    crossed: Vec<Array2<f64>>,
    own: Vec<f64>,
    /// Per importance: the activations of all signals, their products, and the weights without each feature and with it.
    together: Vec<Option<Together>>,
}

struct Together {
    x: Array2<f64>,
    crossed: Array2<f64>,
    without: Vec<f64>,
    with: Vec<f64>,
    sizes: Vec<f64>,
}

/// What draws of a choice are multiplied by, all at once: the coordinates, and of each feature one column for each of its points, which has what
/// the weight of the feature takes of a stimulus there.
struct Factors {
    /// `(n_stimuli, n_coordinates + n_points)`.
    all: Array2<f64>,
    /// The first column of each feature.
    starts: Vec<usize>,
}

/// Inner products of the rows of two matrices of so many units.
fn rows_dot(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Array1<f64> {
    Zip::from(a.rows()).and(b.rows()).map_collect(|a, b| match (a.as_slice(), b.as_slice()) {
        (Some(a), Some(b)) => dot(a, b),
        _ => a.dot(&b),
    })
}

/// The inner product of each row with itself.
fn squares(a: &Array2<f64>) -> Array1<f64> {
    rows_dot(a.view(), a.view())
}

/// The inner product of two rows, eight numbers side by side.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a, rest_a) = a.as_chunks::<8>();
    let (b, rest_b) = b.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for (a, b) in a.iter().zip(b) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    sums.iter().sum::<f64>() + rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum::<f64>()
}

impl Choice {
    /// The `k`th choice of the stimuli; `None` where they tell nothing.
    fn new(data: &Data<'_>, k: usize) -> Option<Self> {
        let signals = data.signals;
        let rows = data.rows(k);
        let at = data.forms.at(&rows)?;
        let coordinates = at.coordinates().t();
        let (mut crossed, mut own) = (Vec::new(), Vec::new());
        for feature in 0..signals.each.len() {
            let u = data.alone(feature, &rows);
            let products = coordinates.dot(&u);
            own.push(at.weight(feature, &squares(&u), &squares(&products)));
            crossed.push(products);
        }
        let together = signals.all.iter().map(|effects| {
            let effects = effects.as_ref()?;
            let x = together_at(&signals.each, effects, &rows);
            let products = coordinates.dot(&x);
            let with = at.weights(&squares(&x), &squares(&products)).to_vec();
            let sizes: Vec<f64> = effects.iter().map(|effect| effect.sqrt()).collect();
            let without = |feature: usize| {
                let u = data.alone(feature, &rows);
                let both = at.weight(
                    feature,
                    &rows_dot(x.view(), u.view()),
                    &rows_dot(products.view(), crossed[feature].view()),
                );
                with[feature] - 2.0 * sizes[feature] * both + effects[feature] * own[feature]
            };
            let without = (0..effects.len()).map(without).collect();
            Some(Together { x, crossed: products, without, with, sizes })
        });
        let together = together.collect();
        Some(Self { at, rows, crossed, own, together })
    }

    /// The p-value of feature `f` with the `k`th choice, which this is; 1 where it does not tell the feature from others.
    fn p(&self, null: &Null, (k, f): (usize, usize), value: f64, wider: f64) -> f64 {
        if self.at.is_own(f) { null.p(k, value, wider) } else { 1.0 }
    }

    /// What draws are multiplied by.
    fn factors(&self, data: &Data<'_>) -> Factors {
        let coordinates = self.at.coordinates();
        let mut starts = Vec::new();
        let mut width = coordinates.ncols();
        for signal in &data.signals.each {
            starts.push(width);
            width += signal.points.nrows();
        }
        let mut all = Array2::zeros((self.rows.len(), width));
        all.slice_mut(s![.., ..coordinates.ncols()]).assign(coordinates);
        for (feature, signal) in data.signals.each.iter().enumerate() {
            let sums = self.at.sums().column(feature);
            for (i, &row) in self.rows.iter().enumerate() {
                if let Some((point, along)) = signal.at(row) {
                    all[[i, starts[feature] + point]] = along * sums[i];
                }
            }
        }
        Factors { all, starts }
    }

    fn draw(&self, data: &Data<'_>, factors: &Factors, stream: &mut Stream) -> Drawn {
        let n = self.rows.len();
        let e = Array2::from_shape_fn((n, UNITS), |_| stream.normal());
        let whole = factors.all.t().dot(&e);
        let products = whole.slice(s![..self.at.coordinates().ncols(), ..]);
        let lengths = squares(&e);
        // Statistics are shares of the mean squared distance of the noise.
        let unit = 2.0 * lengths.sum() / (n as f64 - 1.0);
        let noise = (self.at.weights(&lengths, &rows_dot(products, products)) / unit).to_vec();
        let between = |feature: usize| {
            let (points, start) = (&data.signals.each[feature].points, factors.starts[feature]);
            let at_points = whole.slice(s![start..start + points.nrows(), ..]);
            let given = rows_dot(at_points, points.view()).sum();
            let taken = self.at.taken(feature, &rows_dot(products, self.crossed[feature].view()));
            2.0 * (given - taken) / unit
        };
        let between: Vec<f64> = (0..self.own.len()).map(between).collect();
        let all = self.together.iter().flatten().map(|together| {
            let Together { x, crossed, without, with, sizes } = together;
            let both = 2.0
                * self.at.weights(&rows_dot(e.view(), x.view()), &rows_dot(products, crossed.view()))
                / unit;
            let of = |f: usize| {
                let null = noise[f] + both[f] - sizes[f] * between[f] + without[f] / unit;
                (null, noise[f] + both[f] + with[f] / unit)
            };
            (0..noise.len()).map(of).collect()
        });
        let all = all.collect();
        Drawn { noise, between, all }
    }
}

/// Values under a null, of several choices of stimuli: standard deviations within each choice, and the skewness of all.
struct Null {
    moments: Vec<(f64, f64)>,
    skew: f64,
}

impl Null {
    fn of(choices: &[Vec<f64>]) -> Self {
        let moments: Vec<(f64, f64)> =
            choices.iter().map(|values| mean_sd(values).unwrap_or((0.0, 0.0))).collect();
        let (mut n, mut cubes) = (0.0, 0.0);
        for (values, &(mean, sd)) in choices.iter().zip(&moments).filter(|(_, (_, sd))| *sd > 0.0) {
            cubes += values.iter().map(|x| ((x - mean) / sd).powi(3)).sum::<f64>();
            n += values.len() as f64;
        }
        Self { moments, skew: if n > 0.0 { cubes / n } else { 0.0 } }
    }

    /// The p-value of a value of one choice, where draws spread `wider` times as far.
    fn p(&self, choice: usize, value: f64, wider: f64) -> f64 {
        let (mean, sd) = self.moments[choice];
        if sd > 0.0 { skewed_tail((value - mean) / (wider * sd), self.skew) } else { 1.0 }
    }
}

impl Data<'_> {
    /// The activations of one feature's signal at size 1: `(n, units)`.
    fn alone(&self, feature: usize, rows: &[usize]) -> Array2<f64> {
        let signal = &self.signals.each[feature];
        let mut x = Array2::zeros((rows.len(), UNITS));
        for (mut out, &row) in x.axis_iter_mut(Axis(0)).zip(rows) {
            if let Some((point, along)) = signal.at(row) {
                out.scaled_add(along, &signal.points.row(point));
            }
        }
        x
    }

    /// The rows of the `k`th choice: the whole design as often as it goes in, and of the rest as many as are left, evenly over the levels
    /// and values of the features, as a balanced sample has them.
    pub(super) fn rows(&self, k: usize) -> Vec<usize> {
        let (signals, n) = (self.signals, self.signals.n_stimuli);
        let mut stream = Stream::new(self.seed, &format!("power {} choice {k}", self.n));
        let mut order: Vec<usize> = (0..n).collect();
        stream.shuffle(&mut order);
        let mut features: Vec<usize> = (0..signals.each.len()).collect();
        stream.shuffle(&mut features);
        // Numbers last: hardly two stimuli share one.
        features.sort_by_key(|&feature| signals.each[feature].is_numeric());
        let key = |row: usize, feature: usize| match signals.each[feature].at(row) {
            Some((level, along)) => level as f64 + along,
            None => -1.0,
        };
        order.sort_by(|&a, &b| {
            let differ = features.iter().map(|&feature| key(a, feature).total_cmp(&key(b, feature)));
            differ.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
        });
        let (copies, rest) = (self.n / n, self.n % n);
        let start = stream.unit();
        let chosen = (0..rest).map(|k| order[((k as f64 + start) * n as f64 / rest as f64) as usize % n]);
        (0..copies).flat_map(|_| 0..n).chain(chosen).collect()
    }

    /// How many data sets each choice has.
    fn data_sets(&self, coordinates: usize) -> usize {
        let all = (STIMULI / self.n).clamp(DATA_SETS.0, DATA_SETS.1);
        (all * COORDINATES / coordinates.max(COORDINATES)).max(DATA_SETS.0 / 2)
    }

    /// How often each feature is found.
    pub(super) fn found(&self) -> Found {
        let (m, importances) = (self.signals.each.len(), self.signals.alone.len());
        let choices: Vec<Choice> = (0..CHOICES).filter_map(|k| Choice::new(self, k)).collect();
        let drawn: Vec<Vec<Drawn>> = choices
            .iter()
            .enumerate()
            .map(|(k, choice)| {
                let factors = choice.factors(self);
                let draw = |set: usize| {
                    let name = format!("power {} choice {k} noise {set}", self.n);
                    choice.draw(self, &factors, &mut Stream::new(self.seed, &name))
                };
                let sets = self.data_sets(choice.at.coordinates().ncols());
                (0..sets).into_par_iter().map(draw).collect()
            })
            .collect();
        let null_of = |of: &(dyn Fn(&Drawn) -> f64 + Sync)| {
            Null::of(&drawn.iter().map(|sets| sets.iter().map(of).collect()).collect::<Vec<_>>())
        };
        let noise: Vec<Null> = (0..m).map(|f| null_of(&|drawn: &Drawn| drawn.noise[f])).collect();
        let zero = || vec![vec![0.0; m]; importances];
        let mut found = Found { alone: zero(), one_test: zero(), all: zero() };
        let total = drawn.iter().map(Vec::len).sum::<usize>().max(1) as f64;
        let share = 1.0 / total;
        for (k, (choice, sets)) in choices.iter().zip(&drawn).enumerate() {
            let unit = 2.0 * (self.n * UNITS) as f64 / (self.n as f64 - 1.0);
            for drawn in sets {
                let mut p: Vec<f64> =
                    (0..m).map(|g| choice.p(&noise[g], (k, g), drawn.noise[g], 1.0)).collect();
                for (i, effects) in self.signals.alone.iter().enumerate() {
                    for (f, effect) in effects.iter().enumerate() {
                        let Some(effect) = *effect else { continue };
                        let value =
                            drawn.noise[f] + effect.sqrt() * drawn.between[f] + effect * choice.own[f] / unit;
                        let own = choice.p(&noise[f], (k, f), value, self.wider(f, effect));
                        let before = std::mem::replace(&mut p[f], own);
                        found.one_test[i][f] += if own < ALPHA { share } else { 0.0 };
                        found.alone[i][f] += if benjamini_hochberg(&p)[f] < ALPHA { share } else { 0.0 };
                        p[f] = before;
                    }
                }
            }
        }
        let there =
            self.signals.all.iter().enumerate().filter_map(|(i, effects)| Some((i, effects.as_ref()?)));
        for (at, (i, effects)) in there.enumerate() {
            let nulls: Vec<Null> = (0..m).map(|f| null_of(&|drawn: &Drawn| drawn.all[at][f].0)).collect();
            for (k, (choice, sets)) in choices.iter().zip(&drawn).enumerate() {
                for drawn in sets {
                    let of =
                        |f: usize| choice.p(&nulls[f], (k, f), drawn.all[at][f].1, self.wider(f, effects[f]));
                    let corrected = benjamini_hochberg(&(0..m).map(of).collect::<Vec<f64>>());
                    for (found, p) in found.all[i].iter_mut().zip(corrected) {
                        *found += if p < ALPHA { share } else { 0.0 };
                    }
                }
            }
        }
        found
    }

    /// How many times as far draws spread in which the feature's own signal, of squared size `effect`, is shuffled with the noise.
    fn wider(&self, feature: usize, effect: f64) -> f64 {
        let (trace, of_square) = self.signals.each[feature].spread;
        (1.0 + (2.0 * effect * trace + effect * effect * of_square) / UNITS as f64).sqrt()
    }
}
