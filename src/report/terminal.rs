//! The profile as a table for a terminal: features are rows, layers are columns, importance is a shade.
//!
//! It is the quick look; the exact numbers are in the CSVs. Whether colour is welcome and how wide the terminal is, the
//! caller knows.

use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

use super::axis::Axis;
use super::estimators::Words;
use super::notation::wrap;
use super::words;
use crate::profile::{Order, Profile, ScoreMeasure, Spread, Summary, Trajectory};
use crate::rundir::RunRecord;
use crate::text;

/// How the table is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Columns of the terminal; at least 40 are used.
    pub width: usize,
    /// Shade the cells with ANSI 256-colour backgrounds.
    pub colour: bool,
    /// How many features are shown, and half as many interactions; the rest are counted.
    pub top: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { width: 100, colour: false, top: 20 }
    }
}

/// Backgrounds from nothing to the largest importance, as 256-colour codes. Their lightness rises steadily, so that they
/// read without colour vision, on dark and light terminals.
const SHADES: [u8; 8] = [235, 238, 24, 25, 31, 38, 80, 123];
/// How many layers are named.
const NAMED: usize = 40;
/// The first of [`SHADES`] that dark text reads better on.
const DARK_TEXT_FROM: usize = 5;

/// The table of `profile`, with what it is of and what its numbers are.
#[must_use]
pub fn render(profile: &Profile, run: &RunRecord, options: Options) -> String {
    let summary = Summary::of(profile);
    let half = options.top.div_ceil(2);
    let groups = [(Order::Main, options.top), (Order::Interaction, half), (Order::Group, half)];
    let groups = groups.map(|(order, top)| Group::of(&summary, order, top));
    let score = Words::of(run).score(run);
    let layout = Layout::new(&summary, &groups, options);
    let mut out = heading(&summary, run, options.width);
    // Scores on the training pairs are not always taken; a row of gaps would tell nothing.
    let trained = !summary.holds_out || summary.train.iter().any(Spread::is_defined);
    for columns in layout.blocks(summary.layers.len()) {
        out.push('\n');
        layout.header(&mut out, &summary.layers[columns.clone()]);
        for group in &groups {
            for (i, term) in group.shown.iter().enumerate() {
                match term.order {
                    Order::Interaction if i == 0 => out.push_str("interactions\n"),
                    Order::Group if i == 0 => out.push_str("groups\n"),
                    _ => {}
                }
                let stars = &summary.significant_at(term)[columns.clone()];
                layout.row(&mut out, &term.name, &term.at[columns.clone()], stars, true);
            }
        }
        let stars: Vec<bool> = summary.score_tests[columns.clone()]
            .iter()
            .map(|test| test.is_some_and(|test| test.is_significant()))
            .collect();
        let (of_test, of_train) =
            if summary.holds_out { (&stars[..], &[][..]) } else { (&[][..], &stars[..]) };
        if summary.holds_out {
            layout.row(&mut out, &format!("{score}, test"), &summary.test[columns.clone()], of_test, false);
        }
        if trained {
            layout.row(
                &mut out,
                &format!("{score}, train"),
                &summary.train[columns.clone()],
                of_train,
                false,
            );
        }
        if summary.has_ceiling() {
            layout.row(&mut out, "one repeat", &summary.one_repeat[columns.clone()], &[], false);
            layout.row(&mut out, "ceiling, lower", &bounds(&summary, false)[columns.clone()], &[], false);
            layout.row(&mut out, "ceiling, upper", &bounds(&summary, true)[columns], &[], false);
        }
    }
    for group in groups.iter().filter(|group| !group.rest.is_empty()) {
        wrap(&mut out, &group.rest, layout.width);
    }
    if layout.undefined {
        wrap(&mut out, &format!("{}: no number could be computed.", words::UNDEFINED), layout.width);
    }
    out
}

/// A bound of the noise ceiling, one per layer.
fn bounds(summary: &Summary, upper: bool) -> Vec<Spread> {
    let bound = |(low, high): (f64, f64)| Spread { mean: if upper { high } else { low }, sd: f64::NAN, n: 1 };
    summary.ceiling.iter().map(|ceiling| ceiling.map_or(Spread::UNDEFINED, bound)).collect()
}

/// What the table is of, what its numbers are, and what stands out.
fn heading(summary: &Summary, run: &RunRecord, width: usize) -> String {
    let (stimuli, activations) = words::title(run);
    let axis = Axis::of(run);
    let noun = if axis.noun() == "head" { "head" } else { "layer" };
    let mut lines = vec![format!(
        "{stimuli} × {activations}: {} stimuli, {}, {}",
        text::count(run.stimuli.n_stimuli as u128),
        text::counted(run.stimuli.features.len() as u128, "feature"),
        text::counted(summary.layers.len() as u128, noun),
    )];
    if summary.terms.is_empty() {
        lines.push("No importances were measured (--permutations 0).".to_owned());
    } else {
        lines.push(format!("Importance: {}.", words::importance(summary, run)));
    }
    let (scores, split) = summary.score();
    if let Some(stars) = words::stars(summary, run) {
        lines.push(format!("*: {stars}."));
    }
    if summary.has_ceiling() {
        lines.push(
            match run.measure() {
                ScoreMeasure::SquaredError => "Ceiling: R² of one repeat's distances by those of the others' mean (lower) and by any distances at most \
                                               (upper); the score on one repeat is to be held against it."
                    .to_owned(),
                measure => format!(
                    "Ceiling: {} of one repeat's distances with those of the others' mean (lower) and of the mean of all \
                     (upper); the score on one repeat is to be held against it.",
                    measure.label()
                ),
            },
        );
    }
    if let Some(best) = summary.best_layer() {
        let (layer, best) = (axis.place(summary.layers[best]), scores[best]);
        lines.push(format!("Best fit: {layer}, {} ({}).", words::spread(best, 3), words::score(split, run)));
    }
    if !summary.labels.is_empty() {
        let named = |(layer, label): (&usize, &String)| format!("{layer} {}", words::visible(label));
        let names: Vec<String> = summary.labels.iter().map(named).collect();
        lines.push(format!("Layers: {}.", text::some(&names, NAMED)));
    }
    let mut out = String::new();
    for line in lines {
        wrap(&mut out, &line, width.max(40));
    }
    out
}

/// The terms of one order: those that are shown, and a line about the rest.
struct Group<'a> {
    shown: Vec<&'a Trajectory>,
    rest: String,
}

impl<'a> Group<'a> {
    fn of(summary: &'a Summary, order: Order, top: usize) -> Self {
        let mut shown = summary.ranked(order);
        let rest = shown.split_off(top.min(shown.len()));
        let rest = rest.first().map_or_else(String::new, |largest| {
            let noun = match order {
                Order::Main => "feature",
                Order::Interaction => "interaction",
                Order::Group => "group",
            };
            let below = match largest.peak_mean() {
                peak if peak.is_nan() => "without a number".to_owned(),
                peak => format!("none above {}", words::short(peak, 3)),
            };
            format!(
                "and {}, {below} (importance.csv has all)",
                text::counted(rest.len() as u128, &format!("more {noun}"))
            )
        });
        Self { shown, rest }
    }
}

/// The widths of the table's columns, and how a cell is written.
struct Layout {
    width: usize,
    name: usize,
    cell: usize,
    decimals: usize,
    /// The largest importance that is shown: full shade.
    full: f64,
    colour: bool,
    spreads: bool,
    /// Columns that are kept for stars.
    stars: usize,
    undefined: bool,
}

impl Layout {
    fn new(summary: &Summary, groups: &[Group<'_>], options: Options) -> Self {
        let width = options.width.max(40);
        let shown = || groups.iter().flat_map(|group| &group.shown);
        let cells = || {
            let test = summary.test.iter().filter(|_| summary.holds_out);
            let trained = summary.train.iter().filter(|spread| !summary.holds_out || spread.is_defined());
            let scores = trained.chain(test);
            shown().flat_map(|term| &term.at).chain(scores)
        };
        let names = shown().map(|term| words::visible(&term.name).width());
        let longest = names.chain(["Spearman, train".len()]).max().unwrap_or(0);
        let mut layout = Self {
            width,
            name: longest.min(width * 3 / 10).max(15),
            cell: 0,
            decimals: 3,
            full: shown().map(|term| term.peak_mean()).fold(0.0, f64::max),
            colour: options.colour,
            spreads: cells().any(|cell| cell.sd.is_finite()),
            stars: usize::from(summary.is_tested()),
            undefined: cells().any(|cell| !cell.is_defined()),
        };
        // Two decimals only where that brings all layers side by side.
        for decimals in [3, 2, 3] {
            layout.decimals = decimals;
            let widest = cells().map(|&cell| layout.content(cell, false).width()).max().unwrap_or(1);
            let starred = shown().flat_map(|term| term.at.iter().zip(summary.significant_at(term)));
            layout.cell =
                1 + starred.map(|(&cell, star)| layout.content(cell, star).width()).fold(widest, usize::max);
            if layout.name + summary.layers.len() * layout.cell <= width {
                break;
            }
        }
        layout
    }

    /// The layers of each block, as ranges of positions, as even as they can be.
    fn blocks(&self, n_layers: usize) -> Vec<std::ops::Range<usize>> {
        let fit = ((self.width - self.name) / self.cell).max(1);
        let n_blocks = n_layers.div_ceil(fit);
        (0..n_blocks).map(|block| block * n_layers / n_blocks..(block + 1) * n_layers / n_blocks).collect()
    }

    fn header(&self, out: &mut String, layers: &[usize]) {
        self.label(out, "layer");
        for layer in layers {
            let _ = write!(out, "{layer:>0$}", self.cell);
        }
        out.push('\n');
    }

    /// A row; a cell has a star where `stars` says so.
    fn row(&self, out: &mut String, name: &str, cells: &[Spread], stars: &[bool], shaded: bool) {
        self.label(out, &words::visible(name));
        for (i, &cell) in cells.iter().enumerate() {
            let content = self.content(cell, stars.get(i) == Some(&true));
            let pad = " ".repeat(self.cell.saturating_sub(content.width()));
            if shaded && self.colour && cell.is_defined() {
                let shade = self.shade(cell.mean);
                let ink = if shade < DARK_TEXT_FROM { 255 } else { 16 };
                let _ = write!(out, "\x1b[48;5;{};38;5;{ink}m{pad}{content}\x1b[0m", SHADES[shade]);
            } else {
                let _ = write!(out, "{pad}{content}");
            }
        }
        out.push('\n');
    }

    /// `name` in its column: padded, or cut with `…`.
    fn label(&self, out: &mut String, name: &str) {
        let shown = words::cut(name, self.name);
        out.push_str(&shown);
        out.push_str(&" ".repeat(self.name - shown.width()));
    }

    fn content(&self, cell: Spread, star: bool) -> String {
        // A star on a printed zero would be a riddle: what is small is shown as it is.
        let number = |value: f64| {
            let small = star && value != 0.0 && words::is_zero(cell.mean, self.decimals);
            if small { format!("{value:.0e}") } else { words::short(value, self.decimals) }
        };
        let mut text = number(cell.mean);
        if cell.sd.is_finite() {
            text.push('±');
            text.push_str(&number(cell.sd));
        } else if self.spreads && cell.is_defined() {
            text.push_str(&" ".repeat(self.decimals + 2));
        }
        text.push_str(&if star { "*" } else { " " }.repeat(self.stars));
        text
    }

    fn shade(&self, mean: f64) -> usize {
        if self.full <= 0.0 {
            return 0;
        }
        let share = (mean / self.full).clamp(0.0, 1.0);
        ((share * SHADES.len() as f64) as usize).min(SHADES.len() - 1)
    }
}

#[cfg(test)]
mod tests;
