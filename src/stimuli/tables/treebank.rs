//! Treebanks as stimuli: sentences with features of their root and of what depends on it, or words with their own.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::words::WORD;
use super::super::{Error, Result};
use super::conllu::{Sentence, Word, parse};
use super::raw::{Column, Raw, SENTENCE, Said};
use super::reading::Reading;
use crate::text::counted;

const ROOT: &str = "root";
const UPOS: &str = "UPOS";
const XPOS: &str = "XPOS";
const DEPREL: &str = "deprel";

impl Word {
    /// The value of a feature, or of another column.
    fn value(&self, feature: &str) -> Option<String> {
        match feature {
            UPOS => self.upos.clone(),
            XPOS => self.xpos.clone(),
            DEPREL => self.deprel.clone(),
            "lemma" => self.lemma.clone(),
            _ => self.feats.iter().find(|(name, _)| name == feature).map(|(_, value)| value.clone()),
        }
    }
}

/// Reads a treebank in CoNLL-U as `reading` says.
pub(super) fn read(text: &str, path: &Path, reading: &Reading) -> Result<Raw> {
    let sentences = parse(text, path)?;
    let feats: BTreeSet<&str> = sentences
        .iter()
        .flat_map(|sentence| &sentence.words)
        .flat_map(|word| word.feats.iter().map(|(name, _)| name.as_str()))
        .collect();
    let known = |feature: &str| [UPOS, XPOS, DEPREL, "lemma"].contains(&feature) || feats.contains(feature);
    if let Some(unknown) = reading.morphology.iter().find(|name| !known(split(name).1)) {
        return Err(Error::UnknownColumn {
            path: path.to_owned(),
            name: split(unknown).1.to_owned(),
            known: feats.into_iter().chain([UPOS, XPOS, DEPREL, "lemma"]).map(str::to_owned).collect(),
        });
    }
    let relations: BTreeSet<&str> = (sentences.iter().flat_map(|sentence| &sentence.words))
        .filter_map(|word| word.deprel.as_deref())
        .flat_map(|relation| [relation, relation.split(':').next().unwrap_or_default()])
        .chain([ROOT])
        .collect();
    let unknown = |name: &&String| !relations.contains(split(name).0);
    if let Some(name) = reading.morphology.iter().find(unknown).filter(|_| !reading.words) {
        return Err(Error::UnknownRelation {
            path: path.to_owned(),
            name: split(name).0.to_owned(),
            known: relations.into_iter().map(str::to_owned).collect(),
        });
    }
    let mut raw = Raw::new(path);
    let mut rebuilt = 0;
    if reading.words {
        words(&sentences, &mut raw, &feats, reading, &mut rebuilt);
    } else {
        whole(&sentences, &mut raw, &feats, reading, &mut rebuilt);
    }
    if rebuilt > 0 {
        let sentences = counted(rebuilt, "sentence");
        raw.notes.push(format!("{sentences} put together from words, because `# text` has others"));
    }
    Ok(raw)
}

/// `nsubj.Number` in its parts; a feature alone is the root's.
fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or((ROOT, name))
}

/// Each sentence is a stimulus.
fn whole(
    sentences: &[Sentence],
    raw: &mut Raw,
    feats: &BTreeSet<&str>,
    reading: &Reading,
    rebuilt: &mut u128,
) {
    let chosen: Vec<(&str, &str)> = if reading.morphology.is_empty() {
        [UPOS].into_iter().chain(feats.iter().copied()).map(|feature| (ROOT, feature)).collect()
    } else {
        reading.morphology.iter().map(|name| split(name)).collect()
    };
    for (relation, _) in &chosen {
        if !raw.slots.iter().any(|slot| slot == relation) {
            raw.slots.push((*relation).to_owned());
        }
    }
    let mut texts = Column::new(SENTENCE, Said::Texts);
    let mut length = Column::new("length", Said::Nothing);
    let mut columns: Vec<Column> = chosen
        .iter()
        .map(|(relation, feature)| Column::new(format!("{relation}_{feature}"), Said::Texts))
        .collect();
    for sentence in sentences {
        let (text, spans, declared) = sentence.placed();
        *rebuilt += u128::from(!declared);
        raw.lines.push(sentence.line);
        texts.cells.push(Some(text));
        length.cells.push(Some(sentence.words.len().to_string()));
        let found: Vec<Option<usize>> =
            raw.slots.iter().map(|relation| word_of(sentence, relation)).collect();
        raw.spans.push(found.iter().map(|at| at.and_then(|at| spans.get(at).copied())).collect());
        for (column, (relation, feature)) in columns.iter_mut().zip(&chosen) {
            let at = raw.slots.iter().zip(&found).find(|(slot, _)| slot == relation).and_then(|(_, at)| *at);
            column.cells.push(at.and_then(|at| sentence.words[at].value(feature)));
        }
    }
    // Features that no root has are of other words.
    columns.retain(|column| !reading.morphology.is_empty() || column.cells.iter().any(Option::is_some));
    raw.columns = vec![texts, length];
    raw.columns.append(&mut columns);
}

/// The root, or the first word that depends on it as `relation`; `nsubj` is `nsubj:pass` too.
fn word_of(sentence: &Sentence, relation: &str) -> Option<usize> {
    let root = sentence.words.iter().position(|word| word.head == Some(0))?;
    if relation == ROOT {
        return Some(root);
    }
    sentence.words.iter().position(|word| {
        let deprel = word.deprel.as_deref().unwrap_or_default();
        let base = deprel.split(':').next().unwrap_or_default();
        word.head == Some(root + 1) && (deprel == relation || base == relation)
    })
}

/// Each word is a stimulus.
fn words(
    sentences: &[Sentence],
    raw: &mut Raw,
    feats: &BTreeSet<&str>,
    reading: &Reading,
    rebuilt: &mut u128,
) {
    raw.word_level = true;
    raw.slots = vec![WORD.to_owned()];
    let asked = |feature: &str| {
        reading.morphology.is_empty() || reading.morphology.iter().any(|name| split(name).1 == feature)
    };
    let chosen: Vec<&str> = [UPOS]
        .into_iter()
        .chain(feats.iter().copied().filter(|feature| asked(feature)))
        .chain([XPOS, "lemma"].into_iter().filter(|feature| !reading.morphology.is_empty() && asked(feature)))
        .chain([DEPREL])
        .collect();
    let mut texts = Column::new(SENTENCE, Said::Texts);
    let mut distance = Column::new("head_distance", Said::Nothing);
    let mut columns: Vec<Column> = chosen.iter().map(|feature| Column::new(*feature, Said::Texts)).collect();
    for sentence in sentences {
        let (text, spans, declared) = sentence.placed();
        *rebuilt += u128::from(!declared);
        for (at, (word, span)) in sentence.words.iter().zip(spans).enumerate() {
            raw.lines.push(sentence.line);
            raw.spans.push(vec![Some(span)]);
            texts.cells.push(Some(text.clone()));
            for (column, feature) in columns.iter_mut().zip(&chosen) {
                column.cells.push(word.value(feature));
            }
            // How many words further on its head is; the root has none.
            let head = word.head.filter(|&head| head > 0);
            distance.cells.push(head.map(|head| (head as i64 - (at as i64 + 1)).to_string()));
        }
    }
    raw.columns = vec![texts];
    raw.columns.append(&mut columns);
    raw.columns.push(distance);
}
