//! `probe check --model`: the words of a grammar that a model's tokenizer splits.

use std::fmt::Write as _;

use mlem_probe::extract::{SplitWord, split_words};
use mlem_probe::grammar::{Check, Draw, Grammar};
use mlem_probe::hub::{self, Hub};
use mlem_probe::models::Tokenizer;
use mlem_probe::text;
use serde_json::{Value, json};

use crate::failure::Result;
use crate::printer::Printer;

/// What a tokenizer makes of the words of a grammar.
pub struct Words {
    /// What the model's name resolved to.
    model: String,
    /// How many sentences were looked at.
    sentences: usize,
    split: Vec<SplitWord>,
}

impl Words {
    /// Reads the tokenizer of `model`, and looks at the sentences that `check` looked at.
    pub fn of(grammar: &Grammar, model: &str, check: &Check, printer: &Printer) -> Result<Self> {
        let (model, text) = hub::tokenizer(model, &Hub::from_env(), printer)?;
        let tokenizer = Tokenizer::of(&model, &text)?;
        if check.measured == 0 {
            return Ok(Self { model, sentences: 0, split: Vec::new() });
        }
        let stimuli = grammar.generate(&Draw::Sample { n: check.measured, seed: 0 })?.stimuli;
        let sentences = stimuli.sentences()?;
        Ok(Self { model, sentences: sentences.len(), split: split_words(sentences, &tokenizer)? })
    }

    pub fn to_text(&self) -> String {
        let Self { model, sentences, split } = self;
        let looked = text::count(*sentences as u128);
        if split.is_empty() {
            return format!("\nthe tokenizer of {model} has a token for every word of {looked} sentences\n");
        }
        let mut out =
            format!("\nwords that the tokenizer of {model} has no token for, in {looked} sentences\n");
        for SplitWord { word, initial, pieces, unknown } in split {
            let place = if *initial { " (at the start of a sentence)" } else { "" };
            let what = if *unknown { "unknown".to_owned() } else { pieces.join(" | ") };
            // Writing to a string cannot fail.
            let _ = writeln!(out, "  - {word}{place}: {what}");
        }
        out
    }

    pub fn as_json(&self) -> Value {
        json!({
            "model": self.model,
            "sentences": self.sentences,
            "split_words": self.split.iter().map(|split| json!({
                "word": split.word,
                "starts_a_sentence": split.initial,
                "pieces": split.pieces,
                "unknown": split.unknown,
            })).collect::<Vec<_>>(),
        })
    }
}
