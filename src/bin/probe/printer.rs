//! Everything a user sees: results on stdout, talk and progress on stderr.

use std::io::{self, IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressState, ProgressStyle};
use mlem_probe::progress::{Progress, Unit};
use mlem_probe::text;
use serde_json::json;

use crate::args::Talk;
use crate::failure::{Failure, Result};

/// Writes what a command has to say.
pub struct Printer {
    quiet: bool,
    verbose: bool,
    json: bool,
    stage: Mutex<Option<Stage>>,
}

/// What is being worked on.
struct Stage {
    bar: ProgressBar,
    label: String,
    begun: Instant,
    total: u64,
    done: u64,
    unit: Unit,
    /// When a line about it was last written, where there is no terminal to draw a bar on.
    told: Instant,
}

/// How often a line tells of progress where there is no terminal: a log of a day has a few thousand.
const EVERY: Duration = Duration::from_secs(30);

impl Printer {
    /// A printer that is as talkative as `talk` asks.
    pub fn new(talk: &Talk) -> Self {
        Self { quiet: talk.quiet, verbose: talk.verbose > 0, json: talk.json, stage: Mutex::new(None) }
    }

    /// The printer of a part of the work, which says what it does only to those who ask for more.
    pub fn of_a_part(&self) -> Self {
        Self {
            quiet: self.quiet || !self.verbose,
            verbose: self.verbose,
            json: self.json,
            stage: Mutex::new(None),
        }
    }

    /// A printer that says nothing.
    pub fn silenced(&self) -> Self {
        Self { quiet: true, verbose: false, json: self.json, stage: Mutex::new(None) }
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

    /// A count in JSON: a number, as near as a double comes where it is larger than any integer of JSON's readers.
    pub fn number(count: u128) -> serde_json::Value {
        u64::try_from(count).map_or_else(|_| (count as f64).into(), Into::into)
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
        match self.stage.lock() {
            Ok(guard) => match &*guard {
                Some(stage) => stage.bar.suspend(|| to_stderr(message)),
                None => to_stderr(message),
            },
            Err(_) => to_stderr(message),
        }
    }
}

impl Stage {
    /// How far it is, in a line: `extract 1,024/4,096 (25%), 113/s, 27 s left`.
    fn line(&self) -> String {
        let Self { label, total, done, unit, .. } = self;
        let seconds = self.begun.elapsed().as_secs_f64();
        let rate = *done as f64 / seconds.max(1e-9);
        let (shown, of) = match unit {
            Unit::Items => (text::count(u128::from(*done)), text::count(u128::from(*total))),
            Unit::Bytes => (HumanBytes(*done).to_string(), HumanBytes(*total).to_string()),
        };
        let rate_shown = match unit {
            Unit::Items => format!("{}/s", three_digits(rate)),
            Unit::Bytes => format!("{}/s", HumanBytes(rate as u64)),
        };
        let share = 100 * done.min(total) / (*total).max(1);
        let left = HumanDuration(Duration::from_secs_f64(
            (total.saturating_sub(*done) as f64 / rate.max(1e-9)).min(1e9),
        ));
        format!("{label} {shown}/{of} ({share}%), {rate_shown}, {left:#} left")
    }
}

/// A rate in three digits: `12.3`, `4,510`, `0.0123`.
fn three_digits(rate: f64) -> String {
    if !rate.is_finite() || rate <= 0.0 {
        return "0".to_owned();
    }
    let magnitude = rate.log10().floor() as i32;
    let unit = 10f64.powi(magnitude - 2);
    let rounded = (rate / unit).round() * unit;
    if magnitude >= 2 {
        text::count(rounded as u128)
    } else {
        format!("{rounded:.*}", (2 - magnitude) as usize)
    }
}

impl Progress for Printer {
    fn begin(&self, label: &str, total: u64, unit: Unit) {
        if self.quiet {
            return;
        }
        let template = match unit {
            Unit::Items => "{msg:>12} [{bar:32}] {human_pos}/{human_len} {rate:>9} eta {eta}",
            Unit::Bytes => "{msg:>12} [{bar:32}] {bytes}/{total_bytes} {bytes_per_sec} eta {eta}",
        };
        // On anything but a terminal indicatif draws nothing; the line that ends a stage is there all the same.
        let bar = ProgressBar::new(total).with_message(text::message(label));
        if let Ok(style) = ProgressStyle::with_template(template) {
            let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = write!(out, "{}/s", three_digits(state.per_sec()));
            };
            bar.set_style(style.with_key("rate", rate).progress_chars("━╸ "));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        if let Ok(mut guard) = self.stage.lock() {
            let (now, label) = (Instant::now(), text::message(label));
            *guard = Some(Stage { bar, label, begun: now, total, done: 0, unit, told: now });
        }
    }

    fn advance(&self, steps: u64) {
        if let Ok(mut guard) = self.stage.lock()
            && let Some(stage) = &mut *guard
        {
            stage.bar.inc(steps);
            stage.done += steps;
            if stage.bar.is_hidden() && stage.told.elapsed() >= EVERY {
                stage.told = Instant::now();
                to_stderr(&stage.line());
            }
        }
    }

    fn end(&self) {
        if let Ok(mut guard) = self.stage.lock()
            && let Some(stage) = guard.take()
        {
            stage.bar.finish_and_clear();
            if self.verbose {
                to_stderr(&format!("{:>12} {:.2} s", stage.label, stage.begun.elapsed().as_secs_f64()));
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

/// Says why the command failed and what to do, and gives the exit code; to a program that reads `json` too. A reader that went away
/// is no failure.
pub fn fail(failure: &Failure, json: bool) -> u8 {
    if let Failure::Stdout(error) = failure
        && error.kind() == io::ErrorKind::BrokenPipe
    {
        return 0;
    }
    if json {
        let error = json!({
            "error": {
                "message": text::message(&failure.message()),
                "hint": failure.hint().map(|hint| text::message(&hint)),
                "exit_code": failure.code(),
            },
        });
        // What cannot be written there is said on stderr.
        let _ = Printer::result_json(&error);
    }
    to_stderr(&format!("{} {}", paint("error:", "1;31"), text::brief(&failure.message())));
    if let Some(hint) = failure.hint().filter(|hint| !hint.is_empty()) {
        to_stderr(&format!("{} {}", paint("hint:", "1;36"), text::brief(&hint)));
    }
    failure.code()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_three_digits() {
        let shown = [0.0, 0.012_345, 1.0, 12.345, 999.6, 45_307.12].map(three_digits);
        assert_eq!(shown, ["0", "0.0123", "1.00", "12.3", "1,000", "45,300"]);
    }

    #[test]
    fn a_line_of_progress_says_how_far_it_is_and_how_long_it_takes() {
        let now = Instant::now();
        let stage = Stage {
            bar: ProgressBar::hidden(),
            label: "extract".to_owned(),
            begun: now.checked_sub(Duration::from_secs(10)).unwrap(),
            total: 4096,
            done: 1024,
            unit: Unit::Items,
            told: now,
        };
        assert_eq!(stage.line(), "extract 1,024/4,096 (25%), 102/s, 30s left");
    }
}
