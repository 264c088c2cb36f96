//! How a group was tested, as a paper would say it.

use super::super::words;
use super::wording::{axis, decimals, is_held_out, level};
use crate::group::{ClusterBy, FORMING, Group, Tail};
use crate::profile::Summary;
use crate::text;

/// The paragraph.
pub(super) fn paragraph(group: &Group) -> String {
    let (n, params) = (group.n_subjects(), &group.params);
    let run = &group.subjects[0].record;
    let axis = axis(group);
    let (noun, nouns) = (params.order.noun(), axis.nouns());
    let (entries, effects) = (group.axis.len(), group.effects().len());
    let side = match params.tail {
        Tail::Two => "two-sided",
        Tail::Greater => "one-sided, above 0",
        Tail::Less => "one-sided, below 0",
    };
    let flips = if group.exact {
        let both =
            if params.tail == Tail::Two { " that differ (a flip and its opposite give one |t|)" } else { "" };
        format!("all {} sign flips{both}", text::count(group.flips as u128))
    } else {
        format!("{} sign flips, the data among them (seed {})", text::count(group.flips as u128), params.seed)
    };
    let mut told = vec![
        format!(
            "Each of {n} subjects gave, at each of {entries} {nouns}, a score ({}) and the importance of {} ({}).",
            if is_held_out(group) {
                "of held-out stimuli, mean over folds"
            } else {
                "of the stimuli that were fitted"
            },
            text::counted(effects as u128, noun),
            words::importance(&Summary::of(&group.subjects[0].profile), run),
        ),
        format!(
            "Means over subjects were tested against 0 by t ({side}; {} intervals by t, and by the bootstrap over subjects, {} draws) and by \
             {flips}, in which a subject keeps or turns around all of its numbers together. No such p-value can be below {}.",
            level(group),
            text::count(params.draws as u128),
            short_p(group.least_p()),
        ),
        format!(
            "Over {nouns}, and for {noun}s over {noun}s and {nouns} ({} tests), p-values were corrected by the largest t of each flip \
             (Westfall and Young 1993), by Holm, and by Benjamini and Hochberg.",
            text::count(
                group
                    .effects()
                    .iter()
                    .flat_map(|curve| &curve.points)
                    .filter(|point| point.test.is_ok())
                    .count() as u128
            )
        ),
    ];
    match (params.cluster, group.threshold) {
        (Some(ClusterBy::Threshold(given)), Some(threshold)) => told.push(format!(
            "Clusters are neighbours with t beyond {}{} on one side, measured by the sum of their t and held against the largest of each flip \
             (Maris and Oostenveld 2007), within a {noun} and over all {noun}s. A cluster says that there is an effect, not where it begins or \
             ends.",
            words::short(threshold, 3),
            if given.is_none() { format!(" (p = {FORMING})") } else { String::new() },
        )),
        (Some(ClusterBy::Tfce), _) => told.push(
            "Threshold-free cluster enhancement (Smith and Nichols 2009) has E = 0.5 and H = 2, integrated over all heights without a step, \
             and is held against the largest of each flip."
                .to_owned(),
        ),
        _ => {}
    }
    told.push(format!(
        "Significant is p ≤ {} over the whole family. An importance of 0 is no effect; one-sided tests are for hypotheses that name the side.",
        words::short(params.alpha, decimals(params.alpha))
    ));
    told.join(" ")
}

/// A least p-value with the digits that it has.
pub(super) fn short_p(p: f64) -> String {
    if p >= 0.001 { words::short(p, 3) } else { format!("{p:.1e}") }
}
