//! Unification of feature structures.
//!
//! A structure maps feature names to terms and is open: a feature it lacks is unconstrained, so that a past form without
//! a number agrees with any subject. Structures may share parts and may nest; both front doors use this one module.

use super::rules::{Atom, Gathered, Gathering, Name, Term};

/// Structures that nest deeper than this are not written down.
pub(super) const NESTING: usize = 256;

/// Terms in the middle of being unified; a term is an index of `cells`.
#[derive(Debug, Default)]
pub(super) struct Arena {
    cells: Vec<Cell>,
    overran: bool,
}

#[derive(Debug, Clone)]
enum Cell {
    Free,
    Atom(Atom),
    Link(usize),
    Structure(Vec<(Name, usize)>),
    Gathered(Gathered<usize>),
}

/// Terms written down so that two lists of terms are equal up to the names of their variables if and only if their keys
/// are equal. Sharing is part of it.
pub(super) type Key = Vec<u32>;

/// Which terms are written down already, numbered in that order.
struct Seen {
    /// By term; [`u32::MAX`] where it is not.
    numbers: Vec<u32>,
    next: u32,
}

const FREE: u32 = 0;
const ATOM: u32 = 1;
const STRUCTURE: u32 = 2;
const SHARED: u32 = 3;
const GATHERED: u32 = 4;

impl Arena {
    pub(super) fn clear(&mut self) {
        self.cells.clear();
    }

    /// Whether a structure nested deeper than [`NESTING`], and a key is cut short.
    pub(super) fn overran(&self) -> bool {
        self.overran
    }

    fn push(&mut self, cell: Cell) -> usize {
        self.cells.push(cell);
        self.cells.len() - 1
    }

    /// A new unbound term.
    pub(super) fn free(&mut self) -> usize {
        self.push(Cell::Free)
    }

    /// What stands for `term` and all that were made one with it.
    pub(super) fn find(&self, mut term: usize) -> usize {
        while let Cell::Link(next) = self.cells[term] {
            term = next;
        }
        term
    }

    /// The atom that `term` is bound to.
    pub(super) fn atom(&self, term: usize) -> Option<Atom> {
        match self.cells[self.find(term)] {
            Cell::Atom(atom) => Some(atom),
            _ => None,
        }
    }

    /// The parts of `term`, if it is a set or a tuple that is not known yet.
    pub(super) fn gathered(&self, term: usize) -> Option<&Gathered<usize>> {
        match &self.cells[self.find(term)] {
            Cell::Gathered(gathered) => Some(gathered),
            _ => None,
        }
    }

    /// Makes `atom` of `term`, whose parts are known now.
    pub(super) fn settle(&mut self, term: usize, atom: Atom) {
        let term = self.find(term);
        self.cells[term] = Cell::Atom(atom);
    }

    /// The features of `term`, if it is a structure.
    pub(super) fn structure(&self, term: usize) -> &[(Name, usize)] {
        match &self.cells[self.find(term)] {
            Cell::Structure(features) => features,
            _ => &[],
        }
    }

    /// The feature called `name` of `term`.
    pub(super) fn feature(&self, term: usize, name: Name) -> Option<usize> {
        let features = self.structure(term);
        features.binary_search_by_key(&name, |(name, _)| *name).ok().map(|at| features[at].1)
    }

    /// Builds `term`, whose variables are looked up in `variables` and made there when new.
    pub(super) fn build(&mut self, term: &Term, variables: &mut [Option<usize>]) -> usize {
        match term {
            Term::Atom(atom) => self.push(Cell::Atom(*atom)),
            Term::Var(variable) => {
                let index = *variable as usize;
                if let Some(bound) = variables[index] {
                    return bound;
                }
                let cell = self.free();
                variables[index] = Some(cell);
                cell
            }
            Term::Shared(variable, term) => {
                let cell = self.build(&Term::Var(*variable), variables);
                let structure = self.build(term, variables);
                // Nothing else binds the variable of a marked structure, so that the two always unify.
                self.unify(cell, structure);
                cell
            }
            Term::Structure(features) => {
                let features =
                    features.iter().map(|(name, term)| (*name, self.build(term, variables))).collect();
                self.push(Cell::Structure(features))
            }
            Term::Gathered(Gathered { kind, joined, parts }) => {
                let parts = parts.iter().map(|part| self.build(part, variables)).collect();
                self.push(Cell::Gathered(Gathered { kind: *kind, joined: *joined, parts }))
            }
        }
    }

    /// Makes `a` and `b` one term, or says that they clash (and leaves the arena unusable).
    pub(super) fn unify(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.find(a), self.find(b));
        if a == b {
            return true;
        }
        match (&self.cells[a], &self.cells[b]) {
            (Cell::Free, _) => self.cells[a] = Cell::Link(b),
            (_, Cell::Free) => self.cells[b] = Cell::Link(a),
            (Cell::Atom(x), Cell::Atom(y)) => return x.unified() == y.unified(),
            (Cell::Structure(_), Cell::Structure(_)) => {
                // Linked before its parts are unified, so that a structure inside itself comes to an end.
                let Cell::Structure(features) = std::mem::replace(&mut self.cells[a], Cell::Link(b)) else {
                    return false;
                };
                for (name, part) in features {
                    let whole = self.find(b);
                    let Cell::Structure(others) = &mut self.cells[whole] else { return false };
                    match others.binary_search_by_key(&name, |(name, _)| *name) {
                        Ok(at) => {
                            let other = others[at].1;
                            if !self.unify(part, other) {
                                return false;
                            }
                        }
                        Err(at) => others.insert(at, (name, part)),
                    }
                }
            }
            // What is gathered and not known yet equals nothing but itself.
            _ => return false,
        }
        true
    }

    /// Writes down `terms`.
    pub(super) fn encode(&mut self, terms: impl IntoIterator<Item = usize>) -> Key {
        let mut key = Key::new();
        let mut seen = Seen { numbers: vec![u32::MAX; self.cells.len()], next: 0 };
        for term in terms {
            self.encode_one(term, &mut key, &mut seen, 0);
        }
        key
    }

    fn encode_one(&mut self, term: usize, key: &mut Key, seen: &mut Seen, nesting: usize) {
        let term = self.find(term);
        if let Cell::Atom(atom) = self.cells[term] {
            key.extend([ATOM, atom.0]);
            return;
        }
        if seen.numbers[term] != u32::MAX {
            key.extend([SHARED, seen.numbers[term]]);
            return;
        }
        seen.numbers[term] = seen.next;
        seen.next += 1;
        if nesting > NESTING {
            self.overran = true;
            key.push(FREE);
        } else if let Cell::Structure(features) = &self.cells[term] {
            let features = features.clone();
            key.extend([STRUCTURE, features.len() as u32]);
            for (name, part) in features {
                key.push(name.0);
                self.encode_one(part, key, seen, nesting + 1);
            }
        } else if let Cell::Gathered(Gathered { kind, joined, parts }) = &self.cells[term] {
            let parts = parts.clone();
            let flags = u32::from(*kind == Gathering::Set) | u32::from(*joined) << 1;
            key.extend([GATHERED, flags, parts.len() as u32]);
            for part in parts {
                self.encode_one(part, key, seen, nesting + 1);
            }
        } else {
            key.push(FREE);
        }
    }

    /// Builds the terms that `key` writes down.
    pub(super) fn decode(&mut self, key: &[u32]) -> Vec<usize> {
        let mut seen = Vec::new();
        let mut rest = key.iter().copied();
        let mut terms = Vec::new();
        while let Some(tag) = rest.next() {
            terms.push(self.decode_one(tag, &mut rest, &mut seen));
        }
        terms
    }

    fn decode_one(&mut self, tag: u32, rest: &mut impl Iterator<Item = u32>, seen: &mut Vec<usize>) -> usize {
        // A key is written by `encode` alone, so what each tag announces is there.
        let mut next = || rest.next().unwrap_or_default();
        match tag {
            ATOM => {
                let atom = Atom(next());
                self.push(Cell::Atom(atom))
            }
            SHARED => seen[next() as usize],
            STRUCTURE => {
                let count = next();
                let cell = self.push(Cell::Structure(Vec::new()));
                seen.push(cell);
                let mut features = Vec::with_capacity(count as usize);
                for _ in 0..count {
                    let name = Name(rest.next().unwrap_or_default());
                    let tag = rest.next().unwrap_or_default();
                    features.push((name, self.decode_one(tag, rest, seen)));
                }
                self.cells[cell] = Cell::Structure(features);
                cell
            }
            GATHERED => {
                let (flags, count) = (next(), next());
                let cell = self.free();
                seen.push(cell);
                let mut parts = Vec::with_capacity(count as usize);
                for _ in 0..count {
                    let tag = rest.next().unwrap_or_default();
                    parts.push(self.decode_one(tag, rest, seen));
                }
                let kind = if flags & 1 == 1 { Gathering::Set } else { Gathering::Tuple };
                self.cells[cell] = Cell::Gathered(Gathered { kind, joined: flags & 2 == 2, parts });
                cell
            }
            _ => {
                let cell = self.free();
                seen.push(cell);
                cell
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn atom(id: u32) -> Term {
        Term::Atom(Atom(id))
    }

    fn structure(features: &[(u32, Term)]) -> Term {
        Term::Structure(features.iter().map(|(name, term)| (Name(*name), term.clone())).collect())
    }

    /// The key of the unification of two terms over three shared variables.
    fn unified(a: &Term, b: &Term) -> Option<Key> {
        let mut arena = Arena::default();
        let mut variables = [None; 3];
        let (a, b) = (arena.build(a, &mut variables), arena.build(b, &mut variables));
        arena.unify(a, b).then(|| arena.encode([a]))
    }

    #[test]
    fn structures_merge_and_atoms_clash() {
        let number = structure(&[(0, atom(1))]);
        let person = structure(&[(1, atom(3))]);
        let both = structure(&[(0, atom(1)), (1, atom(3))]);
        assert_eq!(unified(&number, &person), unified(&both, &both));
        assert_eq!(unified(&number, &structure(&[(0, atom(2))])), None);
        assert_eq!(unified(&number, &atom(1)), None);
    }

    #[test]
    fn a_shared_variable_carries_a_value_from_one_place_to_another() {
        let shared = structure(&[(0, Term::Var(0)), (1, Term::Var(0))]);
        let one = structure(&[(0, atom(1))]);
        let both = structure(&[(0, atom(1)), (1, atom(1))]);
        assert_eq!(unified(&shared, &one), unified(&both, &both));
        assert_eq!(unified(&shared, &structure(&[(0, atom(1)), (1, atom(2))])), None);
    }

    #[test]
    fn a_key_tells_sharing_from_equal_names_and_decodes_to_itself() {
        let shared = structure(&[(0, Term::Var(0)), (1, Term::Var(0))]);
        let apart = structure(&[(0, Term::Var(0)), (1, Term::Var(1))]);
        let renamed = structure(&[(0, Term::Var(2)), (1, Term::Var(2))]);
        let key = |term: &Term| unified(term, term).unwrap();
        assert_ne!(key(&shared), key(&apart));
        assert_eq!(key(&shared), key(&renamed));
        let mut arena = Arena::default();
        let terms = arena.decode(&key(&shared));
        assert_eq!(arena.encode(terms), key(&shared));
    }

    #[test]
    fn a_structure_inside_itself_comes_to_an_end() {
        let mut arena = Arena::default();
        let mut variables = [None; 1];
        let outer = arena.build(&structure(&[(0, Term::Var(0))]), &mut variables);
        let inner = variables[0].unwrap();
        assert!(arena.unify(inner, outer));
        assert!(arena.unify(outer, inner));
        assert!(!arena.encode([outer]).is_empty());
    }
}
