//! How often each value of each feature occurs, and how that and the correlations of features read as plain text.

use std::fmt::{self, Write as _};

use super::confounds::Confounds;
use super::{Feature, Values};
use crate::text;

/// More levels than this are summed up in the text.
pub(crate) const SHOWN: usize = 12;

/// How often each value of a feature occurs.
#[derive(Debug, Clone, PartialEq)]
pub struct FeatureLevels {
    /// The feature.
    pub name: String,
    /// Whether it is numeric.
    pub numeric: bool,
    /// Its values in order, with their counts.
    pub levels: Vec<(String, usize)>,
    /// How many sentences lack it.
    pub missing: usize,
    /// Whether it tells any stimuli apart.
    pub varies: bool,
}

impl FeatureLevels {
    /// Those of `feature`; a feature that is given as distances has none.
    #[must_use]
    pub fn of(feature: &Feature) -> Self {
        let levels = match feature.values() {
            Values::Categorical { levels, codes } => {
                let mut counts = vec![0; levels.len()];
                codes.iter().flatten().for_each(|&code| counts[code as usize] += 1);
                levels.iter().cloned().zip(counts).collect()
            }
            Values::Numeric(values) => {
                let mut sorted: Vec<f64> = values.iter().flatten().copied().collect();
                sorted.sort_by(f64::total_cmp);
                sorted.chunk_by(|a, b| a == b).map(|run| (run[0].to_string(), run.len())).collect()
            }
            Values::Distances(_) => Vec::new(),
        };
        Self {
            name: feature.name().to_owned(),
            numeric: feature.is_numeric(),
            levels,
            missing: feature.n_missing(),
            varies: feature.varies(),
        }
    }
}

/// A line per feature: its name, its kind, its levels.
pub(crate) fn write_levels(out: &mut String, features: &[FeatureLevels]) -> fmt::Result {
    let count = |n: usize| text::count(n as u128);
    writeln!(out, "\nfeatures")?;
    let width = features.iter().map(|feature| feature.name.chars().count()).max().unwrap_or(0);
    for feature in features {
        let mut levels: Vec<String> =
            feature.levels.iter().take(SHOWN).map(|(level, n)| format!("{level} {}", count(*n))).collect();
        if feature.levels.len() > SHOWN {
            levels.push(format!("and {} more", count(feature.levels.len() - SHOWN)));
        }
        if feature.missing > 0 {
            levels.push(format!("missing {}", count(feature.missing)));
        }
        let kind = if feature.numeric { "numeric    " } else { "categorical" };
        let name = text::padded(&feature.name, width);
        writeln!(out, "  {name}  {kind}  {}", levels.join(", "))?;
    }
    Ok(())
}

/// The correlations of feature distances, as the lower triangle of their matrix.
pub(crate) fn write_correlations(out: &mut String, confounds: &Confounds) -> fmt::Result {
    let names = confounds.names();
    if names.len() < 2 {
        return Ok(());
    }
    writeln!(out, "\ncorrelations of feature distances")?;
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    write!(out, "  {}   ", text::padded("", width))?;
    for column in 1..names.len() {
        write!(out, " {column:>6}")?;
    }
    writeln!(out)?;
    for (row, name) in names.iter().enumerate() {
        write!(out, "  {:>2} {}", row + 1, text::padded(name, width))?;
        for column in 0..row {
            match confounds.correlation(row, column) {
                Some(r) => write!(out, " {:>6}", format!("{r:.3}"))?,
                None => write!(out, " {:>6}", "–")?,
            }
        }
        writeln!(out)?;
    }
    Ok(())
}
