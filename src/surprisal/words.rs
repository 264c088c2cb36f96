//! Which word of its sentence each token is in. Words are what stands between white space.

use std::ops::Range;

/// Where the words of `sentence` stand, in Unicode scalars.
pub(super) fn words(sentence: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut begun = None;
    let mut length = 0;
    for (at, letter) in sentence.chars().enumerate() {
        length = at + 1;
        match (letter.is_whitespace(), begun) {
            (true, Some(start)) => {
                words.push(start..at);
                begun = None;
            }
            (false, None) => begun = Some(at),
            _ => {}
        }
    }
    words.extend(begun.map(|start| start..length));
    words
}

/// The word that a token at `offsets` begins in: the one of its first character that is no white space. White space alone belongs to
/// the word after it; `None` where none comes.
pub(super) fn word_of(words: &[Range<usize>], offsets: &Range<usize>) -> Option<usize> {
    let word = words.partition_point(|word| word.end <= offsets.start);
    (word < words.len()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_in_the_word_that_they_begin_in() {
        let found = words("  ein é-Bär\tist. ");
        assert_eq!(found, [2..5, 6..11, 12..16]);
        // With and without the space before; the space alone; a part of a word; nothing after.
        for (offsets, word) in [
            (0..2, Some(0)),
            (1..5, Some(0)),
            (2..5, Some(0)),
            (5..6, Some(1)),
            (8..11, Some(1)),
            (15..16, Some(2)),
        ] {
            assert_eq!(word_of(&found, &offsets), word, "{offsets:?}");
        }
        assert_eq!(word_of(&found, &(16..17)), None);
        assert!(words(" \n").is_empty());
    }
}
