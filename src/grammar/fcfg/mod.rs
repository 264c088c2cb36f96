//! Feature grammars in NLTK's `.fcfg` notation: productions whose categories carry feature structures.
//!
//! A category called `subj_N` labels what it derives as slot `subj`, and its features become columns (`subj_NUM`; those of
//! a nested structure `subj_AGR_NUM`); the features of the start symbol become `sentence_…`. A slot that occurs more than
//! once in a derivation is labelled at its first occurrence. Logic (`SEM=<…>`) constrains nothing.

mod features;
mod reader;

use std::collections::BTreeMap;

use self::reader::{Ast, Category, Part, SLASH, Source};
use super::columns::{Column, ColumnSource};
use super::error::{Result, SourceText, suggest};
use super::lattice::Lattice;
use super::rules::{Arc, Item, Name, Rule, Rules, Term};

/// A feature grammar, compiled.
pub(super) struct Compiled {
    pub rules: Rules,
    /// The label and the rule of each production of the start symbol.
    pub templates: Vec<(String, usize)>,
    /// All productions, as their rules are labelled.
    pub words: Vec<String>,
    categories: Vec<String>,
}

/// Reads and compiles a feature grammar.
pub(super) fn compile(source: SourceText<'_>) -> Result<Compiled> {
    let grammar = reader::parse(source)?;
    let mut compiler =
        Compiler { source, rules: Rules::default(), symbols: BTreeMap::new(), categories: Vec::new() };
    for production in &grammar.productions {
        let name = &production.left.name;
        if !compiler.symbols.contains_key(name) {
            compiler.symbols.insert(name.clone(), compiler.rules.symbol());
            compiler.categories.push(name.clone());
        }
    }
    compiler.start(&grammar)?;
    for production in &grammar.productions {
        compiler.add(production)?;
    }
    let rules = compiler.rules;
    let templates =
        rules.symbols[rules.start].iter().map(|&rule| (rules.all[rule].label.clone(), rule)).collect();
    let words = rules.all.iter().map(|rule| rule.label.clone()).collect();
    Ok(Compiled { rules, templates, words, categories: compiler.categories })
}

/// The columns of a feature grammar: what its slots and the start symbol show that is not the same in every derivation.
pub(super) fn columns(rules: &Rules, lattice: &Lattice) -> Vec<Column> {
    let mut columns = Vec::new();
    for (name, label) in varying(rules, lattice, &lattice.roots) {
        columns.push(Column { name: format!("sentence_{label}"), source: ColumnSource::Root(name) });
    }
    for (slot, slot_name) in rules.slots.iter().enumerate() {
        let answers = lattice.answers_in(slot);
        for (name, label) in varying(rules, lattice, &answers) {
            let source = ColumnSource::Slot { slot, feature: name };
            columns.push(Column { name: format!("{slot_name}_{label}"), source });
        }
    }
    // Two slots' names may run into each other (a_b with C, a with b_C): the later column is numbered.
    for at in 0..columns.len() {
        let mut number = 2;
        while columns[..at].iter().any(|column| column.name == columns[at].name)
            || columns[at].name == "sentence"
        {
            let name = format!("{}_{number}", columns[at].name);
            columns[at].name = name;
            number += 1;
        }
    }
    columns
}

/// The features of `answers` that take more than one value; a slot that not every derivation has is missing in some.
fn varying(rules: &Rules, lattice: &Lattice, answers: &[usize]) -> Vec<(Name, String)> {
    let mut names: Vec<Name> = Vec::new();
    for &answer in answers {
        for (name, _) in &lattice.answers[answer].atoms {
            if !names.contains(name) {
                names.push(*name);
            }
        }
    }
    names.sort_unstable();
    names.retain(|&name| {
        let first = answers.first().map(|&answer| lattice.answers[answer].atom(name));
        answers.iter().any(|&answer| Some(lattice.answers[answer].atom(name)) != first)
    });
    let labelled = names.into_iter().map(|name| (name, lattice.label(rules, name)));
    labelled.filter(|(_, label)| !label.contains('*')).collect()
}

/// Why the start symbol's production `rule` derives nothing.
pub(super) fn killer(compiled: &Compiled, rule: usize, depth: usize) -> String {
    let rules = &compiled.rules;
    let production = &rules.all[rule];
    for arc in production.body.iter().flatten() {
        if let Item::Call { symbol, .. } = arc.item
            && !Lattice::derives(rules, symbol, depth.saturating_sub(1))
        {
            let name = &compiled.categories[symbol];
            return format!("{}: `{name}` derives nothing within the depth of {depth}", production.label);
        }
    }
    format!("{}: the features of its parts never unify", production.label)
}

struct Compiler<'a> {
    source: SourceText<'a>,
    rules: Rules,
    symbols: BTreeMap<String, usize>,
    categories: Vec<String>,
}

/// The variables of one production.
#[derive(Default)]
struct Variables {
    ids: BTreeMap<String, u32>,
    count: u32,
}

impl Variables {
    fn id(&mut self, name: &str) -> u32 {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = self.fresh();
        self.ids.insert(name.to_owned(), id);
        id
    }

    fn fresh(&mut self) -> u32 {
        self.count += 1;
        self.count - 1
    }
}

impl Compiler<'_> {
    fn symbol(&self, category: &Category) -> Result<usize> {
        self.symbols.get(&category.name).copied().ok_or_else(|| {
            let known = self.categories.iter().map(String::as_str);
            let hint = suggest(&category.name, known, "categories with productions are");
            let message = format!("no production makes `{}`", category.name);
            self.source.error(category.span.clone(), message, hint)
        })
    }

    fn start(&mut self, grammar: &Source) -> Result<()> {
        let first = grammar.productions.first().map(|production| Category {
            // The first production's category, whatever its features; complete, as any sentence is.
            features: vec![(SLASH.to_owned(), Ast::Value(super::rules::Value::Text("False".to_owned())))],
            ..production.left.clone()
        });
        if let Some(start) = grammar.start.clone().or(first) {
            self.rules.start = self.symbol(&start)?;
            let mut variables = Variables::default();
            self.rules.start_features = self.features(&start.features, &mut variables);
            self.rules.start_variables = variables.count as usize;
        }
        Ok(())
    }

    fn add(&mut self, production: &reader::Production) -> Result<()> {
        let mut variables = Variables::default();
        let mut head = self.features(&production.left.features, &mut variables);
        head.sort_by_key(|(name, _)| *name);
        let mut body = Vec::new();
        for (at, part) in production.right.iter().enumerate() {
            let item = match part {
                Part::Terminal(text) => Item::Text(self.rules.piece(text, true)),
                Part::Category(category) => {
                    let symbol = self.symbol(category)?;
                    let features = self.features(&category.features, &mut variables);
                    Item::Call { symbol, slot: self.slot(&category.name), features, space: false }
                }
            };
            body.push(vec![Arc { item, to: at + 1 }]);
        }
        let right: Vec<String> = production
            .right
            .iter()
            .map(|part| match part {
                Part::Terminal(text) => format!("'{text}'"),
                Part::Category(category) => category.name.clone(),
            })
            .collect();
        let label = format!("line {}, {} -> {}", production.line, production.left.name, right.join(" "));
        let symbol = self.symbol(&production.left)?;
        self.rules.add(
            symbol,
            Rule {
                head: Term::Structure(head),
                body,
                tests: Vec::new(),
                sieved: Vec::new(),
                n_variables: variables.count as usize,
                label,
                capitalize: false,
            },
        );
        Ok(())
    }

    /// The slot that a category of this name labels.
    fn slot(&mut self, name: &str) -> Option<usize> {
        let (slot, category) = name.rsplit_once('_')?;
        if slot.is_empty() || category.is_empty() {
            return None;
        }
        let known = self.rules.slots.iter().position(|other| other == slot);
        Some(known.unwrap_or_else(|| {
            self.rules.slots.push(slot.to_owned());
            self.rules.slots.len() - 1
        }))
    }

    fn features(&mut self, features: &[(String, Ast)], variables: &mut Variables) -> Vec<(Name, Term)> {
        features
            .iter()
            .map(|(name, value)| {
                let name = self.rules.name(name);
                (name, self.term(value, variables))
            })
            .collect()
    }

    fn term(&mut self, value: &Ast, variables: &mut Variables) -> Term {
        match value {
            Ast::Value(value) => Term::Atom(self.rules.atom(value.clone())),
            Ast::Variable(name) => Term::Var(variables.id(name)),
            Ast::Shared(name, structure) => {
                Term::Shared(variables.id(name), Box::new(self.term(structure, variables)))
            }
            Ast::Structure(features) => {
                let mut features = self.features(features, variables);
                features.sort_by_key(|(name, _)| *name);
                Term::Structure(features)
            }
            Ast::Anything => Term::Var(variables.fresh()),
        }
    }
}
