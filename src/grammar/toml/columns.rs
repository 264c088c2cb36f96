//! The columns of a document: the sentence's own features, those that are computed, those of its slots.

use std::ops::Range;

use super::compile::Compiler;
use super::constraint::{Kind, Operand};
use super::document::Computation;
use super::slot::slot_named;
use super::words::readings;
use crate::grammar::columns::{Column, ColumnSource, Side};
use crate::grammar::error::Result;
use crate::grammar::rules::Value;

impl Compiler<'_> {
    pub(super) fn columns(&mut self, templates: &[(String, usize)]) -> Result<Vec<Column>> {
        let document = self.document;
        let mut columns: Vec<Column> = Vec::new();
        // The sentence's own features, in the order of their first appearance.
        for (template, (_, rule)) in document.templates.iter().zip(templates) {
            for (name, value, span) in &template.features {
                let atom = self.rules.atom(value.clone());
                if let Some(column) = columns.iter_mut().find(|column| column.name == *name) {
                    let ColumnSource::Rules(values) = &mut column.source else { continue };
                    let numeric = |value: &Value| matches!(value, Value::Number(_));
                    if values
                        .first()
                        .is_some_and(|(_, first)| numeric(self.rules.value(*first)) != numeric(value))
                    {
                        let message = format!("`{name}` is a number in one template and a text in another");
                        return Err(self.source.error(
                            span.clone(),
                            message,
                            "put numbers in quotes, or none".to_owned(),
                        ));
                    }
                    values.push((*rule, atom));
                } else {
                    let source = ColumnSource::Rules(vec![(*rule, atom)]);
                    self.push(&mut columns, Column { name: name.clone(), source }, span)?;
                }
            }
        }
        for computed in &document.computed {
            let source = match &computed.rule {
                Computation::Words => ColumnSource::Words,
                Computation::Value(operand) => match self.side(operand) {
                    Side::Slot { slot, feature } => ColumnSource::Slot { slot, feature },
                    Side::Constant(_) => continue,
                },
                Computation::Holds(condition) => {
                    let slots = self.rules.slots.clone();
                    let mut slot =
                        |name: &String| slots.iter().position(|other| other == name).unwrap_or_default();
                    ColumnSource::Holds {
                        condition: condition.map(&mut |operand| self.side(operand), &mut slot),
                        texts: ["false", "true"].map(|text| self.rules.atom(Value::Text(text.to_owned()))),
                    }
                }
            };
            self.push(&mut columns, Column { name: computed.name.clone(), source }, &computed.span)?;
        }
        for (slot, name) in self.rules.slots.clone().iter().enumerate() {
            for (feature, span) in self.slot_features(name) {
                let source = ColumnSource::Slot { slot, feature: self.rules.name(&feature) };
                self.push(&mut columns, Column { name: format!("{name}_{feature}"), source }, &span)?;
            }
        }
        Ok(columns)
    }

    fn push(&self, columns: &mut Vec<Column>, column: Column, span: &Range<usize>) -> Result<()> {
        let refused =
            |message: String, hint: &str| Err(self.source.error(span.clone(), message, hint.to_owned()));
        if column.name == "sentence" {
            return refused(
                "a feature cannot be called `sentence`".to_owned(),
                "that column holds the sentences",
            );
        }
        if columns.iter().any(|other| other.name == column.name) {
            return refused(format!("two features are called `{}`", column.name), "rename one of them");
        }
        columns.push(column);
        Ok(())
    }

    fn side(&mut self, operand: &Operand) -> Side {
        match operand {
            Operand::Feature { slot, feature } => {
                Side::Slot { slot: self.slot(slot), feature: self.rules.name(feature) }
            }
            Operand::Constant(value) => Side::Constant(self.rules.atom(value.clone())),
        }
    }

    /// The features of the slot called `name` that become columns: those that the grammar lists, else all that vary and
    /// that no agreement decides.
    fn slot_features(&self, name: &str) -> Vec<(String, Range<usize>)> {
        let document = self.document;
        let mut features: Vec<(String, Range<usize>)> = Vec::new();
        for template in &document.templates {
            let Some(slot) = slot_named(&template.slots, name) else { continue };
            let listed: Vec<String> = match &slot.features {
                Some(listed) => listed.clone(),
                None => slot
                    .all_features(&document.lexicons)
                    .into_iter()
                    .map(str::to_owned)
                    .filter(|f| self.shows(name, f))
                    .collect(),
            };
            for feature in listed {
                if !features.iter().any(|(other, _)| *other == feature) {
                    features.push((feature, slot.span.clone()));
                }
            }
        }
        features
    }

    /// Whether a feature of a slot varies, and no agreement decides it.
    fn shows(&self, name: &str, feature: &str) -> bool {
        let document = self.document;
        let decided = document.templates.iter().flat_map(|template| &template.constraints).any(|constraint| {
            matches!(&constraint.kind, Kind::Agree(pairs) if pairs.iter().any(|(target, _)| {
                matches!(target, Operand::Feature { slot, feature: other } if slot == name && other == feature)
            }))
        });
        if decided {
            return false;
        }
        let mut first = None;
        for slot in document.templates.iter().filter_map(|template| slot_named(&template.slots, name)) {
            for &lexicon in &slot.lexicons {
                let lexicon = &document.lexicons[lexicon];
                for reading in lexicon.words.iter().flat_map(|word| readings(lexicon, word, slot)) {
                    let found = reading.features.iter().find(|(other, _)| *other == feature);
                    let value = found.map(|(_, value)| value.clone());
                    if *first.get_or_insert_with(|| value.clone()) != value {
                        return true;
                    }
                }
            }
        }
        false
    }
}
