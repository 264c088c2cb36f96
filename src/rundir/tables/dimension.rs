//! `dimension.csv`: the intrinsic dimension of every layer.

use super::row::{Cells, Row};
use crate::files::table::cell;
use crate::geometry::Dimension;

impl Row<5> for Dimension {
    const FILE: &'static str = "dimension.csv";
    const HEADER: [&'static str; 5] = ["layer", "dimension", "likelihood", "stimuli", "copies"];

    fn layer(&self) -> usize {
        self.layer
    }

    fn cells(&self) -> [String; 5] {
        let [dimension, likelihood] = [self.dimension, self.likelihood].map(cell);
        [self.layer.to_string(), dimension, likelihood, self.stimuli.to_string(), self.copies.to_string()]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            layer: cells.parse(0)?,
            dimension: cells.number_or_nan(1)?,
            likelihood: cells.number_or_nan(2)?,
            stimuli: cells.parse(3)?,
            copies: cells.parse(4)?,
        })
    }
}
