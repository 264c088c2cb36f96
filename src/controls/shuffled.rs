//! The words of every sentence in random order.

use std::ops::Range;

use super::units::{meets, words};
use crate::numeric::rng::Stream;
use crate::stimuli::{Result, Span, Stimuli};

/// Marks that end a sentence, and stay at its end.
const ENDS: [char; 8] = ['.', '!', '?', '…', '。', '！', '？', '।'];
/// How often an order is drawn again that gives the sentence as it was.
const DRAWS: usize = 64;

/// Stimuli whose words were shuffled.
#[derive(Debug, Clone, PartialEq)]
pub struct Shuffled {
    /// The same stimuli with other sentences. A slot's span goes with its word; that of a slot whose words were parted is gone.
    pub stimuli: Stimuli,
    /// How many sentences have one order alone, and are as they were.
    pub unchanged: usize,
}

/// `stimuli` with the words of each sentence in an order that is drawn for the sentence under `seed`, another than its own wherever it has
/// two different words: the same sentence has the same order wherever it stands.
///
/// A word is what stands between blanks, with its capitals and marks; marks that end the sentence stay at its end, and blanks stay where
/// they were. The words of the slot `at` stay together, so that its new span is one.
///
/// # Errors
///
/// [`crate::stimuli::Error::NoSentences`].
pub fn shuffled(stimuli: &Stimuli, at: Option<&str>, seed: u64) -> Result<Shuffled> {
    let at = at.and_then(|slot| stimuli.slots().iter().position(|name| name == slot));
    let mut unchanged = 0;
    let (mut sentences, mut spans) = (Vec::new(), Vec::new());
    for (row, sentence) in stimuli.sentences()?.iter().enumerate() {
        let of_slots = stimuli.spans(row);
        let kept = at.and_then(|slot| of_slots.get(slot).copied().flatten());
        let text = Text::of(sentence, kept);
        let order = text.order(&mut Stream::new(seed, &format!("shuffled words: {sentence}")));
        let (new, starts) = text.written(&order);
        unchanged += usize::from(new == *sentence);
        spans.push(of_slots.iter().map(|span| span.and_then(|span| text.moved(span, &starts))).collect());
        sentences.push(new);
    }
    let mut source = stimuli.source().clone();
    let told = format!("words of each sentence shuffled, seed {seed}");
    source.drawn = Some(source.drawn.map_or_else(|| told.clone(), |drawn| format!("{drawn}; {told}")));
    let stimuli = stimuli.with_sentences(sentences, spans)?.with_source(source);
    Ok(Shuffled { stimuli, unchanged })
}

/// A sentence and the parts of it that change places.
struct Text {
    letters: Vec<char>,
    /// Where they stand, in characters; what lies between them stays.
    parts: Vec<Range<usize>>,
}

impl Text {
    /// The words of `sentence`; those that meet `kept` are one part.
    fn of(sentence: &str, kept: Option<Span>) -> Self {
        let letters: Vec<char> = sentence.chars().collect();
        let mut parts: Vec<Range<usize>> = Vec::new();
        let mut last_is_kept = false;
        for word in words(&letters) {
            let is_kept = kept.is_some_and(|span| meets(&word, span));
            match parts.last_mut() {
                Some(part) if is_kept && last_is_kept => part.end = word.end,
                _ => parts.push(word),
            }
            last_is_kept = is_kept;
        }
        while let Some(part) = parts.last_mut() {
            let marks = letters[part.clone()].iter().rev().take_while(|c| ENDS.contains(c)).count();
            let end = part.end - marks;
            // A slot may be the mark itself.
            if !kept.is_some_and(|span| meets(&(end..part.end), span)) {
                part.end = end;
            }
            if part.start < part.end {
                break;
            }
            parts.pop();
        }
        Self { letters, parts }
    }

    /// Which part comes first, second …
    fn order(&self, stream: &mut Stream) -> Vec<usize> {
        let part = |at: usize| &self.letters[self.parts[at].clone()];
        let mut order: Vec<usize> = (0..self.parts.len()).collect();
        if (1..self.parts.len()).all(|at| part(at) == part(0)) {
            return order;
        }
        for _ in 0..DRAWS {
            stream.shuffle(&mut order);
            if (0..order.len()).any(|at| part(order[at]) != part(at)) {
                break;
            }
        }
        order
    }

    /// The sentence in `order`, and where each part starts in it.
    fn written(&self, order: &[usize]) -> (String, Vec<usize>) {
        let mut text: Vec<char> = Vec::with_capacity(self.letters.len());
        let mut starts = vec![0; self.parts.len()];
        let mut from = 0;
        for (place, &part) in self.parts.iter().zip(order) {
            text.extend(&self.letters[from..place.start]);
            starts[part] = text.len();
            text.extend(&self.letters[self.parts[part].clone()]);
            from = place.end;
        }
        text.extend(&self.letters[from..]);
        (text.into_iter().collect(), starts)
    }

    /// Where `span` is when parts start at `starts`; none where it is in several.
    fn moved(&self, span: Span, starts: &[usize]) -> Option<Span> {
        let (start, end) = (span.start as usize, span.end as usize);
        let at = self.parts.iter().position(|part| part.start <= start && end <= part.end)?;
        let place = |offset: usize| u32::try_from(starts[at] + offset - self.parts[at].start).ok();
        Some(Span { start: place(start)?, end: place(end)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stimuli::{Feature, FeatureTable};

    /// Sentences with the slots `a` and `b`, whose spans are those of these words.
    fn stimuli(rows: &[(&str, &str, &str)]) -> Stimuli {
        let values: Vec<Option<f64>> = (0..rows.len()).map(|row| Some(row as f64)).collect();
        let features = FeatureTable::new(rows.len(), vec![Feature::numeric("x", values).unwrap()]).unwrap();
        let span = |sentence: &str, word: &str| {
            let at = sentence.find(word).filter(|_| !word.is_empty())?;
            let start = sentence[..at].chars().count() as u32;
            Some(Span { start, end: start + word.chars().count() as u32 })
        };
        let spans = rows.iter().map(|(sentence, a, b)| vec![span(sentence, a), span(sentence, b)]).collect();
        Stimuli::new(rows.iter().map(|row| row.0.to_owned()).collect(), features)
            .unwrap()
            .with_spans(vec!["a".to_owned(), "b".to_owned()], spans)
            .unwrap()
    }

    fn slot(stimuli: &Stimuli, row: usize, slot: usize) -> Option<String> {
        let span = stimuli.spans(row)[slot]?;
        let sentence = &stimuli.sentences().unwrap()[row];
        let letters = sentence.chars().skip(span.start as usize);
        Some(letters.take((span.end - span.start) as usize).collect())
    }

    #[test]
    fn words_change_places_and_spans_follow_them() {
        let rows = [
            ("l'été 🌞 passe vite .", "été", "passe vite"),
            ("The two cats see her.", "two cats", "her"),
            ("Two cats, two dogs?!", "dogs", "Two cats"),
        ];
        let before = stimuli(&rows);
        for seed in 0..20 {
            let Shuffled { stimuli: after, unchanged } = shuffled(&before, Some("a"), seed).unwrap();
            assert_eq!(unchanged, 0);
            for (row, (sentence, a, _)) in rows.iter().enumerate() {
                let new = &after.sentences().unwrap()[row];
                let sorted = |text: &str| {
                    let text = text.trim_end_matches(|c: char| ENDS.contains(&c) || c == ' ');
                    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
                    words.sort();
                    words
                };
                assert_eq!(sorted(new), sorted(sentence));
                assert_ne!(new, sentence);
                assert_eq!(slot(&after, row, 0).as_deref(), Some(*a), "{new}");
                assert_eq!(new.ends_with('.'), sentence.ends_with('.'), "{new}");
            }
            // A slot of words that were parted has no span, one of a single word keeps it.
            assert_eq!(slot(&after, 1, 1).as_deref(), Some("her"));
            assert!(slot(&after, 2, 1).is_none());
        }
    }

    #[test]
    fn a_sentence_has_one_order_wherever_it_stands() {
        let a = stimuli(&[("one two three four", "", ""), ("five six seven", "", "")]);
        let b = stimuli(&[("five six seven", "", ""), ("x", "", ""), ("one two three four", "", "")]);
        let [a, b] = [a, b].map(|stimuli| shuffled(&stimuli, None, 3).unwrap());
        assert_eq!(a.stimuli.sentences().unwrap()[0], b.stimuli.sentences().unwrap()[2]);
        assert_eq!(a.stimuli.sentences().unwrap()[1], b.stimuli.sentences().unwrap()[0]);
        assert_eq!((a.unchanged, b.unchanged), (0, 1));
        assert_eq!(a.stimuli.features(), stimuli(&[("", "", ""), ("", "", "")]).features());
    }

    #[test]
    fn what_has_one_order_stays() {
        let odd = ["", " ", "word", "no no no", "...", "word ?", "word ! ?", "  two  "];
        let rows: Vec<(&str, &str, &str)> = odd.iter().map(|&sentence| (sentence, "", "")).collect();
        let found = shuffled(&stimuli(&rows), None, 0).unwrap();
        assert_eq!(found.stimuli.sentences().unwrap(), odd);
        assert_eq!(found.unchanged, odd.len());
        // Blanks stay where they were.
        let found = shuffled(&stimuli(&[(" a\tb ", "", "")]), None, 0).unwrap();
        assert_eq!(found.stimuli.sentences().unwrap(), [" b\ta "]);
    }
}
