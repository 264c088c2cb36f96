//! Several estimators on the same folds of the same activations: their scores side by side.

use std::collections::BTreeMap;

use serde::Serialize;

use super::axis::Axis;
use super::estimators::Words;
use super::export::{self, File, Format};
use super::figures::{self, Exact, Figure};
use super::page::data::inert;
use super::page::files::{self, Embedded, Listed};
use super::page::notes::Note;
use super::page::{Fact, Panel, layout};
use super::{Result, words};
use crate::profile::{Profile, ScoreMeasure, Spread, Summary};
use crate::rundir::{ESTIMATORS, EstimatorScores, RunRecord, estimators_csv};
use crate::text;

const TEMPLATE: &str = include_str!("../../assets/page/estimators.html");

/// What one estimator came to.
#[derive(Debug, Clone)]
pub struct OfEstimator {
    /// As `--estimator` has it, and as its folder is called.
    pub name: &'static str,
    /// Its tables.
    pub profile: Profile,
    /// What was run.
    pub record: RunRecord,
}

impl OfEstimator {
    /// What its scores are.
    #[must_use]
    pub fn measure(&self) -> ScoreMeasure {
        self.record.measure()
    }

    /// How long its layers took, all together.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.record.seconds.get("fit").copied().unwrap_or_default()
    }

    /// Its part of `estimators.csv`.
    #[must_use]
    pub fn scores(&self) -> EstimatorScores<'_> {
        EstimatorScores {
            name: self.name,
            measure: self.measure(),
            scores: &self.profile.scores,
            seconds: self.seconds(),
        }
    }

    /// What its scores are called.
    fn called(&self) -> &'static str {
        match self.measure() {
            ScoreMeasure::SquaredError => "R² of distances",
            measure => measure.label(),
        }
    }

    /// `rsa (Spearman)`.
    fn title(&self) -> String {
        format!("{} ({})", self.name, self.called())
    }

    /// Where it is best, and how good it is there.
    fn best(&self) -> String {
        let summary = Summary::of(&self.profile);
        let (scores, _) = summary.score();
        summary.best_layer().map_or_else(
            || words::UNDEFINED.to_owned(),
            |i| {
                let place = Axis::of(&self.record).place(summary.layers[i]);
                format!("{} at {place}", words::spread(scores[i], 3))
            },
        )
    }
}

/// The page's own parts.
#[derive(Serialize)]
struct Page<'a> {
    stimuli: String,
    activations: String,
    facts: Vec<Fact>,
    notes: Vec<Note>,
    along: &'static str,
    figures: Vec<Panel<'a>>,
    runs: Vec<Row>,
    files: Vec<Listed>,
    data: String,
}

/// A row of the table of estimators.
#[derive(Serialize)]
struct Row {
    name: &'static str,
    does: &'static str,
    score: &'static str,
    best: String,
    seconds: String,
}

#[derive(Serialize)]
struct Data<'a> {
    figures: BTreeMap<&'static str, &'a Exact>,
    files: Vec<Embedded<'a>>,
}

fn rows(all: &[OfEstimator]) -> Vec<Row> {
    let row = |of: &OfEstimator| {
        let words = Words::of(&of.record);
        Row {
            name: of.name,
            does: words.title,
            score: of.called(),
            best: of.best(),
            seconds: format!("{:.1} s", of.seconds()),
        }
    };
    all.iter().map(row).collect()
}

fn figure(all: &[OfEstimator]) -> Option<Figure> {
    let first = all.first()?;
    let summary = Summary::of(&first.profile);
    let scores: Vec<(String, Vec<Spread>)> =
        all.iter().map(|of| (of.title(), Summary::of(&of.profile).score().0.to_vec())).collect();
    Some(figures::estimators(&scores, &summary, &first.record))
}

/// The page.
///
/// # Errors
///
/// [`super::Error`], where the template or the data cannot be written: a mistake of this program.
pub fn page(all: &[OfEstimator]) -> Result<String> {
    let figures: Vec<Figure> = figure(all).into_iter().collect();
    let table: Vec<EstimatorScores<'_>> = all.iter().map(OfEstimator::scores).collect();
    let table = [(ESTIMATORS.to_owned(), estimators_csv(&table))];
    let embedded = files::embedded(&table);
    let listed = files::listed(&embedded);
    let data =
        Data { figures: figures.iter().map(|figure| (figure.id, &figure.exact)).collect(), files: embedded };
    let record = all.first().map(|of| of.record.clone()).unwrap_or_default();
    let (stimuli, activations) = words::title(&record);
    let best = |of: &OfEstimator| Fact { value: of.best(), what: of.title() };
    let page = Page {
        stimuli,
        activations,
        facts: all.iter().map(best).collect(),
        notes: Vec::new(),
        along: Axis::of(&record).noun(),
        figures: figures.iter().map(Panel::of).collect(),
        runs: rows(all),
        files: listed,
        data: inert(&serde_json::to_string(&data)?),
    };
    layout::fill(TEMPLATE, env!("CARGO_PKG_VERSION"), page)
}

/// The figure of the page as files of `formats`.
///
/// # Errors
///
/// [`super::Error::Drawing`] where an image cannot be made.
pub fn figures(all: &[OfEstimator], formats: &[Format]) -> Result<Vec<File>> {
    export::files(&figure(all).into_iter().collect::<Vec<_>>(), formats)
}

/// The estimators as a table for a terminal: what each scores, where it is best, and how long it took.
#[must_use]
pub fn terminal(all: &[OfEstimator]) -> String {
    let rows = rows(all);
    let cells: Vec<[&str; 4]> =
        rows.iter().map(|row| [row.name, row.score, row.best.as_str(), row.seconds.as_str()]).collect();
    let head = ["estimator", "score", "best fit, held-out", "fitted in"];
    let head = match all.first().map(|of| Summary::of(&of.profile).holds_out) {
        Some(false) => ["estimator", "score", "best fit, training", "fitted in"],
        _ => head,
    };
    let width = |column: usize| {
        let own = cells.iter().map(|cells| cells[column].chars().count());
        own.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..4).map(width).collect();
    let line = |cells: &[&str; 4]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - cell.chars().count())))
            .collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let several = text::counted(all.len() as u128, "estimator");
    let lines: String = std::iter::once(&head).chain(&cells).map(line).collect();
    format!("{several} on the same folds\n{lines}")
}
