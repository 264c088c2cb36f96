//! Where stimuli came from.

use serde::{Deserialize, Serialize};

/// Where stimuli came from, as far as is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Name of the grammar that generated them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grammar: Option<String>,
    /// Hash of the grammar's text (BLAKE3, hex).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grammar_hash: Option<String>,
    /// How they were drawn from the grammar: all of it, or a sample of how many, balanced or not, under which seed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drawn: Option<String>,
}
