//! Importances and scores over the layers.

use std::collections::BTreeSet;

use super::super::estimators::Words;
use super::super::svg::{Curve, Curves, Dot, Dots, Heatmap, Range, Shades};
use super::super::words;
use super::figure::{Entry, Exact, Figure, STYLES, layer_names, layers_title, short};
use crate::profile::{Order, Spread, Summary, Test, Trajectory};
use crate::rundir::RunRecord;

/// `layer 3, .123 ± .012`.
fn peak(term: &Trajectory, summary: &Summary) -> String {
    term.peak().map_or_else(
        || "no number".to_owned(),
        |i| format!("{}, {}", words::layer(summary, i), words::spread(term.at[i], 3)),
    )
}

/// Where the terms peak, largest first, in one sentence.
fn peaks(terms: &[&Trajectory], summary: &Summary) -> String {
    let shown: Vec<String> = terms
        .iter()
        .take(STYLES)
        .map(|term| format!("{} peaks at {}", words::visible(&term.name), peak(term, summary)))
        .collect();
    let rest = terms.len().saturating_sub(STYLES);
    let rest = if rest > 0 { format!("; and {rest} more below") } else { String::new() };
    format!("{}{rest}.", shown.join("; "))
}

/// The curves of the importances of `terms`.
pub(super) fn curves(
    id: &'static str,
    title: &'static str,
    terms: &[&Trajectory],
    summary: &Summary,
    note: String,
) -> Figure {
    chart(id, title, terms, summary, (note, "importance"), Vec::new())
}

fn chart(
    id: &'static str,
    title: &'static str,
    terms: &[&Trajectory],
    summary: &Summary,
    (note, measure): (String, &'static str),
    ranges: Vec<Range>,
) -> Figure {
    let description = peaks(terms, summary);
    let names: Vec<String> = terms.iter().map(|term| words::visible(&term.name)).collect();
    let single = summary.layers.len() == 1;
    let svg = if single {
        let dots = names.iter().zip(terms).map(|(name, term)| Dot { name, value: term.at[0] });
        let bands = ranges.iter().filter_map(|range| Some((range.class, (*range.at.first()?)?)));
        Dots {
            name: title,
            description: &description,
            x_title: measure,
            rows: dots.collect(),
            bands: bands.collect(),
        }
        .render()
    } else {
        let curves = names.iter().zip(terms).enumerate().map(|(i, (name, term))| Curve {
            name,
            at: &term.at,
            style: (i < STYLES).then_some(i),
        });
        Curves {
            name: title,
            description: &description,
            positions: layer_names(summary),
            places: Vec::new(),
            from_zero: true,
            x_title: layers_title(summary),
            y_title: measure,
            series: curves.collect(),
            ranges,
        }
        .render()
    };
    let grey = !single && terms.len() > STYLES;
    let grey = if grey { " The rest are grey: choose one below to bring it out." } else { "" };
    let legend = terms.iter().zip(names).enumerate().filter(|_| !single).map(|(i, (term, name))| Entry {
        name,
        style: (i < STYLES).then_some(i),
        peak: peak(term, summary),
    });
    Figure {
        id,
        title,
        short: short(id),
        note: note + grey,
        legend: legend.collect(),
        names_curves: true,
        description,
        svg,
        data: "importance",
        exact: Exact::of_trajectories(terms, summary),
    }
}

pub(super) fn heatmap(
    id: &'static str,
    title: &'static str,
    terms: &[&Trajectory],
    summary: &Summary,
    run: &RunRecord,
) -> Figure {
    let mut ordered = terms.to_vec();
    // Early peaks first, so that the eye follows a diagonal; the ranking breaks ties.
    ordered.sort_by_key(|term| term.peak().unwrap_or(usize::MAX));
    let names: Vec<String> = ordered.iter().map(|term| words::visible(&term.name)).collect();
    let rows: Vec<&str> = names.iter().map(String::as_str).collect();
    let columns = layer_names(summary);
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let full = terms.iter().map(|term| term.peak_mean()).fold(0.0, f64::max);
    let description = peaks(&ordered, summary);
    let starred: BTreeSet<(usize, usize)> = (0..ordered.len())
        .flat_map(|row| {
            let significant = summary.significant_at(ordered[row]);
            (0..significant.len()).filter(move |&column| significant[column]).map(move |column| (row, column))
        })
        .collect();
    let note = "Mean importance, from the earliest peak to the latest.".to_owned();
    let stars = words::stars(summary, run).map(|stars| format!(" *: {stars}.")).unwrap_or_default();
    let heatmap = Heatmap {
        name: title,
        description: &description,
        rows: &rows,
        columns: &columns,
        x_title: layers_title(summary),
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
        svg: heatmap.render(),
        data: "importance",
        legend: Vec::new(),
        names_curves: true,
        exact: Exact::of_trajectories(&ordered, summary),
        description,
    }
}

pub(super) fn scores(summary: &Summary, run: &RunRecord) -> Figure {
    let title = "Fit by layer";
    let rows = [("held-out", &summary.test), ("training", &summary.train)];
    // What was not measured is not drawn: held-out scores with one fold, scores on the training pairs with several.
    let measured = |at: &[Spread]| at.iter().any(Spread::is_defined);
    let rows =
        rows.into_iter().filter(|(name, at)| measured(at) || (*name == "training") == (summary.n_folds == 1));
    let trajectory =
        |name: &str, at: &[Spread]| Trajectory { name: name.to_owned(), order: Order::Main, at: at.to_vec() };
    let mut terms: Vec<Trajectory> = rows.map(|(name, at)| trajectory(name, at)).collect();
    let names: Vec<String> = terms.iter().map(|term| term.name.clone()).collect();
    let (mut ranges, mut notes) = (Vec::new(), String::new());
    if summary.is_tested() {
        let null = |test: &Option<Test>| test.map(|test| (test.null.low, test.null.high));
        ranges.push(Range { class: "null", at: summary.score_tests.iter().map(null).collect() });
        notes.push_str(" The grey band holds 95% of the scores under the null.");
    }
    if summary.has_ceiling() {
        terms.push(trajectory(words::ONE_REPEAT, &summary.one_repeat));
        ranges.push(Range { class: "ceiling", at: summary.ceiling.clone() });
        notes.push_str(
            " The yellow band is the noise ceiling, from its lower to its upper bound: how well the distances of one \
             repeat of the activations agree with those of the others' mean, and of the mean of all. The model's score \
             on one repeat is to be held against it, not that on their mean, which has less noise.",
        );
    }
    let terms: Vec<&Trajectory> = terms.iter().collect();
    let note = format!(
        "{} the {} stimuli; a curve's band is the standard deviation over folds.{notes}",
        Words::of(run).fit,
        names.join(" and within the ")
    );
    let figure = chart("scores", title, &terms, summary, (note, Words::of(run).score), ranges);
    Figure { data: "scores", ..figure }
}
