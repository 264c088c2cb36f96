//! A dot with whiskers per row: what takes the place of curves where there is a single layer.

use super::curves::marker;
use super::scale::Scale;
use super::{Label, Room, Short, Svg, list};
use crate::profile::Spread;

/// One row.
pub(in crate::report) struct Dot<'a> {
    /// What it is of.
    pub name: &'a str,
    /// Its value.
    pub value: Spread,
}

/// A chart of dots.
pub(in crate::report) struct Dots<'a> {
    /// Its name, for those who do not see it.
    pub name: &'a str,
    /// What it shows, for those who do not see it.
    pub description: &'a str,
    /// Under the axis.
    pub x_title: &'a str,
    /// The rows from top to bottom.
    pub rows: Vec<Dot<'a>>,
    /// What lies behind them: a class, and from where to where.
    pub bands: Vec<(&'static str, (f64, f64))>,
}

const ROW: f64 = 20.0;
const TOP: f64 = 8.0;
/// The widest that the names may be.
const NAMES: (f64, f64) = (260.0, 150.0);

impl Dots<'_> {
    /// The chart.
    pub(in crate::report) fn render(&self, room: Room) -> String {
        let (width, names) = (room.width(), room.pick(NAMES.0, NAMES.1));
        let labels: Vec<Label> = self.rows.iter().map(|dot| Label::cut(dot.name, names)).collect();
        let left = labels.iter().map(Label::width).fold(60.0, f64::max) + 16.0;
        let bottom = TOP + ROW * self.rows.len() as f64;
        let extremes = self.rows.iter().flat_map(|Dot { value, .. }| {
            let sd = if value.sd.is_finite() { value.sd } else { 0.0 };
            [value.mean - sd, value.mean + sd]
        });
        let bands = || self.bands.iter().filter(|(_, (low, high))| low.is_finite() && high.is_finite());
        let extremes = extremes.chain(bands().flat_map(|&(_, (low, high))| [low, high]));
        let x = Scale::new(extremes, left + 6.0, width - 20.0, room.pick(6, 3));
        let mut svg = Svg::new(width, bottom + 44.0);
        for (value, text) in x.ticks() {
            let class = if value == 0.0 { "axis" } else { "grid" };
            svg.line(class, (x.at(value), TOP), (x.at(value), bottom));
            svg.text("tick middle", (x.at(value), bottom + 16.0), &Label::new(text));
        }
        svg.text("title middle", (f64::midpoint(left, width), bottom + 36.0), &Label::new(self.x_title));
        for &(class, (low, high)) in bands() {
            let (low, high) = (Short(x.at(low)), Short(x.at(high)));
            svg.path(class, &format!("M{low} {}H{high}V{}H{low}Z", Short(TOP), Short(bottom)));
        }
        for (i, (Dot { value, .. }, label)) in self.rows.iter().zip(&labels).enumerate() {
            let y = TOP + ROW * (i as f64 + 0.5);
            svg.open("series s0", &format!(" data-series=\"{i}\""));
            svg.text("tick right", (left - 6.0, y + 4.0), label);
            if value.is_defined() {
                if value.sd.is_finite() {
                    svg.line("whisker", (x.at(value.mean - value.sd), y), (x.at(value.mean + value.sd), y));
                }
                svg.path("marker", &marker(0, x.at(value.mean), y, 4.0));
            } else {
                svg.text("tick", (x.at(0.0) + 6.0, y + 4.0), &Label::new(super::super::words::UNDEFINED));
            }
            svg.close();
        }
        let attributes = format!(
            " tabindex=\"0\" data-chart=\"dots\" data-rows=\"{}\"",
            list([TOP, ROW, self.rows.len() as f64])
        );
        svg.finish(self.name, self.description, &attributes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_lie_behind_the_dots_and_in_the_scale() {
        let dots = |bands| Dots {
            name: "n",
            description: "d",
            x_title: "x",
            rows: vec![Dot { name: "a", value: Spread { mean: 0.5, sd: 0.1, n: 3 } }],
            bands,
        };
        let svg = dots(vec![("null", (-2.0, 0.1)), ("ceiling", (f64::NAN, 1.0))]).render(Room::Wide);
        assert!(svg.contains("class=\"null\"") && !svg.contains("ceiling") && !svg.contains("NaN"), "{svg}");
        // The axis reaches as far as the band.
        assert!(svg.contains("−2") || svg.contains("-2"), "{svg}");
        assert!(!dots(Vec::new()).render(Room::Narrow).contains("null"));
    }
}
