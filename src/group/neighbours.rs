//! Which entries of an axis are neighbours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Error, Result, Warning};
use crate::files;
use crate::numeric::graph::Graph;

/// Which entries of an axis are neighbours.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Neighbours {
    /// Those that follow each other: layers, points of time. On two axes at once, on each that has such an order.
    #[default]
    InARow,
    /// Those of a list of pairs. On two axes at once, of entries of one of them (two channels), or of whole entries.
    Given {
        /// Where the list is from.
        path: PathBuf,
        /// The pairs.
        pairs: Vec<(String, String)>,
    },
}

impl Neighbours {
    /// Reads pairs of names: two a line, separated by a tab or a comma. Empty lines and lines that begin with `#` are none.
    ///
    /// # Errors
    ///
    /// [`Error::Files`], [`Error::NeighbourLine`].
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = files::read(path)?;
        let wrong =
            |line: usize, message: String| Error::NeighbourLine { path: path.to_owned(), line, message };
        let text = String::from_utf8(bytes).map_err(|error| {
            let before = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]);
            wrong(1 + before.matches('\n').count(), "this is no UTF-8".to_owned())
        })?;
        let mut pairs = Vec::new();
        for (i, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            let names = names(line);
            let [a, b] = names.as_slice() else {
                let found = crate::text::counted(names.len() as u128, "name");
                return Err(wrong(i + 1, format!("{found} in a line that has two: {}", line.trim())));
            };
            if a.is_empty() || b.is_empty() {
                return Err(wrong(i + 1, "a name is empty".to_owned()));
            }
            pairs.push((a.clone(), b.clone()));
        }
        if pairs.is_empty() {
            return Err(wrong(1, "there is no pair of names".to_owned()));
        }
        Ok(Self::Given { path: path.to_owned(), pairs })
    }

    /// The graph of the entries called `names`, and what to know of it.
    pub(super) fn graph(&self, names: &[String]) -> Result<(Graph, Vec<Warning>)> {
        let Self::Given { path, pairs } = self else { return Ok((Graph::path(names.len(), 1), Vec::new())) };
        let at: BTreeMap<&String, usize> = names.iter().enumerate().map(|(at, name)| (name, at)).collect();
        let place = |name: &String| at.get(name).copied();
        let mut edges = Vec::new();
        let mut strangers: Vec<String> = Vec::new();
        for (i, (a, b)) in pairs.iter().enumerate() {
            match (place(a), place(b)) {
                (Some(a), Some(b)) => edges.push((a, b)),
                // A first line that names nothing is a header.
                (None, None) if i == 0 && pairs.len() > 1 => {}
                (found_a, found_b) => {
                    let unknown =
                        [(a, found_a), (b, found_b)].into_iter().filter(|(_, found)| found.is_none());
                    for (name, _) in unknown {
                        if !strangers.contains(name) {
                            strangers.push(name.clone());
                        }
                    }
                }
            }
        }
        if edges.is_empty() {
            return Err(Error::NoNeighbours { path: path.clone(), entries: names.to_vec() });
        }
        let graph = Graph::new(names.len(), &edges);
        let alone: Vec<String> =
            (0..names.len()).filter(|&i| graph.beside(i).is_empty()).map(|i| names[i].clone()).collect();
        let mut warnings = Vec::new();
        if !strangers.is_empty() {
            warnings.push(Warning::Strangers { names: strangers });
        }
        if !alone.is_empty() {
            warnings.push(Warning::Alone { names: alone, along: None });
        }
        Ok((graph, warnings))
    }
}

/// Where `name` is in `names`.
pub(super) fn place(names: &[String], name: &str) -> Option<usize> {
    names.iter().position(|other| other == name)
}

/// The names of a line, without the blanks around them; a comma in double quotes is of a name, and two such quotes are one.
fn names(line: &str) -> Vec<String> {
    let mark = if line.contains('\t') { '\t' } else { ',' };
    let (mut names, mut name, mut quoted) = (Vec::new(), String::new(), false);
    let mut rest = line.trim().chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => {
                name.push('"');
                rest.next();
            }
            '"' if quoted => quoted = false,
            '"' if name.trim().is_empty() => {
                name.clear();
                quoted = true;
            }
            c if c == mark && !quoted => names.push(std::mem::take(&mut name).trim().to_owned()),
            c => name.push(c),
        }
    }
    names.push(name.trim().to_owned());
    names
}
