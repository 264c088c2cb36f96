//! Transforms: what is done to activations between the model and the fit, in the order in which they are named.
//!
//! | name | what it does to each layer |
//! | --- | --- |
//! | `minus-layer0` | subtracts layer 0 (the embeddings), which is then left out |
//! | `minus-previous` | subtracts the layer before, so that what a block adds is left; layer 0 stays as it is |
//! | `minus-token-mean` | subtracts the mean over stimuli that have the same token at the same position |
//! | `z-score` | brings every unit to mean 0 and standard deviation 1 over stimuli; a constant unit becomes 0 |
//! | `z-score:COLUMN` | the same within the stimuli of each value of a column: of a session, of a subject |
//! | `minus-group-mean:COLUMN` | subtracts the mean over the stimuli of the same value of a column |
//! | `residual:A+B` | leaves what is not linear in columns: the indicators of the values of each, or its numbers |
//! | `whiten:COLUMN` | whitens by the noise: the covariance of how stimuli of the same value of a column differ from their mean, shrunk (Ledoit and Wolf 2004) |
//! | `pca:K` | replaces the units by the scores on the first K principal components over stimuli |
//! | `units:0-99,128` | keeps these units, counted from 0 |
//! | `noise:LEVEL:SEED` | adds Gaussian noise, LEVEL standard deviations of each unit, drawn under SEED |
//!
//! Everything is computed over all stimuli, in f64, and does not depend on the number of threads. A transform needs all
//! stimuli of the one layer that it makes; `minus-layer0` and `minus-previous` need a second layer beside it. So memory holds a
//! few layers at a time, and not all of them.

use std::fmt;
use std::str::FromStr;

use super::error::{Error, Result};

/// One step; the module's table says what each does.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(into = "String", try_from = "String")]
#[non_exhaustive]
pub enum Transform {
    /// Subtracts layer 0.
    MinusLayer0,
    /// Subtracts the layer before.
    MinusPrevious,
    /// Subtracts the mean of the same token at the same position.
    MinusTokenMean,
    /// Mean 0 and standard deviation 1 of every unit.
    ZScore,
    /// Mean 0 and standard deviation 1 of every unit within the stimuli of each value of a column.
    ZScoreBy(String),
    /// Subtracts the mean over the stimuli of the same value of a column.
    MinusGroupMean(String),
    /// Leaves what is not linear in these columns.
    Residual(Vec<String>),
    /// Whitens by the covariance of what differs among the stimuli of the same value of a column.
    Whiten(String),
    /// Scores on the first principal components.
    Pca(usize),
    /// These units, ascending.
    Units(Vec<usize>),
    /// Gaussian noise.
    Noise {
        /// Its standard deviation, in standard deviations of each unit.
        level: f64,
        /// The seed that it is drawn under.
        seed: u64,
    },
}

/// How the transforms without a value, and the one with a value, are called.
const NAMES: [&str; 9] = [
    "minus-layer0",
    "minus-previous",
    "minus-token-mean",
    "z-score",
    "z-score:COLUMN",
    "minus-group-mean:COLUMN",
    "residual:A+B",
    "whiten:COLUMN",
    "pca:K",
];

impl Transform {
    /// Whether it needs to know which tokens were pooled.
    #[must_use]
    pub fn needs_tokens(&self) -> bool {
        *self == Self::MinusTokenMean
    }

    /// The columns of the stimuli that it asks for.
    #[must_use]
    pub fn columns(&self) -> &[String] {
        match self {
            Self::ZScoreBy(column) | Self::MinusGroupMean(column) | Self::Whiten(column) => {
                std::slice::from_ref(column)
            }
            Self::Residual(columns) => columns,
            _ => &[],
        }
    }

    /// What it does, in the words of a methods section.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::MinusLayer0 => "layer 0 was subtracted from every other layer".to_owned(),
            Self::MinusPrevious => "the layer before was subtracted from every layer".to_owned(),
            Self::MinusTokenMean => {
                "the mean over stimuli with the same token at the same position was subtracted".to_owned()
            }
            Self::ZScore => {
                "every unit was brought to mean 0 and standard deviation 1 over stimuli".to_owned()
            }
            Self::ZScoreBy(column) => {
                format!(
                    "every unit was brought to mean 0 and standard deviation 1 within each value of {column}"
                )
            }
            Self::MinusGroupMean(column) => {
                format!("the mean over stimuli of the same {column} was subtracted")
            }
            Self::Residual(columns) => {
                format!("what is linear in {} was taken out", crate::text::join_and(columns))
            }
            Self::Whiten(column) => format!(
                "activations were whitened by the noise covariance, that of how stimuli of the same {column} differ from their mean \
                 (shrunk as in Ledoit and Wolf 2004; the Euclidean distance then is the Mahalanobis distance)"
            ),
            Self::Pca(k) => {
                format!("vectors were reduced to their first {k} principal components over stimuli")
            }
            Self::Units(units) => format!("units {} were kept", ranges(units)),
            Self::Noise { level, seed } => {
                format!("Gaussian noise of {level} standard deviations of each unit was added (seed {seed})")
            }
        }
    }

    /// The layers that must be at hand so that `layers` can be had after `transforms`: ascending.
    #[must_use]
    pub fn needed_layers(transforms: &[Self], layers: &[usize]) -> Vec<usize> {
        let mut needed = layers.to_vec();
        for transform in transforms.iter().rev() {
            match transform {
                Self::MinusLayer0 => needed.push(0),
                Self::MinusPrevious => {
                    let before: Vec<usize> = needed.iter().filter_map(|layer| layer.checked_sub(1)).collect();
                    needed.extend(before);
                }
                _ => {}
            }
        }
        needed.sort_unstable();
        needed.dedup();
        needed
    }

    /// The layers that are left of `layers`: subtracted from itself, layer 0 is nothing.
    #[must_use]
    pub fn layers_left(transforms: &[Self], layers: &[usize]) -> Vec<usize> {
        let emptied = transforms.contains(&Self::MinusLayer0);
        layers.iter().copied().filter(|&layer| layer > 0 || !emptied).collect()
    }
}

impl fmt::Display for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MinusLayer0 => f.write_str("minus-layer0"),
            Self::MinusPrevious => f.write_str("minus-previous"),
            Self::MinusTokenMean => f.write_str("minus-token-mean"),
            Self::ZScore => f.write_str("z-score"),
            Self::ZScoreBy(column) => write!(f, "z-score:{column}"),
            Self::MinusGroupMean(column) => write!(f, "minus-group-mean:{column}"),
            Self::Residual(columns) => write!(f, "residual:{}", columns.join("+")),
            Self::Whiten(column) => write!(f, "whiten:{column}"),
            Self::Pca(k) => write!(f, "pca:{k}"),
            Self::Units(units) => write!(f, "units:{}", ranges(units)),
            Self::Noise { level, seed } => write!(f, "noise:{level}:{seed}"),
        }
    }
}

impl FromStr for Transform {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || Error::UnknownTransform { name: text.to_owned(), remedy: meant(text) };
        let (name, value) = text.split_once(':').map_or((text, None), |(name, value)| (name, Some(value)));
        match (name, value) {
            ("minus-layer0", None) => Ok(Self::MinusLayer0),
            ("minus-previous", None) => Ok(Self::MinusPrevious),
            ("minus-token-mean", None) => Ok(Self::MinusTokenMean),
            ("z-score", None) => Ok(Self::ZScore),
            ("z-score", Some(column)) if !column.is_empty() => Ok(Self::ZScoreBy(column.to_owned())),
            ("minus-group-mean", Some(column)) if !column.is_empty() => {
                Ok(Self::MinusGroupMean(column.to_owned()))
            }
            ("whiten", Some(column)) if !column.is_empty() => Ok(Self::Whiten(column.to_owned())),
            ("residual", Some(columns)) if !columns.split('+').any(str::is_empty) => {
                Ok(Self::Residual(columns.split('+').map(str::to_owned).collect()))
            }
            ("pca", Some(k)) => k.parse().ok().filter(|&k| k > 0).map(Self::Pca).ok_or_else(unknown),
            ("units", Some(units)) => parse_ranges(units).map(Self::Units).ok_or_else(unknown),
            ("noise", Some(value)) => {
                let (level, seed) = value.split_once(':').ok_or_else(unknown)?;
                let level = level.parse().ok().filter(|&level: &f64| level.is_finite() && level >= 0.0);
                let (level, seed) = level.zip(seed.parse().ok()).ok_or_else(unknown)?;
                Ok(Self::Noise { level, seed })
            }
            _ => Err(unknown()),
        }
    }
}

impl From<Transform> for String {
    fn from(transform: Transform) -> Self {
        transform.to_string()
    }
}

impl TryFrom<String> for Transform {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

/// What a user who wrote `name` may have meant.
fn meant(name: &str) -> String {
    let bare = name.split(':').next().unwrap_or_default();
    match bare {
        "pca" => return "write pca:K with the number of components, pca:50".to_owned(),
        "minus-group-mean" => return "write the column behind it: minus-group-mean:session".to_owned(),
        "whiten" => return "write the column of what is repeated behind it: whiten:condition".to_owned(),
        "residual" => {
            return "write columns behind it: residual:length or residual:length+frequency".to_owned();
        }
        _ => {}
    }
    match crate::text::near_matches(bare, NAMES).first() {
        Some(near) => format!("did you mean {near}?"),
        None => format!("the transforms are {}", crate::text::join_and(&NAMES)),
    }
}

/// Ascending numbers as `0-99,128`.
fn ranges(numbers: &[usize]) -> String {
    let runs = numbers.chunk_by(|a, b| a + 1 == *b);
    let runs = runs.map(|run| match run {
        [first, .., last] => format!("{first}-{last}"),
        [only] => only.to_string(),
        [] => String::new(),
    });
    runs.collect::<Vec<_>>().join(",")
}

/// The numbers of `0-99,128`, ascending, each once; `None` where it is something else.
fn parse_ranges(text: &str) -> Option<Vec<usize>> {
    // No model is wider than this; a slip of the keys must not fill the memory.
    const MOST: usize = 1_000_000;
    let number = |part: &str| part.trim().parse::<usize>().ok().filter(|&number| number < MOST);
    let mut numbers = Vec::new();
    for part in text.split(',') {
        let (first, last) = match part.split_once('-') {
            Some((first, last)) => (number(first)?, number(last)?),
            None => (number(part)?, number(part)?),
        };
        if first > last {
            return None;
        }
        numbers.extend(first..=last);
    }
    numbers.sort_unstable();
    numbers.dedup();
    Some(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        let all = [
            "minus-layer0",
            "minus-previous",
            "minus-token-mean",
            "z-score",
            "z-score:session",
            "minus-group-mean:subj number",
            "residual:length+zipf",
            "whiten:condition",
            "pca:50",
            "units:0-99,128",
            "noise:0.25:7",
        ];
        for name in all {
            assert_eq!(name.parse::<Transform>().unwrap().to_string(), name);
        }
        assert_eq!("units:5,1-2,2".parse::<Transform>().unwrap(), Transform::Units(vec![1, 2, 5]));
    }

    #[test]
    fn what_is_no_transform_is_named_with_what_may_be_meant() {
        let refused = |name: &str| name.parse::<Transform>().unwrap_err();
        assert_eq!(refused("zscore").to_string(), "no transform is called `zscore`");
        assert_eq!(refused("zscore").hint().unwrap(), "did you mean z-score?");
        assert_eq!(refused("minus-layer-0").hint().unwrap(), "did you mean minus-layer0?");
        assert!(refused("centre").hint().unwrap().starts_with("the transforms are minus-layer0, "));
        for bad in [
            "pca",
            "residual:",
            "residual:a+",
            "minus-group-mean",
            "z-score:",
            "whiten",
            "whiten:",
            "pca:0",
            "pca:x",
            "units:3-1",
            "units:",
            "noise:-1:0",
            "noise:nan:0",
            "noise:1",
            "",
        ] {
            assert!(bad.parse::<Transform>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_layers_that_differences_need_are_known_beforehand() {
        let (first, previous) = (Transform::MinusLayer0, Transform::MinusPrevious);
        let needed = |transforms: &[Transform]| Transform::needed_layers(transforms, &[3, 6]);
        assert_eq!(needed(std::slice::from_ref(&first)), [0, 3, 6]);
        assert_eq!(needed(&[previous.clone(), previous.clone()]), [1, 2, 3, 4, 5, 6]);
        assert_eq!(needed(&[Transform::ZScore]), [3, 6]);
        assert_eq!(Transform::layers_left(&[first], &[0, 1]), [1]);
        assert_eq!(Transform::layers_left(&[previous], &[0, 1]), [0, 1]);
    }
}
