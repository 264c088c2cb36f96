//! Small multiples: a chart of curves per panel, with a common style per series, each point with its exact value.

use std::fmt::Write;

use super::curves::marker;
use super::scale::Scale;
use super::{Label, Room, Short, Svg, escape};
use crate::profile::Spread;

/// One curve of one panel.
pub(in crate::report) struct Series {
    /// Which entry of the legend it is.
    pub index: usize,
    /// What it is called.
    pub name: String,
    /// Its colour and marker, from 0; `None` is the background.
    pub style: Option<usize>,
    /// Where it goes: a position and a value, in order.
    pub points: Vec<(f64, Spread)>,
    /// Whether its line is dashed.
    pub dashed: bool,
}

/// One panel.
pub(in crate::report) struct Multiple {
    /// Above it.
    pub title: String,
    /// Its curves, the most important first.
    pub series: Vec<Series>,
    /// What is shaded behind them: from which position to which.
    pub spans: Vec<(f64, f64)>,
}

/// What runs from left to right.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::report) enum Across {
    /// Whole numbers from 0, under this title.
    Numbers(&'static str),
    /// From 0 to 1, under this title.
    Depth(&'static str),
    /// Things without an order, by their names: marks that no line joins.
    Names(Vec<String>),
    /// Things that follow each other, by their names, under this title.
    Steps(&'static str, Vec<String>),
}

/// A figure of panels.
pub(in crate::report) struct Multiples<'a> {
    /// Its name, for those who do not see it.
    pub name: &'a str,
    /// What it shows, for those who do not see it.
    pub description: &'a str,
    /// What runs from left to right.
    pub across: Across,
    /// Whether all panels have one vertical axis, or each its own.
    pub one_scale: bool,
    /// The panels.
    pub panels: Vec<Multiple>,
}

const GAP: f64 = 16.0;
const TITLE: f64 = 20.0;
const LEFT: f64 = 36.0;
const BOTTOM: f64 = 22.0;
/// The widest that upright names may be, and how many names make a panel as wide as the figure.
const UPRIGHT: f64 = 110.0;
const WIDE: usize = 12;

impl Multiples<'_> {
    /// The figure.
    pub(in crate::report) fn render(&self, room: Room) -> String {
        let columns = match self.panels.len() {
            _ if matches!(&self.across, Across::Names(names) if names.len() > WIDE) => 1,
            0 | 1 => 1,
            2 | 4 => room.pick(2, 1),
            n if n > 9 => room.pick(4, 2),
            _ => room.pick(3, 1),
        };
        let whole = room.width();
        let width = (whole + GAP) / columns as f64 - GAP;
        let all: Vec<f64> = self.panels.iter().flat_map(extremes).collect();
        let scale = |panel: &Multiple, from: f64, to: f64| {
            let values = if self.one_scale { all.clone() } else { extremes(panel).collect() };
            Scale::new(values, from, to, 3)
        };
        // Planes stand under each other, beside the widest of their numbers.
        let ticks = self.panels.iter().flat_map(|panel| scale(panel, 100.0, 0.0).ticks());
        let margin = ticks.map(|(_, text)| super::text_width(&text) + 8.0).fold(LEFT, f64::max);
        let below = self.foot(width - margin - 6.0);
        let height = (width * 0.62).clamp(120.0, 260.0) + below - BOTTOM;
        let rows = self.panels.len().div_ceil(columns);
        let foot = 8.0;
        let mut svg = Svg::new(whole, rows as f64 * (height + TITLE + GAP) + foot);
        for (i, panel) in self.panels.iter().enumerate() {
            let left = (i % columns) as f64 * (width + GAP);
            let top = (i / columns) as f64 * (height + TITLE + GAP);
            svg.text("panel", (left + margin, top + 13.0), &Label::cut(&panel.title, width - margin));
            let (low, high) = (top + TITLE + height - below, top + TITLE + 4.0);
            let y = scale(panel, low, high);
            self.draw(&mut svg, panel, &y, (left + margin, left + width - 6.0), low);
        }
        let below = match self.across {
            Across::Numbers(title) | Across::Depth(title) | Across::Steps(title, _) => title,
            Across::Names(_) => "",
        };
        let end = rows as f64 * (height + TITLE + GAP) + foot;
        svg.text("title middle", (whole / 2.0, end - 5.0), &Label::new(below));
        svg.finish(self.name, self.description, " tabindex=\"0\" data-chart=\"multiples\"")
    }

    /// The room under a panel for the names of its positions, which stand upright where they do not fit side by side.
    fn foot(&self, plane: f64) -> f64 {
        let Across::Names(names) = &self.across else { return BOTTOM };
        let widest = names.iter().map(|name| super::text_width(name)).fold(0.0, f64::max);
        let fits = widest <= plane / names.len().max(1) as f64 - 2.0 || names.len() <= 4;
        if fits { BOTTOM } else { widest.min(UPRIGHT) + 12.0 }
    }

    fn draw(&self, svg: &mut Svg, panel: &Multiple, y: &Scale, (left, right): (f64, f64), bottom: f64) {
        for (value, text) in y.ticks() {
            let class = if value == 0.0 { "axis" } else { "grid" };
            svg.line(class, (left, y.at(value)), (right, y.at(value)));
            svg.text("tick right", (left - 6.0, y.at(value) + 4.0), &Label::new(text));
        }
        let last = panel.series.iter().flat_map(|series| &series.points).map(|&(x, _)| x).fold(1.0, f64::max);
        // Names stand in the middle of equal parts, what is counted or follows from end to end.
        let ordered = !matches!(self.across, Across::Names(_));
        let x = |at: f64| match &self.across {
            Across::Names(names) => left + (at + 0.5) / names.len().max(1) as f64 * (right - left),
            _ => left + 8.0 + at / last * (right - left - 16.0),
        };
        for &(from, to) in &panel.spans {
            let (from, to) = (x(from).max(left), x(to).min(right));
            svg.rect("found", (from, y.at(y.top())), (to - from, bottom - y.at(y.top())));
        }
        let ticks: Vec<(f64, String)> = match &self.across {
            Across::Steps(_, names) => {
                let widest = names.iter().map(|name| super::text_width(name)).fold(0.0, f64::max);
                let room = ((right - left) / (widest + 8.0)).max(1.0);
                let every = (names.len() as f64 / room).ceil().max(1.0) as usize;
                names.iter().enumerate().step_by(every).map(|(i, name)| (i as f64, name.clone())).collect()
            }
            Across::Depth(_) => [0.0, 0.5, 1.0].iter().map(|&at| (at, format!("{at}"))).collect(),
            Across::Numbers(_) => {
                let room = ((right - left) / 26.0).clamp(2.0, 10.0);
                let step = (last / room).ceil().max(1.0) as usize;
                (0..=last as usize).step_by(step).map(|at| (at as f64, at.to_string())).collect()
            }
            Across::Names(names) => {
                names.iter().enumerate().map(|(i, name)| (i as f64, name.clone())).collect()
            }
        };
        let n = ticks.len();
        let upright = self.foot(right - left) > BOTTOM;
        for (at, text) in ticks {
            let label = match self.across {
                Across::Names(_) if upright => {
                    svg.upward("tick right", (x(at) + 4.0, bottom + 8.0), &Label::cut(&text, UPRIGHT));
                    continue;
                }
                Across::Names(_) => Label::cut(&text, (right - left) / n as f64 - 2.0),
                _ => Label::new(text),
            };
            svg.text("tick middle", (x(at), bottom + 16.0), &label);
        }
        for series in panel.series.iter().rev() {
            let class = series.style.map_or("series rest".to_owned(), |style| format!("series s{style}"));
            svg.open(&class, &format!(" data-series=\"{}\"", series.index));
            if ordered {
                svg.path("band", &band(&series.points, &x, y));
                let class = if series.dashed { "curve dashed" } else { "curve" };
                svg.path(class, &line(&series.points, &x, y));
            }
            for &(at, value) in series.points.iter().filter(|(_, value)| value.is_defined()) {
                if !ordered && panel.series.len() == 1 && value.sd.is_finite() {
                    let (low, high) = (y.at(value.mean - value.sd), y.at(value.mean + value.sd));
                    svg.line("whisker", (x(at), low), (x(at), high));
                }
                let shape = marker(series.style.unwrap_or(0), x(at), y.at(value.mean), 2.8);
                let text = super::super::words::spread(value, 3);
                let at = match &self.across {
                    Across::Numbers(_) => format!("layer {at}"),
                    Across::Depth(_) => format!("depth {}", (at * 100.0).round() / 100.0),
                    Across::Names(names) | Across::Steps(_, names) => {
                        names.get(at as usize).cloned().unwrap_or_default()
                    }
                };
                let class = if series.style.is_some() { "marker" } else { "touch" };
                // Writing to a string cannot fail.
                let _ = write!(
                    svg.body,
                    "<path class=\"{class}\" d=\"{shape}\"><title>{}, {}: {}</title></path>",
                    escape(&series.name),
                    escape(&at),
                    escape(&text)
                );
            }
            svg.close();
        }
    }
}

fn extremes(panel: &Multiple) -> impl Iterator<Item = f64> {
    panel.series.iter().flat_map(|series| &series.points).flat_map(|(_, value)| {
        let sd = if value.sd.is_finite() { value.sd } else { 0.0 };
        [value.mean - sd, value.mean + sd]
    })
}

/// The polyline through the points that have a value, broken at gaps.
fn line(points: &[(f64, Spread)], x: &impl Fn(f64) -> f64, y: &Scale) -> String {
    let mut d = String::new();
    let mut pen_down = false;
    for &(at, value) in points {
        if value.is_defined() {
            let step = if pen_down { 'L' } else { 'M' };
            let _ = write!(d, "{step}{} {}", Short(x(at)), Short(y.at(value.mean)));
        }
        pen_down = value.is_defined();
    }
    d
}

/// The area within a standard deviation, one per run of points that have one.
fn band(points: &[(f64, Spread)], x: &impl Fn(f64) -> f64, y: &Scale) -> String {
    let known = |(_, value): &(f64, Spread)| value.is_defined() && value.sd.is_finite();
    let mut d = String::new();
    for run in
        points.chunk_by(|a, b| known(a) && known(b)).filter(|run| run.len() > 1 && run.iter().all(known))
    {
        let upper = run.iter().map(|&(at, value)| (at, value.mean + value.sd));
        let lower = run.iter().rev().map(|&(at, value)| (at, value.mean - value.sd));
        for (k, (at, value)) in upper.chain(lower).enumerate() {
            let _ = write!(d, "{}{} {}", if k == 0 { 'M' } else { 'L' }, Short(x(at)), Short(y.at(value)));
        }
        d.push('Z');
    }
    d
}
