//! What of a profile is left above its controls.

use std::collections::BTreeMap;

use super::control::Control;
use crate::files::table::rounded;
use crate::profile::{Of, Profile, Split, Spread, over_folds};

/// A row of `controls.csv`: a score or an importance of the model at a layer beside that of one control, fold by fold.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlRow {
    /// Layer of the model; 0 is the embedding output.
    pub layer: usize,
    /// What it is of.
    pub of: Of,
    /// The control; one without layers is the same beside every layer.
    pub control: Control,
    /// Mean over folds of the model.
    pub mean: f64,
    /// Mean over folds of the control.
    pub control_mean: f64,
    /// Standard deviation over folds of the control.
    pub control_sd: f64,
    /// What is left: the mean over folds of the model's less the control's.
    pub left: f64,
    /// Standard deviation over folds of that.
    pub left_sd: f64,
    /// 95% interval of what is left; `None` with fewer than two folds.
    pub interval: Option<(f64, f64)>,
    /// Whether no other control has a larger mean there; of equal ones the first.
    pub largest: bool,
}

impl ControlRow {
    /// What is left, over folds.
    #[must_use]
    pub fn spread(&self) -> Spread {
        let n = usize::from(self.left.is_finite()) + usize::from(self.left_sd.is_finite());
        Spread { mean: self.left, sd: self.left_sd, n }
    }

    /// The control's, over folds.
    #[must_use]
    pub fn control_spread(&self) -> Spread {
        let n = usize::from(self.control_mean.is_finite()) + usize::from(self.control_sd.is_finite());
        Spread { mean: self.control_mean, sd: self.control_sd, n }
    }
}

/// The values of a profile: by layer, what they are of, and fold.
type Values = BTreeMap<(usize, Of), BTreeMap<usize, f64>>;

fn values(profile: &Profile) -> Values {
    let held_out = profile.scores.iter().any(|row| row.split == Split::Test);
    let split = if held_out { Split::Test } else { Split::Train };
    let mut values = Values::new();
    for row in profile.scores.iter().filter(|row| row.split == split) {
        values.entry((row.layer, Of::Score)).or_default().insert(row.fold, row.value);
    }
    for row in &profile.importances {
        let of = Of::Effect(row.order, row.feature.clone());
        values.entry((row.layer, of)).or_default().insert(row.fold, row.importance);
    }
    values
}

/// Every score and importance of `model` beside that of each of `controls`, in the order of `statistics.csv`. A control whose profile
/// lacks a layer or an effect has no row there.
#[must_use]
pub fn above(model: &Profile, controls: &[(Control, Profile)]) -> Vec<ControlRow> {
    let own = values(model);
    let controls: Vec<(Control, Values)> =
        controls.iter().map(|(control, profile)| (*control, values(profile))).collect();
    let mut rows = Vec::new();
    for statistic in model.statistics() {
        let key = (statistic.layer, statistic.of);
        let Some(own) = own.get(&key) else { continue };
        let first = rows.len();
        for (control, theirs) in &controls {
            let layer = if control.has_layers() { key.0 } else { 0 };
            let Some(theirs) = theirs.get(&(layer, key.1.clone())) else { continue };
            let left: Vec<f64> = own
                .iter()
                .map(|(fold, value)| theirs.get(fold).map_or(f64::NAN, |other| value - other))
                .collect();
            let (spread, interval) = over_folds(&left);
            let control_spread = Spread::of(&theirs.values().copied().collect::<Vec<_>>());
            rows.push(ControlRow {
                layer: key.0,
                of: key.1.clone(),
                control: *control,
                mean: rounded(statistic.folds.mean),
                control_mean: rounded(control_spread.mean),
                control_sd: rounded(control_spread.sd),
                left: rounded(spread.mean),
                left_sd: rounded(spread.sd),
                interval: interval.map(|(low, high)| (rounded(low), rounded(high))),
                largest: false,
            });
        }
        let defined = (first..rows.len()).filter(|&at| rows[at].control_mean.is_finite());
        let larger = |best: usize, at: usize| {
            if rows[at].control_mean > rows[best].control_mean { at } else { best }
        };
        if let Some(best) = defined.reduce(larger) {
            rows[best].largest = true;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profile::{Importance, Order, Score};

    /// Two layers and three folds; an importance is `at(layer, fold)`.
    fn profile(layers: usize, at: impl Fn(usize, usize) -> f64) -> Profile {
        let mut profile = Profile::default();
        for layer in 0..layers {
            for fold in 0..3 {
                let value = at(layer, fold);
                let (feature, order) = ("a".to_owned(), Order::Main);
                profile.scores.push(Score { layer, fold, split: Split::Test, value, pairs: 3 });
                profile.importances.push(Importance {
                    layer,
                    fold,
                    feature,
                    order,
                    importance: value,
                    sd: 0.1,
                });
            }
        }
        profile
    }

    #[test]
    fn what_is_left_is_taken_fold_by_fold_above_the_largest() {
        let model = profile(2, |layer, fold| 0.5 + 0.25 * layer as f64 + 0.125 * fold as f64);
        let untrained = profile(2, |layer, fold| 0.125 * fold as f64 + if layer == 1 { 0.5 } else { 0.0 });
        let bag = profile(1, |_, fold| 0.25 + 0.125 * (2 - fold) as f64);
        let rows = above(&model, &[(Control::Untrained, untrained), (Control::BagOfWords, bag)]);
        let told: Vec<(usize, Control, f64, f64, bool)> = rows
            .iter()
            .filter(|row| row.of != Of::Score)
            .map(|row| (row.layer, row.control, row.left, row.left_sd, row.largest))
            .collect();
        assert_eq!(
            told,
            [
                (0, Control::Untrained, 0.5, 0.0, false),
                (0, Control::BagOfWords, 0.25, 0.25, true),
                (1, Control::Untrained, 0.25, 0.0, true),
                (1, Control::BagOfWords, 0.5, 0.25, false),
            ]
        );
        // Mean ± t(2) · √(1/3 + 1/2) · sd, as everywhere.
        let (low, high) = rows[1].interval.unwrap();
        assert!((high - low - 2.0 * 4.302_653 * 0.912_871 * 0.25).abs() < 1e-5, "{low} {high}");
        assert_eq!(rows.len(), 8, "scores too");
    }

    #[test]
    fn what_is_not_defined_is_no_largest_and_a_layer_that_is_not_there_has_no_row() {
        let model = profile(2, |_, _| 0.5);
        let nothing = profile(1, |_, _| f64::NAN);
        let rows =
            above(&model, &[(Control::Position, nothing), (Control::Shuffled, profile(1, |_, _| 0.25))]);
        let at = |layer: usize| {
            rows.iter().filter(|row| row.layer == layer && row.of == Of::Score).collect::<Vec<_>>()
        };
        assert!(at(0)[0].left.is_nan() && !at(0)[0].largest && at(0)[1].largest);
        assert_eq!(at(1).len(), 1, "the shuffled run has no layer 1");
        assert!(!at(1)[0].largest && !at(1)[0].spread().is_defined());
    }
}
