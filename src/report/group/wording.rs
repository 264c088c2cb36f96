//! How things of a group are called and written; the same in tables, figures, sentences and the page.

use super::super::axis::Axis;
use super::super::words;
use crate::group::{ClusterBy, Curve, Group};
use crate::profile::{Of, Split, Summary};
use crate::text;

/// How many entries without an order are named.
const NAMED: usize = 6;

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

/// The same in a sentence: `p = .012`.
pub(super) fn p_is(value: f64) -> String {
    if value < 0.001 { "p < .001".to_owned() } else { format!("p = {}", words::short(value, 3)) }
}

/// `entries` in words: `layers 2 to 5`, `V1, V4 and 3 more`.
pub(super) fn places(group: &Group, entries: &[usize]) -> String {
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
