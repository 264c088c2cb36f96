//! A profile read across its folds: for every layer the mean and the spread of each score and of each importance.
//!
//! Tables, figures, pages and comparisons all start here, so that one number is one number wherever it is shown.

use std::collections::{BTreeMap, BTreeSet};

use super::spread::Spread;
use super::statistics::Test;
use super::tables::{CeilingRow, Importance, Of, Profile, Score, Split};
use crate::mlem::Order;

/// The importance of one term over the layers.
#[derive(Debug, Clone, PartialEq)]
pub struct Trajectory {
    /// The feature, or `a x b`.
    pub name: String,
    /// Feature or interaction.
    pub order: Order,
    /// One per entry of [`Summary::layers`].
    pub at: Vec<Spread>,
}

impl Trajectory {
    /// Where the mean importance is largest, as a position in [`Summary::layers`]; the first of equals. `None` when it is
    /// defined nowhere.
    #[must_use]
    pub fn peak(&self) -> Option<usize> {
        let defined = (0..self.at.len()).filter(|&i| self.at[i].is_defined());
        defined.reduce(|best, i| if self.at[i].mean > self.at[best].mean { i } else { best })
    }

    /// The largest mean importance; NaN when it is defined nowhere.
    #[must_use]
    pub fn peak_mean(&self) -> f64 {
        self.peak().map_or(f64::NAN, |i| self.at[i].mean)
    }
}

/// What the spread of an importance is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpreadOver {
    /// The folds of cross-validation.
    Folds,
    /// The permutations, where there is a single fold.
    Permutations,
}

/// A [`Profile`] across its folds.
#[derive(Debug, Clone, PartialEq)]
pub struct Summary {
    /// The layers, ascending.
    pub layers: Vec<usize>,
    /// What they are called, where they have names and no numbers.
    pub labels: BTreeMap<usize, String>,
    /// How many folds.
    pub n_folds: usize,
    /// Whether scores are of stimuli that were held out.
    pub holds_out: bool,
    /// The score on the training stimuli, one per layer.
    pub train: Vec<Spread>,
    /// The score on the held-out stimuli, one per layer; all undefined with a single fold.
    pub test: Vec<Spread>,
    /// The terms in the order of the tables: features, then interactions, then groups.
    pub terms: Vec<Trajectory>,
    /// What the spread of the importances is over.
    pub spread_over: SpreadOver,
    /// The importances that are significant, by kind, name and position in [`Summary::layers`].
    pub significant: BTreeSet<(Order, String, usize)>,
    /// The score of each layer against its null, where one was drawn.
    pub score_tests: Vec<Option<Test>>,
    /// The noise ceiling of each layer, lower and upper bound, means over folds; `None` where activations were not repeated.
    pub ceiling: Vec<Option<(f64, f64)>>,
    /// The score on the held-out stimuli of one repeat, one per layer: what the ceiling is a ceiling of.
    pub one_repeat: Vec<Spread>,
}

impl Summary {
    /// Whether an importance has a standard deviation: within one fold, that of RSA has none.
    #[must_use]
    pub fn has_spreads(&self) -> bool {
        self.terms.iter().flat_map(|term| &term.at).any(|spread| spread.sd.is_finite())
    }

    /// The summary of `profile`.
    #[must_use]
    pub fn of(profile: &Profile) -> Self {
        let scored = profile.scores.iter().map(|row| (row.layer, row.fold));
        let weighed = profile.importances.iter().map(|row| (row.layer, row.fold));
        let cells = || scored.clone().chain(weighed.clone());
        let distinct = |mut all: Vec<usize>| {
            all.sort_unstable();
            all.dedup();
            all
        };
        let layers: Vec<usize> = distinct(cells().map(|(layer, _)| layer).collect());
        let n_folds = distinct(cells().map(|(_, fold)| fold).collect()).len();
        let spread_over = if n_folds == 1 { SpreadOver::Permutations } else { SpreadOver::Folds };
        let statistics = profile.statistics();
        let position = |layer: usize| layers.binary_search(&layer).ok();
        let mut score_tests = vec![None; layers.len()];
        let mut significant = BTreeSet::new();
        for row in &statistics {
            match (&row.of, position(row.layer), row.test) {
                (Of::Score, Some(i), test) => score_tests[i] = test,
                (Of::Effect(order, name), Some(i), Some(test)) if test.is_significant() => {
                    significant.insert((*order, name.clone(), i));
                }
                _ => {}
            }
        }
        let repeated = |layer: usize, of: fn(&CeilingRow) -> Option<f64>| {
            let rows = profile.ceiling.iter().filter(|row| row.layer == layer);
            Spread::of(&rows.filter_map(of).collect::<Vec<f64>>())
        };
        let ceiling = |&layer: &usize| {
            let (lower, upper) = (repeated(layer, |row| row.lower), repeated(layer, |row| row.upper));
            (lower.is_defined() && upper.is_defined()).then_some((lower.mean, upper.mean))
        };
        Self {
            ceiling: layers.iter().map(ceiling).collect(),
            one_repeat: layers.iter().map(|&layer| repeated(layer, |row| row.model)).collect(),
            significant,
            score_tests,
            train: scores(&profile.scores, Split::Train, &layers),
            test: scores(&profile.scores, Split::Test, &layers),
            terms: trajectories(&profile.importances, &layers, spread_over),
            layers,
            labels: profile.labels.clone(),
            n_folds,
            holds_out: n_folds > 1 || profile.scores.iter().any(|row| row.split == Split::Test),
            spread_over,
        }
    }

    /// What the layer at position `index` of [`Summary::layers`] is called: its name, or its number.
    #[must_use]
    pub fn layer_name(&self, index: usize) -> String {
        let layer = self.layers[index];
        self.labels.get(&layer).cloned().unwrap_or_else(|| layer.to_string())
    }

    /// Whether p-values were computed.
    #[must_use]
    pub fn is_tested(&self) -> bool {
        self.score_tests.iter().any(Option::is_some)
    }

    /// Whether there is a noise ceiling.
    #[must_use]
    pub fn has_ceiling(&self) -> bool {
        self.ceiling.iter().any(Option::is_some)
    }

    /// The layers at which `term` is significant, as positions in [`Summary::layers`].
    #[must_use]
    pub fn significant_at(&self, term: &Trajectory) -> Vec<bool> {
        let key = |i| (term.order, term.name.clone(), i);
        (0..term.at.len()).map(|i| self.significant.contains(&key(i))).collect()
    }

    /// The terms of `order`, the largest peak first; those that are defined nowhere last.
    #[must_use]
    pub fn ranked(&self, order: Order) -> Vec<&Trajectory> {
        let mut terms: Vec<&Trajectory> = self.terms.iter().filter(|term| term.order == order).collect();
        let key = |term: &Trajectory| {
            let peak = term.peak_mean();
            if peak.is_nan() { f64::NEG_INFINITY } else { peak }
        };
        terms.sort_by(|a, b| key(b).total_cmp(&key(a)));
        terms
    }

    /// The score a reader should look at: on held-out stimuli, or on all of them when there is a single fold.
    #[must_use]
    pub fn score(&self) -> (&[Spread], Split) {
        if self.test.iter().any(Spread::is_defined) {
            (&self.test, Split::Test)
        } else {
            (&self.train, Split::Train)
        }
    }

    /// The position in [`Summary::layers`] of the best [`Summary::score`]; `None` when there is none.
    #[must_use]
    pub fn best_layer(&self) -> Option<usize> {
        let (scores, _) = self.score();
        let defined = (0..scores.len()).filter(|&i| scores[i].is_defined());
        defined.reduce(|best, i| if scores[i].mean > scores[best].mean { i } else { best })
    }
}

fn scores(rows: &[Score], split: Split, layers: &[usize]) -> Vec<Spread> {
    let mut values: Vec<Vec<f64>> = vec![Vec::new(); layers.len()];
    for row in rows.iter().filter(|row| row.split == split) {
        if let Ok(i) = layers.binary_search(&row.layer) {
            values[i].push(row.value);
        }
    }
    values.iter().map(|values| Spread::of(values)).collect()
}

fn trajectories(rows: &[Importance], layers: &[usize], over: SpreadOver) -> Vec<Trajectory> {
    let mut positions = BTreeMap::new();
    let mut names: Vec<(&str, Order)> = Vec::new();
    // (n_terms, n_layers) lists of (importance, sd over permutations), one per fold.
    let mut cells: Vec<Vec<Vec<(f64, f64)>>> = Vec::new();
    for row in rows {
        let key = (row.order, row.feature.as_str());
        let term = *positions.entry(key).or_insert_with(|| {
            names.push((&row.feature, row.order));
            cells.push(vec![Vec::new(); layers.len()]);
            names.len() - 1
        });
        if let Ok(i) = layers.binary_search(&row.layer) {
            cells[term][i].push((row.importance, row.sd));
        }
    }
    let spread = |cell: &Vec<(f64, f64)>| {
        let means: Vec<f64> = cell.iter().map(|&(mean, _)| mean).collect();
        let across = Spread::of(&means);
        match (over, cell.as_slice()) {
            (SpreadOver::Permutations, &[(_, sd)]) => Spread { sd, ..across },
            _ => across,
        }
    };
    let all = names.iter().zip(&cells).map(|(&(name, order), at)| Trajectory {
        name: name.to_owned(),
        order,
        at: at.iter().map(spread).collect(),
    });
    let mut terms: Vec<Trajectory> = all.collect();
    // Features, interactions, groups; stable within each.
    terms.sort_by_key(|term| term.order);
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn importance(layer: usize, fold: usize, feature: &str, order: Order, importance: f64) -> Importance {
        Importance { layer, fold, feature: feature.to_owned(), order, importance, sd: 0.5 }
    }

    #[test]
    fn features_come_before_interactions_and_keep_their_order() {
        let mut profile = Profile::default();
        for fold in 0..2 {
            for layer in [4, 0] {
                let x = layer as f64 + fold as f64;
                profile.importances.push(importance(layer, fold, "b", Order::Main, x));
                profile.importances.push(importance(layer, fold, "b x a", Order::Interaction, -x));
                profile.importances.push(importance(layer, fold, "a", Order::Main, 10.0 * x));
            }
        }
        let summary = Summary::of(&profile);
        assert_eq!((summary.layers.as_slice(), summary.n_folds), ([0, 4].as_slice(), 2));
        let names: Vec<&str> = summary.terms.iter().map(|term| term.name.as_str()).collect();
        assert_eq!(names, ["b", "a", "b x a"]);
        assert_eq!(summary.terms[0].at[1].mean, 4.5);
        assert_eq!(summary.terms[0].peak(), Some(1));
        assert_eq!(summary.ranked(Order::Main)[0].name, "a");
    }

    #[test]
    fn a_single_fold_has_the_spread_of_its_permutations() {
        let rows = vec![importance(0, 0, "a", Order::Main, 0.25)];
        let summary = Summary::of(&Profile { importances: rows, ..Profile::default() });
        assert_eq!(summary.spread_over, SpreadOver::Permutations);
        assert_eq!(summary.terms[0].at[0], Spread { mean: 0.25, sd: 0.5, n: 1 });
    }

    #[test]
    fn without_held_out_stimuli_the_training_score_is_the_score() {
        let score = |layer, value| Score { layer, fold: 0, split: Split::Train, value, pairs: 10 };
        let profile =
            Profile { scores: vec![score(0, 0.1), score(1, 0.3), score(2, f64::NAN)], ..Profile::default() };
        let summary = Summary::of(&profile);
        assert_eq!(summary.score().1, Split::Train);
        assert_eq!(summary.best_layer(), Some(1));
    }
}
