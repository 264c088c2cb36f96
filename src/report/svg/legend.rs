//! A legend under a drawing that has none inside: for a file, which the page's own legend does not go with.

use std::fmt::Write;

use super::curves::marker;
use super::{Label, Svg};

/// Height of a row.
const ROW: f64 = 20.0;
/// Length of the piece of a curve beside a name.
const PIECE: f64 = 22.0;
/// Between a piece and its name, and after a name.
const GAPS: (f64, f64) = (6.0, 20.0);
/// Where a row begins, so that the end of a line is not cut.
const START: f64 = 2.0;
/// The widest name.
const NAME: f64 = 220.0;

/// `svg`, a drawing with a `viewBox` from the origin, with a legend of `entries` (a name and a style) below it; as it is where it
/// has none.
pub(in crate::report) fn with_legend(svg: &str, entries: &[(&str, usize)]) -> String {
    let Some((width, height)) = super::view_box(svg).filter(|_| !entries.is_empty()) else {
        return svg.to_owned();
    };
    let mut legend = Svg::new(width, 0.0);
    let (mut x, mut y) = (START, height + ROW);
    for &(name, style) in entries {
        let label = Label::cut(name, NAME);
        let needed = PIECE + GAPS.0 + label.width();
        if x > START && x + needed > width {
            (x, y) = (START, y + ROW);
        }
        legend.open(&format!("series s{style}"), "");
        legend.line("curve", (x, y - 4.0), (x + PIECE, y - 4.0));
        legend.path("marker", &marker(style, x + PIECE / 2.0, y - 4.0, 3.5));
        legend.close();
        legend.text("tick", (x + PIECE + GAPS.0, y), &label);
        x += needed + GAPS.1;
    }
    let before = format!("viewBox=\"0 0 {} {}\"", super::Short(width), super::Short(height));
    let mut after = String::new();
    // Writing to a string cannot fail.
    let _ = write!(after, "viewBox=\"0 0 {} {}\"", super::Short(width), super::Short(y + 6.0));
    let end = svg.rfind("</svg>").unwrap_or(svg.len());
    format!("{}{}{}", svg[..end].replacen(&before, &after, 1), legend.body, &svg[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_legend_makes_a_drawing_higher_and_wraps() {
        let svg = Svg::new(400.0, 100.0).finish("name", "what", "");
        let names: Vec<String> = (0..8).map(|k| format!("<model> number {k}")).collect();
        let entries: Vec<(&str, usize)> = names.iter().map(String::as_str).zip(0..).collect();
        let found = with_legend(&svg, &entries);
        let (width, height) = super::super::view_box(&found).unwrap();
        assert_eq!(width, 400.0);
        assert!(height > 100.0 + 3.0 * ROW && height < 100.0 + 8.0 * ROW, "{height}");
        assert_eq!(found.matches("&lt;model&gt; number").count(), 8);
        assert_eq!(with_legend(&svg, &[]), svg);
    }
}
