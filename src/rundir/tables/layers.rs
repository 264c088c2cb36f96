//! The tables that every run has, a row per layer and fold: `scores.csv`, `importance.csv`, `weights.csv`.

use std::path::Path;

use super::effects::{ORDERS, order_name};
use super::row::{self, Cells, Row, begins_with, rows};
use crate::files;
use crate::files::table::{number, table};
use crate::profile::{Importance, Profile, Score, ScoreMeasure, Split, Weight};
use crate::rundir::error::Result;

/// The file of the scores in a run's folder.
pub const SCORES: &str = "scores.csv";
/// The file of the importances.
pub const IMPORTANCE: &str = "importance.csv";
/// The file of the weights.
pub const WEIGHTS: &str = "weights.csv";

const SPLITS: [(&str, Split); 2] = [("train", Split::Train), ("test", Split::Test)];

/// What `scores.csv` has in the columns of the score and of what it was measured over: probes and regressions are scored otherwise,
/// over stimuli.
#[must_use]
pub fn score_columns(measure: ScoreMeasure) -> [&'static str; 2] {
    if measure.is_of_pairs() { [measure.name(), "pairs"] } else { ["score", "stimuli"] }
}

fn score_header(measure: ScoreMeasure) -> [&'static str; 5] {
    let [layer, fold, split, ..] = Score::HEADER;
    let [score, over] = score_columns(measure);
    [layer, fold, split, score, over]
}

/// What the scores in the table of `bytes` are, as far as its columns tell: those of probes and of regressions have the same.
fn measure_of(bytes: &[u8]) -> Option<ScoreMeasure> {
    let all =
        [ScoreMeasure::Spearman, ScoreMeasure::Pearson, ScoreMeasure::SquaredError, ScoreMeasure::Skill];
    all.into_iter().find(|&measure| begins_with(bytes, &score_header(measure)))
}

impl Row<5> for Score {
    const FILE: &'static str = SCORES;
    const HEADER: [&'static str; 5] = ["layer", "fold", "split", "spearman", "pairs"];

    fn layer(&self) -> usize {
        self.layer
    }

    fn cells(&self) -> [String; 5] {
        let split = SPLITS.iter().find(|(_, split)| *split == self.split).map_or("", |(name, _)| name);
        let (layer, fold) = (self.layer.to_string(), self.fold.to_string());
        [layer, fold, split.to_owned(), number(self.value), self.pairs.to_string()]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            layer: cells.parse(0)?,
            fold: cells.parse(1)?,
            split: cells.one_of(2, &SPLITS)?,
            value: cells.number(3)?,
            pairs: cells.parse(4)?,
        })
    }
}

impl Row<6> for Importance {
    const FILE: &'static str = IMPORTANCE;
    const HEADER: [&'static str; 6] = ["layer", "fold", "feature", "order", "importance", "sd"];

    fn layer(&self) -> usize {
        self.layer
    }

    fn cells(&self) -> [String; 6] {
        let (layer, fold) = (self.layer.to_string(), self.fold.to_string());
        let order = order_name(self.order).to_owned();
        [layer, fold, self.feature.clone(), order, number(self.importance), number(self.sd)]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            layer: cells.parse(0)?,
            fold: cells.parse(1)?,
            feature: cells.text(2),
            order: cells.one_of(3, &ORDERS)?,
            importance: cells.number(4)?,
            sd: cells.number(5)?,
        })
    }
}

impl Row<5> for Weight {
    const FILE: &'static str = WEIGHTS;
    const HEADER: [&'static str; 5] = ["layer", "fold", "feature_a", "feature_b", "weight"];

    fn layer(&self) -> usize {
        self.layer
    }

    fn cells(&self) -> [String; 5] {
        let (layer, fold) = (self.layer.to_string(), self.fold.to_string());
        [layer, fold, self.feature_a.clone(), self.feature_b.clone(), number(self.weight)]
    }

    fn parse(cells: &Cells<'_>) -> Result<Self, String> {
        Ok(Self {
            layer: cells.parse(0)?,
            fold: cells.parse(1)?,
            feature_a: cells.text(2),
            feature_b: cells.text(3),
            weight: cells.number(4)?,
        })
    }
}

/// The bytes of `scores.csv`.
#[must_use]
pub fn scores_csv(profile: &Profile) -> Vec<u8> {
    table(score_header(profile.measure), profile.scores.iter().map(Row::cells))
}

/// The bytes of `importance.csv`.
#[must_use]
pub fn importance_csv(profile: &Profile) -> Vec<u8> {
    row::bytes(&profile.importances, profile.measure)
}

/// The bytes of `weights.csv`.
#[must_use]
pub fn weights_csv(profile: &Profile) -> Vec<u8> {
    row::bytes(&profile.weights, profile.measure)
}

/// What the scores in the folder are; Spearman's correlation where its table does not tell.
pub(super) fn read_measure(folder: &Path) -> Result<ScoreMeasure> {
    Ok(measure_of(&files::read(&folder.join(SCORES))?).unwrap_or_default())
}

/// Reads `scores.csv`, whose columns depend on what scores are.
pub(super) fn read_scores(folder: &Path, measure: ScoreMeasure) -> Result<Vec<Score>> {
    let path = folder.join(SCORES);
    rows(&files::read(&path)?, &path, score_header(measure), Score::parse)
}
