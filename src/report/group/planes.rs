//! The figures of a group whose entries are of two axes at once: means and t as matrices, with what is significant outlined.

use std::collections::BTreeSet;

use super::super::figures::{Exact, Figure};
use super::super::svg::{Drawing, PlanePanel, Planes};
use super::super::words;
use super::figures::{self, shown};
use super::story::found;
use super::wording::{level, name, shaded};
use crate::group::{ClusterBy, Curve, Group, Point};
use crate::profile::Plane;
use crate::text;

/// How many panels there are at most, and about how many cells all of them have.
const PANELS: usize = 24;
const CELLS: usize = 30_000;

/// What is shown of every entry, and what it is called where all panels have one scale.
type Shown<'a> = (&'a dyn Fn(&Point) -> f64, Option<&'a str>);

/// All figures of `group`, in the order of the page.
pub(super) fn all(group: &Group) -> Vec<Figure> {
    group.plane.as_ref().map_or_else(|| figures::figures(group), |plane| of_plane(group, plane))
}

fn of_plane(group: &Group, plane: &Plane) -> Vec<Figure> {
    let t = |point: &Point| point.test.map_or(f64::NAN, |test| test.sample.t);
    let lines: Vec<String> = group.curves.iter().filter_map(|curve| found(group, curve)).collect();
    let description = if lines.is_empty() { "Nothing is significant.".to_owned() } else { lines.join(" ") };
    let outlined = match group.params.cluster {
        Some(ClusterBy::Threshold(_)) => format!("Outlined: {}; dashed: other clusters.", shaded(group)),
        _ => format!("Outlined: {}.", shaded(group)),
    };
    let subjects = text::counted(group.n_subjects() as u128, "subject");
    let means = format!(
        "Mean over {subjects}, each panel shaded to the number above it; {} intervals are in the table of tests. {outlined}",
        level(group)
    );
    let of_t = format!("The mean over its standard error. {outlined}");
    vec![
        figure(
            group,
            plane,
            ("profiles", "Means over subjects", "Means"),
            (&|point| point.spread.mean, None),
            &means,
            &description,
        ),
        figure(group, plane, ("statistics", "t over subjects", "t"), (&t, Some("t")), &of_t, &description),
    ]
}

fn figure(
    group: &Group,
    plane: &Plane,
    (id, title, short): (&'static str, &'static str, &'static str),
    (value, key): Shown<'_>,
    note: &str,
    description: &str,
) -> Figure {
    let most = (CELLS / plane.cells.len().max(1)).clamp(2, PANELS);
    let (curves, told) = shown(group, most);
    let entries = plane.entries();
    let matrix = |curve: &Curve| -> Vec<Vec<Option<f64>>> {
        let row =
            |row: &Vec<Option<usize>>| row.iter().map(|at| at.map(|at| value(&curve.points[at]))).collect();
        entries.iter().map(row).collect()
    };
    let full_of = |curve: &Curve| {
        curve.points.iter().map(value).filter(|x| x.is_finite()).fold(0.0, |most: f64, x| most.max(x.abs()))
    };
    let of_all = curves.iter().map(|curve| full_of(curve)).fold(0.0, f64::max);
    let panels = || {
        let panel = |curve: &&Curve| {
            let full = if key.is_some() { of_all } else { full_of(curve) };
            let name = name(group, curve);
            let title = if key.is_some() { name } else { format!("{name} (±{})", words::short(full, 3)) };
            PlanePanel { title, values: matrix(curve), full, outlines: outlines(group, plane, curve) }
        };
        curves.iter().map(panel).collect()
    };
    let visible = |axis: usize| -> Vec<String> {
        plane.axes[axis].names.iter().map(|name| words::visible(name)).collect()
    };
    // What the title of the axis says need not stand at every tick.
    let bare = |axis: usize| -> Vec<String> {
        (0..plane.axes[axis].names.len()).map(|at| words::visible(plane.axes[axis].bare(at))).collect()
    };
    let (rows, columns) = (bare(0), bare(1));
    let title_of = |axis: usize, names: &[String]| {
        let says_itself = names.iter().all(|name| name.contains(char::is_alphabetic));
        if says_itself { String::new() } else { plane.axes[axis].noun.clone() }
    };
    let titles = [title_of(0, &rows), title_of(1, &columns)];
    let drawing = Drawing::of(|room| {
        Planes {
            name: title,
            description,
            rows: &rows,
            columns: &columns,
            titles: titles.each_ref().map(String::as_str),
            key: key.map(|key| (key, of_all)),
            panels: panels(),
        }
        .render(room)
    });
    let mut exact = Exact { columns: visible(1), ..Exact::default() };
    let names = visible(0);
    for curve in &curves {
        for (row, values) in names.iter().zip(matrix(curve)) {
            exact.rows.push(format!("{}, {row}", name(group, curve)));
            exact.mean.push(values.into_iter().map(|value| value.unwrap_or(f64::NAN)).collect());
        }
    }
    Figure {
        id,
        title,
        short,
        note: format!("{note}{told}"),
        svg: drawing,
        legend: Vec::new(),
        names_curves: true,
        exact,
        description: description.to_owned(),
    }
}

/// What is outlined of `curve`: its clusters, or whatever of it is significant.
fn outlines(group: &Group, plane: &Plane, curve: &Curve) -> Vec<(BTreeSet<(usize, usize)>, bool)> {
    let cells = |entries: &mut dyn Iterator<Item = usize>| -> BTreeSet<(usize, usize)> {
        entries.map(|entry| (plane.cells[entry][0], plane.cells[entry][1])).collect()
    };
    if let Some(ClusterBy::Threshold(_)) = group.params.cluster {
        let of = |cluster: &crate::group::Cluster| {
            (cells(&mut cluster.entries.iter().copied()), cluster.p_family <= group.params.alpha)
        };
        return curve.clusters.iter().map(of).collect();
    }
    let found = cells(&mut (0..group.axis.len()).filter(|&at| group.is_significant(curve, at)));
    if found.is_empty() { Vec::new() } else { vec![(found, true)] }
}
