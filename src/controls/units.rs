//! The words of a sentence: what stands between blanks.

use std::ops::Range;

use crate::stimuli::Span;

/// Where the words of a sentence stand, in characters.
pub(super) fn words(sentence: &[char]) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in sentence.iter().enumerate() {
        match (c.is_whitespace(), start) {
            (false, None) => start = Some(at),
            (true, Some(from)) => {
                words.push(from..at);
                start = None;
            }
            _ => {}
        }
    }
    words.extend(start.map(|from| from..sentence.len()));
    words
}

/// Whether the characters of `word` and of `span` have one in common.
pub(super) fn meets(word: &Range<usize>, span: Span) -> bool {
    word.start.max(span.start as usize) < word.end.min(span.end as usize)
}

/// What a bag has of a word: the word itself in lower case, and each mark before and behind it.
pub(super) fn pieces(word: &[char]) -> Vec<String> {
    let is_mark = |c: &char| !c.is_alphanumeric();
    let before = word.iter().take_while(|c| is_mark(c)).count();
    let behind = word[before..].iter().rev().take_while(|c| is_mark(c)).count();
    let inner = &word[before..word.len() - behind];
    let marks = word[..before].iter().chain(&word[word.len() - behind..]).map(char::to_string);
    let whole: String = inner.iter().flat_map(|c| c.to_lowercase()).collect();
    let whole = Some(whole).filter(|whole| !whole.is_empty());
    whole.into_iter().chain(marks).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_between_blanks_and_marks_are_pieces_of_their_own() {
        let sentence: Vec<char> = "  «L'été», dit-il…  ".chars().collect();
        let found: Vec<Vec<String>> =
            words(&sentence).into_iter().map(|word| pieces(&sentence[word])).collect();
        assert_eq!(found, [vec!["l'été", "«", "»", ","], vec!["dit-il", "…"]]);
        assert_eq!(pieces(&['-', '-']), ["-", "-"]);
        assert!(words(&[' ', '\t']).is_empty());
    }
}
