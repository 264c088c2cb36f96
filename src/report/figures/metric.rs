//! The metric W: as a table of features and layers where it is diagonal, else as a matrix per layer with its
//! eigen-directions.

use std::collections::BTreeSet;

use super::super::axis::{Axis, Grid};
use super::super::svg::{Drawing, Heatmap, Room, Shades};
use super::super::words;
use super::figure::{Exact, Figure, Frame, short};
use super::grid;
use crate::profile::{Metric, Spread, Summary};

/// What a diagonal metric is.
const DIAGONAL: &str = "The diagonal of the metric W: how much a difference in a feature adds to the squared distance of \
                        activations. Mean over folds, each at unit Frobenius norm.";
/// How many eigen-directions are shown.
const DIRECTIONS: usize = 6;

/// The figures of `metric`; none where the run has no weights.
pub(super) fn figures(metric: &Metric, summary: &Summary, axis: &Axis) -> Vec<Figure> {
    let names: Vec<String> = metric.features.iter().map(|name| words::visible(name)).collect();
    let layers = axis.names(&metric.layers);
    let places: Vec<String> = metric.layers.iter().map(|&layer| axis.place(layer)).collect();
    if metric.mean.is_empty() {
        return Vec::new();
    }
    if !metric.interactions {
        return vec![match axis.grid(&metric.layers) {
            Some(grid) => on_grid(metric, &names, (summary, axis, &grid)),
            None => diagonal(metric, names, layers, axis),
        }];
    }
    // The layer that the model fits best is shown first.
    let best =
        summary.best_layer().and_then(|i| metric.layers.binary_search(&summary.layers[i]).ok()).unwrap_or(0);
    let frames = metric.mean.iter().map(|w| w.outer_iter().map(|row| row.to_vec()).collect());
    let frames: Vec<Vec<Vec<f64>>> = frames.collect();
    let note = "The metric W of the layer: how much a difference in one feature (diagonal) and in two features together (below \
                it) adds to the squared distance of activations; positive: more than the two alone, negative: less. Mean \
                over folds, each at unit Frobenius norm.";
    let whole = Matrices {
        id: "metric",
        title: "Metric",
        note,
        rows: names.clone(),
        columns: names.clone(),
        key: "weight",
        triangle: true,
        layers: &places,
        best,
    };
    let directions = Matrices {
        id: "directions",
        title: "Eigen-directions of the metric",
        note: "Directions in feature space along which activations are spread: the first weighs most. Loadings of opposite \
               sign: the features make up for each other.",
        rows: std::iter::once("eigenvalue".to_owned()).chain(names.iter().cloned()).collect(),
        columns: (1..=names.len().min(DIRECTIONS)).map(|i| i.to_string()).collect(),
        key: "eigenvalue, loading",
        triangle: false,
        layers: &places,
        best,
    };
    let loadings = (0..metric.layers.len()).map(|layer| loadings(metric, layer)).collect();
    vec![whole.figure(frames), directions.figure(loadings)]
}

/// `(1 + n_features, n_directions)`: the eigenvalues, and the loadings below them.
fn loadings(metric: &Metric, layer: usize) -> Vec<Vec<f64>> {
    let n = metric.features.len();
    let shown = n.min(DIRECTIONS);
    let Some(directions) = metric.directions(layer) else { return vec![vec![f64::NAN; shown]; n + 1] };
    let row = |r: usize| -> Vec<f64> {
        directions.iter().take(shown).map(|d| if r == 0 { d.eigenvalue } else { d.loadings[r - 1] }).collect()
    };
    (0..=n).map(row).collect()
}

fn diagonal(metric: &Metric, names: Vec<String>, layers: Vec<String>, axis: &Axis) -> Figure {
    let weight = |feature: usize, layer: usize| metric.mean[layer][[feature, feature]];
    let mean: Vec<Vec<f64>> =
        (0..names.len()).map(|row| (0..layers.len()).map(|column| weight(row, column)).collect()).collect();
    let title = "Metric";
    let largest = |layer: usize| {
        let rows = (0..names.len()).filter(|&row| mean[row][layer].is_finite());
        let best = rows.reduce(|a, b| if mean[b][layer] > mean[a][layer] { b } else { a });
        best.map(|row| format!("{}: {}", layers[layer], names[row]))
    };
    let heaviest: Vec<String> = (0..layers.len()).filter_map(largest).collect();
    let description = format!("The feature of the largest weight at each layer: {}.", heaviest.join("; "));
    let heatmap = Heatmap {
        name: title,
        description: &description,
        rows: &borrowed(&names),
        columns: &borrowed(&layers),
        x_title: axis.title(),
        key: "weight",
        values: &|row, column| Some(mean[row][column]),
        shades: shades(&mean),
        marked: &BTreeSet::new(),
        starred: &BTreeSet::new(),
    };
    let svg = Drawing::of(|room| heatmap.render(room));
    Figure {
        id: "metric",
        title,
        short: short("metric"),
        note: DIAGONAL.to_owned(),
        description,
        svg,
        legend: Vec::new(),
        names_curves: true,
        exact: Exact { along: axis.noun(), rows: names, columns: layers, mean, ..Exact::default() },
    }
}

/// The diagonal on a grid of layers and heads, one feature at a time.
fn on_grid(metric: &Metric, names: &[String], of: (&Summary, &Axis, &Grid)) -> Figure {
    let weight = |feature: usize| {
        let weights = metric.mean.iter().map(move |w| w[[feature, feature]]);
        weights.map(|mean| Spread { mean, sd: f64::NAN, n: 1 }).collect::<Vec<Spread>>()
    };
    let weights: Vec<Vec<Spread>> = (0..names.len()).map(weight).collect();
    let rows: Vec<(&str, &[Spread])> =
        names.iter().zip(&weights).map(|(name, at)| (name.as_str(), at.as_slice())).collect();
    grid::plain(("metric", "Metric"), &rows, of, (DIAGONAL.to_owned(), "weight"))
}

/// One hue where nothing is negative, two where something is.
fn shades(mean: &[Vec<f64>]) -> Shades {
    let known = || mean.iter().flatten().copied().filter(|value| value.is_finite());
    let full = known().map(f64::abs).fold(0.0, f64::max);
    if known().any(|value| value < 0.0) { Shades::Diverging { full } } else { Shades::Rising { full } }
}

fn borrowed(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// Matrices of one shape, one per layer, of which one is shown at a time.
struct Matrices<'a> {
    id: &'static str,
    title: &'static str,
    note: &'static str,
    rows: Vec<String>,
    columns: Vec<String>,
    key: &'static str,
    triangle: bool,
    layers: &'a [String],
    best: usize,
}

impl Matrices<'_> {
    fn figure(self, frames: Vec<Vec<Vec<f64>>>) -> Figure {
        let full =
            frames.iter().flatten().flatten().filter(|x| x.is_finite()).map(|x| x.abs()).fold(0.0, f64::max);
        let named = self.layers.iter().zip(frames);
        let drawn = named.map(|(layer, mean)| {
            let description = format!("At {layer}. {}", self.strongest(&mean));
            let svg = self.draw(&mean, full, &description, Room::Wide);
            (description, Frame { name: layer.clone(), mean, svg })
        });
        let (descriptions, frames): (Vec<String>, Vec<Frame>) = drawn.unzip();
        let Frame { mean, svg, .. } = &frames[self.best];
        let (mean, description) = (mean.clone(), descriptions[self.best].clone());
        let narrow = self.draw(&mean, full, &description, Room::Narrow);
        let svg = Drawing { wide: svg.clone(), narrow };
        Figure {
            id: self.id,
            title: self.title,
            short: short(self.id),
            note: self.note.to_owned(),
            description,
            svg,
            legend: Vec::new(),
            names_curves: true,
            exact: Exact {
                rows: self.rows,
                columns: self.columns,
                mean,
                triangle: self.triangle,
                frames,
                frame: self.best,
                ..Exact::default()
            },
        }
    }

    fn draw(&self, mean: &[Vec<f64>], full: f64, description: &str, room: Room) -> String {
        Heatmap {
            name: self.title,
            description,
            rows: &borrowed(&self.rows),
            columns: &borrowed(&self.columns),
            x_title: "",
            key: self.key,
            values: &|row, column| (!self.triangle || column <= row).then(|| mean[row][column]),
            shades: Shades::Diverging { full },
            marked: &BTreeSet::new(),
            starred: &BTreeSet::new(),
        }
        .render(room)
    }

    /// The largest cells in words.
    fn strongest(&self, mean: &[Vec<f64>]) -> String {
        let mut cells: Vec<(f64, usize, usize)> = Vec::new();
        for (r, row) in mean.iter().enumerate() {
            let present =
                row.iter().enumerate().filter(|(c, value)| (!self.triangle || *c <= r) && value.is_finite());
            cells.extend(present.map(|(c, &value)| (value, r, c)));
        }
        cells.sort_by(|a, b| b.0.abs().total_cmp(&a.0.abs()));
        let shown = cells.iter().take(5);
        let shown = shown.map(|&(value, r, c)| {
            format!("{}, {}: {}", self.rows[r], self.columns[c], words::short(value, 3))
        });
        format!("The largest: {}.", shown.collect::<Vec<_>>().join("; "))
    }
}
