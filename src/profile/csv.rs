//! The tables as CSV, and back.
//!
//! Numbers are the shortest text that reads back to the same f32. A fitted profile holds no finer ones, so that what was
//! read back and what was computed are the same.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use ::csv::{Position, ReaderBuilder, StringRecord, Writer};

use super::details::{Details, SCORE};
use super::row::Row;
use super::{CeilingRow, Error, Importance, Of, Order, Profile, Result, Score, Split, Tested, Weight};
use crate::files;
use crate::mlem::NullStatistic;

/// The file of the scores in a run's folder.
pub const SCORES: &str = "scores.csv";
/// The file of the importances.
pub const IMPORTANCE: &str = "importance.csv";
/// The file of the weights.
pub const WEIGHTS: &str = "weights.csv";

/// The file of means, intervals and p-values.
pub const STATISTICS: &str = "statistics.csv";

const SCORES_HEADER: [&str; 5] = ["layer", "fold", "split", SCORE[0], SCORE[1]];
const IMPORTANCE_HEADER: [&str; 6] = ["layer", "fold", "feature", "order", "importance", "sd"];
const WEIGHTS_HEADER: [&str; 5] = ["layer", "fold", "feature_a", "feature_b", "weight"];

const STATISTICS_HEADER: [&str; 15] = [
    "layer",
    "feature",
    "order",
    "mean",
    "sd",
    "ci_low",
    "ci_high",
    "permutation_sd",
    "p",
    "p_holm",
    "p_bh",
    "null_mean",
    "null_sd",
    "null_low",
    "null_high",
];
/// What stands for a feature and its order in the row of a score.
const OF_SCORE: (&str, &str) = ("spearman", "score");

/// The kinds of effects by their names in the tables.
const ORDERS: [(&str, Order); 3] =
    [("main", Order::Main), ("interaction", Order::Interaction), ("group", Order::Group)];

pub(super) fn order_name(order: Order) -> &'static str {
    ORDERS.iter().find(|(_, other)| *other == order).map_or("", |(name, _)| name)
}

/// What stands for `of` in the columns of the feature and its order.
pub(super) fn of_cells(of: &Of) -> (&str, &'static str) {
    match of {
        Of::Score => OF_SCORE,
        Of::Effect(order, feature) => (feature, order_name(*order)),
    }
}

/// What a row is of, whose feature and order are in these columns.
pub(super) fn of_row(cells: &Cells<'_>, feature: usize, order: usize) -> Result<Of, String> {
    if (cells.text(feature).as_str(), cells.text(order).as_str()) == OF_SCORE {
        return Ok(Of::Score);
    }
    Ok(Of::Effect(cells.one_of(order, &ORDERS)?, cells.text(feature)))
}

impl Profile {
    /// The bytes of `scores.csv`.
    #[must_use]
    pub fn scores_csv(&self) -> Vec<u8> {
        let split = |split| match split {
            Split::Train => "train",
            Split::Test => "test",
        };
        let [layer, fold, split_, ..] = SCORES_HEADER;
        let [score, over] = self.details.score_columns();
        table(
            [layer, fold, split_, score, over],
            self.scores.iter().map(|row| {
                let (layer, fold) = (row.layer.to_string(), row.fold.to_string());
                [layer, fold, split(row.split).to_owned(), number(row.spearman), row.pairs.to_string()]
            }),
        )
    }

    /// The bytes of `importance.csv`.
    #[must_use]
    pub fn importance_csv(&self) -> Vec<u8> {
        table(
            IMPORTANCE_HEADER,
            self.importances.iter().map(|row| {
                let (layer, fold) = (row.layer.to_string(), row.fold.to_string());
                let order = order_name(row.order).to_owned();
                [layer, fold, row.feature.clone(), order, number(row.importance), number(row.sd)]
            }),
        )
    }

    /// The bytes of `weights.csv`.
    #[must_use]
    pub fn weights_csv(&self) -> Vec<u8> {
        table(
            WEIGHTS_HEADER,
            self.weights.iter().map(|row| {
                let (layer, fold) = (row.layer.to_string(), row.fold.to_string());
                [layer, fold, row.feature_a.clone(), row.feature_b.clone(), number(row.weight)]
            }),
        )
    }

    /// The bytes of `statistics.csv`; a cell is empty where there is no number.
    #[must_use]
    pub fn statistics_csv(&self) -> Vec<u8> {
        let maybe = |x: Option<f64>| x.map_or_else(String::new, cell);
        table(
            STATISTICS_HEADER,
            self.statistics().iter().map(|row| {
                let (feature, order) = of_cells(&row.of);
                let null = row.test.map(|test| test.null);
                [
                    row.layer.to_string(),
                    feature.to_owned(),
                    order.to_owned(),
                    cell(row.folds.mean),
                    cell(row.folds.sd),
                    maybe(row.interval.map(|(low, _)| low)),
                    maybe(row.interval.map(|(_, high)| high)),
                    maybe(row.permutation_sd),
                    maybe(null.and_then(|null| null.p)),
                    maybe(row.test.and_then(|test| test.holm)),
                    maybe(row.test.and_then(|test| test.bh)),
                    maybe(null.map(|null| null.mean)),
                    maybe(null.map(|null| null.sd)),
                    maybe(null.map(|null| null.low)),
                    maybe(null.map(|null| null.high)),
                ]
            }),
        )
    }

    /// Writes the tables into `folder`; the scores last, so that a layer that is there is whole.
    ///
    /// # Errors
    ///
    /// [`Error::Files`] when a table cannot be written; earlier tables are left as they were.
    pub fn write(&self, folder: &Path) -> Result<()> {
        files::write(&folder.join(WEIGHTS), &self.weights_csv())?;
        files::write(&folder.join(IMPORTANCE), &self.importance_csv())?;
        self.details.write(folder)?;
        CeilingRow::write(&self.ceiling, folder)?;
        files::write(&folder.join(STATISTICS), &self.statistics_csv())?;
        Ok(files::write(&folder.join(SCORES), &self.scores_csv())?)
    }

    /// Reads the tables of `folder`; a run of before there were statistics has none.
    ///
    /// # Errors
    ///
    /// A table that cannot be read, or that is not one: which, and the line.
    pub fn read(folder: &Path) -> Result<Self> {
        let read = |name: &str| -> Result<_> {
            let path = folder.join(name);
            Ok((files::read(&path)?, path))
        };
        let details = Details::read(folder)?;
        let (bytes, path) = read(SCORES)?;
        let [layer, fold, split, ..] = SCORES_HEADER;
        let [score, over] = details.score_columns();
        let scores = rows(&bytes, &path, [layer, fold, split, score, over], |cells| {
            Ok(Score {
                layer: cells.parse(0)?,
                fold: cells.parse(1)?,
                split: cells.one_of(2, &[("train", Split::Train), ("test", Split::Test)])?,
                spearman: cells.number(3)?,
                pairs: cells.parse(4)?,
            })
        })?;
        let (bytes, path) = read(IMPORTANCE)?;
        let importances = rows(&bytes, &path, IMPORTANCE_HEADER, |cells| {
            Ok(Importance {
                layer: cells.parse(0)?,
                fold: cells.parse(1)?,
                feature: cells.text(2),
                order: cells.one_of(3, &ORDERS)?,
                importance: cells.number(4)?,
                sd: cells.number(5)?,
            })
        })?;
        let (bytes, path) = read(WEIGHTS)?;
        let weights = rows(&bytes, &path, WEIGHTS_HEADER, |cells| {
            Ok(Weight {
                layer: cells.parse(0)?,
                fold: cells.parse(1)?,
                feature_a: cells.text(2),
                feature_b: cells.text(3),
                weight: cells.number(4)?,
            })
        })?;
        let tested = match folder.join(STATISTICS) {
            path if path.exists() => {
                let rows = rows(&files::read(&path)?, &path, STATISTICS_HEADER, tested)?;
                rows.into_iter().flatten().collect()
            }
            _ => Vec::new(),
        };
        let ceiling = CeilingRow::read(folder)?;
        Ok(Self { scores, importances, weights, tested, ceiling, details, warnings: BTreeMap::new() })
    }
}

/// What a row of `statistics.csv` says of the null, if one was drawn.
fn tested(cells: &Cells<'_>) -> Result<Option<Tested>, String> {
    if ["p", "null_mean"].iter().all(|name| cells.is_empty(name)) {
        return Ok(None);
    }
    let of = of_row(cells, 1, 2)?;
    let null = NullStatistic {
        p: cells.maybe(8)?,
        mean: cells.maybe(11)?.unwrap_or(f64::NAN),
        sd: cells.maybe(12)?.unwrap_or(f64::NAN),
        low: cells.maybe(13)?.unwrap_or(f64::NAN),
        high: cells.maybe(14)?.unwrap_or(f64::NAN),
    };
    Ok(Some(Tested { layer: cells.parse(0)?, of, null }))
}

/// The nearest f32: all that a table keeps of a number.
pub(super) fn rounded(x: f64) -> f64 {
    f64::from(x as f32)
}

/// The shortest text that reads back to the same f32, without a tail of zeros before the digits.
pub(crate) fn number(x: f64) -> String {
    let x = x as f32;
    if x != 0.0 && x.abs() < 1e-5 { format!("{x:e}") } else { x.to_string() }
}

/// As [`number`]; nothing where there is no number.
pub(super) fn cell(x: f64) -> String {
    if x.is_finite() { number(x) } else { String::new() }
}

pub(crate) fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> Vec<u8> {
    let mut writer = Writer::from_writer(Vec::new());
    // Writing to memory cannot fail, and every record has the header's length.
    let _ = writer.write_record(header);
    for row in rows {
        let _ = writer.write_record(row);
    }
    writer.into_inner().unwrap_or_default()
}

pub(super) fn rows<T, const N: usize>(
    bytes: &[u8],
    path: &Path,
    header: [&'static str; N],
    row: impl Fn(&Cells<'_>) -> Result<T, String>,
) -> Result<Vec<T>> {
    let failed = |line, message: String| Error::Table { path: path.to_owned(), line, message };
    let mut reader = ReaderBuilder::new().from_reader(bytes);
    let parse_failed =
        |error: &::csv::Error| failed(error.position().map_or(1, Position::line), error.to_string());
    let found = reader.headers().map_err(|error| parse_failed(&error))?;
    if found.iter().ne(header) {
        let found: Vec<&str> = found.iter().collect();
        return Err(failed(
            1,
            format!("the columns are {}, and must be {}", found.join(","), header.join(",")),
        ));
    }
    reader
        .records()
        .map(|record| {
            let record = record.map_err(|error| parse_failed(&error))?;
            row(&Cells { record: &record, header: &header })
                .map_err(|message| failed(record.position().map_or(1, Position::line), message))
        })
        .collect()
}

/// One row of a table.
pub(super) struct Cells<'a> {
    record: &'a StringRecord,
    header: &'a [&'static str],
}

impl Cells<'_> {
    pub(super) fn text(&self, column: usize) -> String {
        self.record.get(column).unwrap_or_default().to_owned()
    }

    pub(super) fn parse<T: FromStr>(&self, column: usize) -> Result<T, String> {
        let text = self.record.get(column).unwrap_or_default();
        text.parse().map_err(|_| format!("`{text}` is no value of `{}`", self.header[column]))
    }

    /// A number as the table keeps it.
    pub(super) fn number(&self, column: usize) -> Result<f64, String> {
        self.parse::<f32>(column).map(f64::from)
    }

    /// A number, or none where the cell is empty.
    pub(super) fn maybe(&self, column: usize) -> Result<Option<f64>, String> {
        match self.record.get(column) {
            None | Some("") => Ok(None),
            Some(_) => self.number(column).map(Some),
        }
    }

    fn is_empty(&self, name: &str) -> bool {
        let column = self.header.iter().position(|other| *other == name);
        column.and_then(|column| self.record.get(column)).is_none_or(str::is_empty)
    }

    pub(super) fn one_of<T: Copy>(&self, column: usize, values: &[(&str, T)]) -> Result<T, String> {
        let text = self.record.get(column).unwrap_or_default();
        let found = values.iter().find(|(name, _)| *name == text);
        found
            .map(|&(_, value)| value)
            .ok_or_else(|| format!("`{text}` is no value of `{}`", self.header[column]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile() -> Profile {
        Profile {
            scores: vec![
                Score { layer: 0, fold: 0, split: Split::Test, spearman: rounded(0.123_456_789), pairs: 45 },
                Score { layer: 0, fold: 1, split: Split::Train, spearman: -1.0, pairs: 45 },
            ],
            importances: vec![Importance {
                layer: 0,
                fold: 0,
                feature: "a, \"b\" x c".to_owned(),
                order: Order::Interaction,
                importance: rounded(-1.5e-9),
                sd: 0.0,
            }],
            weights: vec![Weight {
                layer: 3,
                fold: 0,
                feature_a: "a".to_owned(),
                feature_b: "a".to_owned(),
                weight: 0.5,
            }],
            tested: vec![
                Tested { layer: 0, of: Of::Score, null: null(Some(0.5)) },
                Tested {
                    layer: 0,
                    of: Of::Effect(Order::Interaction, "a, \"b\" x c".to_owned()),
                    null: null(None),
                },
            ],
            ceiling: vec![CeilingRow {
                layer: 0,
                fold: 1,
                lower: Some(0.25),
                upper: None,
                spearman: Some(-0.5),
                pairs: 45,
            }],
            details: Details::default(),
            warnings: BTreeMap::new(),
        }
    }

    fn null(p: Option<f64>) -> NullStatistic {
        NullStatistic { p, mean: 0.25, sd: 0.125, low: -0.5, high: 0.5 }
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let folder = tempfile::tempdir().unwrap();
        profile().write(folder.path()).unwrap();
        assert_eq!(Profile::read(folder.path()).unwrap(), profile());
    }

    #[test]
    fn an_undefined_score_reads_back_undefined() {
        let folder = tempfile::tempdir().unwrap();
        let mut undefined = profile();
        undefined.scores[0].spearman = f64::NAN;
        undefined.write(folder.path()).unwrap();
        let back = Profile::read(folder.path()).unwrap();
        assert!(back.scores[0].spearman.is_nan());
        assert_eq!(back.scores_csv(), undefined.scores_csv());
    }

    #[test]
    fn numbers_are_short_and_exact() {
        assert_eq!(number(rounded(0.1)), "0.1");
        assert_eq!(number(1e-9), "1e-9");
        assert_eq!(number(0.0), "0");
    }

    #[test]
    fn a_bad_table_is_named_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        profile().write(folder.path()).unwrap();
        let path = folder.path().join(SCORES);
        let message = |text: &str| {
            files::write(&path, text.as_bytes()).unwrap();
            Profile::read(folder.path())
                .unwrap_err()
                .to_string()
                .replace(&path.display().to_string(), "scores.csv")
        };
        assert_eq!(
            message("layer,fold,split,spearman,pairs\n0,0,test,high,3\n"),
            "scores.csv:2: `high` is no value of `spearman`"
        );
        assert_eq!(
            message("layer,fold\n"),
            "scores.csv:1: the columns are layer,fold, and must be layer,fold,split,spearman,pairs"
        );
    }
}
