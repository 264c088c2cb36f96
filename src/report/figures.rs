//! The figures of a profile: what each one shows, in pictures, in words, and as a table.
//!
//! Every figure has a drawing, a sentence that says what it is, a description that stands in for the drawing, and its
//! exact values, so that the page and the figure files say the same.

use std::collections::BTreeSet;

use ndarray::Array2;
use serde::Serialize;

use super::svg::{Curve, Curves, Dot, Dots, Heatmap, Shades};
use super::words;
use crate::profile::{Order, RunRecord, Spread, Summary, Trajectory};
use crate::text;

/// How many curves have a colour and a marker of their own.
pub(super) const STYLES: usize = 8;
/// How many rows of interactions a figure shows.
const INTERACTIONS: usize = 24;
/// Two features whose distances correlate more than this are confounded.
pub(super) const CONFOUNDED: f64 = 0.5;

/// One figure.
#[derive(Debug)]
pub(super) struct Figure {
    /// Its name in files and anchors.
    pub id: &'static str,
    /// Its title.
    pub title: &'static str,
    /// Its name among the links of the page, where it is a station of its own.
    pub short: &'static str,
    /// What it shows and how to read it.
    pub note: String,
    /// What is in it, for those who do not see it.
    pub description: String,
    /// The drawing.
    pub svg: String,
    /// The table that holds its data.
    pub data: &'static str,
    /// The curves that a legend lists, in the order of the drawing.
    pub legend: Vec<Entry>,
    /// What the script of the page shows under the pointer.
    pub exact: Exact,
}

/// A curve in a legend.
#[derive(Debug)]
pub(super) struct Entry {
    pub name: String,
    pub style: Option<usize>,
    /// Where and how high its peak is.
    pub peak: String,
}

/// The values of a figure: a mean and a spread for every row and column.
#[derive(Debug, Default, Serialize)]
pub(super) struct Exact {
    /// What the columns are positions of; empty where they are named themselves.
    pub along: &'static str,
    pub rows: Vec<String>,
    pub columns: Vec<String>,
    /// `(n_rows, n_columns)`; NaN is written as null.
    pub mean: Vec<Vec<f64>>,
    /// `(n_rows, n_columns)`, or empty where there is no spread.
    pub sd: Vec<Vec<f64>>,
}

impl Exact {
    fn of_trajectories(terms: &[&Trajectory], summary: &Summary) -> Self {
        let cells = |pick: fn(&Spread) -> f64| -> Vec<Vec<f64>> {
            terms.iter().map(|term| term.at.iter().map(pick).collect()).collect()
        };
        Self {
            along: "layer",
            rows: terms.iter().map(|term| words::visible(&term.name)).collect(),
            columns: layer_names(summary),
            mean: cells(|spread| spread.mean),
            sd: cells(|spread| spread.sd),
        }
    }
}

/// All figures of a profile, in the order of the page.
pub(super) fn of_profile(summary: &Summary, run: &RunRecord) -> Vec<Figure> {
    let mut figures = Vec::new();
    let importance = format!("Importance: {}.", words::importance(summary, run));
    let main = summary.ranked(Order::Main);
    if !main.is_empty() {
        figures.push(curves(
            "importance",
            "Importance by layer",
            &main,
            summary,
            importance.clone(),
            "importance",
        ));
        figures.push(heatmap("heatmap", "Features × layers", &main, summary));
    }
    let mut interactions = summary.ranked(Order::Interaction);
    if !interactions.is_empty() {
        let total = interactions.len();
        interactions.truncate(INTERACTIONS);
        let shown = if total > interactions.len() {
            format!("The {INTERACTIONS} largest of {total}, by their peak; the data have all. ")
        } else {
            String::new()
        };
        let note = shown + &importance;
        figures.push(curves(
            "interactions",
            "Interactions by layer",
            &interactions,
            summary,
            note,
            "importance",
        ));
        figures.push(heatmap("interactions-heatmap", "Interactions × layers", &interactions, summary));
    }
    figures.push(scores(summary));
    figures
}

/// The name of a figure among the links of the page.
fn short(id: &str) -> &'static str {
    match id {
        "importance" => "Importance",
        "heatmap" => "Heatmap",
        "interactions" => "Interactions",
        "scores" => "Fit",
        "correlations" => "Correlations",
        _ => "",
    }
}

fn layer_names(summary: &Summary) -> Vec<String> {
    summary.layers.iter().map(ToString::to_string).collect()
}

/// `layer 3, .123 ± .012`.
fn peak(term: &Trajectory, summary: &Summary) -> String {
    term.peak().map_or_else(
        || "no number".to_owned(),
        |i| format!("layer {}, {}", summary.layers[i], words::spread(term.at[i], 3)),
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

fn curves(
    id: &'static str,
    title: &'static str,
    terms: &[&Trajectory],
    summary: &Summary,
    note: String,
    measure: &'static str,
) -> Figure {
    let description = peaks(terms, summary);
    let names: Vec<String> = terms.iter().map(|term| words::visible(&term.name)).collect();
    let single = summary.layers.len() == 1;
    let svg = if single {
        let dots = names.iter().zip(terms).map(|(name, term)| Dot { name, value: term.at[0] });
        Dots { name: title, description: &description, x_title: measure, rows: dots.collect() }.render()
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
            x_title: "layer (0: embeddings)",
            y_title: measure,
            series: curves.collect(),
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
        description,
        svg,
        data: "importance",
        exact: Exact::of_trajectories(terms, summary),
    }
}

fn heatmap(id: &'static str, title: &'static str, terms: &[&Trajectory], summary: &Summary) -> Figure {
    let mut ordered = terms.to_vec();
    // Early peaks first, so that the eye follows a diagonal; the ranking breaks ties.
    ordered.sort_by_key(|term| term.peak().unwrap_or(usize::MAX));
    let names: Vec<String> = ordered.iter().map(|term| words::visible(&term.name)).collect();
    let rows: Vec<&str> = names.iter().map(String::as_str).collect();
    let columns = layer_names(summary);
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let full = terms.iter().map(|term| term.peak_mean()).fold(0.0, f64::max);
    let description = peaks(&ordered, summary);
    let heatmap = Heatmap {
        name: title,
        description: &description,
        rows: &rows,
        columns: &columns,
        x_title: "layer (0: embeddings)",
        key: "importance",
        values: &|row, column| Some(ordered[row].at[column].mean),
        shades: Shades::Rising { full },
        marked: &BTreeSet::new(),
    };
    Figure {
        id,
        title,
        short: short(id),
        note: "Mean importance, from the earliest peak to the latest.".to_owned(),
        svg: heatmap.render(),
        data: "importance",
        legend: Vec::new(),
        exact: Exact::of_trajectories(&ordered, summary),
        description,
    }
}

fn scores(summary: &Summary) -> Figure {
    let title = "Fit by layer";
    let rows = [("held-out", &summary.test), ("training", &summary.train)];
    let rows = rows.into_iter().filter(|(name, _)| summary.n_folds > 1 || *name == "training");
    let terms: Vec<Trajectory> = rows
        .map(|(name, at)| Trajectory { name: name.to_owned(), order: Order::Main, at: at.clone() })
        .collect();
    let terms: Vec<&Trajectory> = terms.iter().collect();
    let note = "Spearman correlation of modelled and neural distances, over pairs within the held-out and within the \
                training stimuli; the band is the standard deviation over folds.";
    let figure = curves("scores", title, &terms, summary, note.to_owned(), "Spearman");
    Figure { data: "scores", ..figure }
}

/// The figure of how features' distances correlate, `(n_features, n_features)`, and the pairs that are confounded, the
/// strongest first.
pub(super) fn correlations(names: &[&str], r: &Array2<f64>) -> (Figure, Vec<(usize, usize, f64)>) {
    let title = "Correlations between features";
    let cell = |row: usize, column: usize| r.get((row, column)).copied().unwrap_or(f64::NAN);
    let mut confounded = Vec::new();
    for row in 1..names.len() {
        confounded.extend(
            (0..row).map(|column| (row, column, cell(row, column))).filter(|x| x.2.abs() > CONFOUNDED),
        );
    }
    confounded.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()));
    let marked = confounded.iter().map(|&(row, column, _)| (row - 1, column)).collect();
    let names: Vec<String> = names.iter().map(|name| words::visible(name)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let description = if confounded.is_empty() {
        format!("No two features' distances correlate above {CONFOUNDED} in absolute value.")
    } else {
        let pairs = confounded.iter().take(STYLES);
        let pairs: Vec<String> = pairs
            .map(|&(a, b, r)| format!("{} with {} ({})", names[b], names[a], words::short(r, 2)))
            .collect();
        format!("Confounded pairs: {}.", text::join_and(&pairs))
    };
    // A triangle without its diagonal: one row and one column fewer than there are features.
    let (rows, columns) = match names.len() {
        0 | 1 => (names.as_slice(), names.as_slice()),
        n => (&names[1..], &names[..n - 1]),
    };
    let offset = usize::from(names.len() > 1);
    let below = |row: usize, column: usize| (column < row + offset).then(|| cell(row + offset, column));
    let svg = Heatmap {
        name: title,
        description: &description,
        rows,
        columns,
        x_title: "",
        key: "correlation of feature distances",
        values: &below,
        shades: Shades::Diverging { full: 1.0 },
        marked: &marked,
    };
    let svg = svg.render();
    let values =
        |row: usize| (0..columns.len()).map(|column| below(row, column).unwrap_or(f64::NAN)).collect();
    let exact = Exact {
        along: "",
        rows: rows.iter().map(|&name| name.to_owned()).collect(),
        columns: columns.iter().map(|&name| name.to_owned()).collect(),
        mean: (0..rows.len()).map(values).collect(),
        sd: Vec::new(),
    };
    let note = format!(
        "Pearson correlation of two features' distances over pairs of stimuli. Outlined: above {CONFOUNDED} in absolute \
         value, where a part of the importance cannot be attributed to one of the two."
    );
    let figure = Figure {
        id: "correlations",
        title,
        short: short("correlations"),
        note,
        description,
        svg,
        data: "correlations",
        legend: Vec::new(),
        exact,
    };
    (figure, confounded)
}
