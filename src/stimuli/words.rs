//! Words in sentences: a CSV whose columns `word`, `start_idx` and `end_idx` say which part of `sentence` a stimulus is.
//!
//! Offsets are counted in Unicode scalars, as Python slices a `str`: `sentence[start_idx:end_idx] == word`.

use super::{Result, Span, Stimuli};

/// The columns that make a table of words, beside `sentence`.
pub(super) const COLUMNS: [&str; 3] = ["word", "start_idx", "end_idx"];

/// The slot that the words are.
pub(super) const WORD: &str = COLUMNS[0];

/// One row's word in its sentence, or what is wrong with it.
pub(super) fn span(sentence: &str, word: &str, start: &str, end: &str) -> Result<Span, String> {
    let offset = |name: &str, text: &str| {
        text.trim().parse::<u32>().map_err(|_| format!("{name} is `{text}`, which is no offset from 0"))
    };
    let (start, end) = (offset(COLUMNS[1], start)?, offset(COLUMNS[2], end)?);
    let length = sentence.chars().count();
    if start >= end || end as usize > length {
        return Err(format!(
            "characters {start} to {end} (excluded) are no part of a sentence of {length} characters"
        ));
    }
    let found: String = sentence.chars().skip(start as usize).take((end - start) as usize).collect();
    if found != word {
        return Err(format!(
            "the word is `{word}`, but characters {start} to {end} (excluded) of the sentence are `{found}`"
        ));
    }
    Ok(Span { start, end })
}

impl Stimuli {
    /// The same stimuli as words in their sentences, one span each.
    ///
    /// # Errors
    ///
    /// [`Error::RowCounts`](super::Error::RowCounts) when there are not as many spans as stimuli.
    pub fn with_words(self, words: Vec<Span>) -> Result<Self> {
        let spans = words.into_iter().map(|span| vec![Some(span)]).collect();
        let stimuli = self.with_spans(vec![WORD.to_owned()], spans)?;
        Ok(Self { word_level: true, ..stimuli })
    }

    /// The word that stimulus `row` is, with its span, where stimuli are words.
    pub(super) fn word(&self, row: usize) -> Option<(String, Span)> {
        let span = self.spans(row).first().copied().flatten().filter(|_| self.word_level)?;
        let sentence = self.sentences().ok()?.get(row)?;
        Some((
            sentence.chars().skip(span.start as usize).take((span.end - span.start) as usize).collect(),
            span,
        ))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn parse(text: &str) -> Result<Stimuli> {
        Stimuli::from_csv(text.as_bytes(), Path::new("w.csv"))
    }

    const TABLE: &str =
        "word,number,sentence,start_idx,end_idx\nété,sg,l'été 🌞 passe,2,5\n🌞,pl,l'été 🌞 passe,6,7\n";

    #[test]
    fn words_are_slots_and_their_columns_no_features() {
        let stimuli = parse(TABLE).unwrap();
        assert!(stimuli.is_word_level());
        assert_eq!(stimuli.features().names(), ["number"]);
        assert_eq!(stimuli.slots(), ["word"]);
        assert_eq!(stimuli.spans(1), [Some(Span { start: 6, end: 7 })]);
        // Two words of one sentence with the same features are two stimuli, and another pair is another set.
        let other =
            parse(&TABLE.replace("🌞,pl,l'été 🌞 passe,6,7", "passe,pl,l'été 🌞 passe,8,13")).unwrap();
        assert_ne!(stimuli.hash(), other.hash());
        assert!(stimuli.select(&[1]).is_word_level());
    }

    #[test]
    fn what_is_written_reads_back_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("w.csv");
        let stimuli = parse(TABLE).unwrap();
        stimuli.write(&path).unwrap();
        let back = Stimuli::read(&path).unwrap();
        assert_eq!((back.hash(), &back), (stimuli.hash(), &stimuli));
    }

    #[test]
    fn a_word_that_is_not_there_is_named_by_its_line() {
        let refused = |row: &str| {
            parse(&format!("word,number,sentence,start_idx,end_idx\na,sg,a b,0,1\n{row}\n"))
                .unwrap_err()
                .to_string()
        };
        assert_eq!(
            refused("b,sg,a b,0,1"),
            "w.csv:3: the word is `b`, but characters 0 to 1 (excluded) of the sentence are `a`"
        );
        assert_eq!(
            refused("b,sg,a b,2,4"),
            "w.csv:3: characters 2 to 4 (excluded) are no part of a sentence of 3 characters"
        );
        assert_eq!(
            refused("b,sg,a b,2,2"),
            "w.csv:3: characters 2 to 2 (excluded) are no part of a sentence of 3 characters"
        );
        assert_eq!(refused("b,sg,a b,-2,3"), "w.csv:3: start_idx is `-2`, which is no offset from 0");
        assert_eq!(refused(",sg,a b,2,3"), "w.csv:3: an empty word");
        let error = parse("word,number,sentence,start_idx\na,sg,a b,0\n").unwrap_err().to_string();
        assert_eq!(
            error,
            "w.csv:1: a table of words has the columns word, start_idx and end_idx, and there is no end_idx"
        );
        // A feature may be called `word`.
        assert!(!parse("word,sentence\na,a b\n").unwrap().is_word_level());
    }
}
