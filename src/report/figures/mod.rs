//! The figures of a profile: what each one shows, in pictures, in words, and as a table.
//!
//! Every figure has a drawing, a sentence that says what it is, a description that stands in for the drawing, and its
//! exact values, so that the page and the figure files say the same.

mod correlations;
mod importance;
mod maps;
mod metric;

use serde::Serialize;

use super::words;
use crate::profile::{Metric, Order, Spread, Summary, Trajectory};
use crate::rundir::RunRecord;

pub(super) use correlations::correlations;
use importance::{curves, heatmap, scores};
pub(super) use maps::{colour_by, maps};

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
    /// Whether the drawing names them itself; where not, a file of it needs the legend inside.
    pub names_curves: bool,
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
    /// Whether only the cells on and below the diagonal are there.
    pub triangle: bool,
    /// Other matrices that can take the place of `mean`, one at a time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<Frame>,
    /// Which of the frames `mean` is.
    pub frame: usize,
}

/// One of the matrices of a figure that shows one at a time.
#[derive(Debug, Serialize)]
pub(super) struct Frame {
    pub name: String,
    /// `(n_rows, n_columns)`.
    pub mean: Vec<Vec<f64>>,
    /// Its drawing.
    #[serde(skip)]
    pub svg: String,
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
            ..Self::default()
        }
    }
}

/// All figures of a profile, in the order of the page.
pub(super) fn of_profile(summary: &Summary, metric: &Metric, run: &RunRecord) -> Vec<Figure> {
    let mut figures = Vec::new();
    let importance = format!("Importance: {}.", words::importance(summary, run));
    let main = summary.ranked(Order::Main);
    if !main.is_empty() {
        figures.push(curves("importance", "Importance by layer", &main, summary, importance.clone()));
        figures.push(heatmap("heatmap", "Features × layers", &main, summary, run));
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
        figures.push(curves("interactions", "Interactions by layer", &interactions, summary, note));
        figures.push(heatmap("interactions-heatmap", "Interactions × layers", &interactions, summary, run));
    }
    let groups = summary.ranked(Order::Group);
    if !groups.is_empty() {
        figures.push(curves("groups", "Groups of features by layer", &groups, summary, importance));
    }
    figures.push(scores(summary, run));
    figures.extend(metric::figures(metric, summary));
    figures
}

/// The name of a figure among the links of the page.
fn short(id: &str) -> &'static str {
    match id {
        "importance" => "Importance",
        "heatmap" => "Heatmap",
        "interactions" => "Interactions",
        "groups" => "Groups",
        "scores" => "Fit",
        "metric" => "Metric",
        "geometry" => "Geometry",
        "correlations" => "Correlations",
        _ => "",
    }
}

fn layer_names(summary: &Summary) -> Vec<String> {
    summary.layers.iter().map(ToString::to_string).collect()
}
