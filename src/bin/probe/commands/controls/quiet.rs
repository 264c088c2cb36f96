//! Work that is a part of another: how far it has come is shown, and what it says is in its own record.

use mlem_probe::progress::{Progress, Unit};

/// Shows how far work has come, and says nothing.
pub struct Quiet<'a>(pub &'a dyn Progress);

impl Progress for Quiet<'_> {
    fn begin(&self, label: &str, total: u64, unit: Unit) {
        self.0.begin(label, total, unit);
    }

    fn advance(&self, steps: u64) {
        self.0.advance(steps);
    }

    fn end(&self) {
        self.0.end();
    }

    fn note(&self, message: &str) {
        self.0.detail(message);
    }

    fn detail(&self, message: &str) {
        self.0.detail(message);
    }

    fn warn(&self, message: &str) {
        self.0.detail(message);
    }

    fn alarm(&self, message: &str) {
        self.0.alarm(message);
    }
}
