//! What holds of single forms of a word: `zipf.sg = 5.35`, and what a list of frequencies says of each.

use super::fields::{Field, Form};
use super::lexicon::{LEMMA, Lexicon, Word};
use crate::grammar::error::{Result, SourceText};
use crate::grammar::rules::Value;
use crate::text::{counted, near_matches};

impl Lexicon {
    /// Whether a field gives forms values of their own: `zipf.sg`, or a list with a value for each form.
    pub(super) fn is_of_forms(&self, field: &Field) -> bool {
        let key = field.path.first().map_or("", String::as_str);
        let is_form = key == LEMMA || key == "form" || self.dimension_of(key).is_some();
        // A form whose cell is mistyped (`presnt.sg = "plays"`) is no feature.
        let mistyped = || {
            let values = self.dimensions.iter().flat_map(|(_, values)| values).map(String::as_str);
            field.values.iter().all(|(value, _)| matches!(value, Value::Text(_)))
                && !near_matches(key, values).is_empty()
        };
        let nested =
            field.path.len() > 1 && field.path[1..].iter().all(|part| self.dimension_of(part).is_some());
        !is_form && (nested && !mistyped() || field.path.len() == 1 && field.values.len() > 1)
    }

    /// Gives the forms in the cell that `field` names, or all of them, their value of a feature.
    pub(super) fn feature_of_forms(
        &mut self,
        source: SourceText<'_>,
        field: &Field,
        word: &mut Word,
    ) -> Result<()> {
        let key = &field.path[0];
        let rest = Field {
            path: field.path[1..].to_vec(),
            key_spans: field.key_spans[1..].to_vec(),
            span: field.span.clone(),
            values: Vec::new(),
        };
        let cell = self.cell(source, &rest)?;
        let mut values = Vec::new();
        for (value, span) in &field.values {
            let one = Field {
                path: vec![key.clone()],
                key_spans: field.key_spans[..1].to_vec(),
                span: span.clone(),
                values: vec![(value.clone(), span.clone())],
            };
            values.push(self.feature(source, &one)?);
        }
        let lemma = &word.lemma;
        let mut forms: Vec<&mut Form> =
            word.forms.iter_mut().filter(|form| cell.iter().all(|part| form.cell.contains(part))).collect();
        let path = field.path.join(".");
        let refused =
            |message: String, hint: &str| Err(source.error(field.span.clone(), message, hint.to_owned()));
        if forms.is_empty() {
            let message = format!("`{lemma}` has no form that `{path}` could be of");
            return refused(message, "name a form that the word has");
        }
        if values.len() > 1 && values.len() != forms.len() {
            let message = format!(
                "`{path}` has {} values for {} of `{lemma}`",
                values.len(),
                counted(forms.len() as u128, "form")
            );
            return refused(message, "give one value for all of them, or one for each in their order");
        }
        for (at, form) in forms.iter_mut().enumerate() {
            let twice = word.features.iter().chain(&form.features).any(|(name, _)| name == key);
            if twice {
                let message = format!("`{}` has two values of `{key}`", form.text);
                return refused(message, "give each form one value");
            }
            form.features.push((key.clone(), values[if values.len() > 1 { at } else { 0 }].clone()));
        }
        Ok(())
    }

    /// Gives every form that has no value of `feature` the one that `value` knows; the texts of forms without one.
    pub(super) fn fill(&mut self, feature: &str, value: impl Fn(&str) -> Option<f64>) -> Vec<&str> {
        let mut unknown = Vec::new();
        let mut known = false;
        for word in &mut self.words {
            let whole = word.features.iter().any(|(name, _)| name == feature);
            for form in &mut word.forms {
                if whole || form.features.iter().any(|(name, _)| name == feature) {
                    continue;
                }
                match value(&form.text) {
                    Some(value) => {
                        form.features.push((feature.to_owned(), Value::Number(value)));
                        known = true;
                    }
                    None => unknown.push(form.text.as_str()),
                }
            }
        }
        if known && !self.features.iter().any(|name| name == feature) {
            self.features.push(feature.to_owned());
        }
        unknown
    }

    /// Whether words of it have texts where `feature` is to be a number.
    pub(super) fn has_texts(&self, feature: &str) -> bool {
        self.numeric.get(feature) == Some(&false) || self.dimensions.iter().any(|(name, _)| name == feature)
    }
}
