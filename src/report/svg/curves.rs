//! Curves over ordered positions (layers, steps), each with a band for its spread; bars where positions have no order.

use std::fmt::Write;

use super::bars::{bars, steps};
use super::scale::{Scale, apart};
use super::{FONT, Label, Room, Short, Svg, escape, list};
use crate::profile::Spread;

/// One curve.
pub(in crate::report) struct Curve<'a> {
    /// What it is of.
    pub name: &'a str,
    /// One value per position; gaps where there is none.
    pub at: &'a [Spread],
    /// Its colour and marker, from 0; `None` draws it in the background, unlabelled.
    pub style: Option<usize>,
    /// Whether its line is dashed.
    pub dashed: bool,
}

/// A band behind the curves.
pub(in crate::report) struct Range {
    /// Its class.
    pub class: &'static str,
    /// From where to where, one per position.
    pub at: Vec<Option<(f64, f64)>>,
}

/// A chart of curves.
pub(in crate::report) struct Curves<'a> {
    /// Its name, for those who do not see it.
    pub name: &'a str,
    /// What it shows, for those who do not see it.
    pub description: &'a str,
    /// What the positions are called.
    pub positions: Vec<String>,
    /// Where they lie from left to right, ascending; evenly where that is empty.
    pub places: Vec<f64>,
    /// Whether they follow each other; where not, bars stand in the place of curves.
    pub ordered: bool,
    /// Whether the vertical axis has zero on it even where all values are far from it.
    pub from_zero: bool,
    /// Under the horizontal axis.
    pub x_title: &'a str,
    /// Beside the vertical axis.
    pub y_title: &'a str,
    /// The curves, the most important first (it is drawn on top).
    pub series: Vec<Curve<'a>>,
    /// What lies behind them.
    pub ranges: Vec<Range>,
}

/// Height of the plane, without what is under it.
const HEIGHT: f64 = 334.0;
const LEFT: f64 = 58.0;
const TOP: f64 = 14.0;
/// The widest that the names at the right ends, and upright names of positions, may be.
const NAMES: f64 = 150.0;
const UPRIGHT: f64 = 150.0;

/// How the names of positions are written.
struct Ticks {
    labels: Vec<Label>,
    upright: bool,
    /// How many go without a name for each that has one, and one more.
    every: usize,
    /// The room that they take.
    height: f64,
}

impl Curves<'_> {
    /// The chart.
    pub(in crate::report) fn render(&self, room: Room) -> String {
        let labels: Vec<Label> = self.series.iter().map(|curve| Label::cut(curve.name, NAMES)).collect();
        let styled = || self.series.iter().zip(&labels).filter(|(curve, _)| curve.style.is_some());
        // Where there is no room for names, the legend under the chart has them.
        let named = room == Room::Wide && self.ordered;
        let names = styled().map(|(_, label)| label.width()).fold(0.0, f64::max);
        let width = room.width();
        let right = if named { width - names - 24.0 } else { width - 12.0 };
        let (bottom, n) = (HEIGHT, self.positions.len());
        let slot = (right - LEFT) / n.max(1) as f64;
        let x = |i: usize| {
            if self.ordered {
                LEFT + 12.0 + self.share(i) * (right - LEFT - 12.0)
            } else {
                LEFT + slot * (i as f64 + 0.5)
            }
        };
        let ticks = self.ticks(&x, slot);
        let y = if self.from_zero || !self.ordered {
            Scale::new(self.extremes(), bottom, TOP, 5)
        } else {
            Scale::near(self.extremes(), bottom, TOP, 5)
        };
        let title = if self.x_title.is_empty() { 0.0 } else { 20.0 };
        let mut svg = Svg::new(width, HEIGHT + ticks.height + title + 6.0);
        self.axes(&mut svg, &y, &x, right, &ticks);
        for range in &self.ranges {
            let shape = if self.ordered { area(&range.at, &x, &y) } else { steps(&range.at, slot, &x, &y) };
            svg.path(range.class, &shape);
        }
        // The last position that each curve has is where its name points to.
        let ends = self.series.iter().map(|curve| curve.at.iter().rposition(Spread::is_defined));
        let ends: Vec<f64> = ends
            .zip(&self.series)
            .map(|(end, curve)| end.map_or(bottom, |end| y.at(curve.at[end].mean)))
            .collect();
        let wanted: Vec<f64> =
            self.series.iter().zip(&ends).filter(|(c, _)| c.style.is_some()).map(|(_, &e)| e).collect();
        let mut placed = apart(&wanted, FONT + 2.0, TOP + 4.0, bottom).into_iter();
        let placed: Vec<Option<f64>> =
            self.series.iter().map(|curve| curve.style.and_then(|_| placed.next())).collect();
        let n_styled = styled().count();
        for (i, curve) in self.series.iter().enumerate().rev() {
            if !self.ordered {
                bars(&mut svg, (curve.at, curve.style), (i, n_styled), slot, &x, &y);
                continue;
            }
            let class = curve.style.map_or("series rest".to_owned(), |style| format!("series s{style}"));
            svg.open(&class, &format!(" data-series=\"{i}\""));
            svg.path("band", &band(curve, &x, &y));
            svg.path(if curve.dashed { "curve dashed" } else { "curve" }, &line(curve, &x, &y));
            if let (Some(style), Some(label_y)) = (curve.style, placed[i]) {
                svg.path("marker", &markers(curve, style, &x, &y));
                if !named {
                    svg.close();
                    continue;
                }
                let edge = x(n.saturating_sub(1));
                svg.line("leader", (edge + 5.0, ends[i]), (right + 14.0, label_y));
                svg.text("end", (right + 18.0, label_y + 4.0), &labels[i]);
            }
            svg.close();
        }
        let attributes = format!(
            " tabindex=\"0\" data-chart=\"curves\" data-x=\"{}\" data-y=\"{}\"",
            list((0..n).map(x)),
            list([TOP, bottom, y.at(0.0), y.at(1.0)]),
        );
        svg.finish(self.name, self.description, &attributes)
    }

    /// How far to the right a position is, from 0 to 1.
    fn share(&self, i: usize) -> f64 {
        match self.places[..] {
            [first, .., last] if last > first => (self.places[i] - first) / (last - first),
            _ => i as f64 / (self.positions.len().max(2) - 1) as f64,
        }
    }

    fn extremes(&self) -> impl Iterator<Item = f64> + Clone {
        let curves = self.series.iter().flat_map(|curve| curve.at).flat_map(|spread| {
            let sd = if spread.sd.is_finite() { spread.sd } else { 0.0 };
            [spread.mean - sd, spread.mean + sd]
        });
        let ranges = self.ranges.iter().flat_map(|range| &range.at).flatten();
        curves.chain(ranges.flat_map(|&(low, high)| [low, high]))
    }

    fn ticks(&self, x: &impl Fn(usize) -> f64, slot: f64) -> Ticks {
        let widest = self.positions.iter().map(|position| super::text_width(position)).fold(0.0, f64::max);
        let upright = !self.ordered && widest > slot - 4.0;
        let gaps = (1..self.positions.len()).map(|i| x(i) - x(i - 1));
        let gap = gaps.fold(f64::INFINITY, f64::min).max(1.0);
        let needed = if upright { FONT + 1.0 } else { widest + 8.0 - 1e-6 };
        // Things have names of their own, of which none is left out; the eye fills in a sequence.
        let every =
            if self.ordered && self.places.is_empty() { (needed / gap).ceil().max(1.0) as usize } else { 1 };
        Ticks {
            labels: if upright {
                let names: Vec<&str> = self.positions.iter().map(String::as_str).collect();
                Label::of_names(&names, UPRIGHT)
            } else {
                self.positions.iter().map(Label::new).collect()
            },
            upright,
            every,
            height: if upright { widest.min(UPRIGHT) + 12.0 } else { 22.0 },
        }
    }

    fn axes(&self, svg: &mut Svg, y: &Scale, x: &impl Fn(usize) -> f64, right: f64, ticks: &Ticks) {
        let bottom = HEIGHT;
        for (value, text) in y.ticks() {
            let class = if value == 0.0 { "axis" } else { "grid" };
            svg.line(class, (LEFT, y.at(value)), (right + 8.0, y.at(value)));
            svg.text("tick right", (LEFT - 7.0, y.at(value) + 4.0), &Label::new(text));
        }
        // As many position names as fit side by side, evenly.
        let mut free = f64::NEG_INFINITY;
        for (i, label) in ticks.labels.iter().enumerate().step_by(ticks.every) {
            if ticks.upright {
                svg.upward("tick right", (x(i) + 4.0, bottom + 8.0), label);
            } else if x(i) - label.width() / 2.0 >= free {
                svg.text("tick middle", (x(i), bottom + 18.0), label);
                free = x(i) + label.width() / 2.0 + 6.0;
            }
        }
        let middle = f64::midpoint(LEFT, right);
        if !self.x_title.is_empty() {
            svg.text("title middle", (middle, bottom + ticks.height + 16.0), &Label::new(self.x_title));
        }
        svg.upward("title middle", (14.0, f64::midpoint(TOP, bottom)), &Label::new(self.y_title));
        let _ = write!(svg.body, "<path class=\"cursor\" d=\"M0 {}V{}\"/>", Short(TOP), Short(bottom));
    }
}

/// The polyline through the positions that have a value, broken at gaps.
fn line(curve: &Curve<'_>, x: &impl Fn(usize) -> f64, y: &Scale) -> String {
    let mut d = String::new();
    let mut pen_down = false;
    for (i, spread) in curve.at.iter().enumerate() {
        if spread.is_defined() {
            let _ =
                write!(d, "{}{} {}", if pen_down { 'L' } else { 'M' }, Short(x(i)), Short(y.at(spread.mean)));
        }
        pen_down = spread.is_defined();
    }
    d
}

/// The area within a standard deviation of the mean.
fn band(curve: &Curve<'_>, x: &impl Fn(usize) -> f64, y: &Scale) -> String {
    let range =
        |spread: &Spread| spread.sd.is_finite().then_some((spread.mean - spread.sd, spread.mean + spread.sd));
    area(&curve.at.iter().map(range).collect::<Vec<_>>(), x, y)
}

/// One area per run of positions with a range: along its upper end, back along the lower one.
fn area(ranges: &[Option<(f64, f64)>], x: &impl Fn(usize) -> f64, y: &Scale) -> String {
    let known = |&i: &usize| ranges[i].is_some_and(|(low, high)| low.is_finite() && high.is_finite());
    let positions: Vec<usize> = (0..ranges.len()).collect();
    let mut d = String::new();
    for run in positions.chunk_by(|a, b| known(a) && known(b)).filter(|run| run.iter().all(known)) {
        let upper = run.iter().filter_map(|&i| ranges[i].map(|(_, high)| (i, high)));
        let lower = run.iter().rev().filter_map(|&i| ranges[i].map(|(low, _)| (i, low)));
        for (k, (i, value)) in upper.chain(lower).enumerate() {
            let _ = write!(d, "{}{} {}", if k == 0 { 'M' } else { 'L' }, Short(x(i)), Short(y.at(value)));
        }
        d.push('Z');
    }
    d
}

/// A mark at every value; shapes differ so that curves are told apart without their colours.
fn markers(curve: &Curve<'_>, style: usize, x: &impl Fn(usize) -> f64, y: &Scale) -> String {
    let mut d = String::new();
    for (i, spread) in curve.at.iter().enumerate().filter(|(_, spread)| spread.is_defined()) {
        d.push_str(&marker(style, x(i), y.at(spread.mean), 3.4));
    }
    d
}

/// The outline of marker number `style` of half-width `r` around a point.
pub(super) fn marker(style: usize, x: f64, y: f64, r: f64) -> String {
    let polygon = |points: &[(f64, f64)]| {
        let mut d = String::new();
        for (i, (dx, dy)) in points.iter().enumerate() {
            let _ =
                write!(d, "{}{} {}", if i == 0 { 'M' } else { 'L' }, Short(x + dx * r), Short(y + dy * r));
        }
        d + "Z"
    };
    match style % 8 {
        0 => format!(
            "M{} {}a{r} {r} 0 1 0 {} 0a{r} {r} 0 1 0 {} 0Z",
            Short(x - r),
            Short(y),
            2.0 * r,
            -2.0 * r
        ),
        1 => polygon(&[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]),
        2 => polygon(&[(0.0, -1.2), (1.1, 0.9), (-1.1, 0.9)]),
        3 => polygon(&[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)]),
        4 => polygon(&[(0.0, 1.2), (1.1, -0.9), (-1.1, -0.9)]),
        5 => polygon(&[(-1.2, -0.45), (1.2, -0.45), (1.2, 0.45), (-1.2, 0.45)]),
        6 => polygon(&[(-0.45, -1.2), (0.45, -1.2), (0.45, 1.2), (-0.45, 1.2)]),
        _ => polygon(&[(0.0, -1.2), (1.1, -0.4), (0.7, 1.0), (-0.7, 1.0), (-1.1, -0.4)]),
    }
}

/// The mark of a curve as a drawing of its own, for a legend.
pub(in crate::report) fn swatch(style: usize) -> String {
    let class = escape(&format!("swatch s{style}"));
    format!(
        "<svg class=\"{class}\" viewBox=\"0 0 24 12\" aria-hidden=\"true\"><path class=\"curve\" d=\"M1 6H23\"/><path class=\"marker\" d=\"{}\"/></svg>",
        marker(style, 12.0, 6.0, 3.4)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const GAP: Spread = Spread::UNDEFINED;

    fn spread(mean: f64) -> Spread {
        Spread { mean, sd: 0.1, n: 5 }
    }

    #[test]
    fn a_gap_breaks_the_line_and_the_band() {
        let at = [spread(0.1), spread(0.2), GAP, spread(0.3), spread(0.2)];
        let curve = Curve { name: "a", at: &at, style: Some(0), dashed: false };
        let y = Scale::new([1.0], 100.0, 0.0, 5);
        let x = |i: usize| i as f64;
        assert_eq!(line(&curve, &x, &y).matches('M').count(), 2);
        assert_eq!(band(&curve, &x, &y).matches('Z').count(), 2);
    }

    #[test]
    fn positions_lie_where_they_belong() {
        let curves = |places: &[f64]| Curves {
            name: "n",
            description: "d",
            positions: vec![String::new(); 3],
            places: places.to_vec(),
            ordered: true,
            from_zero: true,
            x_title: "noise",
            y_title: "error",
            series: Vec::new(),
            ranges: Vec::new(),
        };
        assert_eq!([0, 1, 2].map(|i| curves(&[1.0, 2.0, 5.0]).share(i)), [0.0, 0.25, 1.0]);
        assert_eq!([0, 1, 2].map(|i| curves(&[]).share(i)), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn nothing_is_drawn_at_no_number() {
        let at = [GAP, GAP];
        let curves = Curves {
            name: "n",
            description: "d",
            positions: vec!["0".to_owned(), "1".to_owned()],
            places: Vec::new(),
            ordered: true,
            from_zero: true,
            x_title: "layer",
            y_title: "importance",
            series: vec![Curve { name: "<b>", at: &at, style: Some(0), dashed: false }],
            ranges: vec![Range { class: "null", at: vec![Some((f64::NAN, f64::NAN)), None] }],
        };
        let svg = curves.render(Room::Wide);
        assert!(!svg.contains("NaN") && !svg.contains("inf") && !svg.contains("<b>"), "{svg}");
    }

    #[test]
    fn what_has_no_order_has_bars_from_zero_and_all_of_its_names() {
        let at = [spread(0.3), GAP, spread(-0.2)];
        let positions = vec!["V1".to_owned(), "a region with a long name".to_owned(), "IT".to_owned()];
        let curves = Curves {
            name: "n",
            description: "d",
            positions,
            places: Vec::new(),
            ordered: false,
            from_zero: true,
            x_title: "",
            y_title: "importance",
            series: vec![
                Curve { name: "a", at: &at, style: Some(0), dashed: false },
                Curve { name: "b", at: &at, style: None, dashed: false },
            ],
            ranges: vec![Range { class: "null", at: vec![Some((0.0, 0.1)), None, None] }],
        };
        for room in [Room::Wide, Room::Narrow] {
            let svg = curves.render(room);
            assert!(
                svg.contains(">V1</text>") && svg.contains("a region") && svg.contains(">IT</text>"),
                "{svg}"
            );
            let bars = svg.split("class=\"bar\" d=\"").nth(1).unwrap().split('"').next().unwrap();
            assert_eq!(bars.matches('Z').count(), 2, "{bars}");
            assert!(!svg.contains("class=\"marker\"") && !svg.contains("class=\"end\""), "{svg}");
        }
    }
}
