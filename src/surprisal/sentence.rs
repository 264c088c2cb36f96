//! A sentence with its tokens and what they were given.

use std::f64::consts::LN_2;
use std::ops::Range;

/// A token and its log-probability.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    /// Its number.
    pub id: u32,
    /// What the tokenizer calls it.
    pub piece: String,
    /// Where it stands in the sentence, in Unicode scalars; empty for an added one.
    pub offsets: Range<usize>,
    /// Which of the sentence's words it begins in, from 0; `None` for an added one.
    pub word: Option<usize>,
    /// Whether the tokenizer added it, or `--bos` did.
    pub added: bool,
    /// Whether it stands for what the tokenizer does not know.
    pub unknown: bool,
    /// Whether it counts for the sentence and its word.
    pub counts: bool,
    /// The natural logarithm of its probability; `None` where it has none.
    pub logprob: Option<f64>,
}

/// A word: what stands between white space.
#[derive(Debug, Clone, PartialEq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// How many of its tokens count.
    pub tokens: usize,
    /// The sum of their log-probabilities; `None` where one has none, or there are none.
    pub logprob: Option<f64>,
}

/// A sentence and its tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct Sentence {
    /// The sentence.
    pub text: String,
    /// Its tokens, with those that were added.
    pub tokens: Vec<Token>,
    /// Where its words stand, in Unicode scalars.
    pub(super) words: Vec<Range<usize>>,
}

impl Sentence {
    /// The log-probabilities that count.
    fn counted(&self) -> impl Iterator<Item = f64> + '_ {
        self.tokens.iter().filter(|token| token.counts).filter_map(|token| token.logprob)
    }

    /// How many tokens have a log-probability that counts.
    #[must_use]
    pub fn scored(&self) -> usize {
        self.counted().count()
    }

    /// How many tokens would count, and have none: the first of a causal model, without a token before it.
    #[must_use]
    pub fn unscored(&self) -> usize {
        self.tokens.iter().filter(|token| token.counts && token.logprob.is_none()).count()
    }

    /// The log-probability of the sentence: the sum over tokens. `None` where no token has one.
    #[must_use]
    pub fn logprob(&self) -> Option<f64> {
        (self.scored() > 0).then(|| self.counted().sum())
    }

    /// Its mean over tokens.
    #[must_use]
    pub fn mean(&self) -> Option<f64> {
        self.logprob().map(|sum| sum / self.scored() as f64)
    }

    /// How many tokens it does not know.
    #[must_use]
    pub fn unknown(&self) -> usize {
        self.tokens.iter().filter(|token| token.unknown && !token.added).count()
    }

    /// Its words.
    #[must_use]
    pub fn words(&self) -> Vec<Word> {
        let letters: Vec<char> = self.text.chars().collect();
        let each = self.words.iter().enumerate().map(|(place, span)| {
            let own = self.tokens.iter().filter(|token| token.counts && token.word == Some(place));
            let logprobs: Vec<Option<f64>> = own.map(|token| token.logprob).collect();
            let text = letters.get(span.clone()).unwrap_or_default().iter().collect();
            let sum = logprobs.iter().copied().sum::<Option<f64>>();
            Word { text, tokens: logprobs.len(), logprob: sum.filter(|_| !logprobs.is_empty()) }
        });
        each.collect()
    }
}

/// Surprisal in bits, of a natural logarithm.
pub(super) fn bits(logprob: f64) -> f64 {
    // No surprisal is -0.
    -logprob / LN_2 + 0.0
}
