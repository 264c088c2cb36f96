//! The tables of what is done beside the fits: `null.csv`, `ceiling.csv`, `bootstrap.csv`, `layer_differences.csv`, `units.csv`,
//! `encoding_units.csv`.

use super::effects::{of_cells, of_row, order_name};
use super::row::{Cells, Row, named};
use crate::files::table::{cell, table};
use crate::profile::{CeilingRow, EncodedUnit, LayerDifference, NullDraw, Sample, ScoreMeasure, UnitRow};

fn bound(x: Option<f64>) -> String {
    x.map_or_else(String::new, cell)
}

impl Row<6> for CeilingRow {
    const FILE: &'static str = "ceiling.csv";
    const HEADER: [&'static str; 6] = ["layer", "fold", "lower", "upper", "spearman", "pairs"];

    fn layer(&self) -> usize {
        self.layer
    }

    fn cells(&self) -> [String; 6] {
        let [lower, upper, model] = [self.lower, self.upper, self.model].map(bound);
        [self.layer.to_string(), self.fold.to_string(), lower, upper, model, self.pairs.to_string()]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            layer: cells.parse(0)?,
            fold: cells.parse(1)?,
            lower: cells.maybe(2)?,
            upper: cells.maybe(3)?,
            model: cells.maybe(4)?,
            pairs: cells.parse(5)?,
        })
    }
}

impl Row<4> for NullDraw {
    const FILE: &'static str = "null.csv";
    const HEADER: [&'static str; 4] = ["layer", "draw", "score", "importance"];

    fn layer(&self) -> usize {
        self.layer
    }

    fn cells(&self) -> [String; 4] {
        [self.layer.to_string(), self.draw.to_string(), cell(self.score), cell(self.importance)]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            layer: cells.parse(0)?,
            draw: cells.parse(1)?,
            score: cells.number_or_nan(2)?,
            importance: cells.number_or_nan(3)?,
        })
    }
}

impl Row<5> for Sample {
    const FILE: &'static str = "bootstrap.csv";
    const HEADER: [&'static str; 5] = ["layer", "draw", "feature", "order", "value"];

    fn layer(&self) -> usize {
        self.layer
    }

    fn cells(&self) -> [String; 5] {
        self.cells_in(ScoreMeasure::default())
    }

    fn cells_in(&self, measure: ScoreMeasure) -> [String; 5] {
        let (feature, order) = of_cells(&self.of, measure);
        let [layer, draw] = [self.layer, self.draw].map(|x| x.to_string());
        [layer, draw, feature.to_owned(), order.to_owned(), cell(self.value)]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            layer: cells.parse(0)?,
            draw: cells.parse(1)?,
            of: of_row(cells, 2, 3)?,
            value: cells.number_or_nan(4)?,
        })
    }
}

impl Row<8> for LayerDifference {
    const FILE: &'static str = "layer_differences.csv";
    const HEADER: [&'static str; 8] =
        ["layer_a", "layer_b", "difference", "ci_low", "ci_high", "p", "p_holm", "p_bh"];

    fn layer(&self) -> usize {
        self.layer_b
    }

    fn cells(&self) -> [String; 8] {
        let numbers =
            [self.difference, self.interval.0, self.interval.1, self.p, self.holm, self.bh].map(cell);
        let [difference, low, high, p, holm, bh] = numbers;
        [self.layer_a.to_string(), self.layer_b.to_string(), difference, low, high, p, holm, bh]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            layer_a: cells.parse(0)?,
            layer_b: cells.parse(1)?,
            difference: cells.number_or_nan(2)?,
            interval: (cells.number_or_nan(3)?, cells.number_or_nan(4)?),
            p: cells.number_or_nan(5)?,
            holm: cells.number_or_nan(6)?,
            bh: cells.number_or_nan(7)?,
        })
    }
}

/// The file of the single units.
pub const UNITS: &str = "units.csv";

pub(super) const UNITS_HEADER: [&str; 9] =
    ["layer", "unit", "spearman", "spearman_sd", "feature", "order", "weight", "importance", "sd"];

/// The bytes of `units.csv` of a run whose scores are `measure`; a cell is empty where there is no number. Over how many folds a mean is, the table does not say, so
/// that it is not read back.
#[must_use]
pub fn units_csv(rows: &[UnitRow], measure: ScoreMeasure) -> Vec<u8> {
    table(
        named(UNITS_HEADER, measure),
        rows.iter().map(|row| {
            [
                row.layer.to_string(),
                row.unit.to_string(),
                cell(row.score.mean),
                cell(row.score.sd),
                row.feature.clone(),
                order_name(row.order).to_owned(),
                cell(row.weight),
                cell(row.importance.mean),
                cell(row.importance.sd),
            ]
        }),
    )
}

/// The file of the single units of encoding.
pub const ENCODED_UNITS: &str = "encoding_units.csv";

pub(super) const ENCODED_UNITS_HEADER: [&str; 10] =
    ["layer", "unit", "r2", "r2_sd", "pearson", "pearson_sd", "feature", "order", "importance", "sd"];

/// The bytes of `encoding_units.csv`; as [`units_csv`], it is not read back.
#[must_use]
pub fn encoded_units_csv(rows: &[EncodedUnit]) -> Vec<u8> {
    table(
        ENCODED_UNITS_HEADER,
        rows.iter().map(|row| {
            [
                row.layer.to_string(),
                row.unit.to_string(),
                cell(row.r2.mean),
                cell(row.r2.sd),
                cell(row.pearson.mean),
                cell(row.pearson.sd),
                row.feature.clone(),
                order_name(row.order).to_owned(),
                cell(row.importance.mean),
                cell(row.importance.sd),
            ]
        }),
    )
}
