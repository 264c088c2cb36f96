//! What the page shows of the stimuli: the levels of every feature and their counts, and a few sentences.

use serde::Serialize;

use super::super::words;
use crate::numeric::rng::Stream;
use crate::rundir::RunRecord;
use crate::stimuli::{Feature, Stimuli, Values};
use crate::text;

/// How many sentences are shown.
const EXAMPLES: usize = 20;
/// How many levels of a feature are named.
const LEVELS: usize = 12;

/// A feature and its values.
#[derive(Serialize)]
pub(super) struct Row {
    name: String,
    kind: &'static str,
    /// Counts of the levels that are drawn as a bar.
    shares: Vec<usize>,
    missing_share: usize,
    values: String,
    missing: String,
}

/// How many, where from, and how they were drawn.
pub(super) fn note(stimuli: &Stimuli, run: &RunRecord) -> String {
    let source = &run.stimuli.source;
    let grammar = source.grammar.as_ref().map(|name| format!(" of the grammar {}", words::visible(name)));
    let drawn = source.drawn.as_ref().map(|drawn| format!(": {}", words::visible(drawn)));
    format!(
        "{} stimuli{}{}.",
        text::count(stimuli.len() as u128),
        grammar.unwrap_or_default(),
        drawn.unwrap_or_default()
    )
}

/// Every feature with the counts of its levels, or the range of its numbers.
pub(super) fn features(stimuli: &Stimuli) -> Vec<Row> {
    stimuli.features().iter().map(row).collect()
}

fn row(feature: &Feature) -> Row {
    let n_missing = feature.n_missing();
    let (kind, shares, values) = match feature.values() {
        Values::Categorical { levels, codes } => {
            let mut counts = vec![0; levels.len()];
            for &code in codes.iter().flatten() {
                counts[code as usize] += 1;
            }
            let mut order: Vec<usize> = (0..levels.len()).collect();
            order.sort_by_key(|&level| std::cmp::Reverse(counts[level]));
            let shown = order.iter().take(LEVELS);
            let shown: Vec<String> = shown
                .map(|&level| {
                    format!("{} {}", words::visible(&levels[level]), text::count(counts[level] as u128))
                })
                .collect();
            let rest = levels.len().saturating_sub(LEVELS);
            let rest = if rest > 0 {
                format!(" · and {}", text::counted(rest as u128, "more level"))
            } else {
                String::new()
            };
            let shares = order.iter().take(4 * LEVELS).map(|&level| counts[level]).collect();
            ("categorical", shares, shown.join(" · ") + &rest)
        }
        Values::Numeric(values) => {
            let known = || values.iter().flatten().copied();
            let n = known().count();
            let (low, high) =
                known().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), x| (l.min(x), h.max(x)));
            let summary = if n == 0 {
                words::UNDEFINED.to_owned()
            } else {
                let mean = known().sum::<f64>() / n as f64;
                format!(
                    "{low} to {high}, mean {mean:.3}, {}",
                    text::counted(feature.n_distinct() as u128, "distinct value")
                )
            };
            ("numeric", Vec::new(), summary)
        }
        Values::Distances(_) => ("distances", Vec::new(), "given between stimuli".to_owned()),
    };
    Row {
        name: words::visible(feature.name()),
        kind,
        missing_share: if shares.is_empty() { 0 } else { n_missing },
        shares,
        values,
        missing: text::count(n_missing as u128),
    }
}

/// Sentences from all over the set with their feature values; empty where there are no sentences.
pub(super) fn examples(stimuli: &Stimuli) -> Vec<Vec<String>> {
    let Ok(sentences) = stimuli.sentences() else { return Vec::new() };
    // Not evenly spaced: the order of stimuli that a grammar generates is regular.
    let mut rows: Vec<usize> = (0..sentences.len()).collect();
    Stream::new(0, "examples").shuffle(&mut rows);
    rows.truncate(EXAMPLES);
    rows.sort_unstable();
    let shown = rows.into_iter();
    shown
        .map(|row| {
            let values = stimuli.features().iter().map(|feature| words::visible(&feature.display(row)));
            std::iter::once(words::visible(&sentences[row])).chain(values).collect()
        })
        .collect()
}
