//! How a group was tested, as a paper would say it.

use super::super::words;
use super::wording::{decimals, extent, is_held_out, level, nouns};
use crate::group::{ClusterBy, FORMING, Group, Joined, Tail};
use crate::profile::Summary;
use crate::text;

/// The paragraph.
pub(super) fn paragraph(group: &Group) -> String {
    let (n, params) = (group.n_subjects(), &group.params);
    let run = &group.subjects[0].record;
    let (noun, nouns, extent) = (params.order.noun(), nouns(group), extent(group));
    let effects = group.effects().len();
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
            "Each of {n} subjects gave, at each of {extent}, a score ({}) and the importance of {} ({}).",
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
    told.push(format!(
        "Bayes factors (BF10) compare an effect{} with none by t (Rouder et al. 2009), with a Cauchy prior of scale √2/2 on standardised \
         effect sizes; they are not corrected for their number.",
        match params.tail {
            Tail::Two => "",
            Tail::Greater => " above 0",
            Tail::Less => " below 0",
        }
    ));
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
    if params.cluster.is_some() {
        told.extend(joined(group));
    }
    told.push(format!(
        "Significant is p ≤ {} over the whole family. An importance of 0 is no effect; one-sided tests are for hypotheses that name the side.",
        words::short(params.alpha, decimals(params.alpha))
    ));
    told.join(" ")
}

/// What was a neighbour of what, on two axes.
fn joined(group: &Group) -> Option<String> {
    let plane = group.plane.as_ref()?;
    let Some(joined) = group.joined else {
        return Some("Neighbours were given as pairs of entries.".to_owned());
    };
    let of = |at: usize| {
        let (nouns, other) = (plane.axes[at].nouns(), &plane.axes[1 - at].noun);
        match joined[at] {
            Joined::InARow => format!("{nouns} that follow each other at one {other}"),
            Joined::Given => format!("{nouns} at one {other} that were listed as neighbours"),
            Joined::Apart => format!("no two {nouns}"),
        }
    };
    Some(format!("Neighbours were {}, and {}.", of(1), of(0)))
}

/// A least p-value with the digits that it has.
pub(super) fn short_p(p: f64) -> String {
    if p >= 0.001 { words::short(p, 3) } else { format!("{p:.1e}") }
}
