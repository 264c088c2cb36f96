//! What is said of the controls of a run: in its methods, and on a terminal.

use super::axis::Axis;
use super::figures::{left, made};
use super::notation::{table, wrap};
use super::terminal::Options;
use super::words;
use crate::controls::{Control, ControlRow};
use crate::profile::{Of, Order, Profile, Summary, Trajectory};
use crate::rundir::RunRecord;
use crate::text;

/// How many features are told of on a terminal.
const TOLD: usize = 12;
/// The widest that the name of a feature may be.
const NAME: usize = 40;

/// The sentences of the methods paragraph.
pub(super) fn methods(run: &RunRecord) -> Option<String> {
    if let Some(control) = run.control {
        return Some(format!("This run is a control of another one: {}.", what(control, run)));
    }
    if run.controls.is_empty() {
        return None;
    }
    let there = run.controls.iter().filter(|record| record.run_dir.is_some());
    let there: Vec<String> = there.map(|record| what(record.control, run)).collect();
    let mut told = Vec::new();
    if !there.is_empty() {
        told.push(format!(
            "As controls, the same stimuli were analysed on the same folds and with the same options with, in the place of the activations, {}.",
            there.join("; ")
        ));
        told.push(
            "What is left of an importance above them is its mean over folds less that of the control whose mean is the largest at the \
             same layer, taken fold by fold."
                .to_owned(),
        );
    }
    told.extend(notes(run));
    Some(told.join(" "))
}

/// What was not made, and what should be known of what was.
fn notes(run: &RunRecord) -> Vec<String> {
    let mut told = Vec::new();
    for record in &run.controls {
        let name = record.control.words();
        if let Some(why) = &record.why_not {
            told.push(format!("No control by {name}: {}.", words::visible(why.trim_end_matches('.'))));
        }
        if let Some(note) = &record.note {
            told.push(format!("Of the control by {name}: {}.", words::visible(note.trim_end_matches('.'))));
        }
    }
    told
}

/// What a control is, for a paper.
fn what(control: Control, run: &RunRecord) -> String {
    let slot = run.model.as_ref().and_then(|model| model.pooling.split(" at ").nth(1));
    let slot = slot.and_then(|slot| slot.split(',').next()).map(words::visible);
    match (control, slot) {
        (Control::Untrained, _) => {
            format!(
                "those of the same architecture with weights as its initialiser draws them (seed {})",
                run.seed
            )
        }
        (Control::Shuffled, slot) => format!(
            "those of the same model reading the words of each sentence in random order (seed {}{})",
            run.seed,
            slot.map(|slot| format!(
                "; those of {slot} stay together, and are pooled where they come to stand"
            ))
            .unwrap_or_default()
        ),
        (Control::BagOfWords, None) => {
            "counts of the words of each sentence (a bag of words, the same beside every layer)".to_owned()
        }
        (Control::BagOfWords, Some(slot)) => format!(
            "counts of the words of each sentence, those of {slot} apart from the rest (a bag of words, the same beside every layer)"
        ),
        (Control::Position, None) => {
            "the length of each sentence in words (one unit per position, the same beside every layer)"
                .to_owned()
        }
        (Control::Position, Some(slot)) => format!(
            "the length of each sentence in words and the positions of {slot} (one unit per position, the same beside every layer)"
        ),
    }
}

/// What is left above the controls, for a terminal; nothing where there are none.
#[must_use]
pub fn terminal(profile: &Profile, rows: &[ControlRow], run: &RunRecord, options: Options) -> String {
    let mut out = String::new();
    let width = options.width.max(40);
    let names: Vec<&str> = made(rows).into_iter().map(Control::words).collect();
    if !names.is_empty() {
        let summary = Summary::of(profile);
        let axis = Axis::of(run);
        out.push('\n');
        let told = format!("Left of importance above the largest control ({})", text::join_and(&names));
        let mut terms = left(rows, &summary, Order::Main);
        let key =
            |term: &Trajectory| Some(term.peak_mean()).filter(|x| !x.is_nan()).unwrap_or(f64::NEG_INFINITY);
        terms.sort_by(|a, b| key(b).total_cmp(&key(a)));
        let most: Vec<Vec<String>> =
            terms.iter().take(TOLD).filter_map(|term| at_most(term, rows, &summary, &axis)).collect();
        if most.is_empty() {
            let why = if terms.is_empty() {
                "no importances were measured; controls.csv has the scores"
            } else {
                "no control has an importance; controls.csv has what there is"
            };
            wrap(&mut out, &format!("{told}: {why}."), width);
        } else {
            let more = terms.len().saturating_sub(TOLD);
            let more = if more > 0 { format!(" ({more} more in controls.csv)") } else { String::new() };
            wrap(&mut out, &format!("{told}, at the {} where most is{more}:", axis.noun()), width);
            out.push('\n');
            let head = ["", "left", "of", "at", "largest control"].map(str::to_owned).to_vec();
            table(&mut out, &std::iter::once(head).chain(most).collect::<Vec<_>>());
        }
        if !run.controls.iter().all(|record| record.why_not.is_none() && record.note.is_none()) {
            out.push('\n');
        }
    }
    for note in notes(run) {
        wrap(&mut out, &note, width);
    }
    out
}

/// Where most of a feature is left: the feature, what is left, of what, at which layer, and the control.
fn at_most(term: &Trajectory, rows: &[ControlRow], summary: &Summary, axis: &Axis) -> Option<Vec<String>> {
    let peak = term.peak()?;
    let layer = summary.layers[peak];
    let of = Of::Effect(term.order, term.name.clone());
    let row = rows.iter().find(|row| row.layer == layer && row.largest && row.of == of)?;
    Some(vec![
        words::cut(&words::visible(&term.name), NAME),
        words::spread(term.at[peak], 3),
        words::short(row.mean, 3),
        axis.place(layer),
        format!("{} {}", words::short(row.control_mean, 3), row.control.words()),
    ])
}

#[cfg(test)]
mod tests {
    use super::super::{figures, fixtures, page};
    use super::*;
    use crate::profile::Importance;
    use crate::rundir::ControlRecord;

    /// A run with two controls of four, one of which knows everything of the second feature.
    fn controlled(layers: usize) -> fixtures::Run {
        let mut run = fixtures::realistic(layers, 64, false);
        let second = run.profile.importances[1].feature.clone();
        let scaled = |share: &dyn Fn(&Importance) -> f64, layers: usize| {
            let mut profile = run.profile.clone();
            profile.retain(|layer| layer < layers);
            profile.importances.iter_mut().for_each(|row| row.importance *= share(row));
            profile
        };
        let untrained = scaled(&|_| 0.25, layers);
        let bag = scaled(&|row| if row.feature == second { 1.0 } else { 0.0 }, 1);
        run.controls = crate::controls::above(
            &run.profile,
            &[(Control::Untrained, untrained), (Control::BagOfWords, bag)],
        );
        let record = |control: Control, why: Option<&str>| ControlRecord {
            control,
            run_dir: why.is_none().then(|| format!("controls/{}", control.name())),
            note: None,
            why_not: why.map(str::to_owned),
        };
        run.record.controls = vec![
            record(Control::Untrained, None),
            record(Control::BagOfWords, None),
            record(Control::Position, Some("all <b>sentences</b> have 7 words")),
        ];
        run
    }

    #[test]
    fn the_page_has_the_controls_dashed_what_is_left_and_what_was_not_made() {
        for layers in [1, 4] {
            let run = controlled(layers);
            let page = page::render(run.input()).unwrap();
            let drawn = page.split("<script type").next().unwrap();
            for said in [
                "id=\"controls-fit\"",
                "id=\"controls\"",
                "id=\"left\"",
                "a bag of words, the same beside every layer",
                "No control by position: all &lt;b&gt;sentences",
                "dashed",
                "Above 0 by the 95% interval where most is left: ",
            ] {
                assert!(drawn.contains(said), "{layers}: {said}");
            }
            assert!(!drawn.contains("NaN") && !drawn.contains("shuffled words"));
        }
    }

    #[test]
    fn a_run_without_controls_says_nothing_of_them() {
        let run = fixtures::realistic(3, 64, false);
        assert!(methods(&run.record).is_none());
        assert!(terminal(&run.profile, &[], &run.record, Options::default()).is_empty());
        assert!(figures::of_controls(&[], &Summary::of(&run.profile), &run.record).is_empty());
    }

    #[test]
    fn the_terminal_tells_where_most_is_left() {
        let run = controlled(4);
        let told =
            terminal(&run.profile, &run.controls, &run.record, Options { width: 4000, ..Options::default() });
        assert!(
            told.contains(
                "Left of importance above the largest control (untrained model and bag of words), at the layer where most is"
            ),
            "{told}"
        );
        assert!(told.contains("No control by position"), "{told}");
    }
}
