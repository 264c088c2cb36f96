//! How the vectors of a stimulus's tokens become one.

use std::fmt;
use std::str::FromStr;

use super::error::Error;

/// How the vectors of a stimulus's tokens become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// The mean over tokens.
    #[default]
    Mean,
    /// The largest value of each unit over tokens.
    Max,
    /// The smallest value of each unit over tokens.
    Min,
    /// The first token (`[CLS]` in BERT).
    First,
    /// The last token.
    Last,
    /// All tokens side by side; only when every stimulus has the same number of them.
    None,
}

impl Pooling {
    /// Every pooling.
    pub const ALL: [Self; 6] = [Self::Mean, Self::Max, Self::Min, Self::First, Self::Last, Self::None];

    /// Its name, as on the command line and in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Max => "max",
            Self::Min => "min",
            Self::First => "first",
            Self::Last => "last",
            Self::None => "none",
        }
    }
}

impl fmt::Display for Pooling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Pooling {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|pooling| pooling.name() == name)
            .ok_or_else(|| Error::UnknownPooling { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back() {
        for pooling in Pooling::ALL {
            assert_eq!(pooling.to_string().parse::<Pooling>().unwrap(), pooling);
        }
        let error = "median".parse::<Pooling>().unwrap_err();
        assert_eq!(error.to_string(), "no pooling is called `median`");
        assert_eq!(error.hint().unwrap(), "use mean, max, min, first, last or none");
    }
}
