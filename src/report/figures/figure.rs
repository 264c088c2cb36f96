//! What a figure is made of.

use serde::Serialize;

use super::super::axis::Axis;
use super::super::svg::Drawing;
use super::super::words;
use crate::profile::{Spread, Summary, Trajectory};

/// How many curves have a colour and a marker of their own.
pub(in crate::report) const STYLES: usize = 8;
/// Two features whose distances correlate more than this are confounded.
pub(in crate::report) const CONFOUNDED: f64 = 0.5;

/// One figure.
#[derive(Debug)]
pub(in crate::report) struct Figure {
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
    pub svg: Drawing,
    /// The curves that a legend lists, in the order of the drawing.
    pub legend: Vec<Entry>,
    /// Whether the drawing names them itself; where not, a file of it needs the legend inside.
    pub names_curves: bool,
    /// What the script of the page shows under the pointer.
    pub exact: Exact,
}

/// A curve in a legend.
#[derive(Debug)]
pub(in crate::report) struct Entry {
    pub name: String,
    pub style: Option<usize>,
    /// Where and how high its peak is.
    pub peak: String,
}

/// The values of a figure: a mean and a spread for every row and column.
#[derive(Debug, Default, Serialize)]
pub(in crate::report) struct Exact {
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
    /// What one chooses with them; empty where that is a position on the axis.
    #[serde(skip)]
    pub chooses: &'static str,
}

/// One of the matrices of a figure that shows one at a time.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Frame {
    pub name: String,
    /// `(n_rows, n_columns)`.
    pub mean: Vec<Vec<f64>>,
    /// Its drawing.
    #[serde(skip)]
    pub svg: String,
}

impl Exact {
    pub(super) fn of_trajectories(terms: &[&Trajectory], summary: &Summary, axis: &Axis) -> Self {
        let cells = |pick: fn(&Spread) -> f64| -> Vec<Vec<f64>> {
            terms.iter().map(|term| term.at.iter().map(pick).collect()).collect()
        };
        Self {
            along: axis.noun(),
            rows: terms.iter().map(|term| words::visible(&term.name)).collect(),
            columns: axis.names(&summary.layers),
            mean: cells(|spread| spread.mean),
            sd: cells(|spread| spread.sd),
            ..Self::default()
        }
    }
}

/// The name of a figure among the links of the page.
pub(super) fn short(id: &str) -> &'static str {
    match id {
        "importance" => "Importance",
        "heatmap" => "Heatmap",
        "interactions" => "Interactions",
        "groups" => "Groups",
        "scores" => "Fit",
        "controls-fit" => "Controls",
        "left" => "Left",
        "dimension" => "Dimension",
        "estimators" => "Estimators",
        "metric" => "Metric",
        "geometry" => "Geometry",
        "correlations" => "Correlations",
        _ => "",
    }
}
