//! Importances and scores over the layers.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::super::axis::Axis;
use super::super::estimators::Words;
use super::super::svg::{Curve, Curves, Dot, Dots, Drawing, Heatmap, Range, Shades};
use super::super::words;
use super::figure::{Entry, Exact, Figure, STYLES, short};
use super::grid;
use crate::profile::{Order, ScoreMeasure, Spread, Summary, Test, Trajectory};
use crate::rundir::RunRecord;

/// What figures are called: of features, interactions and groups along an axis, and of the first two as a table; the fit last.
pub(super) fn titles(axis: &Axis) -> [[&'static str; 4]; 2] {
    match axis.noun() {
        "time" => [
            [
                "Importance over time",
                "Interactions over time",
                "Groups of features over time",
                "Fit over time",
            ],
            ["Features × times", "Interactions × times", "", ""],
        ],
        "head" => [
            ["Importance by head", "Interactions by head", "Groups of features by head", "Fit by head"],
            ["Features × heads", "Interactions × heads", "", ""],
        ],
        "array" => [
            ["Importance", "Interactions", "Groups of features", "Fit"],
            ["Features × arrays", "Interactions × arrays", "", ""],
        ],
        _ => [
            ["Importance by layer", "Interactions by layer", "Groups of features by layer", "Fit by layer"],
            ["Features × layers", "Interactions × layers", "", ""],
        ],
    }
}

/// `layer 3, .123 ± .012`.
fn peak(term: &Trajectory, summary: &Summary, axis: &Axis) -> String {
    term.peak().map_or_else(
        || "no number".to_owned(),
        |i| format!("{}, {}", axis.place(summary.layers[i]), words::spread(term.at[i], 3)),
    )
}

/// Where the terms peak, largest first, in one sentence.
fn peaks(terms: &[&Trajectory], summary: &Summary, axis: &Axis) -> String {
    let shown: Vec<String> = terms
        .iter()
        .take(STYLES)
        .map(|term| format!("{} peaks at {}", words::visible(&term.name), peak(term, summary, axis)))
        .collect();
    let rest = terms.len().saturating_sub(STYLES);
    let rest = if rest > 0 { format!("; and {rest} more below") } else { String::new() };
    format!("{}{rest}.", shown.join("; "))
}

/// The curves of the importances of `terms`.
pub(super) fn curves(
    called: (&'static str, &'static str),
    terms: &[&Trajectory],
    summary: &Summary,
    axis: &Axis,
    note: String,
) -> Figure {
    chart(called, terms, (summary, axis), (note, "importance"), Vec::new())
}

fn chart(
    (id, title): (&'static str, &'static str),
    terms: &[&Trajectory],
    (summary, axis): (&Summary, &Axis),
    (note, measure): (String, &'static str),
    ranges: Vec<Range>,
) -> Figure {
    let description = peaks(terms, summary, axis);
    let names: Vec<String> = terms.iter().map(|term| words::visible(&term.name)).collect();
    let single = summary.layers.len() == 1;
    let svg = if single {
        let dots = names.iter().zip(terms).map(|(name, term)| Dot { name, value: term.at[0] });
        let bands = ranges.iter().filter_map(|range| Some((range.class, (*range.at.first()?)?)));
        let dots = Dots {
            name: title,
            description: &description,
            x_title: measure,
            rows: dots.collect(),
            bands: bands.collect(),
        };
        Drawing::of(|room| dots.render(room))
    } else {
        let curves = names.iter().zip(terms).enumerate().map(|(i, (name, term))| Curve {
            name,
            at: &term.at,
            style: (i < STYLES).then_some(i),
        });
        let curves = Curves {
            name: title,
            description: &description,
            positions: axis.names(&summary.layers),
            places: Vec::new(),
            ordered: axis.is_ordered(),
            from_zero: true,
            x_title: axis.title(),
            y_title: measure,
            series: curves.collect(),
            ranges,
        };
        Drawing::of(|room| curves.render(room))
    };
    let grey = !single && terms.len() > STYLES;
    let grey = if grey { " The rest are grey: choose one below to bring it out." } else { "" };
    let legend = terms.iter().zip(names).enumerate().filter(|_| !single).map(|(i, (term, name))| Entry {
        name,
        style: (i < STYLES).then_some(i),
        peak: peak(term, summary, axis),
    });
    Figure {
        id,
        title,
        short: short(id),
        note: note + grey,
        legend: legend.collect(),
        names_curves: axis.is_ordered(),
        description,
        svg,
        exact: Exact::of_trajectories(terms, summary, axis),
    }
}

pub(super) fn heatmap(
    (id, title): (&'static str, &'static str),
    terms: &[&Trajectory],
    summary: &Summary,
    run: &RunRecord,
) -> Figure {
    let axis = &Axis::of(run);
    let ordered = terms;
    let names: Vec<String> = ordered.iter().map(|term| words::visible(&term.name)).collect();
    let rows: Vec<&str> = names.iter().map(String::as_str).collect();
    let columns = axis.names(&summary.layers);
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let full = terms.iter().map(|term| term.peak_mean()).fold(0.0, f64::max);
    let description = peaks(ordered, summary, axis);
    let starred: BTreeSet<(usize, usize)> = (0..ordered.len())
        .flat_map(|row| {
            let significant = summary.significant_at(ordered[row]);
            (0..significant.len()).filter(move |&column| significant[column]).map(move |column| (row, column))
        })
        .collect();
    let note = "Mean importance; the features of the largest peaks first.".to_owned();
    let stars = words::stars(summary, run).map(|stars| format!(" *: {stars}.")).unwrap_or_default();
    let heatmap = Heatmap {
        name: title,
        description: &description,
        rows: &rows,
        columns: &columns,
        x_title: axis.title(),
        key: "importance",
        values: &|row, column| Some(ordered[row].at[column].mean),
        shades: Shades::Rising { full },
        marked: &BTreeSet::new(),
        starred: &starred,
    };
    Figure {
        id,
        title,
        short: short(id),
        note: note + &stars,
        svg: Drawing::of(|room| heatmap.render(room)),
        legend: Vec::new(),
        names_curves: true,
        exact: Exact::of_trajectories(ordered, summary, axis),
        description,
    }
}

pub(super) fn scores(summary: &Summary, run: &RunRecord) -> Figure {
    let axis = &Axis::of(run);
    let [[.., title], _] = titles(axis);
    let rows = [("held-out", &summary.test), ("training", &summary.train)];
    // What was not measured is not drawn: held-out scores with one fold, scores on the training pairs with several.
    let measured = |at: &[Spread]| at.iter().any(Spread::is_defined);
    let rows =
        rows.into_iter().filter(|(name, at)| measured(at) || (*name == "training") != summary.holds_out);
    let trajectory =
        |name: &str, at: &[Spread]| Trajectory { name: name.to_owned(), order: Order::Main, at: at.to_vec() };
    let mut terms: Vec<Trajectory> = rows.map(|(name, at)| trajectory(name, at)).collect();
    let names: Vec<String> = terms.iter().map(|term| term.name.clone()).collect();
    if let Some(grid) = axis.grid(&summary.layers) {
        let stars = words::stars(summary, run).map(|stars| format!(" *: {stars}.")).unwrap_or_default();
        let note =
            format!("{} the {} stimuli.{stars}", Words::of(run).fit(run), names.join(" and within the "));
        let mut rows: Vec<(&str, &[Spread])> =
            terms.iter().map(|term| (term.name.as_str(), term.at.as_slice())).collect();
        if summary.has_ceiling() {
            rows.push((words::ONE_REPEAT, &summary.one_repeat));
        }
        let of = (summary, axis, &grid);
        return grid::scores(("scores", title), &rows, of, (note, Words::of(run).score(run)));
    }
    let (mut ranges, mut notes) = (Vec::new(), String::new());
    if summary.is_tested() {
        let null = |test: &Option<Test>| test.map(|test| (test.null.low, test.null.high));
        ranges.push(Range { class: "null", at: summary.score_tests.iter().map(null).collect() });
        notes.push_str(" The grey band holds 95% of the scores under the null.");
    }
    if summary.has_ceiling() {
        terms.push(trajectory(words::ONE_REPEAT, &summary.one_repeat));
        ranges.push(Range { class: "ceiling", at: summary.ceiling.clone() });
        let upper = match run.measure() {
            ScoreMeasure::SquaredError => "at most with any distances",
            _ => "of the mean of all",
        };
        let _ = write!(
            notes,
            " The yellow band is the noise ceiling, from its lower to its upper bound: how well the distances of one \
             repeat of the activations agree with those of the others' mean, and {upper}. The model's score \
             on one repeat is to be held against it, not that on their mean, which has less noise."
        );
    }
    let terms: Vec<&Trajectory> = terms.iter().collect();
    let note = format!(
        "{} the {} stimuli; a curve's band is the standard deviation over folds.{notes}",
        Words::of(run).fit(run),
        names.join(" and within the ")
    );
    chart(("scores", title), &terms, (summary, axis), (note, Words::of(run).score(run)), ranges)
}

/// The scores of several estimators, one of each per layer of `summary`.
pub(in crate::report) fn estimators(
    scores: &[(String, Vec<Spread>)],
    summary: &Summary,
    run: &RunRecord,
) -> Figure {
    let axis = &Axis::of(run);
    let stimuli = if summary.holds_out { "held-out" } else { "training" };
    let note = format!(
        "The score of each layer by every estimator, on the same {stimuli} stimuli; what a score is, its name says, and scores of two \
         kinds are on no common scale: hold where they rise and fall against each other, and not how high they are."
    );
    let id = "estimators";
    let title = "Estimators side by side";
    if let Some(grid) = axis.grid(&summary.layers) {
        let rows: Vec<(&str, &[Spread])> =
            scores.iter().map(|(name, at)| (name.as_str(), at.as_slice())).collect();
        return grid::plain((id, title), &rows, (summary, axis, &grid), (note, "score"));
    }
    let terms: Vec<Trajectory> = scores
        .iter()
        .map(|(name, at)| Trajectory { name: name.clone(), order: Order::Main, at: at.clone() })
        .collect();
    let terms: Vec<&Trajectory> = terms.iter().collect();
    chart((id, title), &terms, (summary, axis), (note, "score"), Vec::new())
}
