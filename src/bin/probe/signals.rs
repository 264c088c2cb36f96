//! Signals of the system that would end the program without a word.

/// A file that reaches the bound of `ulimit -f` is an error of the write, which says so and cleans up, and not the end of the program.
#[cfg(unix)]
#[expect(unsafe_code, reason = "to ignore a signal runs no code in a handler")]
pub fn tell_of_large_files() {
    use nix::sys::signal::{SigHandler, Signal, signal};
    // Where that cannot be, the signal ends the program as it would have anyway.
    let _ = unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) };
}

/// No other system has such a signal.
#[cfg(not(unix))]
pub fn tell_of_large_files() {}
