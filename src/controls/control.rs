//! The kinds of controls.

use serde::{Deserialize, Serialize};

/// A baseline that a profile is held against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Control {
    /// The same architecture with random weights.
    Untrained,
    /// The same model, which reads the words of each sentence in random order.
    Shuffled,
    /// Counts of words.
    BagOfWords,
    /// Length and position alone.
    Position,
}

impl Control {
    /// All, in the order of tables and figures.
    pub const ALL: [Self; 4] = [Self::Untrained, Self::Shuffled, Self::BagOfWords, Self::Position];

    /// As options and tables have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Untrained => "untrained",
            Self::Shuffled => "shuffled",
            Self::BagOfWords => "bag-of-words",
            Self::Position => "position",
        }
    }

    /// As sentences and figures have it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Untrained => "untrained model",
            Self::Shuffled => "shuffled words",
            Self::BagOfWords => "bag of words",
            Self::Position => "position",
        }
    }

    /// Whether a model is run for it, so that it has the layers of the model.
    #[must_use]
    pub fn has_layers(self) -> bool {
        matches!(self, Self::Untrained | Self::Shuffled)
    }
}
