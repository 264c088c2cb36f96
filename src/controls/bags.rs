//! What words, and what positions alone, tell of the stimuli: matrices in the place of activations.

use std::collections::BTreeMap;

use ndarray::Array2;

use super::units::{meets, pieces, words};
use crate::activations::{Activations, Provenance};
use crate::stimuli::{Span, Stimuli};
use crate::text;

/// The most that a matrix may take in memory, in bytes.
const MOST: usize = 1 << 31;

/// How often each word of the stimuli is in each sentence: one matrix, layer 0, with a unit for each word.
///
/// Words are what stands between blanks, in lower case; a mark before or behind a word is a word of its own. Where activations are those of the
/// slot `at`, the slot's words have units of their own, apart from those of the rest of the sentence.
///
/// # Errors
///
/// Why there is none, in words: no sentences, all sentences with the same words, a vocabulary too large for memory.
pub fn bag_of_words(stimuli: &Stimuli, at: Option<&str>) -> Result<Activations, String> {
    let mut unit_of: BTreeMap<(bool, String), usize> = BTreeMap::new();
    let mut bags: Vec<Vec<usize>> = Vec::new();
    for (sentence, span) in sentences(stimuli, at)? {
        let letters: Vec<char> = sentence.chars().collect();
        let mut bag = Vec::new();
        for word in words(&letters) {
            let of_slot = span.is_some_and(|span| meets(&word, span));
            for piece in pieces(&letters[word]) {
                let next = unit_of.len();
                bag.push(*unit_of.entry((of_slot, piece)).or_insert(next));
            }
        }
        bags.push(bag);
    }
    let matrix = matrix(&bags, unit_of.len())?;
    if is_constant(&matrix) {
        return Err("all sentences have the same words, so that which they are tells none apart".to_owned());
    }
    activations(matrix)
}

/// Where the words of each sentence stand, whatever they are: one matrix, layer 0. Unit *p* is 1 where the sentence has a word *p*, so
/// that the squared Euclidean distance of two sentences is the difference of their lengths in words. Where activations are those of the
/// slot `at`, a unit more for each position is 1 where a word of the slot stands there.
///
/// # Errors
///
/// Why there is none, in words: no sentences, or all of one length with the slot at one place.
pub fn position(stimuli: &Stimuli, at: Option<&str>) -> Result<Activations, String> {
    let mut lengths = Vec::new();
    let mut places: Vec<Vec<usize>> = Vec::new();
    for (sentence, span) in sentences(stimuli, at)? {
        let letters: Vec<char> = sentence.chars().collect();
        let words = words(&letters);
        let of_slot = |at: &usize| span.is_some_and(|span| meets(&words[*at], span));
        places.push((0..words.len()).filter(of_slot).collect());
        lengths.push(words.len());
    }
    let most = lengths.iter().copied().max().unwrap_or(0);
    // One unit more than the longest sentence has words, so that no row is the same all along.
    let places: Vec<Vec<usize>> = lengths
        .iter()
        .zip(&places)
        .map(|(&length, of_slot)| (0..length).chain(of_slot.iter().map(|place| most + 1 + place)).collect())
        .collect();
    let n_units = if at.is_some() { 2 * most + 1 } else { most + 1 };
    let matrix = matrix(&places, n_units)?;
    if is_constant(&matrix) {
        let words = text::counted(most as u128, "word");
        let slot = at.map(|slot| format!(", with `{slot}` at one place")).unwrap_or_default();
        return Err(format!("all sentences have {words}{slot}, so that position tells none apart"));
    }
    activations(matrix)
}

/// The sentences, each with the span of the slot `at`.
fn sentences<'a>(
    stimuli: &'a Stimuli,
    at: Option<&str>,
) -> Result<impl Iterator<Item = (&'a String, Option<Span>)>, String> {
    let sentences = stimuli.sentences().map_err(|error| error.to_string())?;
    let slot = at.and_then(|slot| stimuli.slots().iter().position(|name| name == slot));
    Ok(sentences.iter().enumerate().map(move |(row, sentence)| {
        (sentence, slot.and_then(|slot| stimuli.spans(row).get(slot).copied().flatten()))
    }))
}

/// `(n_stimuli, n_units)`: how often each unit is in each row.
fn matrix(rows: &[Vec<usize>], n_units: usize) -> Result<Array2<f32>, String> {
    let bytes = rows.len().saturating_mul(n_units).saturating_mul(size_of::<f32>());
    if bytes > MOST {
        return Err(format!(
            "{} and {} make a matrix of more than 2 GiB",
            text::counted(rows.len() as u128, "sentence"),
            text::counted(n_units as u128, "unit")
        ));
    }
    let mut matrix = Array2::zeros((rows.len(), n_units.max(1)));
    for (row, units) in rows.iter().enumerate() {
        for &unit in units {
            matrix[[row, unit]] += 1.0;
        }
    }
    Ok(matrix)
}

fn is_constant(matrix: &Array2<f32>) -> bool {
    matrix.rows().into_iter().all(|row| row == matrix.row(0))
}

fn activations(matrix: Array2<f32>) -> Result<Activations, String> {
    Activations::new(vec![0], vec![matrix], Provenance::default()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stimuli::{Feature, FeatureTable};

    fn stimuli(rows: &[&str], slot: &[(u32, u32)]) -> Stimuli {
        let values: Vec<Option<f64>> = (0..rows.len()).map(|row| Some(row as f64)).collect();
        let features = FeatureTable::new(rows.len(), vec![Feature::numeric("x", values).unwrap()]).unwrap();
        let stimuli = Stimuli::new(rows.iter().map(|&row| row.to_owned()).collect(), features).unwrap();
        if slot.is_empty() {
            return stimuli;
        }
        let spans = slot.iter().map(|&(start, end)| vec![Some(Span { start, end })]).collect();
        stimuli.with_spans(vec!["s".to_owned()], spans).unwrap()
    }

    fn squared(activations: &Activations, a: usize, b: usize) -> f32 {
        let matrix = activations.matrix(0);
        matrix.row(a).iter().zip(matrix.row(b)).map(|(a, b)| (a - b).powi(2)).sum()
    }

    #[test]
    fn a_bag_has_counts_of_words_whatever_their_order() {
        let stimuli = stimuli(&["The dog sees the cat.", "the cat sees the dog .", "Dogs see cats!"], &[]);
        let bag = bag_of_words(&stimuli, None).unwrap();
        assert_eq!(bag.matrix(0).dim(), (3, 9));
        assert_eq!(squared(&bag, 0, 1), 0.0);
        // the ×2, dog, sees, cat, . against dogs, see, cats, !
        assert_eq!(squared(&bag, 0, 2), 4.0 + 4.0 + 4.0);
    }

    #[test]
    fn the_words_of_a_slot_are_apart_from_the_rest() {
        // The slot is the first word, then the last.
        let stimuli = stimuli(&["a b", "b a", "b c"], &[(0, 1), (2, 3), (0, 1)]);
        let bag = bag_of_words(&stimuli, Some("s")).unwrap();
        assert_eq!(squared(&bag, 0, 1), 0.0, "the same word, the same rest");
        assert_eq!(squared(&bag, 0, 2), 4.0);
        let position = position(&stimuli, Some("s")).unwrap();
        assert_eq!((squared(&position, 0, 1), squared(&position, 0, 2)), (2.0, 0.0));
    }

    #[test]
    fn positions_tell_lengths_apart_and_nothing_else() {
        let stimuli = stimuli(&["a b", "c d", "a b c d e", "a"], &[]);
        let found = position(&stimuli, None).unwrap();
        assert_eq!([squared(&found, 0, 1), squared(&found, 0, 2), squared(&found, 2, 3)], [0.0, 3.0, 4.0]);
    }

    #[test]
    fn what_tells_no_stimuli_apart_is_refused_with_why() {
        let same = stimuli(&["a b", "b a"], &[(0, 1), (0, 1)]);
        assert!(bag_of_words(&same, None).unwrap_err().contains("the same words"));
        assert!(bag_of_words(&same, Some("s")).is_ok());
        let why = position(&same, Some("s")).unwrap_err();
        assert_eq!(
            why,
            "all sentences have 2 words, with `s` at one place, so that position tells none apart"
        );
        let features = same.features().clone();
        assert!(position(&Stimuli::without_sentences(features), None).is_err());
    }
}
