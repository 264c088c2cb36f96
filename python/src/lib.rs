//! What Python calls of the library, and the program `probe` inside the wheel.
//!
//! It holds no logic. What a command does is the program's (`src/bin/probe`), whose files are compiled here a second time; what
//! a user of Python sees is the package's (`python/mlem_probe`). In between stands what neither can do: values cross, work runs
//! without the interpreter's lock and can be interrupted, and errors become exceptions.
//!
//! # Rooms, from the ground up
//!
//! | file | what it is |
//! | --- | --- |
//! | `errors`, `options` | failures become exceptions, keyword arguments become options |
//! | `folders`, `pools` | temporary folders and threads, which a fork or an exit must not spoil |
//! | `work` | the interpreter's thread waits, another works |
//! | `lent`, `frames` | arrays and columns |
//! | `stimuli`, `activations` | what is fitted |
//! | `runs`, `estimator`, `comparisons` | what comes of it |

mod activations;
mod comparisons;
mod errors;
mod estimator;
mod folders;
mod frames;
mod lent;
mod options;
mod pools;
mod runs;
mod stimuli;
mod work;

#[path = "../../src/bin/probe/args/mod.rs"]
mod args;
#[path = "../../src/bin/probe/command_line.rs"]
mod command_line;
#[path = "../../src/bin/probe/commands/mod.rs"]
mod commands;
#[path = "../../src/bin/probe/failure.rs"]
mod failure;
#[path = "../../src/bin/probe/printer.rs"]
mod printer;
#[path = "../../src/bin/probe/program.rs"]
mod program;
#[path = "../../src/bin/probe/signals.rs"]
mod signals;

use pyo3::prelude::*;

/// The extension module `mlem_probe._native`.
#[pymodule]
mod _native {
    use std::ffi::OsString;

    use pyo3::prelude::*;

    #[pymodule_export]
    use crate::activations::{Activations, layers_of};
    #[pymodule_export]
    use crate::comparisons::Comparison;
    #[pymodule_export]
    use crate::estimator::{Fitted, batch_size};
    #[pymodule_export]
    use crate::frames::Frame;
    #[pymodule_export]
    use crate::lent::Matrix;
    #[pymodule_export]
    use crate::runs::Run;
    #[pymodule_export]
    use crate::stimuli::Stimuli;

    /// Runs the program with `words`, its own name first, and gives the exit code. Once per process.
    #[pyfunction]
    fn main(py: Python<'_>, words: Vec<OsString>) -> u8 {
        crate::command_line::hand_over(words);
        py.detach(crate::program::run)
    }

    /// Removes what work that was given up has left on the disk, just before the process ends.
    #[pyfunction]
    fn tidy() {
        crate::folders::tidy();
    }

    /// The names of the bundled grammars.
    #[pyfunction]
    fn grammars() -> Vec<&'static str> {
        mlem_probe::grammar::bundled().iter().map(|bundled| bundled.name).collect()
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
