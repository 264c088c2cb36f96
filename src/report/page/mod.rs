//! `report.html`: one self-contained page. It loads nothing, and nothing of it executes but its own script.
//!
//! The figures are drawn here and stand without the script; the script adds exact values under the pointer, a choice of curves that
//! the address keeps, maps that go with the list of stimuli, and the figures and tables as files. Whatever comes from a user (names, sentences, paths) is escaped where it is written, and
//! the page's policy lets no other script run and no request leave.

pub(super) mod data;
mod facts;
pub(super) mod files;
mod input;
pub(super) mod layout;
mod maps;
pub(super) mod notes;
mod stimuli;

use serde::Serialize;

pub(super) use facts::Fact;
pub use input::Input;
pub(super) use layout::FIGURE_STYLE;

use super::Result;
use super::axis::Axis;
use super::estimators::Words;
use super::figures::{self, Exact, Figure};
use super::{methods, words};
use crate::profile::{Metric, Summary};

const TEMPLATE: &str = include_str!("../../../assets/page/page.html");
/// The page.
///
/// # Errors
///
/// [`super::Error`], where the template or the data cannot be written: a mistake of this program.
pub fn render(input: Input<'_>) -> Result<String> {
    let Input { run, stimuli, geometry, .. } = input;
    let names = stimuli.features().names();
    let (figures, summary, confounded) = figures(input);
    let axis = Axis::of(run);
    let embedded = files::embedded(input.files);
    let best = summary.best_layer().map_or(0, |best| summary.layers[best]);
    let best = geometry.and_then(|of| of.maps.iter().position(|map| map.layer == best)).unwrap_or(0);
    let colour = figures::colour_by(stimuli, &summary);
    let (title, activations) = words::title(run);
    let page = Page {
        stimuli: title,
        activations,
        subtitle: Words::of(run).title,
        facts: facts::headline(&summary, run, stimuli, confounded.len()),
        notes: notes::notes(&facts::warnings(run, &names, &confounded), &names),
        along: axis.noun(),
        maps: geometry.map_or(0, |geometry| geometry.maps.len()),
        figures: figures.iter().map(Panel::of).collect(),
        stimuli_note: stimuli::note(stimuli, run),
        features: stimuli::features(stimuli),
        examples: stimuli::examples(stimuli),
        methods: methods::paragraph(&summary, run, input.dimensions),
        bibtex: Words::of(run).bibtex,
        run: facts::run(run),
        record: facts::record(run)?,
        files: files::listed(&embedded),
        data: data::json(input, &figures, &axis, [colour, best])?,
    };
    layout::fill(TEMPLATE, &run.version, page)
}

/// The figures of a run in the order of the page, with what they were drawn from and the confounded pairs.
pub(super) fn figures(input: Input<'_>) -> (Vec<Figure>, Summary, Vec<(usize, usize, f64)>) {
    let Input { profile, run, stimuli, correlations, geometry, controls, dimensions, .. } = input;
    let summary = Summary::of(profile);
    let mut figures = figures::of_profile(&summary, &Metric::of(profile), run);
    figures.extend(figures::of_controls(controls, &summary, run));
    let (correlation, confounded) = figures::correlations(&stimuli.features().names(), correlations);
    let axis = Axis::of(run);
    figures.extend(figures::dimension(dimensions, &summary, &axis));
    figures.extend(geometry.and_then(|geometry| figures::maps(geometry, stimuli, &summary, &axis)));
    figures.push(correlation);
    (figures, summary, confounded)
}

/// What the template is filled with.
#[derive(Serialize)]
struct Page<'a> {
    stimuli: String,
    activations: String,
    subtitle: &'static str,
    facts: Vec<Fact>,
    notes: Vec<notes::Note>,
    /// What the matrices are of, and how many maps there are.
    along: &'static str,
    maps: usize,
    figures: Vec<Panel<'a>>,
    stimuli_note: String,
    features: Vec<stimuli::Row>,
    examples: Vec<Vec<String>>,
    methods: String,
    bibtex: &'static str,
    run: Vec<Fact>,
    record: Vec<Fact>,
    files: Vec<files::Listed>,
    data: String,
}

/// A figure as the template has it.
#[derive(Serialize)]
pub(super) struct Panel<'a> {
    id: &'static str,
    title: &'static str,
    short: &'static str,
    note: &'a str,
    description: &'a str,
    wide: String,
    narrow: String,
    /// Whether a file of the drawing needs the legend inside.
    unnamed: bool,
    legend: Vec<Entry<'a>>,
    table: Table<'a>,
    /// The names of the matrices that it shows one at a time, and which one it shows.
    frames: Vec<&'a str>,
    frame: usize,
    chooses: &'static str,
}

#[derive(Serialize)]
struct Entry<'a> {
    name: &'a str,
    peak: &'a str,
    swatch: Option<String>,
}

#[derive(Serialize)]
struct Table<'a> {
    corner: &'static str,
    columns: &'a [String],
    rows: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    cells: Vec<String>,
}

impl<'a> Panel<'a> {
    pub(super) fn of(figure: &'a Figure) -> Self {
        let legend = figure.legend.iter().map(|entry| Entry {
            name: &entry.name,
            peak: &entry.peak,
            swatch: entry.style.map(super::svg::swatch),
        });
        Self {
            id: figure.id,
            title: figure.title,
            short: figure.short,
            note: &figure.note,
            description: &figure.description,
            wide: classed(&figure.svg.wide, "wide"),
            narrow: classed(&figure.svg.narrow, "narrow"),
            unnamed: !figure.names_curves,
            legend: legend.collect(),
            table: Table::of(&figure.exact),
            frames: figure.exact.frames.iter().map(|frame| frame.name.as_str()).collect(),
            frame: figure.exact.frame,
            chooses: figure.exact.chooses,
        }
    }
}

/// `svg` with a class, by which the page shows the one or the other.
fn classed(svg: &str, class: &str) -> String {
    svg.replacen("<svg ", &format!("<svg class=\"{class}\" "), 1)
}

impl<'a> Table<'a> {
    fn of(exact: &'a Exact) -> Self {
        let cell = |row: usize, column: usize| {
            if exact.triangle && column > row {
                return String::new();
            }
            let sd = exact.sd.get(row).map_or(f64::NAN, |row| row[column]);
            words::spread(crate::profile::Spread { mean: exact.mean[row][column], sd, n: 1 }, 3)
        };
        let rows = exact.rows.iter().enumerate().map(|(row, name)| Row {
            name,
            cells: (0..exact.columns.len()).map(|column| cell(row, column)).collect(),
        });
        Self { corner: exact.along, columns: &exact.columns, rows: rows.collect() }
    }
}

#[cfg(test)]
mod tests;
