//! `controls.csv`: scores and importances beside those of the controls.

use super::effects::{of_cells, of_row};
use super::row::{Cells, Row};
use crate::controls::{Control, ControlRow};
use crate::files::table::cell;
use crate::profile::ScoreMeasure;

const CONTROLS: [(&str, Control); 4] = [
    ("untrained", Control::Untrained),
    ("shuffled", Control::Shuffled),
    ("bag-of-words", Control::BagOfWords),
    ("position", Control::Position),
];
const YES_OR_NO: [(&str, bool); 2] = [("yes", true), ("no", false)];

impl Row<12> for ControlRow {
    const FILE: &'static str = "controls.csv";
    const HEADER: [&'static str; 12] = [
        "layer",
        "feature",
        "order",
        "control",
        "mean",
        "control_mean",
        "control_sd",
        "left",
        "left_sd",
        "ci_low",
        "ci_high",
        "largest",
    ];

    fn layer(&self) -> usize {
        self.layer
    }

    fn cells(&self) -> [String; 12] {
        self.cells_in(ScoreMeasure::default())
    }

    fn cells_in(&self, measure: ScoreMeasure) -> [String; 12] {
        let (feature, order) = of_cells(&self.of, measure);
        let (low, high) = self.interval.unwrap_or((f64::NAN, f64::NAN));
        let numbers =
            [self.mean, self.control_mean, self.control_sd, self.left, self.left_sd, low, high].map(cell);
        let [mean, control_mean, control_sd, left, left_sd, low, high] = numbers;
        let largest = if self.largest { "yes" } else { "no" };
        [
            self.layer.to_string(),
            feature.to_owned(),
            order.to_owned(),
            self.control.name().to_owned(),
            mean,
            control_mean,
            control_sd,
            left,
            left_sd,
            low,
            high,
            largest.to_owned(),
        ]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            layer: cells.parse(0)?,
            of: of_row(cells, 1, 2)?,
            control: cells.one_of(3, &CONTROLS)?,
            mean: cells.number_or_nan(4)?,
            control_mean: cells.number_or_nan(5)?,
            control_sd: cells.number_or_nan(6)?,
            left: cells.number_or_nan(7)?,
            left_sd: cells.number_or_nan(8)?,
            interval: cells.maybe(9)?.zip(cells.maybe(10)?),
            largest: cells.one_of(11, &YES_OR_NO)?,
        })
    }
}
