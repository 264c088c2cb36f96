//! Stimuli: sentences, the spans of their slots, and a typed table of features.
//!
//! A stimulus is one sentence with its feature values. Where the stimuli come from is not this module's business
//! (a grammar, or a user's CSV), nor what is done with them.

mod average;
mod check;
pub mod confounds;
mod copies;
mod csv;
mod distances;
mod error;
mod feature;
mod folds;
mod hygiene;
pub(crate) mod levels;
mod nearly;
mod partitions;
mod sidecar;
mod source;
mod suspects;
mod table;
mod tables;
mod target;
mod texts;
mod words;

pub use average::Averaged;
pub use check::{RowName, TableCheck};
pub use copies::{other_values, parted_by, same_values};
pub use distances::Distances;
pub use error::{Error, Result};
pub use feature::{Feature, Values};
pub use folds::TRAINING_PARTS;
pub use hygiene::Oddity;
pub use levels::FeatureLevels;
pub use nearly::NearlyNumeric;
pub use partitions::Partitions;
pub use source::Source;
pub use suspects::Suspect;
pub use table::FeatureTable;
pub use tables::{Reading, is_table};
pub use target::TARGET;

/// Where a slot stands in a sentence: Unicode scalar offsets, end excluded, as Python slices a `str`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// Offset of the first character.
    pub start: u32,
    /// Offset after the last character.
    pub end: u32,
}

/// Sentences with the spans of their slots and their features, row by row.
#[derive(Debug, Clone, PartialEq)]
pub struct Stimuli {
    sentences: Option<Vec<String>>,
    slots: Vec<String>,
    /// `(n_stimuli, n_slots)`; `None` where a sentence lacks the slot. Empty when there are no slots.
    spans: Vec<Vec<Option<Span>>>,
    features: FeatureTable,
    /// Texts for a decoder, which were a column beside the features.
    target: Option<texts::Target>,
    source: Source,
    /// Whether the stimuli are words in sentences: the first slot is the word.
    word_level: bool,
    /// What was assumed in reading them.
    notes: Vec<String>,
}

impl Stimuli {
    /// Stimuli from their parts: one sentence per row of `features`.
    ///
    /// # Errors
    ///
    /// [`Error::RowCounts`] when there are not as many sentences as rows.
    pub fn new(sentences: Vec<String>, features: FeatureTable) -> Result<Self> {
        Self::with_rows(Some(sentences), features)
    }

    /// Features alone, for activations that came from elsewhere.
    #[must_use]
    pub fn without_sentences(features: FeatureTable) -> Self {
        Self {
            sentences: None,
            slots: Vec::new(),
            spans: Vec::new(),
            features,
            target: None,
            source: Source::default(),
            word_level: false,
            notes: Vec::new(),
        }
    }

    fn with_rows(sentences: Option<Vec<String>>, features: FeatureTable) -> Result<Self> {
        if let Some(sentences) = &sentences
            && sentences.len() != features.n_stimuli()
        {
            return Err(Error::RowCounts {
                what: "sentences",
                found: sentences.len(),
                expected: features.n_stimuli(),
            });
        }
        Ok(Self { sentences, ..Self::without_sentences(features) })
    }

    /// The same stimuli with the spans of `slots`: for each stimulus, one span or `None` per slot.
    ///
    /// # Errors
    ///
    /// [`Error::RowCounts`] when there are not as many rows of spans as stimuli.
    pub fn with_spans(mut self, slots: Vec<String>, spans: Vec<Vec<Option<Span>>>) -> Result<Self> {
        if spans.len() != self.len() {
            return Err(Error::RowCounts { what: "rows of spans", found: spans.len(), expected: self.len() });
        }
        self.slots = slots;
        self.spans = spans;
        Ok(self)
    }

    /// The same stimuli with other sentences, and other spans of the same slots.
    ///
    /// # Errors
    ///
    /// [`Error::RowCounts`] when there are not as many sentences, or rows of spans, as stimuli.
    pub fn with_sentences(&self, sentences: Vec<String>, spans: Vec<Vec<Option<Span>>>) -> Result<Self> {
        let counts = [("sentences", sentences.len()), ("rows of spans", spans.len())];
        if let Some(&(what, found)) = counts.iter().find(|(_, found)| *found != self.len()) {
            return Err(Error::RowCounts { what, found, expected: self.len() });
        }
        let spans = if self.slots.is_empty() { Vec::new() } else { spans };
        Ok(Self { sentences: Some(sentences), spans, ..self.clone() })
    }

    /// The same stimuli with a note of where they came from.
    #[must_use]
    pub fn with_source(mut self, source: Source) -> Self {
        self.source = source;
        self
    }

    /// How many stimuli.
    #[must_use]
    pub fn len(&self) -> usize {
        self.features.n_stimuli()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sentences, `n_stimuli` of them.
    ///
    /// # Errors
    ///
    /// [`Error::NoSentences`] when the stimuli are features alone.
    pub fn sentences(&self) -> Result<&[String]> {
        self.sentences.as_deref().ok_or_else(|| Error::NoSentences { near: self.features.like_sentences() })
    }

    /// The features, `n_stimuli` rows.
    #[must_use]
    pub fn features(&self) -> &FeatureTable {
        &self.features
    }

    /// The features, to declare types or drop columns.
    pub fn features_mut(&mut self) -> &mut FeatureTable {
        &mut self.features
    }

    /// The names of the slots whose spans are known.
    #[must_use]
    pub fn slots(&self) -> &[String] {
        &self.slots
    }

    /// The spans of stimulus `row`, one per slot; empty when no slots are known.
    #[must_use]
    pub fn spans(&self, row: usize) -> &[Option<Span>] {
        self.spans.get(row).map_or(&[], Vec::as_slice)
    }

    /// Whether the stimuli are words in sentences (a CSV with `word`, `sentence`, `start_idx` and `end_idx`): then the first slot
    /// is called `word`, every stimulus has it, and activations are those of the word.
    #[must_use]
    pub fn is_word_level(&self) -> bool {
        self.word_level
    }

    /// What was assumed in reading them from a table, for people.
    #[must_use]
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Where the stimuli came from.
    #[must_use]
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The stimuli at `rows`, in that order. Levels that no longer occur are gone.
    #[must_use]
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            sentences: self
                .sentences
                .as_ref()
                .map(|sentences| rows.iter().map(|&row| sentences[row].clone()).collect()),
            slots: self.slots.clone(),
            spans: if self.spans.is_empty() {
                Vec::new()
            } else {
                rows.iter().map(|&row| self.spans[row].clone()).collect()
            },
            features: self.features.select(rows),
            target: self.target.as_ref().map(|target| target.select(rows)),
            source: self.source.clone(),
            word_level: self.word_level,
            notes: self.notes.clone(),
        }
    }

    /// A hash of everything that a result depends on: sentences, feature names, types and values (BLAKE3, hex).
    #[must_use]
    pub fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.to_csv());
        for feature in self.columns() {
            hasher.update(&[u8::from(feature.is_numeric())]);
            if let Values::Distances(distances) = feature.values() {
                distances.bytes().for_each(|bytes| {
                    hasher.update(&bytes);
                });
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}
