//! The sentences that say what numbers are; the same in tables, figures and pages.

use serde_json::Value;

use super::estimators::Words;
pub(super) use super::notation::{UNDEFINED, cut, is_zero, short, spread, starred, visible};
use crate::profile::{ALPHA, Split, SpreadOver, Summary};
use crate::rundir::RunRecord;
use crate::text;

/// What the score on single repeats of the activations is called.
pub(super) const ONE_REPEAT: &str = "held-out, one repeat";

/// What an importance is, in one sentence.
pub(super) fn importance(summary: &Summary, run: &RunRecord) -> String {
    let other = Words::of(run).importance(run);
    let when = match run.options.get("permute").and_then(Value::as_str) {
        Some("pairs") => "when a term's distances are permuted across pairs of stimuli",
        Some("stimuli") => "when a feature's values are permuted across stimuli",
        _ => "when a feature is permuted",
    };
    let what = format!("drop in {} {when}", Words::of(run).score(run));
    let permutations = run.options.get("permutations").and_then(Value::as_u64);
    let times = permutations
        .map(|n| format!(", {}", text::counted(u128::from(n), "permutation")))
        .unwrap_or_default();
    let threshold = run.options.get("conditional").and_then(Value::as_f64);
    let within = threshold
        .map(|r| format!(" that agree in its correlates (|r| > {})", short(r, 2)))
        .unwrap_or_default();
    let over = match summary.spread_over {
        SpreadOver::Folds => {
            format!("mean ± sd over {} folds of held-out stimuli", text::count(summary.n_folds as u128))
        }
        SpreadOver::Permutations => {
            let what = Words::of(run).permuted;
            let spread =
                if summary.has_spreads() { format!("mean ± sd over {what}, ") } else { String::new() };
            let on = if summary.holds_out {
                "on the held-out stimuli (one split: no interval over folds)"
            } else {
                "on all stimuli (one fold)"
            };
            format!("{spread}{on}")
        }
    };
    match other {
        Some(what) => format!("{what}; {over}"),
        None => format!("{what}{within}{times}; {over}"),
    }
}

/// What a star says, if any were given.
pub(super) fn stars(summary: &Summary, run: &RunRecord) -> Option<String> {
    let draws = run.options.get("null").and_then(Value::as_u64).filter(|&n| n > 0);
    summary.is_tested().then(|| {
        let draws = draws
            .map(|n| format!(" ({} of the null)", text::counted(u128::from(n), "draw")))
            .unwrap_or_default();
        format!("p < {}, one-sided, after Benjamini and Hochberg{draws}; null: the effect adds nothing to the others", short(ALPHA, 2))
    })
}

/// What a score is, in a few words.
pub(super) fn score(split: Split, run: &RunRecord) -> String {
    let stimuli = match split {
        Split::Train => "training",
        Split::Test => "held-out",
    };
    format!("{}, {stimuli} stimuli", Words::of(run).score(run))
}

/// `layer 3`, or what the layer at a position is called.
pub(super) fn layer(summary: &Summary, index: usize) -> String {
    let layer = summary.layers[index];
    match summary.labels.get(&layer) {
        Some(label) => visible(label),
        None => format!("layer {layer}"),
    }
}

/// What was run: the stimuli and the model or the file of activations.
pub(super) fn title(run: &RunRecord) -> (String, String) {
    let activations = match (&run.model, &run.activations) {
        (Some(model), _) if model.untrained.is_some() => format!("untrained {}", model.id),
        (Some(model), _) => model.id.clone(),
        (None, Some(file)) => file.clone(),
        (None, None) => "activations".to_owned(),
    };
    (visible(run.stimuli.source.grammar.as_ref().unwrap_or(&run.stimuli.name)), visible(&activations))
}
