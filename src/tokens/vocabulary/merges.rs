//! The merges of a byte-pair vocabulary, from its pieces: sentencepiece keeps none.

use std::collections::HashSet;

/// Every way to make a piece out of two others. `pieces` are in the order in which they are merged; of the ways to make one piece
/// that with the shortest left part comes first.
pub(super) fn by_rank<'a>(pieces: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    let known: HashSet<&str> = pieces.iter().copied().collect();
    let mut merges = Vec::new();
    for piece in pieces {
        for (split, _) in piece.char_indices().skip(1) {
            let (left, right) = piece.split_at(split);
            if known.contains(left) && known.contains(right) {
                merges.push((left, right));
            }
        }
    }
    merges
}

/// The same for pieces `(text, score, id)`: the highest score is merged first, then the lowest id; of the ways to make one piece
/// that whose left part comes first in the alphabet.
pub(super) fn by_score<'a>(pieces: &[(&'a str, f32, u64)]) -> Vec<(&'a str, &'a str)> {
    let mut order: Vec<&(&str, f32, u64)> = pieces.iter().collect();
    // With 0 added, the two zeros are one.
    order.sort_by(|a, b| (b.1 + 0.0).total_cmp(&(a.1 + 0.0)).then(a.2.cmp(&b.2)));
    let texts: Vec<&str> = order.into_iter().map(|(text, _, _)| *text).collect();
    let mut merges = by_rank(&texts);
    // The ways to make one piece stand side by side, and so they stay.
    for ways in merges.chunk_by_mut(|a, b| is_same(*a, *b)) {
        ways.sort_unstable();
    }
    merges
}

/// Whether two merges make the same piece.
fn is_same(a: (&str, &str), b: (&str, &str)) -> bool {
    a.0.len() + a.1.len() == b.0.len() + b.1.len()
        && a.0.chars().chain(a.1.chars()).eq(b.0.chars().chain(b.1.chars()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merges_are_found_again_in_their_order() {
        let pieces = ["a", "b", "é", "ab", "éb", "abéb", "x", "xy"];
        assert_eq!(by_rank(&pieces), [("a", "b"), ("é", "b"), ("ab", "éb")]);
        let scored = [("a", -3.0, 3), ("b", -4.0, 4), ("ba", -1.0, 9), ("ab", -1.0, 5), ("aba", -2.0, 7)];
        assert_eq!(by_score(&scored), [("a", "b"), ("b", "a"), ("a", "ba"), ("ab", "a")]);
    }

    #[test]
    fn scores_have_an_order_whatever_they_are() {
        let zeros = [("a", -3.0, 3), ("b", -4.0, 4), ("ba", -0.0, 5), ("ab", 0.0, 6)];
        assert_eq!(by_score(&zeros), [("b", "a"), ("a", "b")]);
        let score = |id: u64| if id.is_multiple_of(3) { id as f32 } else { f32::NAN };
        let texts: Vec<String> = (0..200).map(|id| "a".repeat(id + 1)).collect();
        let pieces: Vec<(&str, f32, u64)> =
            (0..).zip(&texts).map(|(id, text)| (text.as_str(), score(id), id)).collect();
        assert_eq!(by_score(&pieces).len(), 199 * 200 / 2);
    }
}
