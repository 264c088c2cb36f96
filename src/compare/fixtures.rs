//! Runs to compare, made of formulas.

use std::path::Path;

use super::{Run, label};
use crate::profile::{Importance, Order, Profile, Score, Split};
use crate::rundir::{ModelRecord, RunRecord, StimuliRecord};

/// A model whose feature `k` peaks at relative depth `at[k]`, `n_layers` blocks deep, over `folds` folds.
pub(crate) fn run(name: &str, n_layers: usize, folds: usize, at: &[f64]) -> Run {
    let features: Vec<String> = (0..at.len()).map(|k| format!("feature_{k}")).collect();
    let mut profile = Profile::default();
    for layer in 0..=n_layers {
        for fold in 0..folds {
            let depth = layer.saturating_sub(1) as f64 / (n_layers.max(2) - 1) as f64;
            let wobble = 0.01 * (fold as f64 - 2.0);
            let score =
                Score { layer, fold, split: Split::Test, value: 0.5 + wobble - 0.1 * depth, pairs: 45 };
            profile.scores.push(score);
            for (feature, peak) in features.iter().zip(at) {
                profile.importances.push(Importance {
                    layer,
                    fold,
                    feature: feature.clone(),
                    order: Order::Main,
                    importance: 0.4 - 0.3 * (depth - peak).abs() + wobble,
                    sd: 0.01,
                });
            }
        }
    }
    let record = RunRecord {
        version: "1.0.0".to_owned(),
        stimuli: StimuliRecord {
            name: "grammar".to_owned(),
            hash: "00".to_owned(),
            n_stimuli: 50,
            features,
            ..StimuliRecord::default()
        },
        model: Some(ModelRecord { id: name.to_owned(), ..ModelRecord::default() }),
        options: [("permute".to_owned(), "pairs".into()), ("permutations".to_owned(), 5.into())].into(),
        ..RunRecord::default()
    };
    Run::new(Path::new(&format!("runs/{name}")), record, profile, Vec::new())
}

/// Three models of other depths: two alike, one turned around.
pub(crate) fn three() -> Vec<Run> {
    let mut runs = vec![
        run("org/small", 4, 5, &[0.0, 0.5, 1.0]),
        run("deep", 12, 5, &[0.0, 0.5, 1.0]),
        run("turned", 6, 5, &[1.0, 0.5, 0.0]),
    ];
    label(&mut runs, &[]);
    runs
}
