//! Which part of an encoder–decoder is run.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Which part of an encoder–decoder is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Its encoder; of every other model, the whole.
    #[default]
    Encoder,
    /// Its decoder, which reads a text of its own and the encoder's last hidden state of the sentence.
    Decoder,
}

impl Part {
    /// The names of both.
    pub const NAMES: [&'static str; 2] = ["encoder", "decoder"];

    /// What it is called.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Encoder => "encoder",
            Self::Decoder => "decoder",
        }
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
