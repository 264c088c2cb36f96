//! The tables of a group: `group.csv`, `clusters.csv`, `subjects.csv`, `agreement.csv`.

use std::collections::BTreeSet;
use std::f64::consts::LN_10;

use super::testing::why;
use super::{Curve, Group};
use crate::files::table::{cell, number, table};
use crate::profile::{Of, Order};

/// Every test.
pub const GROUP: &str = "group.csv";
/// Every cluster.
pub const CLUSTERS: &str = "clusters.csv";
/// What was tested: the values of every subject.
pub const SUBJECTS: &str = "subjects.csv";
/// How subjects agree with each other.
pub const AGREEMENT: &str = "agreement.csv";

const TESTS: [&str; 28] = [
    "feature",
    "order",
    "layer",
    "name",
    "subjects",
    "mean",
    "sd",
    "t",
    "ci_low",
    "ci_high",
    "boot_low",
    "boot_high",
    "p_t",
    "p",
    "p_max",
    "p_holm",
    "p_bh",
    "tfce",
    "p_tfce",
    "p_tfce_family",
    "cluster",
    "significant",
    "untested",
    "bf10",
    "bf01",
    "log10_bf10",
    "row",
    "column",
];
const FOUND: [&str; 15] = [
    "feature", "order", "cluster", "side", "first", "last", "entries", "size", "mass", "peak", "peak_t", "p",
    "p_family", "rows", "columns",
];

fn order(curve: &Curve) -> String {
    let name = match curve.of {
        Of::Score => "score",
        Of::Effect(Order::Main, _) => "main",
        Of::Effect(Order::Interaction, _) => "interaction",
        Of::Effect(Order::Group, _) => "group",
    };
    name.to_owned()
}

/// The number whose natural logarithm is `log`, also where it is larger than the largest f32 or f64.
fn factor(log: f64) -> String {
    let log10 = log / LN_10;
    if !log10.is_finite() || log10.abs() < 5.0 {
        return cell(log.exp());
    }
    let power = log10.floor();
    let digits = 10f64.powf(log10 - power) as f32;
    // What is rounded up to ten is one of the next power.
    if digits < 10.0 { format!("{digits}e{power}") } else { format!("1e{}", power + 1.0) }
}

impl Group {
    /// The tables, by their names; that of clusters where there were any to be found.
    #[must_use]
    pub fn tables(&self) -> Vec<(String, Vec<u8>)> {
        let mut tables = vec![(GROUP.to_owned(), self.tests())];
        if self.threshold.is_some() {
            tables.push((CLUSTERS.to_owned(), self.found()));
        }
        tables.push((SUBJECTS.to_owned(), self.values()));
        tables.push((AGREEMENT.to_owned(), self.agreement()));
        tables
    }

    fn tests(&self) -> Vec<u8> {
        let row = |curve: &Curve, at: usize| {
            let (point, entry) = (&curve.points[at], &self.axis[at]);
            let test = point.test.as_ref().ok();
            let of = |value: Option<f64>| value.map_or_else(String::new, cell);
            let enhanced = test.and_then(|test| test.enhanced);
            let cluster = curve.clusters.iter().position(|cluster| cluster.entries.contains(&at));
            [
                curve.name().to_owned(),
                order(curve),
                entry.layer.to_string(),
                entry.name.clone(),
                point.spread.n.to_string(),
                cell(point.spread.mean),
                cell(point.spread.sd),
                of(test.map(|test| test.sample.t)),
                of(test.map(|test| test.interval.0)),
                of(test.map(|test| test.interval.1)),
                of(test.map(|test| test.over_subjects.0)),
                of(test.map(|test| test.over_subjects.1)),
                of(test.map(|test| test.p_t)),
                of(test.map(|test| test.p)),
                of(test.map(|test| test.p_max)),
                of(test.map(|test| test.holm)),
                of(test.map(|test| test.bh)),
                of(enhanced.map(|enhanced| enhanced.score)),
                of(enhanced.map(|enhanced| enhanced.p)),
                of(enhanced.map(|enhanced| enhanced.p_family)),
                cluster.map_or_else(String::new, |cluster| (cluster + 1).to_string()),
                test.map_or_else(String::new, |_| self.is_significant(curve, at).to_string()),
                why(point, &self.subjects).unwrap_or_default(),
                test.map_or_else(String::new, |test| factor(test.log_bf10)),
                test.map_or_else(String::new, |test| factor(-test.log_bf10)),
                of(test.map(|test| test.log_bf10 / LN_10)),
                self.on_plane(0, at),
                self.on_plane(1, at),
            ]
        };
        let cells = self.curves.iter().flat_map(|curve| (0..self.axis.len()).map(move |at| (curve, at)));
        table(TESTS, cells.map(|(curve, at)| row(curve, at)))
    }

    /// What entry `at` is called on axis `axis` of two; empty with one.
    fn on_plane(&self, axis: usize, at: usize) -> String {
        self.plane
            .as_ref()
            .map_or_else(String::new, |plane| plane.axes[axis].names[plane.cells[at][axis]].clone())
    }

    /// The entries of axis `axis` of two that `entries` are at, in their order.
    fn parts(&self, axis: usize, entries: &[usize]) -> String {
        let Some(plane) = &self.plane else { return String::new() };
        let at: BTreeSet<usize> = entries.iter().map(|&entry| plane.cells[entry][axis]).collect();
        let names: Vec<&str> = at.into_iter().map(|at| plane.axes[axis].names[at].as_str()).collect();
        names.join("; ")
    }

    fn found(&self) -> Vec<u8> {
        let name = |at: usize| self.axis[at].name.clone();
        let rows = self.curves.iter().flat_map(|curve| {
            curve.clusters.iter().enumerate().map(move |(i, cluster)| {
                let names: Vec<String> = cluster.entries.iter().map(|&at| name(at)).collect();
                [
                    curve.name().to_owned(),
                    order(curve),
                    (i + 1).to_string(),
                    if cluster.mass > 0.0 { "above" } else { "below" }.to_owned(),
                    names.first().cloned().unwrap_or_default(),
                    names.last().cloned().unwrap_or_default(),
                    names.join("; "),
                    cluster.entries.len().to_string(),
                    number(cluster.mass),
                    name(cluster.peak.0),
                    number(cluster.peak.1),
                    number(cluster.p),
                    number(cluster.p_family),
                    self.parts(0, &cluster.entries),
                    self.parts(1, &cluster.entries),
                ]
            })
        });
        table(FOUND, rows)
    }

    fn values(&self) -> Vec<u8> {
        let rows = self.subjects.iter().enumerate().flat_map(|(i, run)| {
            self.curves.iter().flat_map(move |curve| {
                curve.points.iter().zip(&self.axis).map(move |(point, entry)| {
                    [
                        run.label.clone(),
                        curve.name().to_owned(),
                        order(curve),
                        entry.layer.to_string(),
                        entry.name.clone(),
                        cell(point.values[i]),
                    ]
                })
            })
        });
        table(["subject", "feature", "order", "layer", "name", "value"], rows)
    }

    fn agreement(&self) -> Vec<u8> {
        let rows = self.curves.iter().flat_map(|curve| {
            curve.agreements.iter().zip(&self.subjects).map(|(agreement, run)| {
                [
                    curve.name().to_owned(),
                    order(curve),
                    run.label.clone(),
                    agreement.map_or_else(String::new, |one| cell(one.with_others)),
                    agreement.map_or_else(String::new, |one| cell(one.with_all)),
                ]
            })
        });
        table(["feature", "order", "subject", "with_others", "with_all"], rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factors_are_written_whatever_their_size() {
        assert_eq!(factor(2.0f64.ln()), "2");
        assert_eq!(factor((1e-3f64).ln()), "0.001");
        assert_eq!(factor(1000.0 * LN_10), "1e1000");
        assert_eq!(factor(2.5f64.ln() - 7.0 * LN_10), "2.5e-7");
        assert_eq!(factor(f64::NAN), "");
    }
}
