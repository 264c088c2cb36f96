//! What a sweep has to know of the program whose runs it plans: its options, and how it reads them.

use std::collections::BTreeMap;

/// Every option that decides a number of a run, by its name, with its values as they are written: those that were given and
/// those that hold by default.
pub type Settings = BTreeMap<String, Vec<String>>;

/// What an option takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Nothing: it is there or not.
    Nothing,
    /// A value.
    Value,
    /// A value, or nothing for the one that is meant then.
    MaybeValue,
}

/// An option of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flag {
    /// Its long name, without dashes.
    pub name: String,
    /// What it takes.
    pub takes: Takes,
    /// Whether another value can change a number.
    pub decides: bool,
}

/// Why a command line cannot be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The program whose runs are the cells of a sweep.
pub trait Program {
    /// Its version: another one may give other numbers.
    fn version(&self) -> &str;

    /// The options that a plan may give under `[options]`.
    fn flags(&self) -> &[Flag];

    /// Reads the command line of a run, `words` being what follows the name of the program.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    fn settings(&self, words: &[String]) -> Result<Settings, Complaint>;
}
