//! Feature grammars in NLTK's `.fcfg` notation: productions whose categories carry feature structures.
//!
//! A category called `subj_N` labels what it derives as slot `subj`, and its features become columns (`subj_NUM`; those of
//! a nested structure `subj_AGR_NUM`); the features of the start symbol become `sentence_…`. A slot that occurs more than
//! once in a derivation is labelled at its first occurrence. Logic (`SEM=<…>`) constrains nothing. Integers are names, as all
//! values are; sets and tuples with variables are worked out where their production ends.

mod features;
mod reader;

use std::collections::{BTreeMap, BTreeSet};

use self::reader::{Ast, Category, Part, Source};
use super::columns::{Column, ColumnSource};
use super::error::{Error, Problem, Result, SourceText, suggest};
use super::lattice::Lattice;
use super::rules::{Arc, Gathered, Item, Name, Rule, Rules, Term};
use crate::text::near_matches;

/// At most so many warnings of one kind are given, and so many names listed.
const SHOWN: usize = 10;

/// A feature grammar, compiled.
pub(super) struct Compiled {
    pub rules: Rules,
    /// The label and the rule of each production of the start symbol.
    pub templates: Vec<(String, usize)>,
    /// All productions, as their rules are labelled.
    pub words: Vec<String>,
    /// Categories that stand in productions, and that none makes.
    pub warnings: Vec<Problem>,
    /// Whether a directive names the start.
    named: bool,
    categories: Vec<String>,
}

/// Reads and compiles a feature grammar.
pub(super) fn compile(source: SourceText<'_>) -> Result<Compiled> {
    let grammar = reader::parse(source)?;
    let mut compiler = Compiler {
        source,
        rules: Rules::default(),
        symbols: BTreeMap::new(),
        slots: BTreeMap::new(),
        categories: Vec::new(),
        made: 0,
        warnings: Vec::new(),
    };
    for production in &grammar.productions {
        compiler.known(&production.left.name);
    }
    compiler.made = compiler.categories.len();
    compiler.start(&grammar)?;
    for production in &grammar.productions {
        compiler.add(production);
    }
    let named = grammar.start.is_some();
    let Compiler { rules, categories, warnings, .. } = compiler;
    let templates =
        rules.symbols[rules.start].iter().map(|&rule| (rules.all[rule].label.clone(), rule)).collect();
    let words = rules.all.iter().map(|rule| rule.label.clone()).collect();
    Ok(Compiled { rules, templates, words, warnings, named, categories })
}

/// The columns of a feature grammar: what its slots and the start symbol show that is not the same in every derivation.
pub(super) fn columns(rules: &Rules, lattice: &Lattice) -> Vec<Column> {
    let mut columns = Vec::new();
    for (name, label) in varying(rules, lattice, &lattice.roots) {
        columns.push(Column { name: format!("sentence_{label}"), source: ColumnSource::Root(name) });
    }
    let answers = lattice.answers_in_slots(rules.slots.len());
    for ((slot, slot_name), answers) in rules.slots.iter().enumerate().zip(answers) {
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

/// Why each of `productions`, which are the start symbol's, derives nothing.
pub(super) fn killers(compiled: &Compiled, productions: &[usize], depth: usize) -> Vec<String> {
    let rules = &compiled.rules;
    let called = |production: usize| {
        rules.all[production].body.iter().flatten().filter_map(|arc| match arc.item {
            Item::Call { symbol, .. } => Some(symbol),
            _ => None,
        })
    };
    let all = productions.iter().flat_map(|&production| called(production)).collect();
    let barren = Lattice::barren(rules, &all, depth.saturating_sub(1));
    // What the start symbol derives may not be what the start asks for.
    let refused = Lattice::barren(rules, &BTreeSet::from([rules.start]), depth).is_empty();
    let start = &compiled.categories[rules.start];
    let killer = |&production: &usize| {
        let label = &rules.all[production].label;
        match called(production).find(|symbol| barren.contains(symbol)) {
            Some(symbol) if rules.symbols[symbol].is_empty() => {
                format!("{label}: no production makes `{}`", compiled.categories[symbol])
            }
            Some(symbol) => {
                let name = &compiled.categories[symbol];
                format!("{label}: `{name}` derives nothing within the depth of {depth}")
            }
            None if refused && compiled.named => format!(
                "{label}: its features, or what it lacks (/), do not unify with the start that % start names"
            ),
            None if refused => format!(
                "{label}: its features do not unify with those of the start, which is the whole left side of the first production \
                 unless one is named (% start {start} takes any that lack nothing)"
            ),
            None => format!("{label}: the features of its parts never unify"),
        }
    };
    productions.iter().map(killer).collect()
}

struct Compiler<'a> {
    source: SourceText<'a>,
    rules: Rules,
    symbols: BTreeMap<String, usize>,
    slots: BTreeMap<String, usize>,
    categories: Vec<String>,
    /// How many of the categories have productions: they come first.
    made: usize,
    warnings: Vec<Problem>,
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
    /// The symbol of the category called `name`, which is made where there is none.
    fn known(&mut self, name: &str) -> usize {
        if let Some(&symbol) = self.symbols.get(name) {
            return symbol;
        }
        let symbol = self.rules.symbol();
        self.symbols.insert(name.to_owned(), symbol);
        self.categories.push(name.to_owned());
        symbol
    }

    /// What is wrong with a category that no production makes.
    fn unmade(&self, category: &Category) -> Problem {
        let known = self.categories[..self.made].iter().map(String::as_str);
        let near = near_matches(&category.name, known.clone());
        let hint = if near.is_empty() && self.made > SHOWN {
            "write a production for it, or take it out".to_owned()
        } else {
            suggest(&category.name, known, "categories with productions are").unwrap_or_default()
        };
        let message = format!("no production makes `{}`", category.name);
        Problem::at(self.source.origin, self.source.text, category.span.clone(), message, hint)
    }

    fn start(&mut self, grammar: &Source) -> Result<()> {
        // Without a directive the start is what the first production makes, whole.
        let first = grammar.productions.first().map(|production| &production.left);
        if let Some(start) = grammar.start.as_ref().or(first) {
            let Some(&symbol) = self.symbols.get(&start.name) else {
                return Err(Error::Invalid(Box::new(self.unmade(start))));
            };
            self.rules.start = symbol;
            let mut variables = Variables::default();
            self.rules.start_features = self.features(&start.features, &mut variables);
            self.rules.start_variables = variables.count as usize;
        }
        Ok(())
    }

    fn add(&mut self, production: &reader::Production) {
        let mut variables = Variables::default();
        let mut head = self.features(&production.left.features, &mut variables);
        head.sort_by_key(|(name, _)| *name);
        let mut body = Vec::new();
        for (at, part) in production.right.iter().enumerate() {
            let item = match part {
                Part::Terminal(text) => Item::Text(self.rules.piece(text, true)),
                Part::Category(category) => {
                    let unknown = !self.symbols.contains_key(&category.name);
                    if unknown && self.warnings.len() < SHOWN {
                        self.warnings.push(self.unmade(category));
                    }
                    let symbol = self.known(&category.name);
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
        let symbol = self.known(&production.left.name);
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
    }

    /// The slot that a category of this name labels.
    fn slot(&mut self, name: &str) -> Option<usize> {
        let (slot, category) = name.rsplit_once('_')?;
        if slot.is_empty() || category.is_empty() {
            return None;
        }
        if let Some(&known) = self.slots.get(slot) {
            return Some(known);
        }
        self.rules.slots.push(slot.to_owned());
        self.slots.insert(slot.to_owned(), self.rules.slots.len() - 1);
        Some(self.rules.slots.len() - 1)
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
            Ast::Gathered { kind, joined, parts } => {
                self.rules.gathers = true;
                let parts = parts.iter().map(|part| self.term(part, variables)).collect();
                Term::Gathered(Gathered { kind: *kind, joined: *joined, parts })
            }
            Ast::Anything => Term::Var(variables.fresh()),
        }
    }
}
