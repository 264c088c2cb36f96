//! Minimal pairs: sentences of a grammar that differ in one feature and in nothing else that it labels.

use std::collections::BTreeMap;

use serde_json::{Map, json};

use super::error::{Error, Result};
use super::ready::Grammar;
use crate::numeric::rng::Stream;
use crate::stimuli::{Feature, Stimuli, Values};
use crate::text;

/// A feature of this name marks whether a sentence is grammatical, and its pairs are good and bad ones.
pub const GRAMMATICAL: &str = "grammatical";

/// Sentences that differ in one feature.
#[derive(Debug, Clone, PartialEq)]
pub struct Pairs {
    /// The feature that differs.
    pub feature: String,
    /// The sentences, labelled.
    pub stimuli: Stimuli,
    /// Rows of the stimuli, `(n_pairs, 2)`; where the feature is [`GRAMMATICAL`], the grammatical one comes first.
    pub rows: Vec<[usize; 2]>,
}

impl Grammar {
    /// The minimal pairs of `feature`: sentences that differ in it and agree in every other feature and, as far as the feature
    /// leaves them, in every word. What is measured of words (a number of a slot's, such as the frequency of a form) may differ
    /// where nothing else would do: a plural is another form than its singular. Where `n` is given, so many of them, drawn with `seed`.
    ///
    /// Within what agrees in everything else, the first sentence with one value goes with the first with another, the
    /// second with the second, so that each sentence stands in at most one pair for any two values.
    ///
    /// # Errors
    ///
    /// An unknown feature, or as [`Grammar::generate`] for all sentences; [`Error::NoPairs`] when no two sentences differ in
    /// `feature` alone.
    pub fn pairs(&self, feature: &str, n: Option<usize>, seed: u64) -> Result<Pairs> {
        self.require_some()?;
        self.require_held(self.lattice.count)?;
        let all = self.generator().all();
        let words = self.generator().words(&all, self.rules.names.get("lemma"));
        let drawn =
            format!("minimal pairs of {feature} from {} sentences", text::count(all.sentences.len() as u128));
        let stimuli = self.stimuli(all, drawn)?;
        let column = stimuli.features().position(feature)?;
        // First with every word the same (number, tense, a template's own feature); where that leaves nothing, the feature
        // is one of words, and those of the slots that it is read from may differ, one slot if that is enough.
        let mut free: Vec<Vec<usize>> = vec![Vec::new()];
        let own = self.columns[column].source.slots();
        free.extend(own.iter().map(|&slot| vec![slot]));
        free.push(own);
        let mut rows = Vec::new();
        let measured: Vec<usize> = (0..self.columns.len())
            .filter(|&at| {
                !self.columns[at].source.slots().is_empty() && stimuli.features().feature(at).is_numeric()
            })
            .collect();
        'found: for free in &free {
            for open in [&[][..], &measured] {
                rows = paired(&stimuli, column, &words, (free, open));
                if !rows.is_empty() {
                    break 'found;
                }
            }
        }
        if rows.is_empty() {
            let own = self.columns[column].source.slots();
            let along = along(&stimuli, column, &words, &own);
            return Err(Error::NoPairs { grammar: self.name.clone(), feature: feature.to_owned(), along });
        }
        if let Some(n) = n.filter(|&n| n < rows.len()) {
            let mut order: Vec<usize> = (0..rows.len()).collect();
            Stream::new(seed, "pairs").shuffle(&mut order);
            order.truncate(n);
            order.sort_unstable();
            rows = order.into_iter().map(|at| rows[at]).collect();
        }
        // Only the sentences that stand in a pair.
        let mut kept: Vec<usize> = rows.iter().flatten().copied().collect();
        kept.sort_unstable();
        kept.dedup();
        let place = |row: usize| kept.partition_point(|&other| other < row);
        let rows = rows.into_iter().map(|[a, b]| [place(a), place(b)]).collect();
        Ok(Pairs { feature: feature.to_owned(), stimuli: stimuli.select(&kept), rows })
    }
}

/// The pairs of rows that differ in `column` and agree in all other features but `open` and in the words of all slots but `free`.
fn paired(
    stimuli: &Stimuli,
    column: usize,
    words: &[Vec<Option<u32>>],
    (free, open): (&[usize], &[usize]),
) -> Vec<[usize; 2]> {
    let features = stimuli.features();
    let codes: Vec<Vec<u32>> = features.iter().map(codes).collect();
    let mut groups: BTreeMap<Vec<u32>, BTreeMap<u32, Vec<usize>>> = BTreeMap::new();
    for row in 0..stimuli.len() {
        let others = (0..features.n_features())
            .filter(|other| *other != column && !open.contains(other))
            .map(|other| codes[other][row]);
        let slots = (0..words.len()).filter(|slot| !free.contains(slot));
        let key = others.chain(slots.map(|slot| words[slot][row].map_or(0, |word| word + 1))).collect();
        groups.entry(key).or_default().entry(codes[column][row]).or_default().push(row);
    }
    let mut pairs = Vec::new();
    for levels in groups.into_values() {
        let levels: Vec<(u32, Vec<usize>)> = levels.into_iter().collect();
        for (at, (_, second)) in levels.iter().enumerate() {
            for (_, first) in &levels[..at] {
                pairs.extend(first.iter().zip(second).map(|(&a, &b)| [a, b]));
            }
        }
    }
    if features.feature(column).name() == GRAMMATICAL {
        for pair in &mut pairs {
            pair.sort_by_key(|&row| features.feature(column).display(row) != "true");
        }
    }
    pairs.sort_unstable_by_key(|[a, b]| (*a.min(b), *a.max(b)));
    pairs
}

/// The features that change with the one in `column` where as few as possible do, among sentences with the same words in all slots
/// but `free`; none where no two of them differ in it at all.
fn along(
    stimuli: &Stimuli,
    column: usize,
    words: &[Vec<Option<u32>>],
    free: &[usize],
) -> Option<Vec<String>> {
    let features = stimuli.features();
    let codes: Vec<Vec<u32>> = features.iter().map(codes).collect();
    let mut groups: BTreeMap<Vec<u32>, Vec<usize>> = BTreeMap::new();
    for row in 0..stimuli.len() {
        let slots = (0..words.len()).filter(|slot| !free.contains(slot));
        let key = slots.map(|slot| words[slot][row].map_or(0, |word| word + 1)).collect();
        groups.entry(key).or_default().push(row);
    }
    let mut fewest: Option<Vec<usize>> = None;
    let mut left = COMPARED;
    for rows in groups.values() {
        for (at, &a) in rows.iter().enumerate() {
            for &b in &rows[..at] {
                if left == 0 {
                    break;
                }
                left -= 1;
                if codes[column][a] == codes[column][b] {
                    continue;
                }
                let differ =
                    (0..codes.len()).filter(|&other| other != column && codes[other][a] != codes[other][b]);
                let most = fewest.as_ref().map_or(usize::MAX, Vec::len);
                let differ: Vec<usize> = differ.take(most).collect();
                if differ.len() < most {
                    fewest = Some(differ);
                }
            }
        }
        if left == 0 {
            break;
        }
    }
    fewest.map(|fewest| fewest.into_iter().map(|at| features.feature(at).name().to_owned()).collect())
}

/// So many pairs of sentences are compared to say what stands in the way.
const COMPARED: usize = 1 << 20;

/// The values of a feature as numbers that are equal where the values are; 0 is missing.
fn codes(feature: &Feature) -> Vec<u32> {
    match feature.values() {
        Values::Categorical { codes, .. } => {
            codes.iter().map(|code| code.map_or(0, |code| code + 1)).collect()
        }
        Values::Numeric(values) => {
            let mut distinct: Vec<f64> = values.iter().flatten().copied().collect();
            distinct.sort_by(f64::total_cmp);
            distinct.dedup();
            let code = |x: f64| distinct.partition_point(|&other| other < x) as u32 + 1;
            values.iter().map(|value| value.map_or(0, code)).collect()
        }
        // No value of it is known to differ.
        Values::Distances(distances) => vec![0; distances.n_stimuli()],
    }
}

impl Pairs {
    /// One JSON object a line, as `BLiMP` has them: `sentence_good` and `sentence_bad` where the feature is [`GRAMMATICAL`], else
    /// `sentence_1` and `sentence_2` with their values; then the features that both share.
    ///
    /// # Errors
    ///
    /// The stimuli have no sentences (those of a grammar do).
    pub fn to_jsonl(&self) -> Result<Vec<u8>> {
        let sentences = self.stimuli.sentences()?;
        let features = self.stimuli.features();
        let column = features.position(&self.feature)?;
        let mut out = Vec::new();
        for (index, &[a, b]) in self.rows.iter().enumerate() {
            let mut line = Map::new();
            if self.feature == GRAMMATICAL {
                line.insert("sentence_good".into(), json!(sentences[a]));
                line.insert("sentence_bad".into(), json!(sentences[b]));
            } else {
                line.insert("sentence_1".into(), json!(sentences[a]));
                line.insert("sentence_2".into(), json!(sentences[b]));
                line.insert("feature".into(), json!(self.feature));
                line.insert("value_1".into(), json!(features.feature(column).display(a)));
                line.insert("value_2".into(), json!(features.feature(column).display(b)));
            }
            line.insert("UID".into(), json!(self.stimuli.source().grammar));
            line.insert("pairID".into(), json!(index.to_string()));
            let marks = if self.feature == GRAMMATICAL { ["good", "bad"] } else { ["1", "2"] };
            for (at, feature) in features.iter().enumerate() {
                let values = [feature.display(a), feature.display(b)];
                if at == column {
                    continue;
                }
                // What is measured of words may be another number in each.
                if values[0] == values[1] {
                    line.extend(
                        (!values[0].is_empty()).then(|| (feature.name().to_owned(), json!(values[0]))),
                    );
                    continue;
                }
                let of_each = marks.iter().zip(values).filter(|(_, value)| !value.is_empty());
                line.extend(
                    of_each.map(|(mark, value)| (format!("{}_{mark}", feature.name()), json!(value))),
                );
            }
            // Plain data with string keys: writing it to memory cannot fail.
            out.extend(serde_json::to_vec(&line).unwrap_or_default());
            out.push(b'\n');
        }
        Ok(out)
    }
}
