//! The tables: `erasure.csv`, `erased_importance.csv`, `erased_pairs.csv`.

use super::results::Erasure;
use crate::baselines::decoding::Measure;
use crate::files::table::{cell, table};

/// Decoding of the feature at the layer.
pub const DECODING: &str = "erasure.csv";
/// Importances at the layer and after it.
pub const IMPORTANCE: &str = "erased_importance.csv";
/// Preferences in minimal pairs.
pub const PREFERENCES: &str = "erased_pairs.csv";

impl Erasure {
    /// The tables that there is something for, by their names.
    #[must_use]
    pub fn tables(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut tables = vec![(DECODING, self.by_fold())];
        if !self.importances.is_empty() {
            tables.push((IMPORTANCE, self.by_layer()));
        }
        if !self.preferences.is_empty() {
            tables.push((PREFERENCES, self.by_pair()));
        }
        tables
    }

    fn by_fold(&self) -> Vec<u8> {
        let header =
            ["condition", "fold", "measure", "score", "rank", "shrinkage", "left", "variance_erased"];
        let rows = self.decoded.iter().map(|one| {
            let measure = match one.measure {
                Measure::RocAuc => "roc_auc",
                Measure::RSquared => "r2",
            };
            [
                one.condition.name().to_owned(),
                one.fold.to_string(),
                measure.to_owned(),
                cell(one.score),
                one.rank.to_string(),
                cell(one.shrinkage),
                cell(one.left),
                cell(one.variance_erased),
            ]
        });
        table(header, rows)
    }

    fn by_layer(&self) -> Vec<u8> {
        let header = ["condition", "layer", "fold", "feature", "order", "value"];
        let rows = self.importances.iter().map(|one| {
            let (name, order) = one.feature.as_ref().map_or(("spearman", "score"), |name| (name, "main"));
            [
                one.condition.name().to_owned(),
                one.layer.to_string(),
                one.fold.to_string(),
                name.to_owned(),
                order.to_owned(),
                cell(one.value),
            ]
        });
        table(header, rows)
    }

    fn by_pair(&self) -> Vec<u8> {
        let header = ["condition", "fold", "set", "pair", "difference", "preferred"];
        let rows = self.preferences.iter().map(|one| {
            [
                one.condition.name().to_owned(),
                one.fold.to_string(),
                one.pair.0.clone().unwrap_or_default(),
                one.pair.1.clone(),
                one.difference.map_or_else(String::new, cell),
                one.difference.map_or_else(String::new, |difference| (difference > 0.0).to_string()),
            ]
        });
        table(header, rows)
    }
}
