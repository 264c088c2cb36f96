//! Curves over ordered positions (layers, steps), each with a band for its spread.

use std::fmt::Write;

use super::scale::{Scale, apart};
use super::{FONT, Label, Short, Svg, escape, list};
use crate::profile::Spread;

/// One curve.
pub(in crate::report) struct Curve<'a> {
    /// What it is of.
    pub name: &'a str,
    /// One value per position; gaps where there is none.
    pub at: &'a [Spread],
    /// Its colour and marker, from 0; `None` draws it in the background, unlabelled.
    pub style: Option<usize>,
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

const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 58.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 46.0;
/// The widest that the names at the right ends may be.
const NAMES: f64 = 150.0;

impl Curves<'_> {
    /// The chart.
    pub(in crate::report) fn render(&self) -> String {
        let labels: Vec<Label> = self.series.iter().map(|curve| Label::cut(curve.name, NAMES)).collect();
        let styled = || self.series.iter().zip(&labels).filter(|(curve, _)| curve.style.is_some());
        let names = styled().map(|(_, label)| label.width()).fold(0.0, f64::max);
        let right = WIDTH - names - 24.0;
        let (bottom, n) = (HEIGHT - BOTTOM, self.positions.len());
        let x = |i: usize| LEFT + 12.0 + self.share(i) * (right - LEFT - 12.0);
        let y = if self.from_zero {
            Scale::new(self.extremes(), bottom, TOP, 5)
        } else {
            Scale::near(self.extremes(), bottom, TOP, 5)
        };
        let mut svg = Svg::new(WIDTH, HEIGHT);
        self.axes(&mut svg, &y, &x, right);
        for range in &self.ranges {
            svg.path(range.class, &area(&range.at, &x, &y));
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
        for (i, curve) in self.series.iter().enumerate().rev() {
            let class = curve.style.map_or("series rest".to_owned(), |style| format!("series s{style}"));
            svg.open(&class, &format!(" data-series=\"{i}\""));
            svg.path("band", &band(curve, &x, &y));
            svg.path("curve", &line(curve, &x, &y));
            if let (Some(style), Some(label_y)) = (curve.style, placed[i]) {
                svg.path("marker", &markers(curve, style, &x, &y));
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

    fn axes(&self, svg: &mut Svg, y: &Scale, x: &impl Fn(usize) -> f64, right: f64) {
        let bottom = HEIGHT - BOTTOM;
        for (value, text) in y.ticks() {
            let class = if value == 0.0 { "axis" } else { "grid" };
            svg.line(class, (LEFT, y.at(value)), (right + 8.0, y.at(value)));
            svg.text("tick right", (LEFT - 7.0, y.at(value) + 4.0), &Label::new(text));
        }
        // As many position names as fit side by side.
        let widest = self.positions.iter().map(|position| super::text_width(position)).fold(0.0, f64::max);
        let mut free = f64::NEG_INFINITY;
        for (i, position) in self.positions.iter().enumerate() {
            if x(i) >= free {
                svg.text("tick middle", (x(i), bottom + 18.0), &Label::new(position));
                free = x(i) + widest + 8.0 - 1e-6;
            }
        }
        let middle = f64::midpoint(LEFT, right);
        svg.text("title middle", (middle, HEIGHT - 8.0), &Label::new(self.x_title));
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
        let curve = Curve { name: "a", at: &at, style: Some(0) };
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
            from_zero: true,
            x_title: "layer",
            y_title: "importance",
            series: vec![Curve { name: "<b>", at: &at, style: Some(0) }],
            ranges: vec![Range { class: "null", at: vec![Some((f64::NAN, f64::NAN)), None] }],
        };
        let svg = curves.render();
        assert!(!svg.contains("NaN") && !svg.contains("inf") && !svg.contains("<b>"), "{svg}");
    }
}
