//! The curves of the layers as text: a letter per feature at every layer, dots between them.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::terminal::Options;
use super::words;
use crate::profile::{Order, Profile, Spread, Summary, Trajectory};

/// How many features have a curve.
const CURVES: usize = 8;
/// Lines of the chart.
const HEIGHT: usize = 16;
/// Columns of the numbers at the left.
const LEFT: usize = 7;
/// Colours of the curves, as 256-colour codes that stand out on dark and on light.
const COLOURS: [u8; CURVES] = [32, 166, 35, 133, 172, 38, 100, 244];

/// The curves of the features of `profile` with the largest peaks.
#[must_use]
pub fn render(profile: &Profile, options: Options) -> String {
    let summary = Summary::of(profile);
    let mut terms = summary.ranked(Order::Main);
    terms.truncate(CURVES);
    let means = || terms.iter().flat_map(|term| &term.at).map(|spread| spread.mean).filter(|x| x.is_finite());
    let (low, high) = means().fold((0.0, 0.0), |(low, high): (f64, f64), x| (low.min(x), high.max(x)));
    if summary.layers.is_empty() || high <= low {
        return String::new();
    }
    let width = (options.width.max(40) - LEFT - 1).min(12 * summary.layers.len());
    let line_of = |value: f64| ((high - value) / (high - low) * (HEIGHT - 1) as f64).round() as usize;
    let column_of = |i: f64| match summary.layers.len() {
        1 => width / 2,
        n => (i / (n - 1) as f64 * (width - 1) as f64).round() as usize,
    };
    let mut grid = Grid { width, cells: vec![None; width * HEIGHT] };
    // The most important last, so that it is on top.
    for (k, term) in terms.iter().enumerate().rev() {
        dots(&mut grid, term, k, &column_of, &line_of);
    }
    for (k, term) in terms.iter().enumerate().rev() {
        for (i, spread) in term.at.iter().enumerate().filter(|(_, spread)| spread.is_defined()) {
            grid.mark(line_of(spread.mean), column_of(i as f64), letter(k), k);
        }
    }
    let mut out = String::new();
    for (line, cells) in grid.cells.chunks_exact(width).enumerate() {
        let value = high - (high - low) * line as f64 / (HEIGHT - 1) as f64;
        let label = if line % 3 == 0 { words::short(value, 3) } else { String::new() };
        let _ = write!(out, "{label:>width$} │", width = LEFT - 2);
        let mut row = String::new();
        for cell in cells {
            match cell {
                Some((mark, k)) => row.push_str(&painted(&mark.to_string(), *k, options.colour)),
                None => row.push(' '),
            }
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
    let mut axis = vec![' '; width + 4];
    for (i, layer) in summary.layers.iter().enumerate() {
        let text = layer.to_string();
        let start = column_of(i as f64).saturating_sub(text.len() / 2);
        let free = axis[start.saturating_sub(1)..start + text.len()].iter().all(|&c| c == ' ');
        if free && start + text.len() <= width {
            for (slot, c) in axis[start..].iter_mut().zip(text.chars()) {
                *slot = c;
            }
        }
    }
    let axis: String = axis.into_iter().collect();
    let _ = writeln!(out, "{} └{}", " ".repeat(LEFT - 2), "─".repeat(width));
    let _ = writeln!(out, "{:<LEFT$}{}", "layer", axis.trim_end());
    for (k, term) in terms.iter().enumerate() {
        let peak = term.peak().map_or(String::new(), |i| {
            format!("  peak at {}, {}", words::layer(&summary, i), words::spread(term.at[i], 3))
        });
        let room = options.width.max(40).saturating_sub(peak.width() + 2);
        let name = words::cut(&words::visible(&term.name), room);
        let _ = writeln!(out, "{} {name}{peak}", painted(&letter(k).to_string(), k, options.colour));
    }
    out
}

/// The cells of the chart, line by line: a mark and the number of its curve.
struct Grid {
    width: usize,
    cells: Vec<Option<(char, usize)>>,
}

impl Grid {
    fn mark(&mut self, line: usize, column: usize, mark: char, k: usize) {
        self.cells[line * self.width + column] = Some((mark, k));
    }
}

fn letter(k: usize) -> char {
    char::from(b'a' + k as u8)
}

fn painted(text: &str, k: usize, colour: bool) -> String {
    if colour { format!("\x1b[38;5;{}m{text}\x1b[0m", COLOURS[k % CURVES]) } else { text.to_owned() }
}

/// Dots along the straight lines between the layers.
fn dots(
    grid: &mut Grid,
    term: &Trajectory,
    k: usize,
    column_of: &impl Fn(f64) -> usize,
    line_of: &impl Fn(f64) -> usize,
) {
    for (i, pair) in term.at.windows(2).enumerate().filter(|(_, pair)| pair.iter().all(Spread::is_defined)) {
        let (from, to) = (column_of(i as f64), column_of((i + 1) as f64));
        for column in from + 1..to {
            let share = (column - from) as f64 / (to - from) as f64;
            let value = pair[0].mean + share * (pair[1].mean - pair[0].mean);
            grid.mark(line_of(value), column, '·', k);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;

    #[test]
    fn curves_fit_the_width_and_every_layer_has_its_letter() {
        for n_layers in [1, 7, 13, 49] {
            let run = fixtures::realistic(n_layers, 64, false);
            for width in [40, 80, 140] {
                let text = render(&run.profile, Options { width, ..Options::default() });
                assert!(text.lines().all(|line| line.width() <= width), "{width}:\n{text}");
                assert!(text.contains("a clause  peak at layer 0"), "{text}");
                assert!(text.lines().next().unwrap().contains("│a") || n_layers == 1, "{text}");
            }
        }
    }

    #[test]
    fn without_a_number_there_is_no_chart() {
        assert_eq!(render(&Profile::default(), Options::default()), "");
    }
}
