//! Words that a tokenizer splits: where a study compares words, a word of several tokens is another thing than one of one.

use std::collections::BTreeSet;

use super::error::Result;
use crate::models::Tokenizer;

/// A word that is not one token of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitWord {
    /// The word as it stands in a sentence, without the punctuation around it.
    pub word: String,
    /// Whether it was found so at the start of a sentence, where some tokenizers read it differently.
    pub initial: bool,
    /// The parts of it that its tokens stand for.
    pub pieces: Vec<String>,
    /// Whether one of its tokens is the one for what the tokenizer does not know.
    pub unknown: bool,
}

/// The words of `sentences` that `tokenizer` splits or does not know, each once, in alphabetical order: as they stand there,
/// after a blank or at the start, with their capitals. A word is what stands between blanks.
///
/// # Errors
///
/// [`Error::Models`](super::Error::Models) when the tokenizer cannot read a sentence.
pub fn split_words(sentences: &[String], tokenizer: &Tokenizer) -> Result<Vec<SplitWord>> {
    let mut seen: BTreeSet<(&str, bool)> = BTreeSet::new();
    let mut split = Vec::new();
    for sentence in sentences {
        let words: Vec<Word<'_>> = words(sentence);
        let fresh: Vec<&Word<'_>> =
            words.iter().filter(|word| seen.insert((word.text, word.start == 0))).collect();
        if fresh.is_empty() {
            continue;
        }
        let encoding = tokenizer.encode(sentence)?;
        for word in fresh {
            let end = word.start + word.text.chars().count();
            let inside = |at: &usize| {
                let token = &encoding.offsets[*at];
                !encoding.special[*at] && token.start.max(word.start) < token.end.min(end)
            };
            let tokens: Vec<usize> = (0..encoding.tokens.len()).filter(inside).collect();
            let unknown = tokens.iter().any(|&at| tokenizer.is_unknown(encoding.tokens[at]));
            if tokens.len() > 1 || unknown {
                let piece = |&at: &usize| {
                    let token = &encoding.offsets[at];
                    let (from, to) = (token.start.max(word.start), token.end.min(end));
                    sentence.chars().skip(from).take(to - from).collect()
                };
                let pieces = tokens.iter().map(piece).collect();
                split.push(SplitWord {
                    word: word.text.to_owned(),
                    initial: word.start == 0,
                    pieces,
                    unknown,
                });
            }
        }
    }
    split.sort_by(|a, b| (&a.word, a.initial).cmp(&(&b.word, b.initial)));
    Ok(split)
}

struct Word<'a> {
    text: &'a str,
    /// Where it starts, in Unicode scalars.
    start: usize,
}

/// What stands between blanks, without the punctuation at either end.
fn words(sentence: &str) -> Vec<Word<'_>> {
    let punctuation = |c: char| !c.is_alphanumeric();
    let mut words = Vec::new();
    let mut at = 0;
    for part in sentence.split(char::is_whitespace) {
        let bare = part.trim_start_matches(punctuation);
        let before = part.chars().count() - bare.chars().count();
        let text = bare.trim_end_matches(punctuation);
        if !text.is_empty() {
            words.push(Word { text, start: at + before });
        }
        at += part.chars().count() + 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Tokenizer;

    /// A WordPiece tokenizer that knows these.
    fn tokenizer(vocabulary: &[&str]) -> Tokenizer {
        let vocabulary: serde_json::Map<String, serde_json::Value> =
            vocabulary.iter().enumerate().map(|(id, token)| ((*token).to_owned(), id.into())).collect();
        let json = serde_json::json!({
            "version": "1.0", "truncation": null, "padding": null, "added_tokens": [], "normalizer": null,
            "pre_tokenizer": {"type": "BertPreTokenizer"}, "post_processor": null, "decoder": null,
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                      "max_input_chars_per_word": 100, "vocab": vocabulary},
        });
        Tokenizer::parse("test", &json.to_string()).unwrap()
    }

    #[test]
    fn words_are_judged_as_they_stand_in_their_sentences() {
        let tokenizer = tokenizer(&["[UNK]", "the", "The", "prin", "##cess", "dog", "café", "."]);
        let sentences = ["the princess.", "The dog.", "«café» zebra", "Dog the dog."].map(str::to_owned);
        let split = split_words(&sentences, &tokenizer).unwrap();
        let found: Vec<(&str, bool, String, bool)> =
            split.iter().map(|s| (s.word.as_str(), s.initial, s.pieces.join("|"), s.unknown)).collect();
        assert_eq!(
            found,
            [
                ("Dog", true, "Dog".to_owned(), true),
                ("princess", false, "prin|cess".to_owned(), false),
                ("zebra", false, "zebra".to_owned(), true)
            ]
        );
    }
}
