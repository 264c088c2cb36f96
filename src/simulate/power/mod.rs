//! How many stimuli a design needs: power by simulation, on its own feature matrix.
//!
//! A data set of `n` stimuli has the features of `n` rows of the design, evenly over its levels and values, and several times where it has
//! fewer, and activations `X = Σ_f a_f S_f + E` in 32 units: `S_f` places the stimuli so that their squared distances are the squared distances
//! of the feature, in random directions, and `E` is Gaussian noise of standard deviation 1 in each unit. `a` is set so that the importance of the
//! feature *in the population* is the given one: the drop of Spearman's correlation of the true metric with the neural distance when
//! the feature's distances are permuted across pairs.
//!
//! | column | the others | found when |
//! | --- | --- | --- |
//! | `stimuli` | have no effect | p < .05 after Benjamini and Hochberg over the features: a star |
//! | `stimuli_one_test` | have no effect | p < .05, not corrected: a test that was planned |
//! | `stimuli_all` | have the same importance each, by Pearson's correlation | p < .05 after Benjamini and Hochberg: a star |
//!
//! The statistic is that of [`Null::importances`](crate::mlem::Null::importances): the weight of the feature beside all others as a share of
//! the mean squared distance. It is held against its distribution over noise alone (with the effects of the other features where they
//! have any), a Pearson III distribution of its first three moments over all data sets, in the place of shuffles of each data set, so
//! that it is a test of as many draws as one could want.
//!
//! What this is not: it knows no activations, and no layers. A star corrects over layers too; where a feature matters at all layers alike
//! that asks for no more stimuli than one layer does.

mod samples;
mod signal;
mod text;

use serde::Serialize;

use self::samples::{Data, Found};
use self::signal::Signals;
use super::{Error, Result};
use crate::mlem::Forms;
use crate::numeric::normal::normal_quantile;
use crate::progress::{Progress, Unit};
use crate::stimuli::{FeatureTable, Values};

/// The power that is asked for.
pub const POWER: f64 = 0.8;
/// The fewest stimuli, and the most, that are tried.
pub const SIZES: (usize, usize) = (16, 8192);
/// The importances that are asked about.
pub const IMPORTANCES: [f64; 3] = [0.01, 0.02, 0.05];
/// Units of the activations.
const UNITS: usize = 32;
/// Features of more levels are not simulated.
const MOST_LEVELS: usize = 256;
/// Why a feature cannot be found at all.
const DETERMINED: &str = "other features determine its distances";
/// Fewer stimuli are no design.
const LEAST: usize = 8;

/// How many stimuli it takes to find a feature.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Needed {
    /// Which feature.
    pub feature: String,
    /// Its importance.
    pub importance: f64,
    /// Stimuli for a star where no other feature has an effect.
    pub stimuli: Option<usize>,
    /// Stimuli for p < .05, not corrected.
    pub stimuli_one_test: Option<usize>,
    /// Stimuli for a star where every feature has this importance.
    pub stimuli_all: Option<usize>,
    /// Why a number is not there.
    pub why: Option<String>,
}

/// What a simulation found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Power {
    /// How many stimuli the design has.
    pub stimuli_of_design: usize,
    /// The seed.
    pub seed: u64,
    /// Each feature at each importance.
    pub rows: Vec<Needed>,
    /// Features that were left out, and why.
    pub left_out: Vec<String>,
}

/// Simulates data sets of the design `features`, drawn from `seed`, and finds how many stimuli give each feature a power of [`POWER`].
///
/// # Errors
///
/// Fewer than 8 stimuli, or no feature that can be simulated.
pub fn power(features: &FeatureTable, seed: u64, progress: &dyn Progress) -> Result<Power> {
    up_to(SIZES.1, features, &IMPORTANCES, seed, progress)
}

/// [`power`], of other importances and up to another size.
fn up_to(
    most: usize,
    features: &FeatureTable,
    importances: &[f64],
    seed: u64,
    progress: &dyn Progress,
) -> Result<Power> {
    if features.n_stimuli() < LEAST {
        return Err(crate::mlem::Error::TooFewStimuli { found: features.n_stimuli(), least: LEAST }.into());
    }
    let mut left_out = Vec::new();
    let mut kept = features.clone();
    kept.retain(|feature| {
        let name = feature.name();
        let why = match feature.values() {
            _ if feature.names_stimuli() => "it has another value for every stimulus",
            _ if !feature.varies() => "it tells no stimuli apart",
            Values::Distances(_) => "it is given as distances",
            Values::Categorical { levels, .. } if levels.len() > MOST_LEVELS => "it has more than 256 levels",
            _ => return true,
        };
        left_out.push(format!("{name}: {why}"));
        false
    });
    if kept.n_features() == 0 {
        return Err(Error::NothingToFind { why: left_out.join("; ") });
    }
    let forms = Forms::new(&kept)?;
    let rows: Vec<usize> = (0..kept.n_stimuli()).collect();
    let whole = forms.at(&rows);
    let is_own = |feature| whole.as_ref().is_some_and(|at| at.is_own(feature));
    let own = (0..kept.n_features()).map(is_own).collect();
    let signals = Signals::new(&kept, own, importances, seed);
    let mut sizes = Vec::new();
    let mut n = SIZES.0 as f64;
    while n <= most as f64 * 1.001 {
        sizes.push(n.round() as usize);
        n *= std::f64::consts::SQRT_2;
    }
    let mut found: Vec<Found> = Vec::new();
    progress.begin("simulate", sizes.len() as u64, Unit::Items);
    for &n in &sizes {
        found.push(Data { forms: &forms, signals: &signals, n, seed }.found());
        progress.advance(1);
        if signals.enough(&found) {
            break;
        }
    }
    progress.end();
    let rows = kept.names().into_iter().enumerate().flat_map(|(feature, name)| {
        let (signals, found, sizes) = (&signals, &found, &sizes);
        importances.iter().enumerate().map(move |(k, &importance)| {
            let crossing = |power: &dyn Fn(&Found) -> f64| {
                crossing(&found.iter().zip(sizes).map(|(found, &n)| (n, power(found))).collect::<Vec<_>>())
            };
            let own = signals.own[feature];
            let alone = own && signals.alone[k][feature].is_some();
            let all = own && signals.all[k].is_some();
            let stimuli = alone.then(|| crossing(&|found| found.alone[k][feature])).flatten();
            let one = alone.then(|| crossing(&|found| found.one_test[k][feature])).flatten();
            let of_all = all.then(|| crossing(&|found| found.all[k][feature])).flatten();
            let found = (stimuli.is_some() && one.is_some(), of_all.is_some());
            let why = if own { why(alone, all, found) } else { Some(DETERMINED.to_owned()) };
            Needed {
                feature: name.to_owned(),
                importance,
                stimuli,
                stimuli_one_test: one,
                stimuli_all: of_all,
                why,
            }
        })
    });
    Ok(Power { stimuli_of_design: features.n_stimuli(), seed, rows: rows.collect(), left_out })
}

/// Why not all numbers are there.
fn why(alone: bool, all: bool, (found, found_all): (bool, bool)) -> Option<String> {
    let mut why = Vec::new();
    if !alone {
        why.push("the distances of the feature cannot have this importance".to_owned());
    }
    if !all {
        why.push("not every feature can have this importance".to_owned());
    }
    if (alone && !found) || (all && !found_all) {
        why.push(format!("more than {} stimuli", SIZES.1));
    }
    (!why.is_empty()).then(|| why.join("; "))
}

/// The size at which power first comes to [`POWER`], between two that were tried by the deviates of their powers and the logarithm of
/// the size; `None` where it does not.
fn crossing(powers: &[(usize, f64)]) -> Option<usize> {
    let at = powers.iter().position(|&(_, power)| power >= POWER)?;
    let (n, power) = powers[at];
    let Some(&(before, less)) = at.checked_sub(1).and_then(|at| powers.get(at)) else { return Some(n) };
    let deviate = |power: f64| normal_quantile(power.clamp(0.001, 0.999));
    let part = (deviate(POWER) - deviate(less)) / (deviate(power) - deviate(less)).max(1e-9);
    let (low, high) = ((before as f64).ln(), (n as f64).ln());
    Some((low + part.clamp(0.0, 1.0) * (high - low)).exp().ceil() as usize)
}

impl Power {
    /// As plain text: a row per feature, the numbers of each importance side by side.
    #[must_use]
    pub fn to_text(&self) -> String {
        text::table(self)
    }
}

#[cfg(test)]
mod tests;
