//! Columns that are numbers but for some cells: one typo makes them categorical, which nobody meant.

use std::fmt;

use super::{Feature, FeatureTable, Values};
use crate::text;

/// At most so many cells are named in one warning.
const SHOWN: usize = 5;
/// Of so many cells one that is no number is a slip, whatever it is.
const SLIP: usize = 10;
/// A column of fewer numbers may be one of codes.
const NUMBERS: usize = 3;

/// A categorical feature that is numeric but for some cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearlyNumeric {
    /// The feature.
    pub feature: String,
    /// How many cells are no numbers.
    pub cells: usize,
    /// How many there are.
    pub of: usize,
    /// Each value that is no number, with the first row that has it, from 0.
    pub values: Vec<(String, usize)>,
}

impl fmt::Display for NearlyNumeric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { feature, cells, of, values } = self;
        let named: Vec<String> =
            values.iter().map(|(value, row)| format!("`{}` (row {row})", short(value))).collect();
        write!(
            f,
            "`{feature}` is categorical, because {} of its {} values {}: {}; rows count from 0. Write numbers with digits and a point, \
             leave the cell empty where a value is missing, or say --categorical {feature} if these are names",
            text::count(*cells as u128),
            text::count(*of as u128),
            if *cells == 1 { "is no number" } else { "are no numbers" },
            text::some(&named, SHOWN)
        )
    }
}

/// A value as a message has it.
fn short(value: &str) -> String {
    let mut short: String = value.chars().take(24).collect();
    if short.len() < value.len() {
        short.push('…');
    }
    short
}

impl FeatureTable {
    /// The categorical features that are numeric but for some cells: either these are numbers in another notation, or there are
    /// few of them among many.
    #[must_use]
    pub fn nearly_numeric(&self) -> Vec<NearlyNumeric> {
        self.iter().filter_map(nearly).collect()
    }
}

fn nearly(feature: &Feature) -> Option<NearlyNumeric> {
    let Values::Categorical { levels, codes } = feature.values() else { return None };
    let is_number: Vec<bool> = levels.iter().map(|level| is_number(level)).collect();
    let numbers = is_number.iter().filter(|is| **is).count();
    let like = levels.iter().zip(&is_number).all(|(level, is)| *is || is_like_one(level));
    let (mut cells, mut of) = (0, 0);
    let mut values: Vec<(String, usize)> = Vec::new();
    for (row, code) in codes.iter().enumerate() {
        let Some(code) = *code else { continue };
        of += 1;
        let level = &levels[code as usize];
        if !is_number[code as usize] {
            cells += 1;
            if !values.iter().any(|(value, _)| value == level) {
                values.push((level.clone(), row));
            }
        }
    }
    // A column of words like `true` and `false`, and one of codes such as `1`, `2` and `other`, are what they are.
    let is_slip = numbers >= NUMBERS && cells * SLIP <= of;
    let is_notation = like && (numbers >= 1 || levels.iter().all(|level| !is_truth(level)));
    (cells > 0 && (is_slip || is_notation)).then(|| NearlyNumeric {
        feature: feature.name().to_owned(),
        cells,
        of,
        values,
    })
}

fn is_number(level: &str) -> bool {
    level.trim().parse::<f64>().is_ok_and(f64::is_finite)
}

/// Whether `level` is a number in a notation that is not read: of another base, with a sign or a space of print, with marks between
/// thousands, a percentage, a truth value, or too large.
fn is_like_one(level: &str) -> bool {
    let level = level.trim();
    let plain: String = level
        .chars()
        .filter(|c| !['_', '\u{a0}', '\u{2009}', '\u{202f}', '\''].contains(c))
        .map(|c| match c {
            '\u{2212}' | '\u{2010}'..='\u{2015}' => '-',
            '\u{ff10}'..='\u{ff19}' => char::from(b'0' + (u32::from(c) - 0xff10) as u8),
            c => c,
        })
        .collect();
    let plain = plain.trim_end_matches('%').trim();
    let has_digit = plain.bytes().any(|byte| byte.is_ascii_digit());
    let bare = plain.trim_start_matches(['+', '-']).to_lowercase();
    let of_base = |prefix: &str, base| {
        bare.strip_prefix(prefix).is_some_and(|digits| u64::from_str_radix(digits, base).is_ok())
    };
    is_truth(level)
        || ["infinity", "inf", "∞"].contains(&bare.as_str())
        || of_base("0x", 16)
        || of_base("0b", 2)
        || of_base("0o", 8)
        || (has_digit
            && [plain.to_owned(), plain.replace(',', ""), plain.replace(',', "."), plain.replace(' ', "")]
                .iter()
                .any(|text| text.parse::<f64>().is_ok()))
}

fn is_truth(level: &str) -> bool {
    ["true", "false"].contains(&level.trim().to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Stimuli;

    fn told(values: &[&str]) -> Vec<String> {
        let rows = values.iter().map(|value| format!("\"{value}\",1\n")).collect::<Vec<_>>().concat();
        let stimuli = Stimuli::from_csv(format!("x,y\n{rows}").as_bytes(), Path::new("s.csv")).unwrap();
        stimuli.features().nearly_numeric().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_cell_in_another_notation_is_named_with_its_row() {
        for value in
            ["0x10", "1e999", "infinity", "\u{2212}1", "TRUE", "1_000", "1,000", "50%", "1\u{a0}000", "-Inf"]
        {
            let [warning] = &told(&["1", "2.5", value, "4"])[..] else { panic!("{value}") };
            let start = format!(
                "`x` is categorical, because 1 of its 4 values is no number: `{value}` (row 2); rows"
            );
            assert!(warning.starts_with(&start), "{warning}");
        }
    }

    #[test]
    fn few_cells_of_any_kind_among_many_numbers_are_slips() {
        let mut column: Vec<String> = (0..39).map(|i| format!("{}.5", i % 8)).collect();
        column.push("l.5".to_owned());
        let column: Vec<&str> = column.iter().map(String::as_str).collect();
        assert!(told(&column)[0].contains("1 of its 40 values is no number: `l.5` (row 39)"));
    }

    #[test]
    fn columns_that_are_categories_are_left_alone() {
        for column in [
            &["sg", "pl", "du"][..],
            &["true", "false", "true"],
            &["1", "2", "other", "2"],
            &["1a", "2b", "1a"],
            &["1", "2", "3"],
            &["a1", "a2", "7"],
        ] {
            assert!(told(column).is_empty(), "{column:?}");
        }
    }
}
