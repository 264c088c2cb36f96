//! What ties slots together: agreement, equations, distinctness.

use std::ops::Range;

use super::lexicon::{LEMMA, Lexicon};
use super::reader::{Entry, Text};
use super::slot::{Slot, slot_named};
use crate::grammar::error::{Mistakes, Result, SourceText, suggest};
use crate::grammar::rules::Value;

/// A side of an equation.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    /// A feature of a slot.
    Feature { slot: String, feature: String },
    /// A value.
    Constant(Value),
}

/// A condition on the slots of a template.
#[derive(Debug, Clone)]
pub(super) struct Constraint {
    /// As a message names it: `distinct = subj, obj`.
    pub label: String,
    pub span: Range<usize>,
    pub kind: Kind,
}

#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// The slot takes the values of another: `(its feature, the other's)`.
    Agree(Vec<(Operand, Operand)>),
    Same(Operand, Operand),
    /// No two of these are the same.
    Different(Vec<Operand>),
    /// At most one of these holds.
    AtMostOne(Vec<(Operand, Operand)>),
}

/// What the names in a constraint refer to.
pub(super) struct Scope<'a> {
    pub source: SourceText<'a>,
    pub lexicons: &'a [Lexicon],
    /// The slots that the template's text has.
    pub slots: &'a [Slot],
    /// Slots that are declared, but that the text lacks.
    pub elsewhere: &'a [Slot],
    /// Whether slots that the text lacks are passed over (a constraint for all templates) or an error.
    pub lenient: bool,
}

impl Scope<'_> {
    /// `agree = { verb = "subj" }`, `agree = { verb = ["subj.number", "obj.gender"] }`.
    pub(super) fn agree(&self, entry: &Entry<'_>) -> Result<Vec<Constraint>> {
        let mut constraints = Vec::new();
        for entry in &entry.table("`agree`".to_owned())?.entries {
            let target = Text { text: entry.key, span: entry.key_span.clone() };
            let Some(slot) = self.slot(&target)? else { continue };
            let mut pairs = Vec::new();
            for with in entry.texts()? {
                let (name, feature) =
                    with.text.split_once('.').map_or((with.text, None), |(a, b)| (a, Some(b)));
                let name = Text { text: name.trim(), span: with.span.clone() };
                let Some(controller) = self.slot(&name)? else { continue };
                let features: Vec<String> = match feature {
                    Some(feature) => vec![feature.trim().to_owned()],
                    None => self.shared(slot, controller),
                };
                if features.is_empty()
                    && !slot.is_partial(self.lexicons)
                    && !controller.is_partial(self.lexicons)
                {
                    let message =
                        format!("`{}` and `{}` have no feature in common", slot.name, controller.name);
                    let hint = format!(
                        "the words of `{}` must be inflected for a feature that those of `{}` have",
                        slot.name, controller.name
                    );
                    return Err(self.source.error(with.span, message, hint));
                }
                for feature in features {
                    let text = Text { text: &feature, span: with.span.clone() };
                    let pair = self.feature(slot, &text)?.zip(self.feature(controller, &text)?);
                    pairs.extend(pair);
                }
            }
            if !pairs.is_empty() {
                constraints.push(Constraint {
                    label: format!("the agreement of `{}`", slot.name),
                    span: entry.key_span.clone(),
                    kind: Kind::Agree(pairs),
                });
            }
        }
        Ok(constraints)
    }

    /// What `slot` is inflected for and `controller` has.
    fn shared(&self, slot: &Slot, controller: &Slot) -> Vec<String> {
        let has = |slot: &Slot, feature: &String| {
            slot.lexicons.iter().any(|&lexicon| self.lexicons[lexicon].features.contains(feature))
        };
        let mut shared: Vec<String> = Vec::new();
        for &lexicon in &slot.lexicons {
            for (dimension, _) in &self.lexicons[lexicon].dimensions {
                if has(controller, dimension) && !shared.contains(dimension) {
                    shared.push(dimension.clone());
                }
            }
        }
        shared
    }

    /// `where = ["subj.gender != obj.gender", "verb.number = sg"]`.
    pub(super) fn equations(&self, entry: &Entry<'_>) -> Result<Vec<Constraint>> {
        let (mut constraints, mut mistakes) = (Vec::new(), Mistakes::default());
        for text in entry.texts()? {
            if let Some((a, same, b)) = mistakes.keep(self.equation(&text))?.flatten() {
                constraints.push(Constraint {
                    label: format!("`{}`", text.text.trim()),
                    span: text.span,
                    kind: if same { Kind::Same(a, b) } else { Kind::Different(vec![a, b]) },
                });
            }
        }
        mistakes.require_none()?;
        Ok(constraints)
    }

    /// `at_most_one = ["subj.number = pl", "obj.number = pl"]`, or a list of such lists.
    pub(super) fn at_most_one(&self, entry: &Entry<'_>) -> Result<Vec<Constraint>> {
        let mut constraints = Vec::new();
        for list in lists(entry)? {
            let mut pairs = Vec::new();
            for text in &list {
                if let Some((a, same, b)) = self.equation(text)? {
                    if !same {
                        let hint = "write `a.b = c` in `at_most_one`".to_owned();
                        return Err(self.source.error(text.span.clone(), "only `=` can be counted", hint));
                    }
                    pairs.push((a, b));
                }
            }
            if let (Some(first), true) = (list.first(), pairs.len() > 1) {
                let texts: Vec<&str> = list.iter().map(|text| text.text).collect();
                constraints.push(Constraint {
                    label: format!("at most one of {}", texts.join(", ")),
                    span: first.span.clone(),
                    kind: Kind::AtMostOne(pairs),
                });
            }
        }
        Ok(constraints)
    }

    /// `distinct = ["subj", "obj"]`, or a list of such lists; `subj.gender` compares a feature instead of the word.
    pub(super) fn distinct(&self, entry: &Entry<'_>) -> Result<Vec<Constraint>> {
        let mut constraints = Vec::new();
        for list in lists(entry)? {
            let mut operands = Vec::new();
            for text in &list {
                operands.extend(self.path(text)?);
            }
            if let (Some(first), true) = (list.first(), operands.len() > 1) {
                let texts: Vec<&str> = list.iter().map(|text| text.text).collect();
                constraints.push(Constraint {
                    label: format!("distinct {}", texts.join(", ")),
                    span: first.span.clone(),
                    kind: Kind::Different(operands),
                });
            }
        }
        Ok(constraints)
    }

    /// `a = b`, `a == b` or `a != b`, and whether it says that they are the same.
    pub(super) fn equation(&self, text: &Text<'_>) -> Result<Option<(Operand, bool, Operand)>> {
        let Some((left, same, right)) = split_equation(text.text) else {
            let hint = "write an equation such as \"subj.gender != obj.gender\"".to_owned();
            return Err(self.source.error(text.span.clone(), "neither `=` nor `!=` here", hint));
        };
        let part = |part| self.part(text, part);
        let (left, right) = (part(left), part(right));
        let is_path = |text: &Text<'_>| {
            let name = text.text.split('.').next().unwrap_or_default();
            slot_named(self.slots, name).or_else(|| slot_named(self.elsewhere, name)).is_some()
        };
        Ok(match (is_path(&left), is_path(&right)) {
            (true, true) => self.path(&left)?.zip(self.path(&right)?).map(|(a, b)| (a, same, b)),
            (false, true) => self.constant(&right, &left)?.map(|(a, b)| (b, same, a)),
            // Where neither is a slot, the left one is asked for, and its absence is the message.
            _ => self.constant(&left, &right)?.map(|(a, b)| (a, same, b)),
        })
    }

    /// The part `part` of `whole` with its own place.
    pub(super) fn part<'b>(&self, whole: &Text<'b>, part: &'b str) -> Text<'b> {
        let part = part.trim();
        let raw = self.source.text.get(whole.span.clone()).unwrap_or_default();
        let span = match (raw.find(whole.text), part.as_ptr() as usize - whole.text.as_ptr() as usize) {
            (Some(quotes), inside) => {
                let start = whole.span.start + quotes + inside;
                start..start + part.len()
            }
            (None, _) => whole.span.clone(),
        };
        Text { text: part, span }
    }

    /// A feature and the value that it is compared with, which must be one that the slot's words have.
    fn constant(&self, path: &Text<'_>, value: &Text<'_>) -> Result<Option<(Operand, Operand)>> {
        let Some(operand) = self.path(path)? else { return Ok(None) };
        let Operand::Feature { slot, feature } = &operand else { return Ok(None) };
        let Some(slot) = slot_named(self.slots, slot) else { return Ok(None) };
        let wanted = value.text.trim_matches(['\'', '"']);
        let values = slot.values(self.lexicons, feature);
        let Some(found) = values.iter().find(|value| value.display() == wanted) else {
            if slot.is_partial(self.lexicons) {
                return Ok(None);
            }
            // `obj.number` is meant as a slot's feature, and a value of that name is not what is missing.
            if let Some((name, _)) =
                wanted.split_once('.').filter(|(name, _)| name.chars().all(char::is_alphanumeric))
            {
                self.slot(&Text { text: name, span: value.span.clone() })?;
            }
            let message = format!("`{}` has no `{feature}` that is `{wanted}`", slot.name);
            let values: Vec<String> = values.iter().map(Value::display).collect();
            let hint = suggest(wanted, values.iter().map(String::as_str), "its values are");
            return Err(self.source.error(value.span.clone(), message, hint));
        };
        Ok(Some((operand, Operand::Constant(found.clone()))))
    }

    /// `subj.number`, or `subj` for the word itself; `None` where a lenient scope lacks the slot.
    pub(super) fn path(&self, text: &Text<'_>) -> Result<Option<Operand>> {
        let (name, feature) = text.text.split_once('.').unwrap_or((text.text, LEMMA));
        let Some(slot) = self.slot(&Text { text: name.trim(), span: text.span.clone() })? else {
            return Ok(None);
        };
        self.feature(slot, &Text { text: feature.trim(), span: text.span.clone() })
    }

    /// A feature of a slot; `None` where a lenient scope's template has words without it in the slot, and others have it.
    fn feature(&self, slot: &Slot, feature: &Text<'_>) -> Result<Option<Operand>> {
        if let Err(error) = slot.check_feature(self.source, self.lexicons, feature) {
            let known =
                self.lexicons.iter().any(|lexicon| lexicon.features.iter().any(|f| f == feature.text));
            return if self.lenient && known { Ok(None) } else { Err(error) };
        }
        Ok(Some(Operand::Feature { slot: slot.name.clone(), feature: feature.text.to_owned() }))
    }

    fn slot(&self, name: &Text<'_>) -> Result<Option<&Slot>> {
        if let Some(slot) = slot_named(self.slots, name.text) {
            return Ok(Some(slot));
        }
        let declared = slot_named(self.elsewhere, name.text).is_some();
        if declared && self.lenient {
            return Ok(None);
        }
        let here = self.slots.iter().map(|slot| slot.name.as_str());
        let (message, hint) = if declared {
            let message = format!("this template's text has no slot `{}`", name.text);
            (message, suggest(name.text, here, "its slots are"))
        } else {
            let mut all: Vec<&str> =
                here.chain(self.elsewhere.iter().map(|slot| slot.name.as_str())).collect();
            all.sort_unstable();
            all.dedup();
            (format!("no slot is called `{}`", name.text), suggest(name.text, all, "the slots are"))
        };
        Err(self.source.error(name.span.clone(), message, hint))
    }
}

/// A list of texts, or a list of such lists.
pub(super) fn lists<'a>(entry: &Entry<'a>) -> Result<Vec<Vec<Text<'a>>>> {
    let items = entry.items()?;
    if items.iter().all(|item| item.get_ref().is_array()) {
        items.iter().map(|item| Entry { value: item, ..entry.clone() }.texts()).collect()
    } else {
        Ok(vec![entry.texts()?])
    }
}

/// The sides of an equation, and whether it says that they are the same.
pub(super) fn split_equation(text: &str) -> Option<(&str, bool, &str)> {
    for (sign, same) in [("!=", false), ("==", true), ("=", true)] {
        if let Some((left, right)) = text.split_once(sign) {
            return Some((left, same, right));
        }
    }
    None
}
