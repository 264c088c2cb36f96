//! `group.html`: one self-contained page.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::figures::Exact;
use super::super::page::data::inert;
use super::super::page::files::{self, Embedded, Listed};
use super::super::page::notes::{self, Note};
use super::super::page::{Fact, Panel, layout};
use super::super::{Result, words};
use super::wording::{extent, factor, level, name, noun, p, places, ranked};
use super::{methods, planes, story};
use crate::group::{Curve, Group};
use crate::text;

const TEMPLATE: &str = include_str!("../../../assets/page/group.html");
/// How many clusters and tests the page lists; the data have all.
const ROWS: usize = 200;

/// What the template is filled with.
#[derive(Serialize)]
struct Page<'a> {
    stimuli: String,
    subjects: String,
    noun: &'static str,
    facts: Vec<Fact>,
    story: Vec<String>,
    notes: Vec<Note>,
    along: String,
    figures: Vec<Panel<'a>>,
    clusters: Vec<ClusterRow>,
    level: String,
    tests: Vec<TestRow>,
    untold: usize,
    enhanced: bool,
    methods: String,
    runs: Vec<[String; 3]>,
    files: Vec<Listed>,
    data: String,
}

#[derive(Serialize)]
struct ClusterRow {
    effect: String,
    places: String,
    size: usize,
    mass: String,
    peak: String,
    p: String,
    p_family: String,
    significant: bool,
}

#[derive(Serialize)]
struct TestRow {
    effect: String,
    entry: String,
    mean: String,
    interval: String,
    t: String,
    p_t: String,
    p: String,
    p_max: String,
    holm: String,
    bh: String,
    bf: String,
    enhanced: String,
    significant: bool,
}

#[derive(Serialize)]
struct Data<'a> {
    figures: BTreeMap<&'static str, &'a Exact>,
    files: Vec<Embedded<'a>>,
}

/// The page, with the tables `tables` inside.
///
/// # Errors
///
/// [`crate::report::Error`], where the template or the data cannot be written: a mistake of this program.
pub fn page(group: &Group, tables: &[(String, Vec<u8>)]) -> Result<String> {
    let figures = planes::all(group);
    let embedded = files::embedded(tables);
    let listed = files::listed(&embedded);
    let data =
        Data { figures: figures.iter().map(|figure| (figure.id, &figure.exact)).collect(), files: embedded };
    let warnings: Vec<String> = group.warnings.iter().map(ToString::to_string).collect();
    let names: Vec<&str> = group
        .subjects
        .iter()
        .flat_map(|run| [run.label.as_str(), run.folder.as_str()])
        .chain(group.curves.iter().map(Curve::name))
        .chain(group.axis.iter().map(|entry| entry.name.as_str()))
        .collect();
    let mut tests = tests(group);
    let untold = tests.len().saturating_sub(ROWS);
    tests.truncate(ROWS);
    let labels: Vec<String> = group.subjects.iter().map(|run| words::visible(&run.label)).collect();
    let record = &group.subjects[0].record;
    let page = Page {
        stimuli: words::visible(&record.stimuli.name),
        subjects: text::counted(group.n_subjects() as u128, "subject"),
        noun: group.params.order.noun(),
        facts: facts(group),
        story: story::story(group),
        notes: notes::notes(&warnings, &names),
        along: noun(group),
        figures: figures.iter().map(Panel::of).collect(),
        clusters: clusters(group),
        level: level(group),
        tests,
        untold,
        enhanced: group.params.cluster == Some(crate::group::ClusterBy::Tfce),
        methods: methods::paragraph(group),
        runs: group
            .subjects
            .iter()
            .zip(labels)
            .map(|(run, label)| {
                let of = run
                    .record
                    .model
                    .as_ref()
                    .map(|model| model.id.clone())
                    .or(run.record.activations.clone());
                [label, words::visible(&of.unwrap_or_default()), words::visible(&run.folder)]
            })
            .collect(),
        files: listed,
        data: inert(&serde_json::to_string(&data)?),
    };
    layout::fill(TEMPLATE, env!("CARGO_PKG_VERSION"), page)
}

fn facts(group: &Group) -> Vec<Fact> {
    let record = &group.subjects[0].record;
    let noun = group.params.order.noun();
    let fact = |value: String, what: String| Fact { what, value };
    let significant = ranked(group)
        .into_iter()
        .filter(|curve| (0..group.axis.len()).any(|at| group.is_significant(curve, at)));
    vec![
        fact(
            text::counted(group.n_subjects() as u128, "subject"),
            format!(
                "{} stimuli of {}",
                text::count(record.stimuli.n_stimuli as u128),
                words::visible(&record.stimuli.name)
            ),
        ),
        fact(text::counted(group.effects().len() as u128, noun), format!("at {}", extent(group))),
        fact(text::counted(significant.count() as u128, noun), "significant, corrected over all".to_owned()),
        fact(
            text::count(group.flips as u128),
            if group.exact { "sign flips: all there are" } else { "sign flips" }.to_owned(),
        ),
    ]
}

fn clusters(group: &Group) -> Vec<ClusterRow> {
    let mut all: Vec<_> = group
        .curves
        .iter()
        .flat_map(|curve| curve.clusters.iter().map(move |cluster| (curve, cluster)))
        .collect();
    all.sort_by(|a, b| a.1.p_family.total_cmp(&b.1.p_family));
    let row = |(curve, cluster): (&Curve, &crate::group::Cluster)| ClusterRow {
        effect: name(group, curve),
        places: places(group, &cluster.entries),
        size: cluster.entries.len(),
        mass: words::short(cluster.mass, 2),
        peak: format!(
            "{} ({})",
            words::visible(&group.axis[cluster.peak.0].name),
            words::short(cluster.peak.1, 2)
        ),
        p: p(cluster.p),
        p_family: p(cluster.p_family),
        significant: cluster.p_family <= group.params.alpha,
    };
    all.into_iter().take(ROWS).map(row).collect()
}

/// The smallest p first.
fn tests(group: &Group) -> Vec<TestRow> {
    let mut rows = Vec::new();
    for curve in &group.curves {
        for (at, point) in curve.points.iter().enumerate() {
            let Ok(test) = point.test else { continue };
            let row = TestRow {
                effect: name(group, curve),
                entry: words::visible(&group.axis[at].name),
                mean: words::spread(point.spread, 3),
                interval: format!(
                    "{} to {}",
                    words::short(test.interval.0, 3),
                    words::short(test.interval.1, 3)
                ),
                t: words::short(test.sample.t, 2),
                p_t: p(test.p_t),
                p: p(test.p),
                p_max: p(test.p_max),
                holm: p(test.holm),
                bh: p(test.bh),
                bf: factor(test.log_bf10),
                enhanced: test.enhanced.map_or_else(String::new, |enhanced| p(enhanced.p_family)),
                significant: group.is_significant(curve, at),
            };
            rows.push((test.p_max, test.p_t, row));
        }
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    rows.into_iter().map(|(_, _, row)| row).collect()
}
