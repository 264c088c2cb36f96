//! Importances and scores of heads, as grids of layers and heads, and of what else is of two axes at once: one for each term, of which one
//! is shown at a time.

use std::collections::BTreeSet;

use super::super::axis::{Axis, Grid};
use super::super::svg::{Drawing, Heatmap, Room, Shades};
use super::super::words;
use super::figure::{Exact, Figure, Frame, short};
use crate::profile::{Spread, Summary, Trajectory};

/// What is drawn on a grid: its name, and for each entry of the axis a mean and a spread, and whether it has a star.
struct Layer<'a> {
    name: String,
    at: &'a [Spread],
    starred: Vec<bool>,
}

/// The importances of `terms` on `grid`, that of the largest peak first.
pub(super) fn importances(
    called: (&'static str, &'static str),
    terms: &[&Trajectory],
    (summary, axis, grid): (&Summary, &Axis, &Grid),
    note: String,
) -> Figure {
    let layers = terms.iter().map(|term| Layer {
        name: words::visible(&term.name),
        at: &term.at,
        starred: summary.significant_at(term),
    });
    figure(called, &layers.collect::<Vec<_>>(), (summary, axis, grid), (note, "importance"))
}

/// The scores of heads on `grid`.
pub(super) fn scores(
    called: (&'static str, &'static str),
    rows: &[(&str, &[Spread])],
    (summary, axis, grid): (&Summary, &Axis, &Grid),
    (note, measure): (String, &'static str),
) -> Figure {
    let starred = |test: &Option<crate::profile::Test>| test.is_some_and(|test| test.is_significant());
    let stars: Vec<bool> = summary.score_tests.iter().map(starred).collect();
    let layers = rows.iter().map(|&(name, at)| Layer { name: name.to_owned(), at, starred: stars.clone() });
    figure(called, &layers.collect::<Vec<_>>(), (summary, axis, grid), (note, measure))
}

/// The numbers of `rows` on `grid`, one row at a time.
pub(super) fn plain(
    called: (&'static str, &'static str),
    rows: &[(&str, &[Spread])],
    of: (&Summary, &Axis, &Grid),
    said: (String, &'static str),
) -> Figure {
    let layer = |&(name, at): &(&str, _)| Layer { name: name.to_owned(), at, starred: Vec::new() };
    figure(called, &rows.iter().map(layer).collect::<Vec<Layer<'_>>>(), of, said)
}

fn figure(
    (id, title): (&'static str, &'static str),
    layers: &[Layer<'_>],
    (summary, axis, grid): (&Summary, &Axis, &Grid),
    (note, measure): (String, &'static str),
) -> Figure {
    let values = || layers.iter().flat_map(|layer| layer.at).map(|spread| spread.mean);
    let known = || values().filter(|value| value.is_finite());
    // A weight may be negative, where nothing keeps it from that; an importance below nothing is noise.
    let signed = measure == "weight" && known().any(|value| value < 0.0);
    let shades = if signed {
        Shades::Diverging { full: known().map(f64::abs).fold(0.0, f64::max) }
    } else {
        Shades::Rising { full: known().fold(0.0, f64::max) }
    };
    let described: Vec<String> = layers
        .iter()
        .map(|layer| format!("{}: {}.", layer.name, strongest(layer.at, summary, axis)))
        .collect();
    let draw = |at: usize, room: Room, with_stars: bool| {
        let mean = grid.lay_out(layers[at].at.iter().map(|spread| spread.mean));
        let stars = grid.cells.iter().zip(&layers[at].starred).filter(|(_, starred)| **starred && with_stars);
        let starred: BTreeSet<(usize, usize)> = stars.map(|(&cell, _)| cell).collect();
        let rows: Vec<&str> = grid.rows.iter().map(String::as_str).collect();
        let columns: Vec<&str> = grid.columns.iter().map(String::as_str).collect();
        Heatmap {
            name: title,
            description: &described[at],
            rows: &rows,
            columns: &columns,
            x_title: &grid.along,
            key: measure,
            values: &|row, column| Some(mean[row][column]),
            shades,
            marked: &BTreeSet::new(),
            starred: &starred,
        }
        .render(room)
    };
    let frames: Vec<Frame> = (0..layers.len())
        .map(|at| Frame {
            name: layers[at].name.clone(),
            mean: grid.lay_out(layers[at].at.iter().map(|spread| spread.mean)),
            svg: draw(at, Room::Wide, true),
        })
        .collect();
    // The page changes the numbers of what it shows, and not the stars.
    let first = frames.first();
    let on_page = |room| if layers.is_empty() { String::new() } else { draw(0, room, layers.len() == 1) };
    let svg = Drawing { wide: on_page(Room::Wide), narrow: on_page(Room::Narrow) };
    let mean = first.map(|frame| frame.mean.clone()).unwrap_or_default();
    // One alone is no choice, and says what it is.
    let note = match layers {
        [only] => format!("{}. {note}", only.name),
        _ => note,
    };
    let frames = if frames.len() > 1 { frames } else { Vec::new() };
    Figure {
        id,
        title,
        short: short(id),
        note,
        description: described.first().cloned().unwrap_or_default(),
        svg,
        legend: Vec::new(),
        names_curves: true,
        exact: Exact {
            // Rows keep their order, and columns are named as a whole.
            rows: grid.rows.clone(),
            columns: grid.columns.iter().map(|column| format!("{} {column}", grid.along)).collect(),
            mean,
            frames,
            chooses: "what is shown",
            ..Exact::default()
        },
    }
}

/// The largest three, in words.
fn strongest(at: &[Spread], summary: &Summary, axis: &Axis) -> String {
    let mut order: Vec<usize> = (0..at.len()).filter(|&i| at[i].is_defined()).collect();
    order.sort_by(|&a, &b| at[b].mean.total_cmp(&at[a].mean));
    let shown = order.iter().take(3);
    let shown: Vec<String> =
        shown.map(|&i| format!("{}, {}", axis.place(summary.layers[i]), words::spread(at[i], 3))).collect();
    if shown.is_empty() { "no number".to_owned() } else { format!("largest at {}", shown.join("; ")) }
}
