//! The tables of single estimators: `training.csv`, `ridge.csv`, `correlations.csv`, `decoding.csv`,
//! `encoding.csv`.

use std::path::Path;

use super::row::{Cells, Row, read_any, write_any};
use crate::baselines::decoding::Measure;
use crate::files::table::number;
use crate::profile::{Correlation, Decoded, Details, Encoded, Ridge, ScoreMeasure, Training};
use crate::rundir::error::Result;

const MEASURES: [(&str, Measure); 2] = [("roc_auc", Measure::RocAuc), ("r2", Measure::RSquared)];

pub(super) fn write(details: &Details, measure: ScoreMeasure, folder: &Path) -> Result<()> {
    write_any(&details.training, measure, folder)?;
    write_any(&details.ridge, measure, folder)?;
    write_any(&details.correlations, measure, folder)?;
    write_any(&details.decoded, measure, folder)?;
    write_any(&details.encoded, measure, folder)
}

pub(super) fn read(folder: &Path, measure: ScoreMeasure) -> Result<Details> {
    Ok(Details {
        training: read_any(folder, measure)?,
        ridge: read_any(folder, measure)?,
        correlations: read_any(folder, measure)?,
        decoded: read_any(folder, measure)?,
        encoded: read_any(folder, measure)?,
    })
}

impl Row<5> for Training {
    const FILE: &'static str = "training.csv";
    const HEADER: [&'static str; 5] = ["layer", "fold", "step", "soft_spearman", "batch"];

    fn layer(&self) -> usize {
        self.layer
    }

    fn cells(&self) -> [String; 5] {
        let Self { layer, fold, step, soft_spearman, batch } = self;
        [layer.to_string(), fold.to_string(), step.to_string(), number(*soft_spearman), batch.to_string()]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            layer: cells.parse(0)?,
            fold: cells.parse(1)?,
            step: cells.parse(2)?,
            soft_spearman: cells.number(3)?,
            batch: cells.parse(4)?,
        })
    }
}

impl Row<3> for Ridge {
    const FILE: &'static str = "ridge.csv";
    const HEADER: [&'static str; 3] = ["layer", "fold", "fraction"];

    fn layer(&self) -> usize {
        self.layer
    }

    fn cells(&self) -> [String; 3] {
        [self.layer.to_string(), self.fold.to_string(), number(self.fraction)]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self { layer: cells.parse(0)?, fold: cells.parse(1)?, fraction: cells.number(2)? })
    }
}

impl Row<5> for Correlation {
    const FILE: &'static str = "correlations.csv";
    const HEADER: [&'static str; 5] = ["layer", "fold", "feature", "spearman", "partial"];

    fn layer(&self) -> usize {
        self.layer
    }

    fn cells(&self) -> [String; 5] {
        let Self { layer, fold, feature, correlation, partial } = self;
        [layer.to_string(), fold.to_string(), feature.clone(), number(*correlation), number(*partial)]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            layer: cells.parse(0)?,
            fold: cells.parse(1)?,
            feature: cells.text(2),
            correlation: cells.number(3)?,
            partial: cells.number(4)?,
        })
    }
}

impl Row<10> for Decoded {
    const FILE: &'static str = "decoding.csv";
    const HEADER: [&'static str; 10] = [
        "layer",
        "fold",
        "feature",
        "measure",
        "score",
        "control",
        "control_sd",
        "selectivity",
        "penalty",
        "stimuli",
    ];

    fn layer(&self) -> usize {
        self.layer
    }

    fn cells(&self) -> [String; 10] {
        let measure =
            MEASURES.iter().find(|(_, measure)| *measure == self.measure).map_or("", |(name, _)| name);
        [
            self.layer.to_string(),
            self.fold.to_string(),
            self.feature.clone(),
            measure.to_owned(),
            number(self.score),
            number(self.control),
            number(self.control_sd),
            number(self.selectivity),
            number(self.penalty),
            self.stimuli.to_string(),
        ]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            layer: cells.parse(0)?,
            fold: cells.parse(1)?,
            feature: cells.text(2),
            measure: cells.one_of(3, &MEASURES)?,
            score: cells.number(4)?,
            control: cells.number(5)?,
            control_sd: cells.number(6)?,
            selectivity: cells.number(7)?,
            penalty: cells.number(8)?,
            stimuli: cells.parse(9)?,
        })
    }
}

impl Row<8> for Encoded {
    const FILE: &'static str = "encoding.csv";
    const HEADER: [&'static str; 8] =
        ["layer", "fold", "r2", "pearson", "penalty", "columns", "units", "stimuli"];

    fn layer(&self) -> usize {
        self.layer
    }

    fn cells(&self) -> [String; 8] {
        [
            self.layer.to_string(),
            self.fold.to_string(),
            number(self.r2),
            number(self.pearson),
            number(self.penalty),
            self.columns.to_string(),
            self.units.to_string(),
            self.stimuli.to_string(),
        ]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            layer: cells.parse(0)?,
            fold: cells.parse(1)?,
            r2: cells.number(2)?,
            pearson: cells.number(3)?,
            penalty: cells.number(4)?,
            columns: cells.parse(5)?,
            units: cells.parse(6)?,
            stimuli: cells.parse(7)?,
        })
    }
}
