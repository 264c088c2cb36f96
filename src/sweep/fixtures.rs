//! Cells, and a program with a few options, for tests.

use super::{Cell, Complaint, Flag, Program, Settings, Takes};

/// `n` cells with keys that count up.
pub fn cells(n: usize) -> Vec<Cell> {
    let cell = |index: usize| Cell {
        index,
        key: format!("{index:012}{}", "0".repeat(52)),
        grammar: "relative_clause".to_owned(),
        model: "tiny-bert".to_owned(),
        revision: None,
        pooling: "mean".to_owned(),
        options: Vec::new(),
        words: vec!["run".to_owned()],
        folder: format!("cell-{index}"),
    };
    (0..n).map(cell).collect()
}

/// A program whose options are read as they stand: `--folds` must be a number from 2, and `--rsa` goes with no `--interactions`.
pub struct Toy(Vec<Flag>);

impl Toy {
    pub fn new() -> Self {
        let flag = |name: &str, takes, decides| Flag { name: name.to_owned(), takes, decides };
        Self(vec![
            flag("folds", Takes::Value, true),
            flag("group", Takes::Value, true),
            flag("interactions", Takes::Nothing, true),
            flag("rsa", Takes::Nothing, true),
            flag("untrained", Takes::MaybeValue, true),
            flag("batch-tokens", Takes::Value, false),
        ])
    }
}

impl Program for Toy {
    fn version(&self) -> &'static str {
        "1"
    }

    fn flags(&self) -> &[Flag] {
        &self.0
    }

    fn settings(&self, words: &[String]) -> Result<Settings, Complaint> {
        let mut settings = Settings::new();
        settings.insert("folds".to_owned(), vec!["5".to_owned()]);
        for word in words.iter().filter_map(|word| word.strip_prefix("--")) {
            let (name, value) = word.split_once('=').unwrap_or((word, "true"));
            if name == "folds" && value.parse::<usize>().map_or(true, |folds| folds < 2) {
                let message = format!("`{value}` are no folds");
                return Err(Complaint { message, hint: Some("give a number from 2".to_owned()) });
            }
            if !["model", "revision", "batch-tokens"].contains(&name) {
                settings.entry(name.to_owned()).or_default().push(value.to_owned());
            }
        }
        if settings.contains_key("rsa") && settings.contains_key("interactions") {
            return Err(Complaint { message: "--rsa has no interactions".to_owned(), hint: None });
        }
        Ok(settings)
    }
}
