//! `compare.html`: one self-contained page.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::axis::Axis;
use super::super::figures::Exact;
use super::super::page::data::inert;
use super::super::page::files::{self, Embedded, Listed};
use super::super::page::notes::{self, Note};
use super::super::page::{Fact, Panel, layout};
use super::super::{Result, words};
use super::values::p;
use super::{figures, metadata, nearest, story};
use crate::compare::{COMPARISON, Comparison, Difference, METADATA, NEAREST, Quantity};
use crate::profile::{ALPHA, Order};
use crate::text;

const TEMPLATE: &str = include_str!("../../../assets/page/compare.html");
/// How many tests the page lists; the data have all.
const TESTS: usize = 200;

/// What the template is filled with.
#[derive(Serialize)]
struct Page<'a> {
    stimuli: String,
    models: String,
    /// What an effect is called, and what it is that organises distances.
    noun: &'static str,
    subjects: &'static str,
    facts: Vec<Fact>,
    story: Vec<String>,
    notes: Vec<Note>,
    along: &'static str,
    figures: Vec<Panel<'a>>,
    tests: Vec<Test>,
    untold: usize,
    /// How many samples of the stimuli differences were taken over; empty where none were.
    sampled: String,
    /// The nearest layers, a row for each layer, and how many are in the data alone.
    nearest: Vec<[String; 7]>,
    farther: usize,
    /// Models as stimuli; none where they were not fitted.
    metadata: Option<Fitted>,
    runs: Vec<RunRow>,
    files: Vec<Listed>,
    data: String,
}

/// Models as stimuli.
#[derive(Serialize)]
struct Fitted {
    summary: String,
    left_out: String,
    methods: &'static str,
    head: [&'static str; 8],
    rows: Vec<[String; 8]>,
}

/// A row of the table of tests.
#[derive(Serialize)]
struct Test {
    effect: String,
    quantity: &'static str,
    a: String,
    b: String,
    in_a: String,
    in_b: String,
    difference: String,
    interval: String,
    p: String,
    holm: String,
    bh: String,
    significant: bool,
    over_stimuli: String,
    bh_over_stimuli: String,
    significant_over_stimuli: bool,
}

/// A row of the table of runs.
#[derive(Serialize)]
struct RunRow {
    label: String,
    folder: String,
    model: String,
    commit: String,
    layers: usize,
    best: String,
}

#[derive(Serialize)]
struct Data<'a> {
    figures: BTreeMap<&'static str, &'a Exact>,
    files: Vec<Embedded<'a>>,
}

/// The page.
///
/// # Errors
///
/// [`crate::report::Error`], where the template or the data cannot be written: a mistake of this program.
pub fn page(comparison: &Comparison) -> Result<String> {
    let figures = figures::figures(comparison);
    let mut table = vec![(COMPARISON.to_owned(), comparison.to_csv())];
    if !comparison.nearest.is_empty() {
        table.push((NEAREST.to_owned(), comparison.nearest_csv()));
    }
    table.extend(comparison.metadata.as_ref().map(|found| (METADATA.to_owned(), found.to_csv())));
    let embedded = files::embedded(&table);
    let listed = files::listed(&embedded);
    let data =
        Data { figures: figures.iter().map(|figure| (figure.id, &figure.exact)).collect(), files: embedded };
    let mut warnings: Vec<String> = comparison.warnings.iter().map(ToString::to_string).collect();
    warnings.extend(comparison.metadata.iter().flat_map(|found| found.fit.warnings.iter().cloned()));
    let names: Vec<&str> = comparison
        .runs
        .iter()
        .flat_map(|run| [run.label.as_str(), run.folder.as_str()])
        .chain(comparison.effects.iter().map(String::as_str))
        .chain(
            comparison
                .metadata
                .iter()
                .flat_map(|found| &found.fit.effects)
                .map(|effect| effect.name.as_str()),
        )
        .collect();
    let mut tests = tests(comparison);
    let untold = tests.len().saturating_sub(TESTS);
    tests.truncate(TESTS);
    let page = Page {
        stimuli: words::visible(&comparison.runs[0].record.stimuli.name),
        models: text::join_and(
            &comparison.runs.iter().map(|run| words::visible(&run.label)).collect::<Vec<_>>(),
        ),
        noun: comparison.order.noun(),
        subjects: match comparison.order {
            Order::Main => "features",
            Order::Interaction => "interactions of features",
            Order::Group => "groups of features",
        },
        facts: facts(comparison),
        story: story::story(comparison),
        notes: notes::notes(&warnings, &names),
        along: Axis::of(&comparison.runs[0].record).noun(),
        figures: figures.iter().map(Panel::of).collect(),
        tests,
        untold,
        sampled: sampled(comparison).map(|draws| text::count(draws as u128)).unwrap_or_default(),
        nearest: nearest::rows(comparison, TESTS),
        farther: comparison.nearest.len().saturating_sub(TESTS),
        metadata: comparison.metadata.as_ref().map(|found| Fitted {
            summary: metadata::summary(found),
            left_out: metadata::left_out(found).unwrap_or_default(),
            methods: metadata::methods(),
            head: metadata::HEAD,
            rows: metadata::rows(found),
        }),
        runs: runs(comparison),
        files: listed,
        data: inert(&serde_json::to_string(&data)?),
    };
    layout::fill(TEMPLATE, env!("CARGO_PKG_VERSION"), page)
}

fn facts(comparison: &Comparison) -> Vec<Fact> {
    let fact = |value: String, what: String| Fact { what, value };
    let layers: Vec<String> =
        comparison.summaries.iter().map(|summary| text::count(summary.layers.len() as u128)).collect();
    let record = &comparison.runs[0].record;
    let mut facts = vec![
        fact(
            text::counted(comparison.n_runs() as u128, "model"),
            format!("with {} layers", text::join_and(&layers)),
        ),
        fact(
            text::counted(comparison.effects.len() as u128, comparison.order.noun()),
            format!(
                "{} stimuli of {}",
                text::count(record.stimuli.n_stimuli as u128),
                words::visible(&record.stimuli.name)
            ),
        ),
    ];
    let tests = comparison.differences.iter().filter(|test| test.p.is_some()).count();
    if tests > 0 {
        let found = comparison.differences.iter().filter(|test| test.is_significant()).count();
        facts.push(fact(
            text::counted(found as u128, "difference"),
            format!("of {} tests of peaks and areas, corrected", text::count(tests as u128)),
        ));
    }
    facts
}

/// An interval.
pub(super) fn interval((low, high): (f64, f64)) -> String {
    format!("{} to {}", words::short(low, 3), words::short(high, 3))
}

/// The interval of a difference over samples of the stimuli.
pub(super) fn over_stimuli(test: &Difference) -> String {
    test.over_stimuli.map_or_else(|| words::UNDEFINED.to_owned(), |drawn| interval(drawn.interval))
}

/// The most samples of the stimuli that a difference was taken over.
pub(super) fn sampled(comparison: &Comparison) -> Option<usize> {
    comparison.differences.iter().filter_map(|test| Some(test.over_stimuli?.draws)).max()
}

/// What a quantity is called in a table for people.
pub(super) fn quantity(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::PeakDepth => "depth of the peak",
        Quantity::PeakImportance => "importance at the peak",
        Quantity::Area => "mean over depth",
    }
}

fn tests(comparison: &Comparison) -> Vec<Test> {
    let name = |run: usize| words::visible(&comparison.runs[run].label);
    let mut ordered: Vec<_> = comparison.differences.iter().collect();
    // What stands out first; what has no p-value last.
    ordered.sort_by(|a, b| a.bh.unwrap_or(2.0).total_cmp(&b.bh.unwrap_or(2.0)));
    let row = |test: &Difference| Test {
        effect: words::visible(&test.effect),
        quantity: quantity(test.quantity),
        a: name(test.a),
        b: name(test.b),
        in_a: words::spread(test.in_a, 3),
        in_b: words::spread(test.in_b, 3),
        difference: words::spread(test.difference, 3),
        interval: interval(test.interval),
        p: p(test.p),
        holm: p(test.holm),
        bh: p(test.bh),
        significant: test.is_significant(),
        over_stimuli: over_stimuli(test),
        bh_over_stimuli: p(test.over_stimuli.map(|drawn| drawn.bh)),
        significant_over_stimuli: test.over_stimuli.is_some_and(|drawn| drawn.bh < ALPHA),
    };
    ordered.into_iter().map(row).collect()
}

fn runs(comparison: &Comparison) -> Vec<RunRow> {
    let row = |(run, summary): (&crate::compare::Run, &crate::profile::Summary)| {
        let model = run.record.model.as_ref();
        let (scores, split) = summary.score();
        let best = summary.best_layer().map(|i| {
            format!(
                "{}, {} ({})",
                Axis::of(&run.record).place(summary.layers[i]),
                words::spread(scores[i], 3),
                words::score(split, &run.record)
            )
        });
        RunRow {
            label: words::visible(&run.label),
            folder: words::visible(&run.folder),
            model: words::visible(&model.map(|model| model.id.clone()).unwrap_or_default()),
            commit: words::visible(&model.and_then(|model| model.commit.clone()).unwrap_or_default()),
            layers: summary.layers.len(),
            best: best.unwrap_or_else(|| words::UNDEFINED.to_owned()),
        }
    };
    comparison.runs.iter().zip(&comparison.summaries).map(row).collect()
}
