//! What one estimator tells beyond the tables that all have: a table of its own, written where it has rows.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Result;
use super::csv::{Cells, number};
use super::row::Row;
use crate::baselines::decoding::Measure;

/// A row of `training.csv`: a step of the stochastic solver.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// Which step, from 0.
    pub step: usize,
    /// Soft Spearman correlation on the step's batch, before it.
    pub soft_spearman: f64,
    /// Pairs in the batch.
    pub batch: usize,
}

/// A row of `ridge.csv`: the penalty of feature-reweighted RSA.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ridge {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// The length of the weights as a fraction of the unpenalised ones'.
    pub fraction: f64,
}

/// A row of `correlations.csv`: RSA of one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Correlation {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// The feature.
    pub feature: String,
    /// Spearman of its distance and the neural one.
    pub spearman: f64,
    /// The same without what the other features' distances have in common with both.
    pub partial: f64,
}

/// A row of `decoding.csv`: the probe of one feature.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decoded {
    /// Layer; 0 is the embedding output.
    pub layer: usize,
    /// Fold, from 0.
    pub fold: usize,
    /// The feature.
    pub feature: String,
    /// What the scores are.
    pub measure: Measure,
    /// The score on held-out stimuli.
    pub score: f64,
    /// Mean score of the control tasks.
    pub control: f64,
    /// Standard deviation of the score over control tasks.
    pub control_sd: f64,
    /// Score less control.
    pub selectivity: f64,
    /// The penalty that was chosen.
    pub penalty: f64,
    /// Held-out stimuli that have a value.
    pub stimuli: u64,
}

/// The tables of single estimators.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Details {
    /// `training.csv`, of MLEM's stochastic solver.
    pub training: Vec<Training>,
    /// `ridge.csv`, of feature-reweighted RSA.
    pub ridge: Vec<Ridge>,
    /// `correlations.csv`, of RSA.
    pub correlations: Vec<Correlation>,
    /// `decoding.csv`, of decoding.
    pub decoded: Vec<Decoded>,
}

impl Details {
    /// The files of the tables.
    pub const FILES: [&'static str; 4] = [
        <Training as Row<5>>::FILE,
        <Ridge as Row<3>>::FILE,
        <Correlation as Row<5>>::FILE,
        <Decoded as Row<10>>::FILE,
    ];
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
        let Self { layer, fold, feature, spearman, partial } = self;
        [layer.to_string(), fold.to_string(), feature.clone(), number(*spearman), number(*partial)]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            layer: cells.parse(0)?,
            fold: cells.parse(1)?,
            feature: cells.text(2),
            spearman: cells.number(3)?,
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
        let measure = match self.measure {
            Measure::RocAuc => "roc_auc",
            Measure::RSquared => "r2",
        };
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
            measure: cells.one_of(3, &[("roc_auc", Measure::RocAuc), ("r2", Measure::RSquared)])?,
            score: cells.number(4)?,
            control: cells.number(5)?,
            control_sd: cells.number(6)?,
            selectivity: cells.number(7)?,
            penalty: cells.number(8)?,
            stimuli: cells.parse(9)?,
        })
    }
}

impl Details {
    pub(super) fn write(&self, folder: &Path) -> Result<()> {
        Training::write(&self.training, folder)?;
        Ridge::write(&self.ridge, folder)?;
        Correlation::write(&self.correlations, folder)?;
        Decoded::write(&self.decoded, folder)
    }

    pub(super) fn read(folder: &Path) -> Result<Self> {
        Ok(Self {
            training: Training::read(folder)?,
            ridge: Ridge::read(folder)?,
            correlations: Correlation::read(folder)?,
            decoded: Decoded::read(folder)?,
        })
    }

    /// Keeps the rows of the layers that `keep` keeps.
    pub(super) fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        self.training.retain(|row| keep(row.layer()));
        self.ridge.retain(|row| keep(row.layer()));
        self.correlations.retain(|row| keep(row.layer()));
        self.decoded.retain(|row| keep(row.layer()));
    }

    /// Puts the layers in order.
    pub(super) fn sort(&mut self) {
        self.training.sort_by_key(Row::layer);
        self.ridge.sort_by_key(Row::layer);
        self.correlations.sort_by_key(Row::layer);
        self.decoded.sort_by_key(Row::layer);
    }

    /// What `scores.csv` has in the columns of the score and of what it was measured over.
    #[must_use]
    pub fn score_columns(&self) -> [&'static str; 2] {
        if self.decoded.is_empty() { SCORE } else { PROBE_SCORE }
    }
}

/// The names of [`super::Score::spearman`] and [`super::Score::pairs`] in `scores.csv`, and what they are where probes were scored.
pub(super) const SCORE: [&str; 2] = ["spearman", "pairs"];
const PROBE_SCORE: [&str; 2] = ["score", "stimuli"];

#[cfg(test)]
mod tests {
    use super::super::{Profile, Score, Split};
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_what_is_of_another_run_goes() {
        let folder = tempfile::tempdir().unwrap();
        let step = Training { layer: 1, fold: 0, step: 3, soft_spearman: 0.5, batch: 256 };
        let decoded = Decoded {
            layer: 1,
            fold: 0,
            feature: "a, \"b\"".to_owned(),
            measure: Measure::RSquared,
            score: 0.75,
            control: -0.25,
            control_sd: 0.125,
            selectivity: 1.0,
            penalty: 10.0,
            stimuli: 9,
        };
        let correlation =
            Correlation { layer: 1, fold: 0, feature: "x".to_owned(), spearman: 0.5, partial: -0.25 };
        let profile = Profile {
            scores: vec![Score { layer: 1, fold: 0, split: Split::Test, spearman: 0.75, pairs: 9 }],
            details: Details {
                training: vec![step],
                ridge: vec![Ridge { layer: 1, fold: 0, fraction: 0.5 }],
                correlations: vec![correlation],
                decoded: vec![decoded],
            },
            ..Profile::default()
        };
        profile.write(folder.path()).unwrap();
        assert_eq!(Profile::read(folder.path()).unwrap(), profile);
        let scores = std::fs::read_to_string(folder.path().join("scores.csv")).unwrap();
        assert!(scores.starts_with("layer,fold,split,score,stimuli\n"), "{scores}");

        let plain = Profile { details: Details::default(), ..profile };
        plain.write(folder.path()).unwrap();
        assert!(!folder.path().join("training.csv").exists());
        assert_eq!(Profile::read(folder.path()).unwrap(), plain);
    }
}
