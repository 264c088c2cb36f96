//! A plan becomes its cells, in the order of the plan: the last option turns fastest, the grammar slowest.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::path::Path;

use super::error::{Error, Result};
use super::key::{Contents, Identity};
use super::plan::{Plan, PlannedModel, Value, slug};
use super::program::{Complaint, Program};
use crate::{grammar, hub, text};

/// How many digits of a key are shown, and name a folder.
pub const SHOWN: usize = 12;

/// How many combinations a grid is made of at the most, those that are excluded too.
const MOST: usize = 100_000;
/// How much of the name of a grammar or a model is in that of a folder, in bytes.
const NAMED: usize = 60;

/// The option that says how deep the trees of a grammar may be.
const DEPTH: &str = "depth";
/// The option that makes another model of the same one, with no weights of its own.
pub(super) const UNTRAINED: &str = "untrained";

/// One run of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// Its place in the plan, from 0.
    pub index: usize,
    /// A hash of everything that decides its numbers (BLAKE3, hex).
    pub key: String,
    /// The source of its stimuli, as the plan has it.
    pub grammar: String,
    /// Its model, as the plan has it.
    pub model: String,
    /// Its revision, where one is named.
    pub revision: Option<String>,
    /// How token vectors become one.
    pub pooling: String,
    /// Each option that has a column, and its value.
    pub options: Vec<(String, String)>,
    /// The command line of the run, after the name of the program.
    pub words: Vec<String>,
    /// Its folder's name.
    pub folder: String,
}

impl Cell {
    /// As much of the key as is shown.
    #[must_use]
    pub fn short_key(&self) -> &str {
        &self.key[..SHOWN]
    }

    /// What it is, in a line.
    #[must_use]
    pub fn label(&self) -> String {
        let revision = self.revision.as_ref().map(|revision| format!("@{revision}")).unwrap_or_default();
        let mut label = format!("{} × {}{revision} × {}", self.grammar, self.model, self.pooling);
        for (name, value) in &self.options {
            let _ = write!(label, " × {name}={value}");
        }
        label
    }

    /// Its values on the axes that have columns: grammar, model, revision, pooling, and the options of [`Grid::options`].
    #[must_use]
    pub fn coordinates(&self) -> Vec<&str> {
        let revision = self.revision.as_deref().unwrap_or_default();
        let first = [self.grammar.as_str(), &self.model, revision, &self.pooling];
        first.into_iter().chain(self.options.iter().map(|(_, value)| value.as_str())).collect()
    }
}

/// The cells of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// The cells, in the order of the plan.
    pub cells: Vec<Cell>,
    /// The options that have a column: those that the plan gives as a list.
    pub options: Vec<String>,
}

impl Grid {
    /// The cells of `plan`; reads its grammars, its tables of stimuli and the folders of its models, and asks nothing of the
    /// network.
    ///
    /// # Errors
    ///
    /// What the plan names and is not there, with its place; [`Error::Cell`] for options that do not go together;
    /// [`Error::Twice`] for two cells that are the same run; [`Error::Empty`].
    pub fn of(plan: &Plan, program: &dyn Program) -> Result<Self> {
        let options = plan.options.iter().filter(|option| option.is_axis).map(|option| option.name.clone());
        let mut grid = Self { cells: Vec::new(), options: options.collect() };
        let n_chosen = plan.options.iter().map(|option| option.values.len()).try_fold(1, usize::checked_mul);
        let n_models: usize = plan.models.iter().map(|model| model.revisions.len().max(1)).sum();
        let others = [plan.grammars.len(), n_models, plan.poolings.len()];
        let all = n_chosen.and_then(|chosen| others.into_iter().try_fold(chosen, usize::checked_mul));
        let (Some(n_chosen), Some(0..=MOST)) = (n_chosen, all) else {
            return Err(Error::TooMany {
                plan: plan.origin.clone(),
                combinations: all.map(|all| text::count(all as u128)),
                most: text::count(MOST as u128),
            });
        };
        let mut contents = Contents::default();
        let mut by_key: BTreeMap<String, usize> = BTreeMap::new();
        for grammar in &plan.grammars {
            for PlannedModel { name: model, revisions } in &plan.models {
                let named: Vec<Option<&Value>> =
                    if revisions.is_empty() { vec![None] } else { revisions.iter().map(Some).collect() };
                for revision in named {
                    for pooling in &plan.poolings {
                        for chosen in combinations(plan, n_chosen) {
                            let of = Place { plan, grammar, model, revision, pooling, options: &chosen };
                            if !of.is_excluded() {
                                let cell = of.cell(grid.cells.len(), program, &mut contents)?;
                                if let Some(twin) = by_key.insert(cell.key.clone(), cell.index) {
                                    let (a, b) = (twin + 1, cell.index + 1);
                                    return Err(Error::Twice {
                                        plan: plan.origin.clone(),
                                        a,
                                        b,
                                        what: cell.label(),
                                    });
                                }
                                grid.cells.push(cell);
                            }
                        }
                    }
                }
            }
        }
        if grid.cells.is_empty() {
            return Err(Error::Empty { plan: plan.origin.clone() });
        }
        Ok(grid)
    }

    /// The names of the columns that say which cell a row is of.
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        let first = ["grammar", "model", "revision", "pooling"].map(str::to_owned);
        first.into_iter().chain(self.options.iter().cloned()).collect()
    }

    /// The cells whose keys begin with one of `keys`, in the order of the plan.
    ///
    /// # Errors
    ///
    /// [`Error::Key`] where a key begins none, or more than one.
    pub fn named<'a>(&'a self, keys: &[String], plan: &Plan) -> Result<Vec<&'a Cell>> {
        let mut found: Vec<&Cell> = Vec::new();
        for key in keys {
            let fits = |cell: &&Cell| !key.is_empty() && cell.key.starts_with(&key.to_lowercase());
            let fitting: Vec<&Cell> = self.cells.iter().filter(fits).collect();
            let [cell] = fitting.as_slice() else {
                let (plan, key) = (plan.origin.clone(), key.clone());
                return Err(Error::Key { plan, key, cells: fitting.len() });
            };
            found.push(cell);
        }
        found.sort_by_key(|cell| cell.index);
        found.dedup_by_key(|cell| cell.index);
        Ok(found)
    }
}

/// Every choice of one value of each option, of which there are `n`, the last option turning fastest.
fn combinations(plan: &Plan, n: usize) -> impl Iterator<Item = Vec<&Value>> {
    (0..n).map(|index| {
        let mut rest = index;
        let mut chosen: Vec<&Value> = plan
            .options
            .iter()
            .rev()
            .map(|option| {
                let value = &option.values[rest % option.values.len()];
                rest /= option.values.len();
                value
            })
            .collect();
        chosen.reverse();
        chosen
    })
}

/// A place in the grid.
struct Place<'a> {
    plan: &'a Plan,
    grammar: &'a Value,
    model: &'a Value,
    revision: Option<&'a Value>,
    pooling: &'a Value,
    /// One value for each option of the plan.
    options: &'a [&'a Value],
}

impl Place<'_> {
    fn is_excluded(&self) -> bool {
        self.plan.exclude.iter().any(|exclude| {
            exclude.holds(|axis| match axis {
                "grammar" => Some(self.grammar.text.as_str()),
                "model" => Some(self.model.text.as_str()),
                "revision" => Some(self.revision.map_or("", |revision| revision.text.as_str())),
                "pooling" => Some(self.pooling.text.as_str()),
                option => {
                    let at = self.plan.options.iter().position(|other| other.name == option)?;
                    self.options.get(at).map(|value| value.text.as_str())
                }
            })
        })
    }

    fn cell(&self, index: usize, program: &dyn Program, contents: &mut Contents) -> Result<Cell> {
        let Self { plan, grammar, model, revision, pooling, options } = *self;
        let values = [Some(grammar), Some(model), revision, Some(pooling)].into_iter().flatten();
        let mut words = vec!["run".to_owned()];
        for value in values.chain(options.iter().copied()) {
            words.extend(value.words.iter().cloned());
        }
        let axes = plan.options.iter().zip(options).filter(|(option, _)| option.is_axis);
        let mut cell = Cell {
            index,
            key: String::new(),
            grammar: grammar.text.clone(),
            model: model.text.clone(),
            revision: revision.map(|revision| revision.text.clone()),
            pooling: pooling.text.clone(),
            options: axes.map(|(option, value)| (option.name.clone(), value.text.clone())).collect(),
            folder: String::new(),
            words,
        };
        let settings = program.settings(&cell.words).map_err(|Complaint { message, hint }| Error::Cell {
            plan: plan.origin.clone(),
            cell: format!("{} ({})", index + 1, cell.label()),
            message,
            hint,
        })?;
        let depth = settings.get(DEPTH).and_then(|depth| depth.first()).and_then(|depth| depth.parse().ok());
        let source = grammar.words.first().map_or("", String::as_str);
        let name = model.words.first().and_then(|word| word.split_once('=')).map_or("", |(_, name)| name);
        let identity = Identity {
            version: program.version(),
            stimuli: contents.stimuli(source, depth).map_err(|error| placed(plan, grammar, error))?,
            model: contents
                .model(name, cell.revision.as_deref(), !settings.contains_key(UNTRAINED))
                .map_err(|error| match (&error, revision) {
                    (Error::Hub(hub::Error::NoRevision { .. }), Some(revision)) => {
                        placed(plan, revision, error)
                    }
                    _ => placed(plan, model, error),
                })?,
            revision: cell.revision.as_deref(),
            settings: &settings,
        };
        cell.key = identity.key();
        let revision = cell.revision.as_ref().map(|revision| format!("@{revision}")).unwrap_or_default();
        let stem = |name: &str| Path::new(name).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let last = |name: &str| Path::new(name).file_name().map(|name| name.to_string_lossy().into_owned());
        let (source, name) = (stem(&cell.grammar).unwrap_or_default(), last(&cell.model).unwrap_or_default());
        // A name that is too long for a file system makes no folder; the key tells cells apart.
        let [source, name, revision] = [&source, &name, &revision].map(|name| beginning(name));
        cell.folder = slug(&format!("{source}-{name}{revision}-{}", cell.short_key()));
        Ok(cell)
    }
}

/// The whole characters of `name` within its first [`NAMED`] bytes.
fn beginning(name: &str) -> &str {
    let ends = name.char_indices().map(|(start, c)| start + c.len_utf8());
    &name[..ends.take_while(|&end| end <= NAMED).last().unwrap_or(0)]
}

/// An error about what `value` names, with its place in the plan; a mistake in a file that it names has one there.
fn placed(plan: &Plan, value: &Value, error: Error) -> Error {
    match error {
        Error::Grammar(grammar::Error::Invalid(_) | grammar::Error::Several { .. }) | Error::Invalid(_) => {
            error
        }
        error => {
            let hint = if is_not_there(&error) {
                Some("check the path; it is read from the folder of the plan".to_owned())
            } else {
                error.hint()
            };
            plan.complaint(value, error.to_string(), hint)
        }
    }
}

/// Whether `error` is that of a file that is not there.
fn is_not_there(error: &Error) -> bool {
    let system = std::error::Error::source(error).and_then(|source| source.downcast_ref::<io::Error>());
    system.is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
}

#[cfg(test)]
mod tests;
