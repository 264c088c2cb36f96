//! Subjects made of formulas.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Run, label};
use crate::profile::{Importance, Order, Profile, Score, Split};
use crate::rundir::{RunRecord, StimuliRecord};

/// `n` subjects over the entries `axis` and `features`, with `value(subject, feature, entry)`; the score is that of `score`.
pub(crate) fn subjects(
    n: usize,
    axis: &[&str],
    features: &[&str],
    value: impl Fn(usize, &str, usize) -> f64,
) -> Vec<Run> {
    let mut runs: Vec<Run> = (0..n).map(|i| one(i, axis, features, &value)).collect();
    label(&mut runs, &[]);
    runs
}

fn one(i: usize, axis: &[&str], features: &[&str], value: &impl Fn(usize, &str, usize) -> f64) -> Run {
    let mut profile = Profile::default();
    for layer in 0..axis.len() {
        for fold in 0..2 {
            let apart = 0.01 * (fold as f64 - 0.5);
            let score = value(i, "score", layer) + apart;
            profile.scores.push(Score { layer, fold, split: Split::Test, value: score, pairs: 45 });
            for feature in features {
                profile.importances.push(Importance {
                    layer,
                    fold,
                    feature: (*feature).to_owned(),
                    order: Order::Main,
                    importance: value(i, feature, layer) + apart,
                    sd: 0.01,
                });
            }
        }
    }
    let labels: BTreeMap<usize, String> = axis.iter().map(|&name| name.to_owned()).enumerate().collect();
    profile.labels.clone_from(&labels);
    let record = RunRecord {
        version: "1.0.0".to_owned(),
        stimuli: StimuliRecord {
            name: "words.csv".to_owned(),
            n_stimuli: 60,
            features: features.iter().map(|&name| name.to_owned()).collect(),
            ..StimuliRecord::default()
        },
        activations: Some(format!("sub-{:02}.npz", i + 1)),
        layer_labels: labels,
        options: [("permute".to_owned(), "pairs".into()), ("permutations".to_owned(), 5.into())].into(),
        ..RunRecord::default()
    };
    Run::new(Path::new(&format!("runs/sub-{:02}", i + 1)), record, profile, Vec::new())
}

/// A number for a subject and a place: spread around 0, the same on every machine.
pub(crate) fn noise(subject: usize, place: usize) -> f64 {
    let x = (subject * 97 + place * 31 + 7) as f64;
    ((x * 12.9898).sin() * 43_758.545_3).fract()
}

/// Eight subjects over ten windows of time with an effect of `a` in windows 3 to 6, and none of `b`.
pub(crate) fn eight() -> Vec<Run> {
    let axis: Vec<String> = (0..10).map(|t| format!("{}-{} ms", 50 * t, 50 * t + 50)).collect();
    let names: Vec<&str> = axis.iter().map(String::as_str).collect();
    subjects(8, &names, &["a", "b"], |i, feature, at| {
        let effect = if feature == "a" && (3..=6).contains(&at) { 0.3 } else { 0.0 };
        effect + 0.1 * noise(i, at + 100 * feature.len() + usize::from(feature == "b"))
    })
}
