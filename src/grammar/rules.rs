//! The one representation that both front doors compile to: symbols, rules, and words with feature structures.
//!
//! A rule's body is a small automaton: positions from left to right, arcs between them. A plain sequence has one arc
//! from each position to the next; an optional part is an arc around it; alternatives are arcs side by side.

use std::collections::BTreeMap;

use super::rewrite::Rewrite;
pub(super) use super::value::{Gathering, Identity, Value};

/// A value of a feature, interned in [`Rules::value`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Atom(pub u32);

/// Values that every grammar has, at places that tell which of them unify: true with 1, false with 0.
fn first_values() -> [Value; 4] {
    let integer = |digits: &str| Value::Integer(digits.to_owned());
    [Value::Bool(true), integer("1"), Value::Bool(false), integer("0")]
}

impl Atom {
    /// The one of the values that unify with this one which stands for all of them.
    pub(super) fn unified(self) -> Self {
        Self(if self.0 < 4 { self.0 & !1 } else { self.0 })
    }
}

/// The name of a feature, interned in [`Rules::names`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name(pub u32);

/// Part of a feature structure: a value, a variable of the rule, a structure sorted by name, or one that a variable stands for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    Atom(Atom),
    Var(u32),
    Structure(Vec<(Name, Term)>),
    Shared(u32, Box<Term>),
    /// A set or a tuple that is known once its variables are.
    Gathered(Gathered),
}

/// Values in one, where some are not known yet.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Gathered<P = Term> {
    pub kind: Gathering,
    /// Whether parts that are gathered in the same way give their items: `{?a+?b}`, not `{?a, ?b}`.
    pub joined: bool,
    pub parts: Vec<P>,
}

/// What an arc of a body consumes.
#[derive(Debug, Clone)]
pub(super) enum Item {
    /// Nothing: a way around an optional part.
    Skip,
    /// Words as they stand.
    Text(usize),
    /// Whatever `symbol` derives, if its features unify with `features`; labelled with a slot, if any.
    Call { symbol: usize, slot: Option<usize>, features: Vec<(Name, Term)>, space: bool },
}

/// An item between two positions; `to` is after the arc's own position.
#[derive(Debug, Clone)]
pub(super) struct Arc {
    pub item: Item,
    pub to: usize,
}

/// What variables of a rule must fulfil beyond unification. A test holds while one of its terms is unbound.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// The two are not the same value.
    Different(Term, Term),
    /// At most one of the pairs is a pair of the same value.
    AtMostOne(Vec<(Term, Term)>),
}

impl Test {
    /// Whether it holds where `known` tells what its terms are bound to.
    pub(super) fn holds(&self, known: impl Fn(&Term) -> Option<Atom>) -> bool {
        let same = |a: &Term, b: &Term| known(a).is_some_and(|a| Some(a) == known(b));
        match self {
            Self::Different(a, b) => !same(a, b),
            Self::AtMostOne(pairs) => pairs.iter().filter(|(a, b)| same(a, b)).count() <= 1,
        }
    }

    pub(super) fn variables(&self) -> Vec<u32> {
        let pairs: Vec<(&Term, &Term)> = match self {
            Self::Different(a, b) => vec![(a, b)],
            Self::AtMostOne(pairs) => pairs.iter().map(|(a, b)| (a, b)).collect(),
        };
        let mut variables = Vec::new();
        for (a, b) in pairs {
            a.variables(&mut variables);
            b.variables(&mut variables);
        }
        variables
    }
}

impl Term {
    fn rename(&mut self, name: &impl Fn(u32) -> u32) {
        match self {
            Self::Atom(_) => {}
            Self::Var(variable) => *variable = name(*variable),
            Self::Shared(variable, term) => {
                *variable = name(*variable);
                term.rename(name);
            }
            Self::Structure(features) => features.iter_mut().for_each(|(_, term)| term.rename(name)),
            Self::Gathered(gathered) => gathered.parts.iter_mut().for_each(|term| term.rename(name)),
        }
    }

    pub(super) fn variables(&self, into: &mut Vec<u32>) {
        match self {
            Self::Atom(_) => {}
            Self::Var(variable) => into.push(*variable),
            Self::Shared(variable, term) => {
                into.push(*variable);
                term.variables(into);
            }
            Self::Structure(features) => {
                for (_, term) in features {
                    term.variables(into);
                }
            }
            Self::Gathered(gathered) => gathered.parts.iter().for_each(|term| term.variables(into)),
        }
    }
}

/// One way to make a symbol.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    /// The features that whoever calls the symbol sees.
    pub head: Term,
    /// For each position but the last, the arcs that leave it.
    pub body: Vec<Vec<Arc>>,
    pub tests: Vec<Test>,
    /// Tests that only finished derivations are held against ([`super::sieve`]).
    pub sieved: Vec<Test>,
    pub n_variables: usize,
    /// For messages: `template 2`, `line 14`.
    pub label: String,
    /// Whether the sentence starts with a capital.
    pub capitalize: bool,
}

impl Rule {
    /// The rule with its variables renamed, which makes those one that get one name.
    pub(super) fn renamed(&self, name: impl Fn(u32) -> u32) -> Self {
        let mut renamed = self.clone();
        renamed.head.rename(&name);
        for arc in renamed.body.iter_mut().flatten() {
            if let Item::Call { features, .. } = &mut arc.item {
                for (_, term) in features {
                    term.rename(&name);
                }
            }
        }
        for test in &mut renamed.tests {
            let pairs = match test {
                Test::Different(a, b) => vec![(a, b)],
                Test::AtMostOne(pairs) => pairs.iter_mut().map(|(a, b)| (a, b)).collect(),
            };
            for (a, b) in pairs {
                a.rename(&name);
                b.rename(&name);
            }
        }
        renamed
    }

    /// Asks of no part what nothing else depends on: features whose variable stands nowhere else.
    pub(super) fn drop_lone_variables(&mut self) {
        let mut standing = Vec::new();
        self.head.variables(&mut standing);
        for arc in self.body.iter().flatten() {
            if let Item::Call { features, .. } = &arc.item {
                for (_, term) in features {
                    term.variables(&mut standing);
                }
            }
        }
        standing.extend(self.tests.iter().flat_map(Test::variables));
        let mut times = vec![0usize; self.n_variables];
        for variable in standing {
            times[variable as usize] += 1;
        }
        for arc in self.body.iter_mut().flatten() {
            if let Item::Call { features, .. } = &mut arc.item {
                features.retain(
                    |(_, term)| !matches!(term, Term::Var(variable) if times[*variable as usize] == 1),
                );
            }
        }
    }
}

/// A piece of text, and whether a space stands before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub text: String,
    pub space: bool,
    pub n_chars: u32,
    pub n_words: u32,
}

impl Piece {
    pub(super) fn new(text: &str, space: bool) -> Self {
        Self {
            text: text.to_owned(),
            space,
            n_chars: text.chars().count() as u32,
            n_words: text.split_whitespace().filter(|word| word.chars().any(char::is_alphanumeric)).count()
                as u32,
        }
    }
}

/// A grammar, compiled.
#[derive(Debug, Clone)]
pub(super) struct Rules {
    /// The rules of each symbol, as indices of `all`.
    pub symbols: Vec<Vec<usize>>,
    pub all: Vec<Rule>,
    pub start: usize,
    /// What a derivation of the start symbol must unify with.
    pub start_features: Vec<(Name, Term)>,
    pub start_variables: usize,
    pub pieces: Vec<Piece>,
    pub slots: Vec<String>,
    /// What becomes of neighbouring words of a finished sentence.
    pub rewrites: Vec<Rewrite>,
    pub names: Interner,
    /// Whether some rule gathers values that are not known before it ends.
    pub gathers: bool,
    values: Vec<Value>,
    value_ids: BTreeMap<Identity, u32>,
}

impl Default for Rules {
    fn default() -> Self {
        let values = first_values().to_vec();
        Self {
            symbols: Vec::new(),
            all: Vec::new(),
            start: 0,
            start_features: Vec::new(),
            start_variables: 0,
            pieces: Vec::new(),
            slots: Vec::new(),
            rewrites: Vec::new(),
            names: Interner::default(),
            gathers: false,
            value_ids: (0..).zip(&values).map(|(id, value)| (value.identity(), id)).collect(),
            values,
        }
    }
}

impl Rules {
    /// The atom of `value`, where there is one.
    pub(super) fn known(&self, value: &Value) -> Option<Atom> {
        self.value_ids.get(&value.identity()).copied().map(Atom)
    }

    pub(super) fn atom(&mut self, value: Value) -> Atom {
        let next = self.values.len() as u32;
        let id = *self.value_ids.entry(value.identity()).or_insert(next);
        if id == next {
            self.values.push(value);
        }
        Atom(id)
    }

    pub(super) fn value(&self, atom: Atom) -> &Value {
        &self.values[atom.0 as usize]
    }

    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    pub(super) fn name(&mut self, name: &str) -> Name {
        Name(self.names.intern(name))
    }

    pub(super) fn piece(&mut self, text: &str, space: bool) -> usize {
        self.pieces.push(Piece::new(text, space));
        self.pieces.len() - 1
    }

    /// Whether some rule has tests beyond unification.
    pub(super) fn has_tests(&self) -> bool {
        self.all.iter().any(|rule| !rule.tests.is_empty())
    }

    pub(super) fn symbol(&mut self) -> usize {
        self.symbols.push(Vec::new());
        self.symbols.len() - 1
    }

    pub(super) fn add(&mut self, symbol: usize, rule: Rule) -> usize {
        self.all.push(rule);
        self.symbols[symbol].push(self.all.len() - 1);
        self.all.len() - 1
    }
}

/// Strings numbered in the order of their first appearance.
#[derive(Debug, Clone, Default)]
pub(super) struct Interner {
    texts: Vec<String>,
    ids: BTreeMap<String, u32>,
}

impl Interner {
    pub(super) fn intern(&mut self, text: &str) -> u32 {
        if let Some(&id) = self.ids.get(text) {
            return id;
        }
        let id = self.texts.len() as u32;
        self.texts.push(text.to_owned());
        self.ids.insert(text.to_owned(), id);
        id
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    pub(super) fn text(&self, name: Name) -> &str {
        &self.texts[name.0 as usize]
    }

    pub(super) fn get(&self, text: &str) -> Option<Name> {
        self.ids.get(text).copied().map(Name)
    }
}
