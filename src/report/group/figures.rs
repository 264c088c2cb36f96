//! The figures of a group: means with their intervals, t of everything, and the curves of single subjects.

use std::collections::BTreeSet;

use super::super::axis::Axis;
use super::super::figures::{Exact, Figure};
use super::super::svg::{Across, Drawing, Heatmap, Multiple, Multiples, Series, Shades};
use super::super::words;
use super::story::found;
use super::wording::{axis, level, name, ranked, shaded};
use crate::group::{Curve, Group, Point};
use crate::profile::Spread;
use crate::text;

/// How many curves have a panel of their own.
const PANELS: usize = 24;
/// How many have one with the curves of every subject.
const SINGLE: usize = 12;

/// All figures of entries that are of one axis, in the order of the page.
pub(super) fn figures(group: &Group) -> Vec<Figure> {
    let axis = axis(group);
    let names: Vec<String> = group.axis.iter().map(|entry| words::visible(&entry.name)).collect();
    let mut figures = vec![profiles(group, &axis, &names), statistics(group, &axis, &names)];
    if axis.is_ordered() && group.axis.len() > 1 {
        figures.push(subjects(group, &axis, &names));
    }
    figures
}

/// The mean over subjects, with half its interval in the place of a standard deviation.
fn with_interval(point: &Point) -> Spread {
    let half = point.test.map_or(f64::NAN, |test| (test.interval.1 - test.interval.0) / 2.0);
    Spread { sd: half, ..point.spread }
}

/// What is significant of `curve`, from which position to which: what has no order stands apart.
fn spans(group: &Group, curve: &Curve, ordered: bool) -> Vec<(f64, f64)> {
    let hits: Vec<usize> = (0..group.axis.len()).filter(|&at| group.is_significant(curve, at)).collect();
    let runs = hits.chunk_by(|a, b| ordered && a + 1 == *b);
    runs.map(|run| (run[0] as f64 - 0.4, run[run.len() - 1] as f64 + 0.4)).collect()
}

fn across(axis: &Axis, names: &[String]) -> Across {
    if axis.is_ordered() {
        Across::Steps(axis.title(), names.to_vec())
    } else {
        Across::Names(names.to_vec())
    }
}

/// The curves that have panels: the score, then the effects whose means are furthest from 0.
pub(super) fn shown(group: &Group, most: usize) -> (Vec<&Curve>, String) {
    let mut curves: Vec<&Curve> = group.curves.first().into_iter().collect();
    curves.extend(ranked(group));
    let total = curves.len() - 1;
    curves.truncate(most);
    let noun = group.params.order.noun();
    let told = if total >= most {
        format!(" The {} largest of {total} {noun}s; the data have all.", most - 1)
    } else {
        String::new()
    };
    (curves, told)
}

fn profiles(group: &Group, axis: &Axis, names: &[String]) -> Figure {
    let title = "Means over subjects";
    let (curves, told) = shown(group, PANELS);
    let panel = |curve: &&Curve| Multiple {
        title: name(group, curve),
        series: vec![Series {
            index: 0,
            name: name(group, curve),
            style: Some(0),
            dashed: false,
            points: curve
                .points
                .iter()
                .enumerate()
                .map(|(i, point)| (i as f64, with_interval(point)))
                .collect(),
        }],
        spans: spans(group, curve, axis.is_ordered()),
    };
    let lines: Vec<String> = curves.iter().filter_map(|curve| found(group, curve)).collect();
    let description = if lines.is_empty() { "Nothing is significant.".to_owned() } else { lines.join(" ") };
    let svg = Multiples {
        name: title,
        description: &description,
        across: across(axis, names),
        one_scale: false,
        panels: curves.iter().map(panel).collect(),
    };
    let exact = Exact {
        along: axis.noun(),
        rows: group.curves.iter().map(|curve| name(group, curve)).collect(),
        columns: names.to_vec(),
        mean: cells(group, |point| point.spread.mean),
        sd: cells(group, |point| with_interval(point).sd),
        ..Exact::default()
    };
    Figure {
        id: "profiles",
        title,
        short: "Means",
        note: format!(
            "Mean over {} and the {} interval by t (in the table, half of it behind ±). Shaded: {}.{told}",
            text::counted(group.n_subjects() as u128, "subject"),
            level(group),
            shaded(group)
        ),
        svg: Drawing::of(|room| svg.render(room)),
        legend: Vec::new(),
        names_curves: true,
        exact,
        description,
    }
}

fn cells(group: &Group, of: impl Fn(&Point) -> f64) -> Vec<Vec<f64>> {
    group.curves.iter().map(|curve| curve.points.iter().map(&of).collect()).collect()
}

fn statistics(group: &Group, axis: &Axis, names: &[String]) -> Figure {
    let title = "t over subjects";
    let rows: Vec<String> = group.curves.iter().map(|curve| name(group, curve)).collect();
    let t = cells(group, |point| point.test.map_or(f64::NAN, |test| test.sample.t));
    let starred: BTreeSet<(usize, usize)> = (0..group.curves.len())
        .flat_map(|row| (0..group.axis.len()).map(move |at| (row, at)))
        .filter(|&(row, at)| group.is_significant(&group.curves[row], at))
        .collect();
    let full = t.iter().flatten().copied().filter(|t| t.is_finite()).fold(0.0, |m: f64, t| m.max(t.abs()));
    let description = format!("{} of {} are starred.", starred.len(), rows.len() * names.len());
    let (heads, labels): (Vec<&str>, Vec<&str>) =
        (names.iter().map(String::as_str).collect(), rows.iter().map(String::as_str).collect());
    let svg = Heatmap {
        name: title,
        description: &description,
        rows: &labels,
        columns: &heads,
        x_title: axis.title(),
        key: "t",
        values: &|row, column| Some(t[row][column]),
        shades: Shades::Diverging { full },
        marked: &BTreeSet::new(),
        starred: &starred,
    };
    Figure {
        id: "statistics",
        title,
        short: "t",
        note: format!("The mean over its standard error. *: {}.", shaded(group)),
        svg: Drawing::of(|room| svg.render(room)),
        legend: Vec::new(),
        names_curves: true,
        exact: Exact {
            along: axis.noun(),
            rows: rows.clone(),
            columns: names.to_vec(),
            mean: t.clone(),
            ..Exact::default()
        },
        description,
    }
}

fn subjects(group: &Group, axis: &Axis, names: &[String]) -> Figure {
    let title = "Every subject";
    let (curves, told) = shown(group, SINGLE);
    let single = |curve: &Curve, i: usize| Series {
        index: i + 1,
        name: words::visible(&group.subjects[i].label),
        style: None,
        dashed: false,
        points: curve
            .points
            .iter()
            .enumerate()
            .map(|(at, point)| (at as f64, Spread { sd: f64::NAN, ..Spread::of(&[point.values[i]]) }))
            .collect(),
    };
    let panel = |curve: &&Curve| {
        let mean = curve.points.iter().enumerate();
        let mean = Series {
            index: 0,
            name: "mean".to_owned(),
            style: Some(0),
            dashed: false,
            points: mean.map(|(at, point)| (at as f64, Spread { sd: f64::NAN, ..point.spread })).collect(),
        };
        let series = std::iter::once(mean).chain((0..group.n_subjects()).map(|i| single(curve, i)));
        Multiple { title: name(group, curve), series: series.collect(), spans: Vec::new() }
    };
    let ceilings: Vec<String> = curves
        .iter()
        .filter_map(|curve| {
            let (low, high) = curve.ceiling()?;
            Some(format!("{} {} to {}", name(group, curve), words::short(low, 2), words::short(high, 2)))
        })
        .collect();
    let agree = if ceilings.is_empty() {
        String::new()
    } else {
        format!(
            " Agreement (Spearman of a subject's curve with the mean of the others', and of all; mean over subjects): {}.",
            ceilings.join(", ")
        )
    };
    let description = format!("{} curves in each panel.", group.n_subjects());
    let svg = Multiples {
        name: title,
        description: &description,
        across: across(axis, names),
        one_scale: false,
        panels: curves.iter().map(panel).collect(),
    };
    let mut exact = Exact { along: axis.noun(), columns: names.to_vec(), ..Exact::default() };
    for curve in &curves {
        for (i, run) in group.subjects.iter().enumerate() {
            exact.rows.push(format!("{}: {}", name(group, curve), words::visible(&run.label)));
            exact.mean.push(curve.points.iter().map(|point| point.values[i]).collect());
        }
    }
    Figure {
        id: "subjects",
        title,
        short: "Subjects",
        note: format!("The curve of each subject, and their mean.{agree}{told}"),
        svg: Drawing::of(|room| svg.render(room)),
        legend: Vec::new(),
        names_curves: true,
        exact,
        description,
    }
}
