//! The table of a power simulation as plain text.

use std::fmt::Write as _;

use super::limits::{IMPORTANCES, SIZES};
use super::needed::{Needed, Power};
use crate::text;

/// The columns of numbers: what stands above them, and which number it is.
type Column = (&'static str, fn(&Needed) -> Option<usize>);

const COLUMNS: [Column; 3] = [
    ("a star, it alone", |row| row.stimuli),
    ("one test, it alone", |row| row.stimuli_one_test),
    ("a star, all alike", |row| row.stimuli_all),
];

impl Power {
    /// As plain text: a row per feature, the numbers of each importance side by side.
    #[must_use]
    pub fn to_text(&self) -> String {
        table(self)
    }
}

/// A row per feature, for each column the numbers of all importances.
fn table(power: &Power) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "\npower: stimuli that find a feature of the given importance in .8 of simulated data sets (seed {}; the design has {})",
        power.seed,
        text::count(power.stimuli_of_design as u128)
    );
    let names: Vec<&str> =
        power.rows.iter().step_by(IMPORTANCES.len()).map(|row| row.feature.as_str()).collect();
    let first = names.iter().map(|name| name.chars().count()).max().unwrap_or(0).max("importance".len());
    let width = 7;
    let _ = write!(out, "  {:first$}", "");
    for (title, _) in COLUMNS {
        let _ = write!(out, "  {:>1$}", title, width * IMPORTANCES.len());
    }
    let _ = write!(out, "\n  {:first$}", "importance");
    for _ in COLUMNS {
        let _ = write!(out, "  ");
        for importance in IMPORTANCES {
            let _ = write!(out, "{:>width$}", format!("{importance}").trim_start_matches('0'));
        }
    }
    let _ = writeln!(out);
    for (name, rows) in names.iter().zip(power.rows.chunks(IMPORTANCES.len())) {
        let _ = write!(out, "  {name:first$}");
        for (_, number) in COLUMNS {
            let _ = write!(out, "  ");
            for row in rows {
                let shown = match number(row) {
                    Some(n) => text::count(n as u128),
                    None => "—".to_owned(),
                };
                let _ = write!(out, "{shown:>width$}");
            }
        }
        let _ = writeln!(out);
    }
    let mut why: Vec<(&str, Vec<String>)> = Vec::new();
    for row in &power.rows {
        for reason in row.why.iter().flat_map(|why| why.split("; ")) {
            let what = format!("{} ({})", row.feature, format!("{}", row.importance).trim_start_matches('0'));
            match why.iter_mut().find(|(other, _)| *other == reason) {
                Some((_, rows)) => rows.push(what),
                None => why.push((reason, vec![what])),
            }
        }
    }
    for (reason, rows) in &why {
        let _ = writeln!(out, "  —: {reason}: {}", text::some(rows, 6));
    }
    for line in &power.left_out {
        let _ = writeln!(out, "  left out: {line}");
    }
    if power.rows.iter().filter_map(|row| row.stimuli).any(|n| n <= SIZES.0) {
        let _ = writeln!(out, "  {} is the fewest that was tried", SIZES.0);
    }
    out
}
