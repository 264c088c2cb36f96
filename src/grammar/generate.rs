//! From derivations to stimuli: sentences, the spans of their slots, their labels.

use std::collections::HashSet;

use rayon::prelude::*;

use super::columns::{Column, ColumnSource, Side};
use super::lattice::{Lattice, Visitor};
use super::rewrite;
use super::rules::{Atom, Name, Rules, Value};
use super::sieve::Sieve;
use super::value::shown;
use crate::stimuli::{Feature, FeatureTable, Result, Span, Stimuli};

/// A derivation as it is written down.
struct Writer<'a> {
    rules: &'a Rules,
    text: String,
    n_chars: u32,
    n_words: u32,
    /// A blank is due before the next word.
    blank: bool,
    rule: Option<usize>,
    root: Option<usize>,
    /// For each slot the answer that stands in it and where.
    slots: Vec<Option<Filled>>,
    /// The slots that are open, and whether each was opened for the first time.
    open: Vec<(usize, bool)>,
}

#[derive(Clone, Copy)]
struct Filled {
    answer: usize,
    start: Option<u32>,
    end: u32,
}

impl<'a> Writer<'a> {
    fn new(rules: &'a Rules) -> Self {
        Self {
            rules,
            text: String::new(),
            n_chars: 0,
            n_words: 0,
            blank: false,
            rule: None,
            root: None,
            slots: vec![None; rules.slots.len()],
            open: Vec::new(),
        }
    }

    /// Does to the finished sentence what the rules for neighbouring words say.
    fn rewrite(&mut self) {
        if self.rules.rewrites.is_empty() {
            return;
        }
        let Some(rewritten) = rewrite::apply(&self.rules.rewrites, &self.text) else { return };
        for filled in self.slots.iter_mut().flatten() {
            if let Some(start) = filled.start {
                let (start, end) = rewritten.place(start, filled.end);
                (filled.start, filled.end) = (Some(start), end);
            }
        }
        self.n_chars = rewritten.n_chars;
        self.n_words = u32::try_from(i64::from(self.n_words) + rewritten.more_words).unwrap_or(0);
        self.text = rewritten.text;
    }

    fn clear(&mut self) {
        self.text.clear();
        self.slots.fill(None);
        (self.n_chars, self.n_words, self.blank, self.rule) = (0, 0, false, None);
    }
}

impl Visitor for Writer<'_> {
    fn root(&mut self, answer: usize) {
        self.root = Some(answer);
    }

    fn rule(&mut self, rule: usize) {
        self.rule.get_or_insert(rule);
    }

    fn text(&mut self, piece: usize) {
        let piece = &self.rules.pieces[piece];
        self.blank |= piece.space;
        if piece.text.is_empty() {
            return;
        }
        if self.blank && self.n_chars > 0 {
            self.text.push(' ');
            self.n_chars += 1;
        }
        self.blank = false;
        let start = self.n_chars;
        for &(slot, first) in &self.open {
            if let (true, Some(filled)) = (first, &mut self.slots[slot]) {
                filled.start.get_or_insert(start);
            }
        }
        let capital = self.n_chars == 0 && self.rule.is_some_and(|rule| self.rules.all[rule].capitalize);
        if capital {
            let mut rest = piece.text.chars();
            // A letter whose capital is two letters (ß) stays, so that spans stay right.
            for first in rest.by_ref().take(1) {
                let mut upper = first.to_uppercase();
                self.text.push(if upper.len() == 1 { upper.next().unwrap_or(first) } else { first });
            }
            self.text.push_str(rest.as_str());
        } else {
            self.text.push_str(&piece.text);
        }
        self.n_chars += piece.n_chars;
        self.n_words += piece.n_words;
    }

    fn open(&mut self, slot: usize, answer: usize) {
        // A slot that a recursive grammar fills again is labelled where it stands first.
        let first = self.slots[slot].is_none();
        if first {
            self.slots[slot] = Some(Filled { answer, start: None, end: 0 });
        }
        self.open.push((slot, first));
    }

    fn close(&mut self, slot: usize) {
        let first = self.open.pop().is_some_and(|(_, first)| first);
        if let (true, Some(filled)) = (first, &mut self.slots[slot]) {
            filled.end = self.n_chars;
        }
    }

    fn space(&mut self) {
        self.blank = true;
    }
}

/// Sentences with their labels, row by row.
#[derive(Debug, Default)]
pub(super) struct Labelled {
    pub sentences: Vec<String>,
    /// `(n, n_slots)`.
    pub spans: Vec<Vec<Option<Span>>>,
    /// `(n, n_columns)`, row by row; a count of words is the number itself.
    labels: Vec<Option<u32>>,
    /// `(n, n_slots)`, row by row: the answer in each slot.
    answers: Vec<Option<u32>>,
    /// Derivations whose sentence was there already.
    pub duplicates: Vec<Duplicate>,
}

/// A derivation whose sentence another derivation makes too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Duplicate {
    pub sentence: String,
    /// Whether its labels differ from those of the first.
    pub relabelled: bool,
}

/// What makes sentences of a lattice.
#[derive(Clone, Copy)]
pub(super) struct Generator<'a> {
    pub rules: &'a Rules,
    pub lattice: &'a Lattice,
    pub columns: &'a [Column],
    pub sieve: &'a Sieve,
}

/// Derivations handled by one thread at a time.
const BLOCK: usize = 2048;

impl<'a> Generator<'a> {
    /// The sentences of the derivations at `indices`, in that order; of those with the same sentence only the first.
    pub(super) fn labelled(&self, indices: &[u128]) -> Labelled {
        self.distinct(indices.par_chunks(BLOCK).map(|block| self.block(block.iter().copied())))
    }

    /// The sentences of all derivations.
    pub(super) fn all(&self) -> Labelled {
        let count = usize::try_from(self.lattice.count).unwrap_or(usize::MAX);
        let blocks = (0..count.div_ceil(BLOCK)).into_par_iter();
        self.distinct(blocks.map(|block| {
            let end = ((block + 1) * BLOCK).min(count);
            self.block((block * BLOCK..end).map(|index| index as u128))
        }))
    }

    fn block(&self, indices: impl Iterator<Item = u128>) -> Labelled {
        let mut writer = Writer::new(self.rules);
        let mut block = Labelled::default();
        for index in indices {
            if !self.write(index, &mut writer) {
                continue;
            }
            block.sentences.push(writer.text.clone());
            let span = |filled: &Filled| filled.start.map(|start| Span { start, end: filled.end });
            block.spans.push(writer.slots.iter().map(|filled| filled.as_ref().and_then(span)).collect());
            block.labels.extend(self.columns.iter().map(|column| self.label(&column.source, &writer)));
            block.answers.extend(writer.slots.iter().map(|filled| filled.map(|filled| filled.answer as u32)));
        }
        block
    }

    /// Writes derivation `index`, and says whether it passes the tests that the lattice leaves out.
    fn write(&self, index: u128, writer: &mut Writer<'a>) -> bool {
        writer.clear();
        self.lattice.derive(index, writer);
        writer.rewrite();
        self.sieve.is_empty()
            || self.sieve.passes(writer.rule.unwrap_or_default(), |slot, feature| {
                writer.slots[slot].and_then(|filled| self.lattice.answers[filled.answer].atom(feature))
            })
    }

    /// How many of the first of `indices` it takes to make `n` different sentences, if all suffice.
    pub(super) fn enough(&self, indices: &[u128], n: usize) -> Option<usize> {
        let sentences: Vec<Vec<Option<String>>> = indices
            .par_chunks(BLOCK)
            .map(|block| {
                let mut writer = Writer::new(self.rules);
                let mut sentence = |&index| self.write(index, &mut writer).then(|| writer.text.clone());
                block.iter().map(&mut sentence).collect()
            })
            .collect();
        let mut seen: HashSet<&str> = HashSet::new();
        let sentences = sentences.iter().flatten().enumerate();
        sentences
            .filter_map(|(at, sentence)| seen.insert(sentence.as_deref()?).then_some(at + 1))
            .nth(n.checked_sub(1)?)
    }

    /// How many of the derivations at `indices` pass the tests that the lattice leaves out.
    pub(super) fn passing(&self, indices: &[u128]) -> usize {
        let mut writer = Writer::new(self.rules);
        indices.iter().filter(|&&index| self.write(index, &mut writer)).count()
    }

    fn label(&self, source: &ColumnSource, writer: &Writer<'_>) -> Option<u32> {
        let slot = |slot: usize, feature: Name| {
            writer.slots[slot].and_then(|filled| self.lattice.answers[filled.answer].atom(feature))
        };
        let side = |side: &Side| match side {
            Side::Slot { slot: at, feature } => slot(*at, *feature),
            Side::Constant(atom) => Some(*atom),
        };
        match source {
            ColumnSource::Slot { slot: at, feature } => slot(*at, *feature),
            ColumnSource::Root(feature) => {
                writer.root.and_then(|answer| self.lattice.answers[answer].atom(*feature))
            }
            ColumnSource::Rules(values) => {
                values.iter().find(|(rule, _)| Some(*rule) == writer.rule).map(|(_, atom)| *atom)
            }
            ColumnSource::Holds { condition, texts } => {
                let present = |slot: &usize| writer.slots[*slot].is_some();
                condition.holds(&side, &present).map(|holds| texts[usize::from(holds)])
            }
            ColumnSource::Words => return Some(writer.n_words),
        }
        .map(|atom| atom.0)
    }

    /// Joins `blocks` in their order, without the sentences that were there already.
    fn distinct(&self, blocks: impl IndexedParallelIterator<Item = Labelled>) -> Labelled {
        let blocks: Vec<Labelled> = blocks.collect();
        let (n_slots, n_columns) = (self.rules.slots.len(), self.columns.len());
        let total = blocks.iter().map(|block| block.sentences.len()).sum();
        let mut seen: HashSet<&str> = HashSet::with_capacity(total);
        let fresh: Vec<Vec<bool>> = blocks
            .iter()
            .map(|block| block.sentences.iter().map(|sentence| seen.insert(sentence)).collect())
            .collect();
        drop(seen);
        let mut joined = Labelled::default();
        joined.sentences.reserve(total);
        joined.spans.reserve(total);
        let mut repeated: Vec<(String, Vec<Option<u32>>)> = Vec::new();
        for (block, fresh) in blocks.into_iter().zip(fresh) {
            let rows = block.sentences.into_iter().zip(block.spans).zip(fresh).enumerate();
            for (row, ((sentence, spans), fresh)) in rows {
                let labels = &block.labels[row * n_columns..(row + 1) * n_columns];
                if fresh {
                    joined.sentences.push(sentence);
                    joined.spans.push(spans);
                    joined.labels.extend_from_slice(labels);
                    joined.answers.extend_from_slice(&block.answers[row * n_slots..(row + 1) * n_slots]);
                } else {
                    repeated.push((sentence, labels.to_vec()));
                }
            }
        }
        if !repeated.is_empty() {
            let mut order: Vec<usize> = (0..joined.sentences.len()).collect();
            order.sort_unstable_by_key(|&row| &joined.sentences[row]);
            for (sentence, labels) in repeated {
                let at = order.binary_search_by_key(&&sentence, |&row| &joined.sentences[row]);
                let unified = |label: &Option<u32>| label.map(|label| Atom(label).unified());
                let relabelled = at.is_ok_and(|at| {
                    let row = order[at];
                    let first = &joined.labels[row * n_columns..(row + 1) * n_columns];
                    // A count of words is no value, but the same sentence has the same count.
                    first.iter().map(unified).ne(labels.iter().map(unified))
                });
                joined.duplicates.push(Duplicate { sentence, relabelled });
            }
        }
        joined
    }

    /// `labelled` as stimuli.
    pub(super) fn stimuli(&self, labelled: Labelled) -> Result<Stimuli> {
        let n_columns = self.columns.len();
        let n = labelled.sentences.len();
        let features: Result<Vec<Feature>> = (0..n_columns)
            .into_par_iter()
            .map(|at| {
                let codes: Vec<Option<u32>> =
                    (0..n).map(|row| labelled.labels[row * n_columns + at]).collect();
                self.feature(&self.columns[at], &codes)
            })
            .collect();
        Stimuli::new(labelled.sentences, FeatureTable::new(n, features?)?)?
            .with_spans(self.rules.slots.clone(), labelled.spans)
    }

    fn feature(&self, column: &Column, codes: &[Option<u32>]) -> Result<Feature> {
        if matches!(column.source, ColumnSource::Words) {
            return Feature::numeric(&column.name, codes.iter().map(|words| words.map(f64::from)).collect());
        }
        let value = |code: u32| self.lattice.value(self.rules, Atom(code));
        let number = |code: u32| match value(code) {
            Value::Number(number) => Some(*number),
            _ => None,
        };
        let numbers: Option<Vec<Option<f64>>> =
            codes.iter().map(|code| code.map_or(Some(None), |code| number(code).map(Some))).collect();
        match numbers {
            Some(numbers) if codes.iter().any(Option::is_some) => Feature::numeric(&column.name, numbers),
            _ => {
                // Only what occurs in the column: a grammar may have very many values.
                let mut place = vec![None; self.lattice.n_values(self.rules)];
                let mut occurring = Vec::new();
                let codes: Vec<Option<u32>> = codes
                    .iter()
                    .map(|code| {
                        code.map(|code| {
                            *place[code as usize].get_or_insert_with(|| {
                                occurring.push(value(code));
                                occurring.len() as u32 - 1
                            })
                        })
                    })
                    .collect();
                Ok(Feature::from_codes(&column.name, &shown(&occurring), &codes))
            }
        }
    }

    /// For each slot with words to choose from, which word each of `labelled` has there: what balance spreads evenly beside
    /// the features.
    pub(super) fn words(&self, labelled: &Labelled, lemma: Option<Name>) -> Vec<Vec<Option<u32>>> {
        let n_slots = self.rules.slots.len();
        (0..n_slots)
            .map(|slot| {
                let word = |answer: u32| {
                    let answer_atoms = &self.lattice.answers[answer as usize];
                    lemma.and_then(|lemma| answer_atoms.atom(lemma)).map_or(answer, |atom| atom.0)
                };
                (0..labelled.sentences.len())
                    .map(|row| labelled.answers[row * n_slots + slot].map(word))
                    .collect()
            })
            .collect()
    }
}
