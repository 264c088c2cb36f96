//! Work without the interpreter's lock: a thread of a pool does it, and the thread that called waits, tells of progress, and
//! answers Ctrl-C.
//!
//! When the caller does not wait any longer, because of a signal or of an exception in what it was told, the work ends at its next
//! word of progress, and its result is dropped.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mlem_probe::progress::{Progress, Unit};
use pyo3::prelude::*;

use crate::failure::Result;
use crate::{errors, pools};

/// How long a signal and a word of progress wait at most.
const TICK: Duration = Duration::from_millis(50);

/// Does `job` on `threads` threads, and tells `report`, a Python function of a list of `(kind, text, number)`, what it says.
///
/// # Errors
///
/// What `job` fails with, as an exception; `KeyboardInterrupt`; whatever `report` raises.
pub fn work<T: Send + 'static>(
    py: Python<'_>,
    threads: Option<usize>,
    report: Option<&Py<PyAny>>,
    job: impl FnOnce(&dyn Progress) -> Result<T> + Send + 'static,
) -> PyResult<T> {
    let pool = errors::given(py, pools::of(threads))?;
    let desk = Arc::new(Desk::default());
    let at_work = Arc::clone(&desk);
    pool.spawn(move || {
        let outcome = catch_unwind(AssertUnwindSafe(|| job(&at_work.words)));
        *locked(&at_work.outcome) = Some(outcome);
        at_work.ready.notify_all();
    });
    let told = || -> PyResult<_> {
        loop {
            let outcome = py.detach(|| desk.wait());
            let said = mem::take(&mut *locked(&desk.words.said));
            if let Some(report) = report.filter(|_| !said.is_empty()) {
                report.call1(py, (said,))?;
            }
            py.check_signals()?;
            if let Some(outcome) = outcome {
                return Ok(outcome);
            }
        }
    };
    let outcome = told().inspect_err(|_| desk.words.unwanted.store(true, Ordering::Relaxed))?;
    match outcome {
        Ok(result) => errors::given(py, result),
        Err(panic) => Err(errors::internal(py, &said_in(&*panic))),
    }
}

/// What the two threads share.
struct Desk<T> {
    words: Words,
    outcome: Mutex<Option<std::thread::Result<T>>>,
    ready: Condvar,
}

impl<T> Default for Desk<T> {
    fn default() -> Self {
        Self { words: Words::default(), outcome: Mutex::default(), ready: Condvar::new() }
    }
}

impl<T> Desk<T> {
    /// Waits for the outcome, but no longer than a tick.
    fn wait(&self) -> Option<std::thread::Result<T>> {
        let waiting = self.ready.wait_timeout_while(locked(&self.outcome), TICK, |outcome| outcome.is_none());
        waiting.unwrap_or_else(PoisonError::into_inner).0.take()
    }
}

/// What the work says, until the caller hears it.
#[derive(Default)]
struct Words {
    said: Mutex<Vec<(&'static str, String, u64)>>,
    unwanted: AtomicBool,
}

/// What work ends with that nobody waits for.
struct Unwanted;

impl Words {
    fn add(&self, kind: &'static str, text: &str, number: u64) {
        if self.unwanted.load(Ordering::Relaxed) {
            // No panic: nobody is told of it.
            resume_unwind(Box::new(Unwanted));
        }
        let mut said = locked(&self.said);
        match said.last_mut() {
            Some((last, _, sum)) if kind == "advance" && *last == kind => *sum += number,
            _ => said.push((kind, text.to_owned(), number)),
        }
    }
}

impl Progress for Words {
    fn begin(&self, label: &str, total: u64, unit: Unit) {
        let kind = if unit == Unit::Bytes { "begin bytes" } else { "begin" };
        self.add(kind, label, total);
    }

    fn advance(&self, steps: u64) {
        self.add("advance", "", steps);
    }

    fn end(&self) {
        self.add("end", "", 0);
    }

    fn note(&self, message: &str) {
        self.add("note", message, 0);
    }

    fn detail(&self, message: &str) {
        self.add("detail", message, 0);
    }

    fn warn(&self, message: &str) {
        self.add("warn", message, 0);
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a panic said.
fn said_in(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "an unknown mistake".to_owned())
}
