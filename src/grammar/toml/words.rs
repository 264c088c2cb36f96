//! What may stand in a slot: words in their forms, each with the features that it shows there.

use super::compile::{Compiler, word_label};
use super::lexicon::{Lexicon, Word};
use super::slot::Slot;
use crate::grammar::error::Result;
use crate::grammar::rules::{Arc, Item, Rule, Term, Value};

/// A form that is open in several dimensions stands for at most so many restricted ones.
const READINGS: usize = 4096;

impl<'a> Compiler<'a> {
    /// The symbol of the words that may stand in `slot`.
    pub(super) fn symbol(&mut self, slot: &'a Slot) -> Result<usize> {
        let alike = |other: &Slot| other.lexicons == slot.lexicons && other.only == slot.only;
        if let Some((_, symbol)) = self.symbols.iter().find(|(other, _)| alike(other)) {
            return Ok(*symbol);
        }
        self.require_few_readings(slot)?;
        let symbol = self.rules.symbol();
        for &lexicon in &slot.lexicons {
            let lexicon = &self.document.lexicons[lexicon];
            for word in &lexicon.words {
                for Reading { form, features } in readings(lexicon, word, slot) {
                    let lemma = self.rules.atom(Value::Text(word.lemma.clone()));
                    let mut head = vec![(self.lemma, Term::Atom(lemma))];
                    for (name, value) in features {
                        head.push((self.rules.name(name), Term::Atom(self.rules.atom(value))));
                    }
                    head.sort_by_key(|(name, _)| *name);
                    let arc = Arc { item: Item::Text(self.rules.piece(form, false)), to: 1 };
                    let rule = Rule {
                        head: Term::Structure(head),
                        body: vec![vec![arc]],
                        tests: Vec::new(),
                        sieved: Vec::new(),
                        n_variables: 0,
                        label: word_label(&lexicon.name, &word.lemma),
                        capitalize: false,
                    };
                    self.rules.add(symbol, rule);
                }
            }
        }
        if self.rules.symbols[symbol].is_empty() {
            let hint = "loosen `only`, or add such a word".to_owned();
            return Err(self.source.error(
                slot.span.clone(),
                format!("no word can stand in `{}`", slot.name),
                hint,
            ));
        }
        self.symbols.push((slot, symbol));
        Ok(symbol)
    }

    /// Refuses restrictions in which a form that leaves everything open could be read in very many ways.
    fn require_few_readings(&self, slot: &Slot) -> Result<()> {
        for &lexicon in &slot.lexicons {
            let dimensions = &self.document.lexicons[lexicon].dimensions;
            let open = slot.only.iter().filter(|(name, _)| dimensions.iter().any(|(other, _)| other == name));
            let most = open.fold(1usize, |product, (_, allowed)| product.saturating_mul(allowed.len()));
            if most > READINGS {
                let message = format!("`only` leaves {most} ways to read a form of `{}`", slot.name);
                let hint = "name fewer values, or none of a dimension in which all are allowed".to_owned();
                return Err(self.source.error(slot.span.clone(), message, hint));
            }
        }
        Ok(())
    }
}

/// A form and the features that it has in a slot.
pub(super) struct Reading<'b> {
    pub form: &'b str,
    pub features: Vec<(&'b str, Value)>,
}

/// The forms of a word that may stand in a slot.
pub(super) fn readings<'b>(
    lexicon: &'b Lexicon,
    word: &'b Word,
    slot: &'b Slot,
) -> impl Iterator<Item = Reading<'b>> {
    word.forms.iter().flat_map(move |form| {
        let own = word.features.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let cell = form.cell.iter().map(|(name, value)| (name.as_str(), Value::Text(value.clone())));
        let of_form = form.features.iter().map(|(name, value)| (name.as_str(), value.clone()));
        let features = restrict(own.chain(of_form).chain(cell).collect(), &slot.only, &lexicon.dimensions);
        features.into_iter().map(|features| Reading { form: &form.text, features })
    })
}

/// The features of a form under the restrictions of a slot: none, themselves, or once for each allowed value of a
/// dimension that the form leaves open.
fn restrict<'b>(
    features: Vec<(&'b str, Value)>,
    only: &'b [(String, Vec<Value>)],
    dimensions: &[(String, Vec<String>)],
) -> Vec<Vec<(&'b str, Value)>> {
    let mut all = vec![features];
    for (name, allowed) in only {
        let open = dimensions.iter().any(|(dimension, _)| dimension == name);
        let mut kept = Vec::new();
        for features in all {
            match features.iter().find(|(other, _)| other == name) {
                Some((_, value)) if allowed.contains(value) => kept.push(features),
                None if open => kept.extend(allowed.iter().map(|value| {
                    let mut narrowed = features.clone();
                    narrowed.push((name, value.clone()));
                    narrowed
                })),
                _ => {}
            }
        }
        all = kept;
    }
    all
}
