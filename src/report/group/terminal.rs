//! What a terminal shows of a group: where each effect is largest, its interval and its p-values, and what is significant.

use super::super::notation::{table, wrap};
use super::super::terminal::Options;
use super::super::words;
use super::methods::short_p;
use super::story::story;
use super::wording::{extent, factor, level, name, noun, p, places, ranked, shaded};
use crate::group::{ClusterBy, Curve, Group};
use crate::text;

/// The widest that a name may be.
const NAME: usize = 26;
/// How many effects are shown.
const SHOWN: usize = 30;

/// The group for a terminal.
#[must_use]
pub fn terminal(group: &Group, options: Options) -> String {
    let width = options.width.max(40);
    let mut out = String::new();
    let title = format!(
        "{}, {}, {}; {} sign flips{}, least p {}",
        text::counted(group.n_subjects() as u128, "subject"),
        text::counted(group.effects().len() as u128, group.params.order.noun()),
        extent(group),
        text::count(group.flips as u128),
        if group.exact { " (all)" } else { "" },
        short_p(group.least_p()),
    );
    wrap(&mut out, &title, width);
    out.push('\n');
    let head = |with: &str| -> Vec<String> {
        let level = level(group);
        ["", &noun(group), "mean", &level, "t", "p", "p max", "BF10", with]
            .iter()
            .map(|&cell| cell.to_owned())
            .collect()
    };
    let found = match group.params.cluster {
        Some(ClusterBy::Threshold(_)) => "clusters (p over the family)",
        Some(ClusterBy::Tfce) => "p TFCE",
        None => "",
    };
    let effects = ranked(group);
    let curves = group.curves.first().into_iter().chain(effects.iter().copied().take(SHOWN));
    let rows: Vec<Vec<String>> =
        std::iter::once(head(found)).chain(curves.map(|curve| row(group, curve))).collect();
    table(&mut out, &rows);
    if effects.len() > SHOWN {
        wrap(&mut out, &format!("… and {} more in the tables", effects.len() - SHOWN), width);
    }
    out.push('\n');
    wrap(&mut out, &format!("Each at its largest mean. Significant: {}.", shaded(group)), width);
    for sentence in story(group) {
        wrap(&mut out, &sentence, width);
    }
    out
}

fn row(group: &Group, curve: &Curve) -> Vec<String> {
    let mut cells = vec![words::cut(&name(group, curve), NAME)];
    let Some(at) = curve.peak(group.params.tail) else {
        cells.push(words::UNDEFINED.to_owned());
        return cells;
    };
    let point = &curve.points[at];
    cells.push(words::cut(&words::visible(&group.axis[at].name), NAME));
    cells.push(words::short(point.spread.mean, 3));
    match point.test {
        Ok(test) => {
            cells.push(format!(
                "{} to {}",
                words::short(test.interval.0, 3),
                words::short(test.interval.1, 3)
            ));
            cells.extend([words::short(test.sample.t, 2), p(test.p), p(test.p_max), factor(test.log_bf10)]);
            cells.push(match (group.params.cluster, test.enhanced) {
                (Some(ClusterBy::Threshold(_)), _) => clusters(group, curve),
                (_, Some(enhanced)) => p(enhanced.p_family),
                _ => String::new(),
            });
        }
        Err(_) => cells.extend(std::iter::repeat_n(words::UNDEFINED.to_owned(), 5)),
    }
    cells
}

/// The clusters of `curve` that are significant, or its largest.
fn clusters(group: &Group, curve: &Curve) -> String {
    let told = |cluster: &crate::group::Cluster| {
        format!("{} ({})", places(group, &cluster.entries), p(cluster.p_family))
    };
    let mut found: Vec<String> =
        curve.clusters.iter().filter(|cluster| cluster.p_family <= group.params.alpha).map(told).collect();
    if found.is_empty() {
        found = curve.clusters.iter().take(1).map(told).collect();
    }
    if found.is_empty() { words::UNDEFINED.to_owned() } else { found.join(", ") }
}
