//! What is hidden of a sentence.

use serde::{Deserialize, Serialize};

/// What is hidden of a sentence where a token's probability is asked of a masked model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hidden {
    /// The token (Salazar et al. 2020).
    #[default]
    Token,
    /// The token, and what follows it in the same word, as the tokenizer cuts words (Kauf & Ivanova 2023).
    Word,
}

impl Hidden {
    /// The names of both.
    pub const NAMES: [&'static str; 2] = ["token", "word"];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Word => "word",
        }
    }
}
