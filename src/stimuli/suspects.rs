//! Values that look as if they were meant to be missing.

use std::fmt;

use super::{FeatureTable, Values};
use crate::text;

/// At most so many levels are named.
const SHOWN: usize = 10;

/// What tables of other programs write where there is no value, in a column of words too.
const MISSING: [&str; 3] = ["na", "n/a", "nan"];
/// What they write in a column of numbers.
const NO_NUMBER: [&str; 10] = ["null", "none", "nil", "missing", "#n/a", ".", "-", "?", "inf", "-inf"];

/// Levels of a categorical feature that may stand for missing values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// The feature.
    pub feature: String,
    /// The levels.
    pub levels: Vec<String>,
    /// Whether all other levels are numbers: without it the feature would be numeric.
    pub among_numbers: bool,
}

impl fmt::Display for Suspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { feature, levels, among_numbers } = self;
        let quoted: Vec<String> = levels.iter().map(|level| format!("`{level}`")).collect();
        let named = text::some(&quoted, SHOWN);
        match (among_numbers, levels.len()) {
            (true, 1) => write!(f, "`{feature}` is categorical, because its value {named} is no number")?,
            (true, _) => write!(f, "`{feature}` is categorical, because its values {named} are no numbers")?,
            (false, 1) => write!(f, "{named} is a value of `{feature}` like any other")?,
            (false, _) => write!(f, "{named} are values of `{feature}` like any others")?,
        }
        write!(f, "; leave the cell empty where a value is missing")
    }
}

impl FeatureTable {
    /// The levels that may stand for missing values, feature by feature.
    #[must_use]
    pub fn suspects(&self) -> Vec<Suspect> {
        let mut suspects = Vec::new();
        for feature in self {
            let Values::Categorical { levels, .. } = feature.values() else { continue };
            let is_one_of =
                |level: &str, words: &[&str]| words.contains(&level.trim().to_lowercase().as_str());
            let is_number = |level: &String| level.trim().parse::<f64>().is_ok_and(f64::is_finite);
            let among_numbers = levels.iter().any(is_number)
                && levels.iter().all(|level| {
                    is_number(level) || is_one_of(level, &MISSING) || is_one_of(level, &NO_NUMBER)
                });
            let suspect =
                |level: &&String| if among_numbers { !is_number(level) } else { is_one_of(level, &MISSING) };
            let levels: Vec<String> = levels.iter().filter(suspect).cloned().collect();
            if !levels.is_empty() {
                suspects.push(Suspect { feature: feature.name().to_owned(), levels, among_numbers });
            }
        }
        suspects
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::Stimuli;

    fn told(values: &[&str]) -> Vec<String> {
        let table = format!(
            "x,y\n{}\n",
            values.iter().map(|value| format!("{value},1")).collect::<Vec<_>>().join("\n")
        );
        let stimuli = Stimuli::from_csv(table.as_bytes(), Path::new("s.csv")).unwrap();
        stimuli.features().suspects().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_stands_for_a_missing_value_elsewhere_is_told() {
        let number = "`x` is categorical, because its value `NA` is no number; leave the cell empty where a value is missing";
        assert_eq!(told(&["1", "2.5", "NA"]), [number]);
        assert_eq!(told(&["1", "2", "inf"]).len(), 1);
        let all = "`x` is categorical, because its values `-`, `NA` and `n/a` are no numbers; leave the cell empty where a value is missing";
        assert_eq!(told(&["1", "-", "n/a", "NA"]), [all]);
        let word = "`NA` is a value of `x` like any other; leave the cell empty where a value is missing";
        assert_eq!(told(&["sg", "pl", "NA"]), [word]);
    }

    #[test]
    fn words_that_are_levels_are_not() {
        for values in [["sg", "pl", "none"], ["1", "2", ""], ["1a", "2", "-"], ["nana", "x", "y"]] {
            assert!(told(&values).is_empty(), "{values:?}");
        }
    }
}
