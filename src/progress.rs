//! How long work reports itself. The library never prints: it calls a [`Progress`], and the program that uses it draws.

/// What one step of a stage counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Things: stimuli, layers, permutations.
    Items,
    /// Bytes of a download.
    Bytes,
}

/// Something that is told how far a stage has come. One stage runs at a time.
pub trait Progress: Sync {
    /// A stage begins; `total` is how many steps it will take.
    fn begin(&self, label: &str, total: u64, unit: Unit);
    /// `steps` more are done; may be called from any thread.
    fn advance(&self, steps: u64);
    /// The stage is over.
    fn end(&self);
    /// Something the user should know.
    fn note(&self, message: &str);
    /// Something that only those who ask for more want to know.
    fn detail(&self, _message: &str) {}
    /// Something that may spoil the result, and does not stop the work.
    fn warn(&self, message: &str) {
        self.note(message);
    }
    /// Results that are not what was written: said to those who want silence, too.
    fn alarm(&self, message: &str) {
        self.warn(message);
    }
}

/// A [`Progress`] that says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _label: &str, _total: u64, _unit: Unit) {}
    fn advance(&self, _steps: u64) {}
    fn end(&self) {}
    fn note(&self, _message: &str) {}
}
