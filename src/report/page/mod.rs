//! `report.html`: one self-contained page. It loads nothing, and nothing of it executes but its own script.
//!
//! The figures are drawn here and stand without the script; the script adds exact values under the pointer, isolation of
//! curves and the data as CSV. Whatever comes from a user (names, sentences, paths) is escaped where it is written, and
//! the page's policy lets no other script run and no request leave.

pub(super) mod data;
mod facts;
mod input;
pub(super) mod layout;
mod maps;
mod stimuli;

use serde::Serialize;

pub(super) use facts::Fact;
pub use input::Input;
pub(super) use layout::FIGURE_STYLE;

use super::Result;
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
    let (title, activations) = words::title(run);
    let page = Page {
        stimuli: title,
        activations,
        subtitle: Words::of(run).title,
        facts: facts::headline(&summary, run, stimuli, confounded.len()),
        warnings: facts::warnings(run, &names, &confounded),
        figures: figures.iter().map(Panel::of).collect(),
        stimuli_note: stimuli::note(stimuli, run),
        features: stimuli::features(stimuli),
        colours: if geometry.is_some() {
            names.iter().map(|name| words::visible(name)).collect()
        } else {
            Vec::new()
        },
        colour: figures::colour_by(stimuli, &summary),
        examples: stimuli::examples(stimuli),
        methods: methods::paragraph(&summary, run),
        bibtex: Words::of(run).bibtex,
        run: facts::run(run),
        run_json: words::visible_lines(&serde_json::to_string_pretty(run)?),
        data: data::json(input, &figures)?,
    };
    layout::fill(TEMPLATE, &run.version, page)
}

/// The figures of a run in the order of the page, with what they were drawn from and the confounded pairs.
pub(super) fn figures(input: Input<'_>) -> (Vec<Figure>, Summary, Vec<(usize, usize, f64)>) {
    let Input { profile, run, stimuli, correlations, geometry } = input;
    let summary = Summary::of(profile);
    let mut figures = figures::of_profile(&summary, &Metric::of(profile), run);
    let (correlation, confounded) = figures::correlations(&stimuli.features().names(), correlations);
    figures.extend(geometry.and_then(|geometry| figures::maps(geometry, stimuli, &summary)));
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
    warnings: Vec<String>,
    figures: Vec<Panel<'a>>,
    stimuli_note: String,
    features: Vec<stimuli::Row>,
    /// The features that the maps can be coloured by.
    colours: Vec<String>,
    /// Which of them they are coloured by at first.
    colour: usize,
    examples: Vec<Vec<String>>,
    methods: String,
    bibtex: &'static str,
    run: Vec<Fact>,
    run_json: String,
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
    svg: &'a str,
    legend: Vec<Entry<'a>>,
    table: Table<'a>,
    /// The names of the matrices that it shows one at a time, and which one it shows.
    frames: Vec<&'a str>,
    frame: usize,
    /// The table of [`data`] that holds its values.
    data: &'static str,
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
            svg: &figure.svg,
            legend: legend.collect(),
            table: Table::of(&figure.exact),
            frames: figure.exact.frames.iter().map(|frame| frame.name.as_str()).collect(),
            frame: figure.exact.frame,
            data: figure.data,
        }
    }
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
