//! From a document to rules: a template becomes a rule, a slot a call, agreement a shared variable.

use std::collections::BTreeMap;

use super::constraint::{Constraint, Kind, Operand};
use super::lexicon::LEMMA;
use super::text::Part;
use super::{Computation, Document, Slot, Template};
use crate::grammar::columns::{Column, ColumnSource, Side};
use crate::grammar::error::{Result, SourceText};
use crate::grammar::lattice::Lattice;
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
    for template in &document.templates {
        let rule = compiler.rule(template, &template.constraints)?;
        let start = compiler.rules.start;
        templates.push((template.label.clone(), compiler.rules.add(start, rule)));
    }
    let columns = compiler.columns(&templates)?;
    let words = document
        .lexicons
        .iter()
        .flat_map(|lexicon| lexicon.words.iter().map(|word| word_label(&lexicon.name, &word.lemma)));
    Ok(Compiled { columns, templates, words: words.collect(), rules: compiler.rules })
}

/// A word as findings name it.
fn word_label(lexicon: &str, lemma: &str) -> String {
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
        let empty = Lattice::build(&compiler.rules, usize::MAX).is_ok_and(|lattice| lattice.count == 0);
        if empty && kept > 0 {
            let Constraint { label, span, .. } = &template.constraints[kept - 1];
            let line = source.problem(span.clone(), "", None).line;
            return Ok(format!("{}: {label} (line {line}) removed the last candidate", template.label));
        }
    }
    Ok(format!("{}: one of its slots has no word", template.label))
}

struct Compiler<'a> {
    document: &'a Document,
    source: SourceText<'a>,
    rules: Rules,
    lemma: Name,
    /// The symbols of words, with the first slot that asked for them.
    symbols: Vec<(&'a Slot, usize)>,
}

/// The features that constraints name, joined into classes of equal value.
#[derive(Default)]
struct Classes<'a> {
    members: BTreeMap<(&'a str, &'a str), usize>,
    parents: Vec<usize>,
    constants: Vec<Option<&'a Value>>,
    /// Whether two different constants were to be the same.
    clash: bool,
}

impl<'a> Classes<'a> {
    fn of(&mut self, operand: &'a Operand) -> usize {
        let fresh = self.parents.len();
        let class = match operand {
            Operand::Feature { slot, feature } => {
                *self.members.entry((slot.as_str(), feature.as_str())).or_insert(fresh)
            }
            Operand::Constant(_) => fresh,
        };
        if class == fresh {
            self.parents.push(fresh);
            self.constants.push(if let Operand::Constant(value) = operand { Some(value) } else { None });
        }
        self.find(class)
    }

    fn find(&self, mut class: usize) -> usize {
        while self.parents[class] != class {
            class = self.parents[class];
        }
        class
    }

    fn join(&mut self, a: &'a Operand, b: &'a Operand) {
        let (a, b) = (self.of(a), self.of(b));
        if a == b {
            return;
        }
        self.parents[b] = a;
        match (self.constants[a], self.constants[b]) {
            (Some(x), Some(y)) => self.clash |= x != y,
            (None, value) => self.constants[a] = value,
            _ => {}
        }
    }
}

impl<'a> Compiler<'a> {
    fn new(document: &'a Document, source: SourceText<'a>) -> Self {
        let mut rules = Rules::default();
        rules.start = rules.symbol();
        let lemma = rules.name(LEMMA);
        let mut compiler = Self { document, source, rules, lemma, symbols: Vec::new() };
        // Slots in the order of their declaration, then those that only templates declare.
        for slot in document.slots.iter().chain(document.templates.iter().flat_map(|t| &t.slots)) {
            let used = document.templates.iter().any(|t| super::slot_named(&t.slots, &slot.name).is_some());
            if used && !compiler.rules.slots.contains(&slot.name) {
                compiler.rules.slots.push(slot.name.clone());
            }
        }
        compiler
    }

    fn slot(&self, name: &str) -> usize {
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
                    let Some(slot) = super::slot_named(&template.slots, name) else { continue };
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

    /// The symbol of the words that may stand in `slot`.
    fn symbol(&mut self, slot: &'a Slot) -> Result<usize> {
        let alike = |other: &Slot| other.lexicons == slot.lexicons && other.only == slot.only;
        if let Some((_, symbol)) = self.symbols.iter().find(|(other, _)| alike(other)) {
            return Ok(*symbol);
        }
        let symbol = self.rules.symbol();
        for &lexicon in &slot.lexicons {
            for word in &self.document.lexicons[lexicon].words {
                for form in &word.forms {
                    let mut features: Vec<(&str, Value)> =
                        word.features.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
                    features.extend(
                        form.cell.iter().map(|(name, value)| (name.as_str(), Value::Text(value.clone()))),
                    );
                    for features in
                        restrict(features, &slot.only, &self.document.lexicons[lexicon].dimensions)
                    {
                        let lemma = self.rules.atom(Value::Text(word.lemma.clone()));
                        let mut head = vec![(self.lemma, Term::Atom(lemma))];
                        for (name, value) in features {
                            head.push((self.rules.name(name), Term::Atom(self.rules.atom(value))));
                        }
                        head.sort_by_key(|(name, _)| *name);
                        let arc = Arc { item: Item::Text(self.rules.piece(&form.text, false)), to: 1 };
                        let rule = Rule {
                            head: Term::Structure(head),
                            body: vec![vec![arc]],
                            tests: Vec::new(),
                            n_variables: 0,
                            label: word_label(&self.document.lexicons[lexicon].name, &word.lemma),
                            capitalize: false,
                        };
                        self.rules.add(symbol, rule);
                    }
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

    fn columns(&mut self, templates: &[(String, usize)]) -> Result<Vec<Column>> {
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
                Computation::Compare { a, b, same } => ColumnSource::Compare {
                    a: self.side(a),
                    b: self.side(b),
                    same: *same,
                    texts: ["false", "true"].map(|text| self.rules.atom(Value::Text(text.to_owned()))),
                },
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

    fn push(&self, columns: &mut Vec<Column>, column: Column, span: &std::ops::Range<usize>) -> Result<()> {
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
    fn slot_features(&self, name: &str) -> Vec<(String, std::ops::Range<usize>)> {
        let document = self.document;
        let mut features: Vec<(String, std::ops::Range<usize>)> = Vec::new();
        for template in &document.templates {
            let Some(slot) = super::slot_named(&template.slots, name) else { continue };
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
        let mut seen: Vec<Option<String>> = Vec::new();
        for slot in document.templates.iter().filter_map(|template| super::slot_named(&template.slots, name))
        {
            for &lexicon in &slot.lexicons {
                let lexicon = &document.lexicons[lexicon];
                for word in &lexicon.words {
                    for form in &word.forms {
                        let mut all: Vec<(&str, Value)> = word
                            .features
                            .iter()
                            .map(|(name, value)| (name.as_str(), value.clone()))
                            .collect();
                        all.extend(
                            form.cell.iter().map(|(name, value)| (name.as_str(), Value::Text(value.clone()))),
                        );
                        for features in restrict(all, &slot.only, &lexicon.dimensions) {
                            let found = features.iter().find(|(other, _)| *other == feature);
                            let value = found.map(|(_, value)| value.display());
                            if !seen.contains(&value) {
                                seen.push(value);
                            }
                        }
                    }
                }
            }
        }
        seen.len() > 1
    }
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
