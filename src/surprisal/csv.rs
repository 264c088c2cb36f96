//! The tables: `sentences.csv`, `tokens.csv`, `words.csv`, `pairs.csv`, `accuracy.csv`.

use super::pairs::{Accuracy, Pair, Preferences};
use super::params::Scores;
use super::sentence::bits;
use crate::files::table::{cell, table};

/// A row is a sentence.
pub const SENTENCES: &str = "sentences.csv";
/// A row is a token of a sentence.
pub const TOKENS: &str = "tokens.csv";
/// A row is a word of a sentence.
pub const WORDS: &str = "words.csv";
/// A row is a good sentence and a bad one.
pub const PAIRS: &str = "pairs.csv";
/// A row is all pairs, or those of a set.
pub const ACCURACY: &str = "accuracy.csv";

fn of(value: Option<f64>) -> String {
    value.map_or_else(String::new, cell)
}

impl Scores {
    /// The tables, by their names.
    #[must_use]
    pub fn tables(&self) -> Vec<(&'static str, Vec<u8>)> {
        vec![(SENTENCES, self.by_sentence()), (TOKENS, self.by_token()), (WORDS, self.by_word())]
    }

    fn by_sentence(&self) -> Vec<u8> {
        let header = ["stimulus", "sentence", "tokens", "scored", "unknown", "logprob", "mean", "surprisal"];
        let rows = self.sentences.iter().enumerate().map(|(row, sentence)| {
            [
                row.to_string(),
                sentence.text.clone(),
                sentence.tokens.len().to_string(),
                sentence.scored().to_string(),
                sentence.unknown().to_string(),
                of(sentence.logprob()),
                of(sentence.mean()),
                of(sentence.logprob().map(bits)),
            ]
        });
        table(header, rows)
    }

    fn by_token(&self) -> Vec<u8> {
        let header = [
            "stimulus",
            "position",
            "token",
            "piece",
            "start",
            "end",
            "word",
            "added",
            "counts",
            "logprob",
            "surprisal",
        ];
        let rows = self.sentences.iter().enumerate().flat_map(|(row, sentence)| {
            sentence.tokens.iter().enumerate().map(move |(at, token)| {
                let place = |place: usize| if token.added { String::new() } else { place.to_string() };
                [
                    row.to_string(),
                    at.to_string(),
                    token.id.to_string(),
                    token.piece.clone(),
                    place(token.offsets.start),
                    place(token.offsets.end),
                    token.word.map_or_else(String::new, |word| word.to_string()),
                    token.added.to_string(),
                    token.counts.to_string(),
                    of(token.logprob),
                    of(token.logprob.map(bits)),
                ]
            })
        });
        table(header, rows)
    }

    fn by_word(&self) -> Vec<u8> {
        let header = ["stimulus", "word", "text", "tokens", "logprob", "surprisal"];
        let rows = self.sentences.iter().enumerate().flat_map(|(row, sentence)| {
            sentence.words().into_iter().enumerate().map(move |(place, word)| {
                [
                    row.to_string(),
                    place.to_string(),
                    word.text,
                    word.tokens.to_string(),
                    of(word.logprob),
                    of(word.logprob.map(bits)),
                ]
            })
        });
        table(header, rows)
    }
}

impl Preferences {
    /// The tables, by their names.
    #[must_use]
    pub fn tables(&self) -> Vec<(&'static str, Vec<u8>)> {
        vec![(PAIRS, self.by_pair()), (ACCURACY, self.by_set())]
    }

    fn by_pair(&self) -> Vec<u8> {
        let header = [
            "pair",
            "set",
            "good",
            "bad",
            "logprob_good",
            "logprob_bad",
            "difference",
            "preferred",
            "mean_good",
            "mean_bad",
            "preferred_by_mean",
        ];
        let preferred = |difference: Option<f64>| {
            difference.map_or_else(String::new, |difference| (difference > 0.0).to_string())
        };
        let row = |pair: &Pair| {
            [
                pair.name.clone(),
                pair.set.clone().unwrap_or_default(),
                pair.rows[0].to_string(),
                pair.rows[1].to_string(),
                of(pair.logprobs[0]),
                of(pair.logprobs[1]),
                of(pair.difference()),
                preferred(pair.difference()),
                of(pair.means[0]),
                of(pair.means[1]),
                preferred(pair.difference_of_means()),
            ]
        };
        table(header, self.pairs.iter().map(row))
    }

    fn by_set(&self) -> Vec<u8> {
        let header =
            ["set", "pairs", "accuracy", "ci_low", "ci_high", "ties", "accuracy_by_mean", "left_out"];
        let row = |accuracy: &Accuracy| {
            let interval = accuracy.interval();
            [
                accuracy.set.clone().unwrap_or_default(),
                accuracy.pairs.to_string(),
                of(accuracy.accuracy()),
                of(interval.map(|(low, _)| low)),
                of(interval.map(|(_, high)| high)),
                accuracy.ties.to_string(),
                of(accuracy.accuracy_by_mean()),
                accuracy.left_out.to_string(),
            ]
        };
        table(header, self.accuracy.iter().map(row))
    }
}
