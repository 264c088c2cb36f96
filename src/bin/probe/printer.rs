//! Everything a user sees: results on stdout, talk and progress on stderr.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use mlem_probe::progress::{Progress, Unit};
use mlem_probe::text;

use crate::args::Talk;
use crate::failure::{Failure, Result};

/// Writes what a command has to say.
pub struct Printer {
    quiet: bool,
    verbose: bool,
    json: bool,
    bar: Mutex<Option<(ProgressBar, String, Instant)>>,
}

impl Printer {
    /// A printer that is as talkative as `talk` asks.
    pub fn new(talk: &Talk) -> Self {
        Self { quiet: talk.quiet, verbose: talk.verbose > 0, json: talk.json, bar: Mutex::new(None) }
    }

    /// The printer of a part of the work, which says what it does only to those who ask for more.
    pub fn of_a_part(&self) -> Self {
        Self {
            quiet: self.quiet || !self.verbose,
            verbose: self.verbose,
            json: self.json,
            bar: Mutex::new(None),
        }
    }

    /// Whether more is to be said than usual.
    pub fn is_verbose(&self) -> bool {
        self.verbose && !self.quiet
    }

    /// Whether results are wanted as JSON.
    pub fn json(&self) -> bool {
        self.json
    }

    /// Whether stdout takes colour: a terminal, and the user has not said `NO_COLOR`.
    pub fn color() -> bool {
        io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
    }

    /// How many columns stdout has: the terminal's, or `None` where there is no terminal.
    pub fn width() -> Option<usize> {
        if !io::stdout().is_terminal() {
            return None;
        }
        let from_environment = std::env::var("COLUMNS").ok().and_then(|value| value.parse().ok());
        from_environment
            .or_else(|| console::Term::stdout().size_checked().map(|(_rows, columns)| columns as usize))
    }

    /// A result for people, to stdout. Nothing that comes from a file steers their terminal.
    pub fn result(text: impl AsRef<str>) -> Result<()> {
        Self::data(text::message(text.as_ref()))
    }

    /// A result as it is, to stdout: for programs, and for who draws in colours and has made visible what is not drawn.
    pub fn data(bytes: impl AsRef<[u8]>) -> Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(bytes.as_ref()).and_then(|()| out.flush()).map_err(Failure::Stdout)
    }

    /// A result as JSON, to stdout.
    pub fn result_json(value: &serde_json::Value) -> Result<()> {
        Self::data(text::inert_json(&format!("{value:#}\n")))
    }

    /// What is being done, to stderr.
    pub fn say(&self, message: &str) {
        if !self.quiet {
            self.above_bar(&text::brief(message));
        }
    }

    fn above_bar(&self, message: &str) {
        match self.bar.lock() {
            Ok(guard) => match &*guard {
                Some((bar, ..)) => bar.suspend(|| to_stderr(message)),
                None => to_stderr(message),
            },
            Err(_) => to_stderr(message),
        }
    }
}

impl Progress for Printer {
    fn begin(&self, label: &str, total: u64, unit: Unit) {
        if self.quiet {
            return;
        }
        let template = match unit {
            Unit::Items => "{msg:>12} [{bar:32}] {human_pos}/{human_len} {per_sec:>9} eta {eta}",
            Unit::Bytes => "{msg:>12} [{bar:32}] {bytes}/{total_bytes} {bytes_per_sec} eta {eta}",
        };
        // On anything but a terminal indicatif draws nothing; the line that ends a stage is there all the same.
        let bar = ProgressBar::new(total).with_message(text::message(label));
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars("━╸ "));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        if let Ok(mut guard) = self.bar.lock() {
            *guard = Some((bar, text::message(label), Instant::now()));
        }
    }

    fn advance(&self, steps: u64) {
        if let Ok(guard) = self.bar.lock()
            && let Some((bar, ..)) = &*guard
        {
            bar.inc(steps);
        }
    }

    fn end(&self) {
        if let Ok(mut guard) = self.bar.lock()
            && let Some((bar, label, started)) = guard.take()
        {
            bar.finish_and_clear();
            if self.verbose {
                to_stderr(&format!("{label:>12} {:.2} s", started.elapsed().as_secs_f64()));
            }
        }
    }

    fn note(&self, message: &str) {
        self.say(message);
    }

    fn alarm(&self, message: &str) {
        self.above_bar(&format!("{} {}", paint("warning:", "1;33"), text::brief(message)));
    }

    fn detail(&self, message: &str) {
        if self.is_verbose() {
            self.above_bar(&text::brief(message));
        }
    }

    fn warn(&self, message: &str) {
        if !self.quiet {
            self.alarm(message);
        }
    }
}

/// Says why the command failed and what to do, and gives the exit code. A reader that went away is no failure.
pub fn fail(failure: &Failure) -> ExitCode {
    if let Failure::Stdout(error) = failure
        && error.kind() == io::ErrorKind::BrokenPipe
    {
        return ExitCode::SUCCESS;
    }
    to_stderr(&format!("{} {}", paint("error:", "1;31"), text::brief(&failure.message())));
    if let Some(hint) = failure.hint().filter(|hint| !hint.is_empty()) {
        to_stderr(&format!("{} {}", paint("hint:", "1;36"), text::brief(&hint)));
    }
    ExitCode::from(failure.code())
}

/// Removes half-written files when the user presses Ctrl-C; complete ones stay, and a rerun picks them up.
pub fn clean_up_on_interrupt() {
    // Without a handler Ctrl-C still works, it only may leave a `.part` file behind.
    let _ = ctrlc::set_handler(|| {
        mlem_probe::files::remove_temporaries();
        to_stderr("interrupted: no half file is left, and a run goes on from the layers that it saved");
        std::process::exit(130);
    });
}

fn to_stderr(message: &str) {
    // Nobody is left to tell when stderr is gone.
    let _ = writeln!(io::stderr().lock(), "{message}");
}

fn paint(text: &str, code: &str) -> String {
    let plain = !io::stderr().is_terminal() || std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    if plain { text.to_owned() } else { format!("\u{1b}[{code}m{text}\u{1b}[0m") }
}
