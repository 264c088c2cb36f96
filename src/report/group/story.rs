//! What a reader should take away, in a few sentences made of the numbers.

use super::super::words;
use super::wording::{level, name, nouns, p_is, place, places, ranked};
use crate::group::{ClusterBy, Curve, Group, Tail};
use crate::text;

/// How many effects are told.
const TOLD: usize = 5;

/// What is significant of `curve`, and where it is largest; none where nothing is.
pub(super) fn found(group: &Group, curve: &Curve) -> Option<String> {
    let hits: Vec<usize> = (0..group.axis.len()).filter(|&at| group.is_significant(curve, at)).collect();
    let extremity = |at: usize| group.params.tail.extremity(curve.points[at].spread.mean);
    let peak =
        hits.iter().copied().reduce(|best, at| if extremity(at) > extremity(best) { at } else { best })?;
    let test = curve.points[peak].test.ok()?;
    let where_ = if let Some(ClusterBy::Threshold(_)) = group.params.cluster {
        let clusters = curve.clusters.iter().filter(|cluster| cluster.p_family <= group.params.alpha);
        let told: Vec<String> = clusters
            .map(|cluster| {
                // Which of its entries an effect is at, a cluster does not say.
                let at = if cluster.entries.len() > 1 { "in a cluster that has" } else { "at" };
                format!(
                    "{at} {} ({}, {})",
                    places(group, &cluster.entries),
                    side(cluster.mass),
                    p_is(cluster.p_family)
                )
            })
            .collect();
        text::join_and(&told)
    } else {
        let p = hits
            .iter()
            .filter_map(|&at| curve.points[at].test.ok())
            .map(|test| test.enhanced.map_or(test.p_max, |enhanced| enhanced.p_family))
            .fold(0.0, f64::max);
        format!("at {} ({} or less)", places(group, &hits), p_is(p))
    };
    Some(format!(
        "{} differs from 0 {where_}, most at {}: {} ({} interval {} to {}, t({}) = {}).",
        name(group, curve),
        place(group, peak),
        words::short(test.sample.mean, 3),
        level(group),
        words::short(test.interval.0, 3),
        words::short(test.interval.1, 3),
        test.sample.n - 1,
        words::short(test.sample.t, 2),
    ))
}

fn side(mass: f64) -> &'static str {
    if mass > 0.0 { "above" } else { "below" }
}

/// The sentences.
pub(super) fn story(group: &Group) -> Vec<String> {
    let noun = group.params.order.noun();
    let effects = ranked(group);
    let lines: Vec<String> = effects.iter().filter_map(|curve| found(group, curve)).collect();
    let mut told = vec![format!(
        "{} of {} {} {} over subjects, corrected over all {noun}s and {}.",
        text::count(lines.len() as u128),
        text::counted(effects.len() as u128, noun),
        if lines.len() == 1 { "has a mean that is" } else { "have a mean that is" },
        match group.params.tail {
            Tail::Two => "not 0",
            Tail::Greater => "above 0",
            Tail::Less => "below 0",
        },
        nouns(group),
    )];
    let more = lines.len().saturating_sub(TOLD);
    told.extend(lines.into_iter().take(TOLD));
    if more > 0 {
        told.push(format!("And {}; the tables have all.", text::counted(more as u128, "more")));
    }
    told.extend(group.curves.first().and_then(|score| found(group, score)));
    told
}
