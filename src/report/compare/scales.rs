//! What the scores of runs are, and what an importance is, where runs differ in it.

use super::super::words;
use crate::compare::Comparison;
use crate::text;

/// How many models a sentence names.
const NAMED: usize = 3;
/// The widest that a name may be.
pub(super) const NAME: usize = 26;

/// What scores are in the runs, where that is not one thing: the runs that have each.
pub(super) fn measures(comparison: &Comparison) -> Option<String> {
    let mut all: Vec<(&'static str, Vec<String>)> = Vec::new();
    for (k, run) in comparison.runs.iter().enumerate() {
        let label = run.record.measure().label();
        match all.iter_mut().find(|(other, _)| *other == label) {
            Some((_, names)) => names.push(name(comparison, k)),
            None => all.push((label, vec![name(comparison, k)])),
        }
    }
    let said = |(label, names): &(&str, Vec<String>)| format!("{label} in {}", text::some(names, NAMED));
    (all.len() > 1).then(|| all.iter().map(said).collect::<Vec<_>>().join(", "))
}

/// What an importance is: in the words of the first run, but for what the score is where runs differ in it.
pub(super) fn importance(comparison: &Comparison) -> String {
    let record = &comparison.runs[0].record;
    let sentence = words::importance(&comparison.summaries[0], record);
    let of_pairs = comparison.runs.iter().all(|run| run.record.measure().is_of_pairs());
    match measures(comparison) {
        Some(measures) if !of_pairs => {
            format!("of each run by its own estimator, whose scores are {measures}")
        }
        Some(measures) => sentence.replacen(record.measure().label(), &format!("the score ({measures})"), 1),
        None => sentence,
    }
}

/// What a run is called where there is little room.
pub(super) fn name(comparison: &Comparison, run: usize) -> String {
    words::cut(&words::visible(&comparison.runs[run].label), NAME)
}
