//! From a document to rules: a template becomes a rule, a slot a call, agreement a shared variable.

use std::collections::BTreeMap;

use super::classes::Classes;
use super::constraint::{Constraint, Kind, Operand};
use super::document::Document;
use super::lexicon::LEMMA;
use super::slot::{Slot, slot_named};
use super::template::Template;
use super::text::Part;
use crate::grammar::columns::Column;
use crate::grammar::error::{Mistakes, Problem, Result, SourceText};
use crate::grammar::lattice::{BUDGET, DEPTH, Lattice};
use crate::grammar::rules::{Arc, Item, Name, Rule, Rules, Term, Test, Value};

/// The rules of `document`, its columns, and the rule of each template with its label.
pub(in crate::grammar) struct Compiled {
    pub rules: Rules,
    pub columns: Vec<Column>,
    pub templates: Vec<(String, usize)>,
    /// All words of the lexicons, as their rules are labelled.
    pub words: Vec<String>,
}

/// Compiles `document`.
pub(in crate::grammar) fn compile(document: &Document, source: SourceText<'_>) -> Result<Compiled> {
    let mut compiler = Compiler::new(document, source);
    let mut templates = Vec::new();
    let mut mistakes = Mistakes::default();
    for template in &document.templates {
        let rule = compiler.rule(template, &template.constraints);
        let Some(rule) = mistakes.keep(rule)? else { continue };
        let start = compiler.rules.start;
        templates.push((template.label.clone(), compiler.rules.add(start, rule)));
    }
    mistakes.require_none()?;
    let columns = compiler.columns(&templates)?;
    let words = document
        .lexicons
        .iter()
        .flat_map(|lexicon| lexicon.words.iter().map(|word| word_label(&lexicon.name, &word.lemma)));
    Ok(Compiled { columns, templates, words: words.collect(), rules: compiler.rules })
}

/// A word as findings name it.
pub(super) fn word_label(lexicon: &str, lemma: &str) -> String {
    format!("{lexicon}: {lemma}")
}

/// What removed the last candidate of the template at `index`, which generates nothing.
pub(in crate::grammar) fn killer(
    document: &Document,
    source: SourceText<'_>,
    index: usize,
) -> Result<String> {
    let template = &document.templates[index];
    for kept in 0..=template.constraints.len() {
        let mut compiler = Compiler::new(document, source);
        let rule = compiler.rule(template, &template.constraints[..kept])?;
        let start = compiler.rules.start;
        compiler.rules.add(start, rule);
        let empty = Lattice::build(&compiler.rules, DEPTH, BUDGET).is_ok_and(|lattice| lattice.count == 0);
        if empty && kept > 0 {
            let Constraint { label, span, .. } = &template.constraints[kept - 1];
            let line = Problem::at(source.origin, source.text, span.clone(), "", None).line;
            return Ok(format!("{}: {label} (line {line}) removed the last candidate", template.label));
        }
    }
    Ok(format!("{}: one of its slots has no word", template.label))
}

pub(super) struct Compiler<'a> {
    pub document: &'a Document,
    pub source: SourceText<'a>,
    pub rules: Rules,
    pub lemma: Name,
    /// The symbols of words, with the first slot that asked for them.
    pub symbols: Vec<(&'a Slot, usize)>,
}

impl<'a> Compiler<'a> {
    fn new(document: &'a Document, source: SourceText<'a>) -> Self {
        let mut rules = Rules::default();
        rules.start = rules.symbol();
        let lemma = rules.name(LEMMA);
        rules.rewrites.clone_from(&document.rewrites);
        let mut compiler = Self { document, source, rules, lemma, symbols: Vec::new() };
        // Slots in the order of their declaration, then those that only templates declare.
        for slot in document.slots.iter().chain(document.templates.iter().flat_map(|t| &t.slots)) {
            let used = document.templates.iter().any(|t| slot_named(&t.slots, &slot.name).is_some());
            if used && !compiler.rules.slots.contains(&slot.name) {
                compiler.rules.slots.push(slot.name.clone());
            }
        }
        compiler
    }

    pub(super) fn slot(&self, name: &str) -> usize {
        self.rules.slots.iter().position(|other| other == name).unwrap_or_default()
    }

    fn term(&mut self, classes: &mut Classes<'a>, operand: &'a Operand) -> Term {
        let class = classes.of(operand);
        match classes.constants[class] {
            Some(value) => Term::Atom(self.rules.atom(value.clone())),
            None => Term::Var(class as u32),
        }
    }

    /// The rule of `template` under `constraints`.
    fn rule(&mut self, template: &'a Template, constraints: &'a [Constraint]) -> Result<Rule> {
        let mut classes = Classes::default();
        for constraint in constraints {
            match &constraint.kind {
                Kind::Agree(pairs) => pairs.iter().for_each(|(a, b)| classes.join(a, b)),
                Kind::Same(a, b) => classes.join(a, b),
                Kind::Different(_) | Kind::AtMostOne(_) => {}
            }
        }
        let mut tests = Vec::new();
        for constraint in constraints {
            match &constraint.kind {
                Kind::Different(operands) => {
                    for (i, a) in operands.iter().enumerate() {
                        for b in &operands[..i] {
                            let (a, b) = (self.term(&mut classes, a), self.term(&mut classes, b));
                            tests.push(Test::Different(b, a));
                        }
                    }
                }
                Kind::AtMostOne(pairs) => {
                    let mut counted = Vec::new();
                    for (a, b) in pairs {
                        counted.push((self.term(&mut classes, a), self.term(&mut classes, b)));
                    }
                    tests.push(Test::AtMostOne(counted));
                }
                Kind::Agree(_) | Kind::Same(..) => {}
            }
        }
        if classes.clash {
            let nothing = Term::Atom(self.rules.atom(Value::Text(String::new())));
            tests.push(Test::Different(nothing.clone(), nothing));
        }
        let mut calls: BTreeMap<&str, Vec<(Name, Term)>> = BTreeMap::new();
        for (&(slot, feature), &class) in &classes.members.clone() {
            let name = self.rules.name(feature);
            let class = classes.find(class);
            let term = match classes.constants[class] {
                Some(value) => Term::Atom(self.rules.atom(value.clone())),
                None => Term::Var(class as u32),
            };
            calls.entry(slot).or_default().push((name, term));
        }
        let mut body = vec![Vec::new()];
        self.sequence(template, &template.parts, &calls, 0, &mut body)?;
        body.pop();
        Ok(Rule {
            head: Term::Structure(Vec::new()),
            body,
            tests,
            sieved: Vec::new(),
            n_variables: classes.parents.len(),
            label: template.label.clone(),
            capitalize: template.capitalize,
        })
    }

    /// Lays `parts` from position `from` on; the position where they end.
    fn sequence(
        &mut self,
        template: &'a Template,
        parts: &[Part],
        calls: &BTreeMap<&str, Vec<(Name, Term)>>,
        from: usize,
        body: &mut Vec<Vec<Arc>>,
    ) -> Result<usize> {
        let mut at = from;
        for part in parts {
            let item = match part {
                Part::Words { text, space } => Item::Text(self.rules.piece(text, *space)),
                Part::Slot { name, space, .. } => {
                    let Some(slot) = slot_named(&template.slots, name) else { continue };
                    let features = calls.get(name.as_str()).cloned().unwrap_or_default();
                    Item::Call {
                        symbol: self.symbol(slot)?,
                        slot: Some(self.slot(name)),
                        features,
                        space: *space,
                    }
                }
                Part::Choice(alternatives) => {
                    let mut ends = Vec::new();
                    for alternative in alternatives {
                        ends.push(self.sequence(template, alternative, calls, at, body)?);
                    }
                    body.push(Vec::new());
                    let join = body.len() - 1;
                    for end in ends {
                        body[end].push(Arc { item: Item::Skip, to: join });
                    }
                    at = join;
                    continue;
                }
            };
            body.push(Vec::new());
            let to = body.len() - 1;
            body[at].push(Arc { item, to });
            at = to;
        }
        Ok(at)
    }
}
