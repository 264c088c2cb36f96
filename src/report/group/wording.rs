//! How things of a group are called and written; the same in tables, figures, sentences and the page.

use std::collections::{BTreeMap, BTreeSet};

use super::super::axis::Axis;
use super::super::words;
use crate::group::{ClusterBy, Curve, Group};
use crate::profile::{Of, Plane, PlaneAxis, Split, Summary};
use crate::text;

/// How many entries without an order are named.
const NAMED: usize = 6;
/// How many rows of two axes are told with their columns.
const ROWS: usize = 3;

/// The axis, with the names that its entries have in all subjects.
pub(super) fn axis(group: &Group) -> Axis {
    let record = &group.subjects[0].record;
    if record.layer_labels.is_empty() {
        return Axis::of(record);
    }
    Axis::named(group.axis.iter().map(|entry| (entry.layer, entry.name.clone())))
}

/// What `curve` is called.
pub(super) fn name(group: &Group, curve: &Curve) -> String {
    match &curve.of {
        Of::Score => {
            let run = &group.subjects[0];
            words::score(Summary::of(&run.profile).score().1, &run.record)
        }
        Of::Effect(_, name) => words::visible(name),
    }
}

/// The effects, that whose mean is furthest from 0 first; those that are no number anywhere last.
pub(super) fn ranked(group: &Group) -> Vec<&Curve> {
    let tail = group.params.tail;
    let peak = |curve: &Curve| {
        curve.peak(tail).map_or(f64::NEG_INFINITY, |at| tail.extremity(curve.points[at].spread.mean))
    };
    let mut effects: Vec<&Curve> = group.effects().iter().collect();
    effects.sort_by(|a, b| peak(b).total_cmp(&peak(a)));
    effects
}

/// A p-value: three decimals, or that it is smaller.
pub(super) fn p(p: f64) -> String {
    if p < 0.001 { "< .001".to_owned() } else { words::short(p, 3) }
}

/// A Bayes factor by its natural logarithm, with three digits: `.214`, `5.87`, `1.53e12`.
pub(super) fn factor(log: f64) -> String {
    let log10 = log / std::f64::consts::LN_10;
    if log10 >= 4.0 {
        let power = log10.floor();
        let digits = (100.0 * 10f64.powf(log10 - power)).round() / 100.0;
        return if digits < 10.0 { format!("{digits:.2}e{power}") } else { format!("1.00e{}", power + 1.0) };
    }
    if log10 < -3.0 {
        return "< .001".to_owned();
    }
    let decimals = if log10 >= 2.0 { 0 } else { (2.0 - log10.floor()).clamp(1.0, 3.0) as usize };
    words::short(log.exp(), decimals)
}

/// The same in a sentence: `p = .012`.
pub(super) fn p_is(value: f64) -> String {
    if value < 0.001 { "p < .001".to_owned() } else { format!("p = {}", words::short(value, 3)) }
}

/// What an entry is called: `layer`, `channel × time`.
pub(super) fn noun(group: &Group) -> String {
    let Some(plane) = &group.plane else { return axis(group).noun().to_owned() };
    format!("{} × {}", plane.axes[0].noun, plane.axes[1].noun)
}

/// What entries are called: `layers`, `channels × times`.
pub(super) fn nouns(group: &Group) -> String {
    let Some(plane) = &group.plane else { return axis(group).nouns().to_owned() };
    format!("{} × {}", plane.axes[0].nouns(), plane.axes[1].nouns())
}

/// How many entries there are: `12 layers`, `3 channels × 4 times`.
pub(super) fn extent(group: &Group) -> String {
    let n = text::count(group.axis.len() as u128);
    let Some(plane) = &group.plane else {
        let axis = axis(group);
        return format!("{n} {}", if group.axis.len() == 1 { axis.noun() } else { axis.nouns() });
    };
    let counts = plane.axes.each_ref().map(|axis| axis.names.len());
    let of = plane.axes.each_ref().map(|axis| text::counted(axis.names.len() as u128, &axis.noun));
    let some =
        if counts[0] * counts[1] == group.axis.len() { String::new() } else { format!(" ({n} of them)") };
    format!("{} × {}{some}", of[0], of[1])
}

/// An entry in a sentence.
pub(super) fn place(group: &Group, at: usize) -> String {
    let entry = &group.axis[at];
    if group.plane.is_some() { words::visible(&entry.name) } else { axis(group).place(entry.layer) }
}

/// `entries` in words: `layers 2 to 5`, `V1, V4 and 3 more`, `V1, times 2 to 5; V4, time 3`.
pub(super) fn places(group: &Group, entries: &[usize]) -> String {
    if let Some(plane) = &group.plane {
        return on_plane(plane, entries);
    }
    let axis = axis(group);
    let name = |at: usize| words::visible(&group.axis[at].name);
    let follow = entries.windows(2).all(|two| two[0] + 1 == two[1]);
    match entries {
        [] => String::new(),
        [one] => axis.place(group.axis[*one].layer),
        [first, .., last] if axis.is_ordered() && follow => {
            format!("{} {} to {}", axis.nouns(), name(*first), name(*last))
        }
        _ => {
            let names: Vec<String> = entries.iter().map(|&at| name(at)).collect();
            if axis.is_ordered() {
                format!("{} {}", axis.nouns(), text::some(&names, NAMED))
            } else {
                text::some(&names, NAMED)
            }
        }
    }
}

/// `entries` of two axes: few rows each with its columns, many together.
fn on_plane(plane: &Plane, entries: &[usize]) -> String {
    let mut rows: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for &entry in entries {
        let [row, column] = plane.cells[entry];
        rows.entry(row).or_default().insert(column);
    }
    let row_name = |row: &usize| words::visible(&plane.axes[0].names[*row]);
    if rows.len() <= ROWS {
        let told: Vec<String> = rows
            .iter()
            .map(|(row, columns)| format!("{}, {}", row_name(row), of_axis(&plane.axes[1], columns)))
            .collect();
        return told.join("; ");
    }
    let names: Vec<String> = rows.keys().map(row_name).collect();
    let all: BTreeSet<usize> = rows.values().flatten().copied().collect();
    let between =
        |at: Option<&usize>| at.map_or_else(String::new, |&at| words::visible(plane.axes[1].bare(at)));
    let columns = if all.len() > 1 {
        format!("{} between {} and {}", plane.axes[1].nouns(), between(all.first()), between(all.last()))
    } else {
        of_axis(&plane.axes[1], &all)
    };
    format!("{}, {columns}", text::some(&names, NAMED))
}

/// Entries of one of two axes: `times 2 to 5 and 7`.
fn of_axis(axis: &PlaneAxis, entries: &BTreeSet<usize>) -> String {
    let at: Vec<usize> = entries.iter().copied().collect();
    if let [one] = at.as_slice() {
        let name = words::visible(&axis.names[*one]);
        return if name.contains(char::is_alphabetic) { name } else { format!("{} {name}", axis.noun) };
    }
    let name = |at: usize| words::visible(axis.bare(at));
    let runs = at.chunk_by(|a, b| axis.kind.is_ordered() && a + 1 == *b);
    let told: Vec<String> = runs
        .flat_map(|run| match run {
            [first, .., last] if run.len() > 2 => vec![format!("{} to {}", name(*first), name(*last))],
            few => few.iter().map(|&at| name(at)).collect(),
        })
        .collect();
    format!("{} {}", axis.nouns(), text::some(&told, NAMED))
}

/// Whether scores are of stimuli that were held out.
pub(super) fn is_held_out(group: &Group) -> bool {
    Summary::of(&group.subjects[0].profile).score().1 == Split::Test
}

/// What shading says.
pub(super) fn shaded(group: &Group) -> String {
    let alpha = words::short(group.params.alpha, decimals(group.params.alpha));
    match group.params.cluster {
        Some(ClusterBy::Threshold(_)) => format!("clusters with p ≤ {alpha} over all of the family"),
        Some(ClusterBy::Tfce) => {
            format!("p ≤ {alpha} by threshold-free cluster enhancement over all of the family")
        }
        None => format!("p ≤ {alpha} by the largest t over all of the family"),
    }
}

/// As many decimals as `alpha` is written with, two at least.
pub(super) fn decimals(alpha: f64) -> usize {
    (2..9).find(|&n| (alpha * 10f64.powi(n as i32)).fract().abs() < 1e-9).unwrap_or(9)
}

/// The level of the intervals: `95%`.
pub(super) fn level(group: &Group) -> String {
    let percent = ((1.0 - group.params.alpha) * 1e6).round() / 1e4;
    format!("{percent}%")
}
