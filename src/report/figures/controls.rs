//! The model beside its controls, and what is left above them.

use super::super::axis::Axis;
use super::super::svg::{Across, Drawing, Multiple, Multiples, Series};
use super::super::words;
use super::figure::{Entry, Exact, Figure, short};
use super::grid;
use super::importance::{chart, curves};
use crate::controls::{Control, ControlRow};
use crate::profile::{Of, Order, Spread, Summary, Trajectory};
use crate::rundir::RunRecord;
use crate::text;

/// How many features have a panel of their own.
const PANELS: usize = 12;

/// What is left above the largest control of each effect of `order`, one value per layer, in the order of [`Summary::ranked`].
pub(in crate::report) fn left(rows: &[ControlRow], summary: &Summary, order: Order) -> Vec<Trajectory> {
    let at = |of: &Of| -> Vec<Spread> {
        let largest = |layer: usize| {
            rows.iter().find(|row| row.layer == layer && row.largest && row.of == *of).map(ControlRow::spread)
        };
        summary.layers.iter().map(|&layer| largest(layer).unwrap_or(Spread::UNDEFINED)).collect()
    };
    let of_term = |term: &&Trajectory| {
        let of = Of::Effect(order, term.name.clone());
        Trajectory { name: term.name.clone(), order, at: at(&of) }
    };
    summary.ranked(order).iter().map(of_term).collect()
}

/// Which features are above their controls, in a sentence: those whose 95% interval is above 0 where most of them is left.
fn told(rows: &[ControlRow], terms: &[Trajectory], summary: &Summary, axis: &Axis) -> String {
    let at_peak = |term: &&Trajectory| {
        let layer = summary.layers[term.peak()?];
        let of = Of::Effect(term.order, term.name.clone());
        rows.iter().find(|row| row.layer == layer && row.largest && row.of == of)
    };
    let peaks: Vec<&ControlRow> = terms.iter().filter_map(|term| at_peak(&term)).collect();
    if peaks.iter().all(|row| row.interval.is_none()) {
        return String::new();
    }
    let above = peaks.iter().filter(|row| row.interval.is_some_and(|(low, _)| low > 0.0));
    let named: Vec<String> = above
        .filter_map(|row| match &row.of {
            Of::Effect(_, name) => Some(format!(
                "{} ({} at {})",
                words::visible(name),
                words::short(row.left, 3),
                axis.place(row.layer)
            )),
            Of::Score => None,
        })
        .collect();
    if named.is_empty() {
        " Of no feature the 95% interval is above 0 where most of it is left.".to_owned()
    } else {
        format!(" Above 0 by the 95% interval where most is left: {}.", text::some(&named, PANELS))
    }
}

/// The controls that have rows.
pub(in crate::report) fn made(rows: &[ControlRow]) -> Vec<Control> {
    Control::ALL.into_iter().filter(|control| rows.iter().any(|row| row.control == *control)).collect()
}

/// What `control` has of `of`, one value per layer.
fn of_control(rows: &[ControlRow], control: Control, of: &Of, summary: &Summary) -> Vec<Spread> {
    let value = |layer: usize| {
        rows.iter()
            .find(|row| row.layer == layer && row.control == control && row.of == *of)
            .map_or(Spread::UNDEFINED, ControlRow::control_spread)
    };
    summary.layers.iter().map(|&layer| value(layer)).collect()
}

/// The figures, if any control was made.
pub(in crate::report) fn figures(rows: &[ControlRow], summary: &Summary, run: &RunRecord) -> Vec<Figure> {
    let controls = made(rows);
    if controls.is_empty() {
        return Vec::new();
    }
    let axis = Axis::of(run);
    let mut figures = vec![fit(rows, &controls, summary, run, &axis)];
    let mut main = summary.ranked(Order::Main);
    main.truncate(PANELS);
    if !main.is_empty() {
        figures.push(beside(rows, &controls, &main, summary, &axis));
        let left = left(rows, summary, Order::Main);
        let told = told(rows, &left, summary, &axis);
        let terms: Vec<&Trajectory> = left.iter().collect();
        let note = format!(
            "Mean over folds of the importance less that of the control whose mean is the largest at that {}, taken fold by fold; bands are \
             standard deviations over folds. What is about 0 here, a control tells as well.{told}",
            axis.noun()
        );
        let called = ("left", "What is left above the controls");
        figures.push(match axis.grid(&summary.layers) {
            None => curves(called, &terms, summary, &axis, note),
            Some(of) => {
                let rows: Vec<(&str, &[Spread])> =
                    terms.iter().map(|term| (term.name.as_str(), term.at.as_slice())).collect();
                grid::plain(called, &rows, (summary, &axis, &of), (note, "importance"))
            }
        });
    }
    figures
}

fn fit(rows: &[ControlRow], controls: &[Control], summary: &Summary, run: &RunRecord, axis: &Axis) -> Figure {
    let (score, split) = summary.score();
    let term = |name: &str, at: Vec<Spread>| Trajectory { name: name.to_owned(), order: Order::Main, at };
    let mut terms = vec![term("the model", score.to_vec())];
    terms.extend(controls.iter().map(|&c| term(c.words(), of_control(rows, c, &Of::Score, summary))));
    let note = format!(
        "{}. Dashed: the same of each control; one without {} (bag of words, position) is the same all along.",
        capital(&words::score(split, run)),
        axis.nouns()
    );
    let called = ("controls-fit", "Fit of the model and of its controls");
    let measure = super::super::estimators::Words::of(run).score(run);
    if let Some(of) = axis.grid(&summary.layers) {
        let rows: Vec<(&str, &[Spread])> =
            terms.iter().map(|term| (term.name.as_str(), term.at.as_slice())).collect();
        return grid::plain(called, &rows, (summary, axis, &of), (note, measure));
    }
    let terms: Vec<&Trajectory> = terms.iter().collect();
    chart(called, &terms, (summary, axis), (note, measure), (Vec::new(), 1))
}

/// `text` with a capital letter.
fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn beside(
    rows: &[ControlRow],
    controls: &[Control],
    terms: &[&Trajectory],
    summary: &Summary,
    axis: &Axis,
) -> Figure {
    let names = axis.names(&summary.layers);
    let across = if axis.is_ordered() && summary.layers.len() > 1 {
        Across::Steps(axis.title(), names.clone())
    } else {
        Across::Names(names.clone())
    };
    let series = |index: usize, name: &str, at: &[Spread]| Series {
        index,
        name: name.to_owned(),
        style: Some(index),
        points: at.iter().enumerate().map(|(i, &spread)| (i as f64, spread)).collect(),
        dashed: index > 0,
    };
    let of_term = |term: &&Trajectory| Of::Effect(Order::Main, term.name.clone());
    let curves = |term: &&Trajectory| -> Vec<(&'static str, Vec<Spread>)> {
        let controls = controls.iter().map(|&c| (c.words(), of_control(rows, c, &of_term(term), summary)));
        std::iter::once(("the model", term.at.clone())).chain(controls).collect()
    };
    let panel = |term: &&Trajectory| Multiple {
        title: words::visible(&term.name),
        series: curves(term).iter().enumerate().map(|(i, (name, at))| series(i, name, at)).collect(),
        spans: Vec::new(),
    };
    let mut exact = Exact { along: axis.noun(), columns: names, ..Exact::default() };
    for term in terms {
        for (name, at) in curves(term) {
            exact.rows.push(format!("{}: {name}", words::visible(&term.name)));
            exact.mean.push(at.iter().map(|spread| spread.mean).collect());
            exact.sd.push(at.iter().map(|spread| spread.sd).collect());
        }
    }
    // How often each is the largest of the controls, over the features and layers that are shown.
    let shown = |row: &&ControlRow| terms.iter().any(|term| row.of == of_term(term));
    let times = |control: Control| {
        let of = || rows.iter().filter(shown).filter(|row| row.control == control);
        format!("the largest control in {} of {}", of().filter(|row| row.largest).count(), of().count())
    };
    let entry =
        |(i, name, peak): (usize, &str, String)| Entry { name: name.to_owned(), style: Some(i), peak };
    let legend: Vec<Entry> = std::iter::once((0, "the model", String::new()))
        .chain(controls.iter().enumerate().map(|(i, &control)| (i + 1, control.words(), times(control))))
        .map(entry)
        .collect();
    let title = "Importance beside the controls";
    let description = controls
        .iter()
        .map(|&control| format!("{}: {}.", control.words(), times(control)))
        .collect::<Vec<_>>()
        .join(" ");
    let svg = Multiples {
        name: title,
        description: &description,
        across,
        one_scale: false,
        panels: terms.iter().map(panel).collect(),
    };
    let more = summary.ranked(Order::Main).len().saturating_sub(terms.len());
    let more = if more > 0 {
        format!(" The {} features of the largest peaks; controls.csv has all.", terms.len())
    } else {
        String::new()
    };
    Figure {
        id: "controls",
        title,
        short: short("controls"),
        note: format!(
            "Importance of each feature in the model, and dashed in each control: the same stimuli, folds, distance and options; bands are \
             standard deviations over folds. Each panel has a scale of its own.{more}"
        ),
        svg: Drawing::of(|room| svg.render(room)),
        legend,
        names_curves: false,
        exact,
        description,
    }
}
