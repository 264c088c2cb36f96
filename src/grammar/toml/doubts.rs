//! Slips that a document allows: forms that are missing or mistyped, slots that stand nowhere.

use std::collections::{BTreeMap, BTreeSet};

use super::compile::word_label;
use super::constraint::{Kind, Operand};
use super::document::Document;
use super::fields::Form;
use super::lexicon::{Lexicon, Word};
use super::slot::slot_named;
use crate::grammar::doubt::Doubt;
use crate::grammar::error::SourceText;
use crate::grammar::rules::Value;
use crate::text;

/// Paradigms of more cells than this are not looked at cell by cell.
const CELLS: usize = 4096;

/// A feature of at least so many values may be one that names the words.
const NAMES: usize = 5;

/// What stands in a cell: a value for each dimension.
type Cell = Vec<(String, String)>;

/// A word that lacks forms.
pub(in crate::grammar) struct Gap {
    pub lexicon: usize,
    pub word: usize,
    cells: Vec<Cell>,
}

impl Document {
    /// Keys of words that are one slip away from a form or a feature that the word lacks.
    pub(in crate::grammar) fn mistyped(&self, source: SourceText<'_>) -> Vec<Doubt> {
        let gaps = self.gaps();
        let mut doubts = Vec::new();
        for (at, lexicon) in self.lexicons.iter().enumerate() {
            let mut having: BTreeMap<&str, usize> = BTreeMap::new();
            for (name, _) in lexicon.words.iter().flat_map(|word| &word.features) {
                *having.entry(name).or_default() += 1;
            }
            // Values that no word has a form for are in no gap: all words may have them under another name.
            let unformed: Vec<&str> = lexicon
                .dimensions
                .iter()
                .flat_map(|(name, values)| values.iter().map(move |value| (name, value)))
                .filter(|(name, value)| !lexicon.words.iter().any(|word| has_form(word, name, value)))
                .map(|(_, value)| value.as_str())
                .collect();
            for (index, word) in lexicon.words.iter().enumerate() {
                let gap = gaps.iter().find(|gap| (gap.lexicon, gap.word) == (at, index));
                for (key, written) in &word.features {
                    if lexicon.dimensions.iter().any(|(name, _)| name == key) {
                        continue;
                    }
                    let missing = gap.into_iter().flat_map(|gap| gap.cells.iter().flatten());
                    let missing = missing.map(|(_, value)| value.as_str()).chain(unformed.iter().copied());
                    let mut missing: Vec<&str> = missing.collect();
                    missing.sort_unstable();
                    missing.dedup();
                    let long = missing.iter().copied().find(|value| {
                        matches!(written, Value::Text(_)) && (shortens(value, key) || shortens(key, value))
                    });
                    let form = one_slip(key, missing).or(long);
                    // Of two names for one thing, the one that fewer words have is the slip.
                    let own = having.get(key.as_str()).copied().unwrap_or_default();
                    let others = having.iter().filter(|(name, n)| {
                        **n > own && !word.features.iter().any(|(other, _)| other == *name)
                    });
                    let feature = || one_slip(key, others.map(|(name, _)| *name).collect());
                    let is_form = form.is_some();
                    if let Some(meant) = form.or_else(feature) {
                        doubts.push(Doubt::Mistyped {
                            lexicon: lexicon.name.clone(),
                            word: word.lemma.clone(),
                            line: self.line(source, word),
                            key: key.clone(),
                            meant: meant.to_owned(),
                            is_form,
                        });
                    }
                }
            }
        }
        doubts
    }

    /// Slots that are declared and that no template has.
    pub(in crate::grammar) fn unused_slots(&self, source: SourceText<'_>) -> Vec<Doubt> {
        let unused = self.slots.iter().filter(|slot| !self.has_slot(&slot.name));
        unused
            .map(|slot| Doubt::UnusedSlot {
                slot: slot.name.clone(),
                line: line_at(source.text, slot.span.start),
            })
            .collect()
    }

    /// The words that lack a form which their lexicon is inflected for.
    pub(in crate::grammar) fn gaps(&self) -> Vec<Gap> {
        let mut gaps = Vec::new();
        for (at, lexicon) in self.lexicons.iter().enumerate() {
            let Some(all) = paradigm(lexicon) else { continue };
            // A cell that no word fills is no form of the language: English has no first person of `plays`.
            let filled: Vec<bool> =
                all.iter().map(|cell| lexicon.words.iter().any(|word| covers(word, cell))).collect();
            for (index, word) in lexicon.words.iter().enumerate() {
                let cells: Vec<Cell> = (all.iter().zip(&filled))
                    .filter(|(cell, filled)| **filled && asked(word, cell) && !covers(word, cell))
                    .map(|(cell, _)| cell.clone())
                    .collect();
                if !cells.is_empty() {
                    gaps.push(Gap { lexicon: at, word: index, cells });
                }
            }
        }
        gaps
    }

    /// The document with some text in the forms that `gaps` lack.
    pub(in crate::grammar) fn filled(&self, gaps: &[&Gap]) -> Self {
        let mut filled = self.clone();
        for gap in gaps {
            let word = &mut filled.lexicons[gap.lexicon].words[gap.word];
            let text = |at: usize| format!("{} {at}", word.lemma);
            let forms: Vec<Form> = gap
                .cells
                .iter()
                .enumerate()
                .map(|(at, cell)| Form { text: text(at), cell: cell.clone(), features: Vec::new() })
                .collect();
            word.forms.extend(forms);
        }
        filled
    }

    /// What is said of `gaps`, which are of one lexicon.
    pub(in crate::grammar) fn missing_forms(
        &self,
        source: SourceText<'_>,
        gaps: &[&Gap],
        lost: Option<u128>,
    ) -> Option<Doubt> {
        let lexicon = &self.lexicons[gaps.first()?.lexicon];
        let words = gaps.iter().map(|gap| {
            let word = &lexicon.words[gap.word];
            (word.lemma.clone(), self.line(source, word), named(lexicon, word, &gap.cells))
        });
        Some(Doubt::MissingForms {
            lexicon: lexicon.name.clone(),
            words: words.collect(),
            instead: only_form(&lexicon.words[gaps[0].word], &gaps[0].cells),
            lost,
        })
    }

    /// Features with a value of their own for every word of a slot: `(column, values)`.
    pub(in crate::grammar) fn names_of_words(&self, columns: &[&str]) -> Vec<Doubt> {
        let mut doubts: Vec<Doubt> = Vec::new();
        for slot in self.templates.iter().flat_map(|template| &template.slots) {
            for feature in slot.all_features(&self.lexicons) {
                let column = format!("{}_{feature}", slot.name);
                let words = || slot.lexicons.iter().flat_map(|&at| &self.lexicons[at].words);
                let values: Vec<&Value> = words()
                    .flat_map(|word| &word.features)
                    .filter(|(name, value)| name == feature && matches!(value, Value::Text(_)))
                    .map(|(_, value)| value)
                    .collect();
                let different: BTreeSet<String> = values.iter().map(|value| value.display()).collect();
                let doubt = Doubt::NamesWords { feature: column.clone(), values: different.len() };
                let names = different.len() >= NAMES && different.len() == words().count();
                if names && columns.contains(&column.as_str()) && !doubts.contains(&doubt) {
                    doubts.push(doubt);
                }
            }
        }
        doubts
    }

    /// Values of dimensions that words have forms for, and none of these is in `used`: `(lexicon, lemma, form)`.
    pub(in crate::grammar) fn unused_forms(&self, is_used: impl Fn(&str, &str) -> bool) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        for lexicon in &self.lexicons {
            for (dimension, value) in lexicon
                .dimensions
                .iter()
                .flat_map(|(name, values)| values.iter().map(move |value| (name, value)))
            {
                let with = |word: &Word| -> Vec<String> {
                    let has = |form: &&Form| form.cell.iter().any(|(d, v)| d == dimension && v == value);
                    word.forms.iter().filter(has).map(|form| form.text.clone()).collect()
                };
                // A form that other cells share says nothing of this one.
                let label = |word: &Word| word_label(&lexicon.name, &word.lemma);
                let words = || lexicon.words.iter();
                let forms: Vec<String> = words().flat_map(with).collect();
                let any = words().any(|word| with(word).iter().any(|form| is_used(&label(word), form)));
                let others =
                    words().any(|word| word.forms.iter().any(|form| is_used(&label(word), &form.text)));
                if forms.is_empty() || any || !others || self.is_excluded(lexicon, dimension, value) {
                    continue;
                }
                doubts.push(Doubt::UnusedForms {
                    lexicon: lexicon.name.clone(),
                    value: value.clone(),
                    forms: forms.into_iter().take(3).collect(),
                    because: self.controlled(lexicon, dimension),
                });
            }
        }
        doubts
    }

    /// Whether the slots of `lexicon` say themselves that `value` is not wanted.
    fn is_excluded(&self, lexicon: &Lexicon, dimension: &str, value: &str) -> bool {
        let slots = self.templates.iter().flat_map(|template| &template.slots);
        let mut own =
            slots.filter(|slot| slot.lexicons.iter().any(|&at| self.lexicons[at].name == lexicon.name));
        own.all(|slot| {
            slot.only.iter().any(|(name, values)| {
                name == dimension && !values.iter().any(|other| other.display() == value)
            })
        })
    }

    /// The slot that decides `dimension` for a slot of `lexicon` and has one value alone, in words.
    fn controlled(&self, lexicon: &Lexicon, dimension: &str) -> Option<String> {
        for template in &self.templates {
            for constraint in &template.constraints {
                let Kind::Agree(pairs) = &constraint.kind else { continue };
                for (target, controller) in pairs {
                    let (Operand::Feature { slot, feature }, Operand::Feature { slot: by, feature: theirs }) =
                        (target, controller)
                    else {
                        continue;
                    };
                    let (own, other) = (slot_named(&template.slots, slot)?, slot_named(&template.slots, by)?);
                    let is_own = own.lexicons.iter().any(|&at| self.lexicons[at].name == lexicon.name);
                    let values = other.values(&self.lexicons, theirs);
                    if is_own && feature == dimension && values.len() == 1 {
                        return Some(format!(
                            "`{slot}` agrees with `{by}`, whose words all have {theirs} = {}: let it agree with another slot, or add words",
                            values[0].display()
                        ));
                    }
                }
            }
        }
        None
    }

    fn line(&self, source: SourceText<'_>, word: &Word) -> usize {
        let text = word.file.and_then(|file| self.files.get(file)).map_or(source.text, String::as_str);
        line_at(text, word.span.start)
    }
}

fn line_at(text: &str, at: usize) -> usize {
    text.as_bytes()[..at.min(text.len())].split(|&byte| byte == b'\n').count()
}

/// All cells of a paradigm; none where it has one cell, or too many.
fn paradigm(lexicon: &Lexicon) -> Option<Vec<Cell>> {
    let size =
        lexicon.dimensions.iter().try_fold(1usize, |size, (_, values)| size.checked_mul(values.len()))?;
    if !(2..=CELLS).contains(&size) || lexicon.words.len().saturating_mul(size) > 1 << 22 {
        return None;
    }
    let mut cells: Vec<Cell> = vec![Vec::new()];
    for (name, values) in &lexicon.dimensions {
        cells = cells
            .iter()
            .flat_map(|cell| {
                values.iter().map(|value| {
                    let mut longer = cell.clone();
                    longer.push((name.clone(), value.clone()));
                    longer
                })
            })
            .collect();
    }
    Some(cells)
}

/// Whether a form of `word` stands in `cell`; a dimension that a form leaves open is covered.
fn covers(word: &Word, cell: &Cell) -> bool {
    asked(word, cell) && word.forms.iter().any(|form| form.cell.iter().all(|part| cell.contains(part)))
}

/// Whether `word` is inflected for `cell` at all: a word that says `number = "sg"` has no plural to lack.
fn asked(word: &Word, cell: &Cell) -> bool {
    cell.iter().all(|(name, value)| {
        word.features.iter().find(|(other, _)| other == name).is_none_or(|(_, own)| own.display() == *value)
    })
}

/// Cells in few words: a value alone where the word has no form with it.
fn named(lexicon: &Lexicon, word: &Word, cells: &[Cell]) -> Vec<String> {
    let mut names = Vec::new();
    let mut rest: Vec<&Cell> = cells.iter().collect();
    for (dimension, values) in &lexicon.dimensions {
        for value in values {
            let part = (dimension.clone(), value.clone());
            let all: Vec<Cell> = paradigm(lexicon).unwrap_or_default();
            let whole = all.iter().filter(|cell| cell.contains(&part) && asked(word, cell));
            if rest.iter().any(|cell| cell.contains(&part)) && whole.clone().all(|cell| !covers(word, cell)) {
                rest.retain(|cell| !cell.contains(&part));
                names.push(format!("`{value}`"));
            }
        }
    }
    names.extend(rest.iter().map(|cell| {
        let path: Vec<&str> = cell.iter().map(|(_, value)| value.as_str()).collect();
        format!("`{}`", path.join("."))
    }));
    names
}

/// A word with the form that it has, and what it says of itself in the dimensions of the forms that it lacks.
fn only_form(word: &Word, cells: &[Cell]) -> String {
    let Some(form) = word.forms.first() else { return String::new() };
    let lacks = |part: &&(String, String)| cells.iter().all(|cell| !cell.contains(part));
    let own = form.cell.iter().filter(lacks).map(|(name, value)| format!(", {name} = \"{value}\""));
    format!("form = \"{}\"{}", form.text, own.collect::<String>())
}

/// Whether a form of `word` stands under `value` of the dimension, or leaves it open.
fn has_form(word: &Word, dimension: &str, value: &str) -> bool {
    let open = |form: &Form| form.cell.iter().all(|(name, _)| name != dimension);
    word.forms.iter().any(|form| open(form) || form.cell.iter().any(|(d, v)| d == dimension && v == value))
}

/// Whether `short` is how `long` is abbreviated: it begins alike and has some of its letters in their order, as `sg` of `singular`.
fn shortens(short: &str, long: &str) -> bool {
    let (short, long) = (short.to_lowercase(), long.to_lowercase());
    let mut rest = long.chars();
    short.chars().count() >= 2
        && short.chars().count() < long.chars().count()
        && short.chars().next() == long.chars().next()
        && short.chars().all(|c| rest.any(|other| other == c))
}

/// The one of `known` that is one slip of the keys away from `name`.
fn one_slip<'a>(name: &str, known: Vec<&'a str>) -> Option<&'a str> {
    // Names of one letter are all one slip away from each other.
    let near = text::near_matches(name, known.into_iter().filter(|other| other.chars().count() > 1));
    let size = |text: &str| text.chars().count();
    near.into_iter().find(|other| {
        // A part of a longer name is near in messages, and no slip.
        *other != name && size(other).abs_diff(size(name)) <= 1
    })
}
