//! What an adapter changes, in words and numbers: for records, before anything is loaded.

use std::collections::BTreeMap;

use crate::text;

/// What is merged of an adapter.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize)]
pub struct Merged {
    /// `LoRA`, and `DoRA` or `rsLoRA` where it is that.
    pub method: String,
    /// The ranks, ascending.
    pub ranks: Vec<usize>,
    /// How many modules of each name have a change of low rank, by the last word of their names. Those that stand on the model (a head,
    /// a classifier) are counted too, and change nothing of its hidden states.
    pub modules: BTreeMap<String, usize>,
    /// Tensors in the place of the base's.
    pub whole: Vec<String>,
    /// The hash of its configuration and weights (BLAKE3, hex, or the Hub's).
    pub hash: String,
}

impl Merged {
    /// In words.
    #[must_use]
    pub fn describe(&self) -> String {
        let ranks: Vec<String> = self.ranks.iter().map(ToString::to_string).collect();
        let modules: Vec<String> =
            self.modules.iter().map(|(name, count)| format!("{count} × {name}")).collect();
        let ranks =
            if ranks.is_empty() { String::new() } else { format!(" of rank {}", text::join_and(&ranks)) };
        let changed =
            if modules.is_empty() { String::new() } else { format!(" in {}", text::join_and(&modules)) };
        let whole = match self.whole.len() {
            0 => String::new(),
            1 => ", and a tensor trained whole".to_owned(),
            count => format!(", and {count} tensors trained whole"),
        };
        format!("{}{ranks}{changed}{whole}", self.method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_merged_is_said_in_words() {
        let merged = Merged {
            method: "LoRA".to_owned(),
            ranks: vec![2, 4],
            modules: BTreeMap::from([("q_proj".to_owned(), 2), ("v_proj".to_owned(), 1)]),
            whole: vec!["norm.weight".to_owned()],
            hash: String::new(),
        };
        assert_eq!(
            merged.describe(),
            "LoRA of rank 2 and 4 in 2 × q_proj and 1 × v_proj, and a tensor trained whole"
        );
    }
}
