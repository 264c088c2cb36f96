//! `comparison.csv`: everything that is drawn, one number a row.

use super::{Comparison, Difference, Quantity, depths};
use crate::files::table::{number, table};
use crate::numeric::linkage::leaves;
use crate::profile::Spread;

/// The file of a comparison.
pub const COMPARISON: &str = "comparison.csv";

const HEADER: [&str; 15] = [
    "table", "model_a", "model_b", "feature", "layer_a", "layer_b", "depth", "quantity", "value", "sd",
    "low", "high", "p", "p_holm", "p_bh",
];

/// A row; what does not apply is empty.
#[derive(Debug, Clone, Default)]
struct Row<'a> {
    table: &'static str,
    models: (&'a str, &'a str),
    feature: &'a str,
    layers: (Option<usize>, Option<usize>),
    depth: Option<f64>,
    quantity: String,
    value: f64,
    sd: Option<f64>,
    interval: Option<(f64, f64)>,
    p: [Option<f64>; 3],
}

impl Row<'_> {
    fn cells(&self) -> [String; 15] {
        let cell = |x: Option<f64>| x.filter(|x| x.is_finite()).map_or_else(String::new, number);
        let layer = |x: Option<usize>| x.map_or_else(String::new, |x| x.to_string());
        [
            self.table.to_owned(),
            self.models.0.to_owned(),
            self.models.1.to_owned(),
            self.feature.to_owned(),
            layer(self.layers.0),
            layer(self.layers.1),
            cell(self.depth),
            self.quantity.clone(),
            cell(Some(self.value)),
            cell(self.sd),
            cell(self.interval.map(|(low, _)| low)),
            cell(self.interval.map(|(_, high)| high)),
            cell(self.p[0]),
            cell(self.p[1]),
            cell(self.p[2]),
        ]
    }
}

impl Comparison {
    /// The columns of `comparison.csv`.
    #[must_use]
    pub fn header() -> [&'static str; 15] {
        HEADER
    }

    /// The cells of `comparison.csv`, row by row; empty where there is no number.
    #[must_use]
    pub fn rows(&self) -> Vec<[String; 15]> {
        let mut rows = Vec::new();
        self.profiles(&mut rows);
        self.between(&mut rows);
        for difference in &self.differences {
            let over_folds = self.difference(difference);
            let over_stimuli = difference.over_stimuli.map(|drawn| Row {
                table: "difference_over_stimuli",
                sd: Some(drawn.sd),
                interval: Some(drawn.interval),
                p: [drawn.p, drawn.holm, drawn.bh].map(Some),
                ..over_folds.clone()
            });
            rows.push(over_folds);
            rows.extend(over_stimuli);
        }
        for pair in &self.similarities {
            for (quantity, values) in
                [("rsa", &pair.rsa), ("cka", &pair.cka), ("cka_biased", &pair.cka_biased)]
            {
                for ((i, j), &value) in values.indexed_iter() {
                    rows.push(Row {
                        table: "layers",
                        models: (self.name(pair.a), self.name(pair.b)),
                        layers: (Some(pair.layers_a[i]), Some(pair.layers_b[j])),
                        quantity: quantity.to_owned(),
                        value,
                        ..Row::default()
                    });
                }
            }
        }
        rows.iter().map(Row::cells).collect()
    }

    /// The bytes of `comparison.csv`.
    #[must_use]
    pub fn to_csv(&self) -> Vec<u8> {
        table(HEADER, self.rows().into_iter())
    }

    fn name(&self, run: usize) -> &str {
        &self.runs[run].label
    }

    fn profiles<'a>(&'a self, rows: &mut Vec<Row<'a>>) {
        for (run, summary) in self.summaries.iter().enumerate() {
            let depths = depths(&summary.layers, self.runs[run].is_of_model());
            let depth = |layer: usize| depths.iter().find(|(l, _)| *l == layer).map(|&(_, depth)| depth);
            let mut say = |feature: &'a str, quantity: &str, at: &[Spread]| {
                for (&layer, spread) in summary.layers.iter().zip(at) {
                    rows.push(Row {
                        table: if feature.is_empty() { "fit" } else { "importance" },
                        models: (self.name(run), ""),
                        feature,
                        layers: (Some(layer), None),
                        depth: depth(layer),
                        quantity: quantity.to_owned(),
                        value: spread.mean,
                        sd: Some(spread.sd),
                        ..Row::default()
                    });
                }
            };
            say("", self.runs[run].record.measure().row_name(), summary.score().0);
            for effect in &self.effects {
                say(effect, "importance", self.trajectory(run, effect));
            }
        }
    }

    fn between<'a>(&'a self, rows: &mut Vec<Row<'a>>) {
        let n = self.n_runs();
        for table in &self.distances {
            for i in 0..n {
                for j in i + 1..n {
                    rows.push(Row {
                        table: "distance",
                        models: (self.name(i), self.name(j)),
                        quantity: format!("{}_{}", table.measure.name(), table.scale.name()),
                        value: table.distance[[i, j]],
                        sd: Some(table.sd[[i, j]]),
                        interval: Some(table.interval[[i, j]]),
                        ..Row::default()
                    });
                }
            }
        }
        for (run, point) in self.map.iter().flat_map(|map| &map.points).enumerate() {
            for (quantity, value) in ["x", "y"].into_iter().zip(*point) {
                let models = (self.name(run), "");
                rows.push(Row {
                    table: "map",
                    models,
                    quantity: quantity.to_owned(),
                    value,
                    ..Row::default()
                });
            }
        }
        // A merge is named by the first model of each of its two clusters.
        let merges = self.tree.as_deref().unwrap_or_default();
        let first = |cluster: usize| match cluster.checked_sub(n) {
            Some(k) => leaves(n, &merges[..=k]).first().copied().unwrap_or(0),
            None => cluster,
        };
        for merge in merges {
            rows.push(Row {
                table: "tree",
                models: (self.name(first(merge.a)), self.name(first(merge.b))),
                quantity: "height".to_owned(),
                value: merge.height,
                ..Row::default()
            });
        }
    }

    fn difference<'a>(&'a self, difference: &'a Difference) -> Row<'a> {
        Row {
            table: "difference",
            models: (self.name(difference.a), self.name(difference.b)),
            feature: &difference.effect,
            quantity: Quantity::name(difference.quantity).to_owned(),
            value: difference.difference.mean,
            sd: Some(difference.difference.sd),
            interval: Some(difference.interval),
            p: [difference.p, difference.holm, difference.bh],
            ..Row::default()
        }
    }
}
