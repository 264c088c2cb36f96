//! The file beside a stimuli CSV: declared types, spans of slots, and where the stimuli came from.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::source::Source;
use super::{Error, Result, Span, Stimuli, Values};
use crate::files;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Categorical,
    Numeric,
    /// Given as distances, which are in no table.
    Distances,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Declaration {
    name: String,
    kind: Kind,
}

/// Whether `bytes` are meant to declare features: an object that has them, were it with mistakes or cut short.
fn declares(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start();
    text.starts_with("{\"source\":") || (text.starts_with('{') && text.contains("\"features\""))
}

/// The content of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sidecar {
    #[serde(default)]
    source: Source,
    features: Vec<Declaration>,
    /// The column that holds texts for a decoder, and is no feature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    slots: Vec<String>,
    /// `(n_stimuli, n_slots)`, `[start, end]` in Unicode scalars.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spans: Vec<Vec<Option<(u32, u32)>>>,
    /// Hash of the sentences that the spans are in (BLAKE3, hex).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sentences: Option<String>,
}

/// A hash of the sentences of `stimuli`.
fn hash(stimuli: &Stimuli) -> String {
    let mut parts = files::Parts::default();
    stimuli.sentences.iter().flatten().for_each(|sentence| parts.add(sentence));
    parts.hash()
}

impl Sidecar {
    pub(super) fn of(stimuli: &Stimuli) -> Self {
        let features = stimuli
            .columns()
            .into_iter()
            .map(|feature| Declaration {
                name: feature.name().to_owned(),
                kind: match feature.values() {
                    Values::Categorical { .. } => Kind::Categorical,
                    Values::Numeric(_) => Kind::Numeric,
                    Values::Distances(_) => Kind::Distances,
                },
            })
            .collect();
        let spans = stimuli
            .spans
            .iter()
            .map(|row| row.iter().map(|span| span.map(|Span { start, end }| (start, end))).collect());
        Self {
            source: stimuli.source().clone(),
            features,
            target: stimuli.target().map(str::to_owned),
            // Where the stimuli are words, the table says where they stand.
            slots: if stimuli.is_word_level() { Vec::new() } else { stimuli.slots().to_vec() },
            spans: if stimuli.is_word_level() { Vec::new() } else { spans.collect() },
            sentences: (!stimuli.is_word_level() && !stimuli.spans.is_empty()).then(|| hash(stimuli)),
        }
    }

    pub(super) fn to_json(&self) -> Vec<u8> {
        // Plain data with string keys: serialising it to memory cannot fail.
        let mut json = serde_json::to_vec(self).unwrap_or_default();
        json.push(b'\n');
        json
    }

    /// Reads the declarations in `path`; `None` where there are none.
    pub(super) fn read(path: &Path) -> Result<Option<Self>> {
        if !path.is_file() {
            return Ok(None);
        }
        let bytes = files::read(path)?;
        if !declares(&bytes) {
            return Ok(None);
        }
        serde_json::from_slice(&bytes).map(Some).map_err(|error| Error::Sidecar {
            path: path.to_owned(),
            line: error.line(),
            column: error.column(),
            message: error.to_string(),
        })
    }

    /// Whether `path` is a file that declares nothing of stimuli: someone else's, which must not be lost.
    pub(super) fn is_another(path: &Path) -> bool {
        path.is_file() && files::read(path).is_ok_and(|bytes| !declares(&bytes))
    }

    /// `stimuli` with the types, spans and source that this file declares.
    pub(super) fn apply(self, mut stimuli: Stimuli, path: &Path) -> Result<Stimuli> {
        let disagree =
            |message: String| Error::Sidecar { path: path.to_owned(), line: 1, column: 1, message };
        for Declaration { name, kind } in &self.features {
            // A column that was dropped by hand is no mistake; a declared number that is none is.
            let Ok(column) = stimuli.features().position(name) else { continue };
            match (kind, stimuli.features().feature(column).is_numeric()) {
                (Kind::Categorical, true) => stimuli.features_mut().declare_categorical(name)?,
                (Kind::Numeric, false) if stimuli.features().feature(column).n_distinct() > 0 => {
                    let feature = stimuli.features().feature(column);
                    let row = (0..feature.len())
                        .find(|&row| {
                            let value = feature.display(row);
                            !value.is_empty() && !value.trim().parse::<f64>().is_ok_and(f64::is_finite)
                        })
                        .unwrap_or(0);
                    let value = feature.display(row);
                    return Err(Error::NotANumber { feature: name.clone(), row, value });
                }
                _ => {}
            }
        }
        if let Some(target) = &self.target
            && stimuli.features().position(target).is_ok()
        {
            stimuli.take_target(target)?;
        }
        if !self.spans.is_empty() && self.spans.len() != stimuli.len() {
            return Err(disagree(format!(
                "spans for {} stimuli, but the table beside it has {}",
                self.spans.len(),
                stimuli.len()
            )));
        }
        if self
            .sentences
            .as_ref()
            .is_some_and(|expected| !self.spans.is_empty() && *expected != hash(&stimuli))
        {
            return Err(disagree(
                "its spans are of other sentences than those of the table beside it; write both again, or take the spans out"
                    .to_owned(),
            ));
        }
        if !self.spans.is_empty() && !stimuli.is_word_level() {
            if self.spans.iter().any(|row| row.len() != self.slots.len()) {
                return Err(disagree(format!("a row of spans without one per slot ({})", self.slots.len())));
            }
            let spans = self.spans.into_iter().map(|row| {
                row.into_iter().map(|span| span.map(|(start, end)| Span { start, end })).collect()
            });
            stimuli = stimuli.with_spans(self.slots, spans.collect())?;
        }
        Ok(stimuli.with_source(self.source))
    }
}
