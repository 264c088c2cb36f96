//! Charts as SVG: curves with their spread, dots with whiskers, heatmaps.
//!
//! The charts here are few and plain, and one drawing serves two places: inline in a page, where a stylesheet colours it
//! for light and dark and a script answers to pointer and keys, and a file of its own. So elements carry classes and no
//! colours, which chart libraries do not offer. What a chart shows is [`super::figures`]' business.

mod arrangement;
mod bars;
mod curves;
mod dots;
mod heatmap;
mod legend;
mod maps;
mod mosaic;
mod multiples;
mod planes;
mod scale;

use std::collections::BTreeMap;
use std::fmt::{Display, Write};

pub(super) use arrangement::Arrangement;
pub(super) use curves::{Curve, Curves, Range, swatch};
pub(super) use dots::{Dot, Dots};
pub(super) use heatmap::{Heatmap, Shades};
pub(super) use legend::with_legend;
pub(super) use maps::{Group, Maps, Panel};
pub(super) use mosaic::{Mosaic, Tile};
pub(super) use multiples::{Across, Multiple, Multiples, Series};
pub(super) use planes::{PlanePanel, Planes};

/// How much room a drawing has from left to right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// A page, or two columns of paper.
    Wide,
    /// A telephone held upright.
    Narrow,
}

impl Room {
    /// Its width, in user units.
    fn width(self) -> f64 {
        self.pick(880.0, 400.0)
    }

    /// The one of two that goes with it.
    fn pick<T>(self, wide: T, narrow: T) -> T {
        if self == Self::Wide { wide } else { narrow }
    }
}

/// The same chart for both.
#[derive(Debug, Clone, Default)]
pub(super) struct Drawing {
    /// What files have too.
    pub wide: String,
    /// What takes its place on a small screen.
    pub narrow: String,
}

impl Drawing {
    /// The chart that `draw` makes.
    pub(super) fn of(draw: impl Fn(Room) -> String) -> Self {
        Self { wide: draw(Room::Wide), narrow: draw(Room::Narrow) }
    }
}

/// Height of a chart's text, in user units; labels are placed by it.
const FONT: f64 = 12.0;

/// A drawing that grows element by element.
pub(super) struct Svg {
    width: f64,
    height: f64,
    body: String,
}

impl Svg {
    fn new(width: f64, height: f64) -> Self {
        Self { width, height, body: String::new() }
    }

    /// Opens a group; `attributes` is markup and must be escaped.
    fn open(&mut self, class: &str, attributes: &str) {
        let _ = write!(self.body, "<g class=\"{class}\"{attributes}>");
    }

    fn close(&mut self) {
        self.body.push_str("</g>");
    }

    fn line(&mut self, class: &str, (x1, y1): (f64, f64), (x2, y2): (f64, f64)) {
        let (x1, y1, x2, y2) = (Short(x1), Short(y1), Short(x2), Short(y2));
        let _ = write!(self.body, "<path class=\"{class}\" d=\"M{x1} {y1}L{x2} {y2}\"/>");
    }

    fn path(&mut self, class: &str, d: &str) {
        let _ = write!(self.body, "<path class=\"{class}\" d=\"{d}\"/>");
    }

    fn rect(&mut self, class: &str, (x, y): (f64, f64), (width, height): (f64, f64)) {
        let (x, y, width, height) = (Short(x), Short(y), Short(width), Short(height));
        let _ = write!(
            self.body,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>"
        );
    }

    /// Text at a point; its class says how it is anchored. The whole text is shown on hover where `shown` is a cut of it.
    fn text(&mut self, class: &str, (x, y): (f64, f64), text: &Label) {
        let _ = write!(self.body, "<text class=\"{class}\" x=\"{}\" y=\"{}\">", Short(x), Short(y));
        self.label(text);
    }

    /// As [`Svg::text`], turned to read upwards.
    fn upward(&mut self, class: &str, (x, y): (f64, f64), text: &Label) {
        let _ = write!(
            self.body,
            "<text class=\"{class}\" transform=\"translate({} {})rotate(-90)\">",
            Short(x),
            Short(y)
        );
        self.label(text);
    }

    fn label(&mut self, label: &Label) {
        self.body.push_str(&escape(&label.shown));
        if label.shown != label.whole {
            let _ = write!(self.body, "<title>{}</title>", escape(&label.whole));
        }
        self.body.push_str("</text>");
    }

    /// The markup of the drawing, called `name` and described to those who do not see it by `description`;
    /// `attributes` is markup and must be escaped.
    fn finish(self, name: &str, description: &str, attributes: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\"{attributes}>\
             <desc>{}</desc>{}</svg>",
            Short(self.width),
            Short(self.height),
            escape(name),
            escape(description),
            self.body
        )
    }
}

/// The width and height of a drawing.
pub(super) fn view_box(svg: &str) -> Option<(f64, f64)> {
    let numbers = svg.split_once("viewBox=\"0 0 ")?.1.split_once('"')?.0;
    let (width, height) = numbers.split_once(' ')?;
    Some((width.parse().ok()?, height.parse().ok()?))
}

/// A text that may be shown cut.
pub(super) struct Label {
    shown: String,
    whole: String,
}

impl Label {
    /// The whole of `text`.
    pub(super) fn new(text: impl Display) -> Self {
        let whole = text.to_string();
        Self { shown: whole.clone(), whole }
    }

    /// `text`, cut with `…` where it would be wider than `width`.
    pub(super) fn cut(text: &str, width: f64) -> Self {
        let whole = text.to_owned();
        if text_width(text) <= width {
            return Self { shown: whole.clone(), whole };
        }
        let mut shown = String::new();
        let mut used = char_width('…');
        for c in text.chars() {
            used += char_width(c);
            if used > width {
                break;
            }
            shown.push(c);
        }
        shown.truncate(shown.trim_end().len());
        shown.push('…');
        Self { shown, whole }
    }

    /// `text` with `…` in its middle where it would be wider than `width`, the longer part before it.
    fn cut_inside(text: &str, width: f64) -> Self {
        let whole = text.to_owned();
        if text_width(text) <= width {
            return Self { shown: whole.clone(), whole };
        }
        let room = width - char_width('…');
        let part = |chars: &mut dyn Iterator<Item = char>, room: f64| {
            let mut used = 0.0;
            let fits = |c: &char| {
                used += char_width(*c);
                used <= room
            };
            chars.take_while(fits).collect::<Vec<char>>()
        };
        let begin: String = part(&mut text.chars(), room * 0.6).into_iter().collect();
        let end: String = part(&mut text.chars().rev(), room * 0.4).into_iter().rev().collect();
        Self { shown: format!("{}…{}", begin.trim_end(), end.trim_start()), whole }
    }

    /// Names of things, each in at most `width`: cut at their ends, or inside where that would make two of them one.
    fn of_names(names: &[&str], width: f64) -> Vec<Self> {
        let cut: Vec<Self> = names.iter().map(|name| Self::cut(name, width)).collect();
        let mut seen = BTreeMap::new();
        let alike = cut.iter().any(|label| *seen.entry(&label.shown).or_insert(&label.whole) != &label.whole);
        if alike { names.iter().map(|name| Self::cut_inside(name, width)).collect() } else { cut }
    }

    /// `name` and what is said behind it, of which the name is cut where both would be wider than `width`.
    fn with_end(name: &str, end: &str, width: f64) -> Self {
        let cut = Self::cut(name, width - text_width(end));
        Self { shown: cut.shown + end, whole: cut.whole + end }
    }

    fn width(&self) -> f64 {
        text_width(&self.shown)
    }
}

/// About how wide `text` is drawn, in user units; sans-serif fonts differ by some percent.
fn text_width(text: &str) -> f64 {
    text.chars().map(char_width).sum()
}

fn char_width(c: char) -> f64 {
    let em = match c {
        'i' | 'j' | 'l' | '\'' | '|' | '.' | ',' | ':' | ';' | '!' => 0.28,
        'f' | 't' | 'r' | 'I' | ' ' | '(' | ')' | '[' | ']' | '/' | '-' => 0.38,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.9,
        'A'..='Z' | '&' | '<' | '>' | '=' | '+' | '±' | '×' => 0.7,
        _ => {
            unicode_width::UnicodeWidthChar::width(c).unwrap_or(0) as f64
                * if c.is_ascii() { 0.58 } else { 0.6 }
        }
    };
    // Towards the wider of the usual fonts, so that a margin is too large rather than too small.
    1.06 * em * FONT
}

/// `text` as the content of an element or of a quoted attribute; characters that XML does not know are replaced.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A coordinate: at most two decimals, none that say nothing.
struct Short(f64);

impl Display for Short {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rounded = (self.0 * 100.0).round() / 100.0;
        // A negative zero would be written as `-0`.
        write!(f, "{}", if rounded == 0.0 { 0.0 } else { rounded })
    }
}

/// Coordinates as a list for the script of the page.
fn list(values: impl IntoIterator<Item = f64>) -> String {
    let mut out = String::new();
    for value in values {
        let comma = if out.is_empty() { "" } else { "," };
        let _ = write!(out, "{comma}{}", Short(value));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_is_markup() {
        assert_eq!(escape("<a href=\"x\">'&\u{1}"), "&lt;a href=&quot;x&quot;&gt;&#39;&amp;\u{fffd}");
    }

    #[test]
    fn a_long_label_is_cut_to_its_width_and_keeps_the_whole() {
        let label = Label::cut(&"w".repeat(60), 100.0);
        assert!(label.width() <= 100.0 && label.shown.ends_with('…'));
        let mut svg = Svg::new(10.0, 10.0);
        svg.text("t", (0.0, 0.0), &label);
        assert!(svg.body.contains(&format!("<title>{}</title>", "w".repeat(60))));
    }

    #[test]
    fn names_that_begin_alike_are_told_apart_by_their_ends() {
        let names =
            ["left posterior superior temporal sulcus", "left posterior superior temporal gyrus", "V1"];
        let shown = |width| -> Vec<String> {
            Label::of_names(&names, width).into_iter().map(|label| label.shown).collect()
        };
        assert_eq!(shown(1e3), names);
        let cut = shown(110.0);
        assert!(cut[0].contains('…') && cut[0].ends_with("sulcus") && cut[1].ends_with("gyrus"), "{cut:?}");
        assert!(cut.iter().all(|name| text_width(name) <= 110.0) && cut[2] == "V1", "{cut:?}");
        // One of them alone is cut at its end; equal names stay equal.
        assert!(Label::of_names(&names[1..], 110.0)[0].shown.ends_with('…'));
        assert!(Label::of_names(&[names[0], names[0]], 110.0)[1].shown.ends_with('…'));
    }

    #[test]
    fn what_is_said_behind_a_name_is_not_cut() {
        let label = Label::with_end("left inferior frontal gyrus", ", stress .31", 150.0);
        assert!(label.shown.ends_with("…, stress .31") && label.width() <= 150.0, "{}", label.shown);
        assert_eq!(Label::with_end("V1", ", stress .31", 150.0).shown, "V1, stress .31");
    }

    #[test]
    fn coordinates_are_short() {
        assert_eq!(list([1.0, -0.001, 2.345_678]), "1,0,2.35");
    }
}
