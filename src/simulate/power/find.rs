//! From a design to the sizes that find its features.

use super::limits::{IMPORTANCES, POWER, SIZES};
use super::needed::{Needed, Power};
use super::samples::{Data, Found};
use super::signal::Signals;
use crate::mlem::{self, Forms};
use crate::numeric::normal::normal_quantile;
use crate::progress::{Progress, Unit};
use crate::simulate::{Error, Result};
use crate::stimuli::{FeatureTable, Values};

/// Features of more levels are not simulated.
const MOST_LEVELS: usize = 256;
/// Why a feature cannot be found at all.
pub(super) const DETERMINED: &str = "other features determine its distances";
/// Fewer stimuli are no design.
const LEAST: usize = 8;

/// Simulates data sets of the design `features`, drawn from `seed`, and finds how many stimuli give each feature a power of [`POWER`].
///
/// # Errors
///
/// Fewer than 8 stimuli, or no feature that can be simulated.
pub fn power(features: &FeatureTable, seed: u64, progress: &dyn Progress) -> Result<Power> {
    up_to(SIZES.1, features, &IMPORTANCES, seed, progress)
}

/// [`power`], of other importances and up to another size.
pub(super) fn up_to(
    most: usize,
    features: &FeatureTable,
    importances: &[f64],
    seed: u64,
    progress: &dyn Progress,
) -> Result<Power> {
    if features.n_stimuli() < LEAST {
        return Err(mlem::Error::TooFewStimuli { found: features.n_stimuli(), least: LEAST }.into());
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
        if enough(&signals, &found) {
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

/// Whether no larger size is of use: every power that can be reached is, twice in a row.
fn enough(signals: &Signals, found: &[Found]) -> bool {
    let [.., before, last] = found else { return false };
    let features = || (0..signals.each.len()).filter(|&f| signals.own[f]);
    (0..signals.alone.len()).all(|k| {
        let reached = |powers: &dyn Fn(&Found) -> f64| powers(before) >= POWER && powers(last) >= POWER;
        let of_alone = features()
            .filter(|&f| signals.alone[k][f].is_some())
            .all(|f| reached(&|found| found.alone[k][f]) && reached(&|found| found.one_test[k][f]));
        of_alone && (signals.all[k].is_none() || features().all(|f| reached(&|found| found.all[k][f])))
    })
}
