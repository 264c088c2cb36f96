//! A matrix as shaded cells with its numbers, a key to the shades, and marks on chosen cells.

use std::collections::BTreeSet;

use super::super::words;
use super::{FONT, Label, Room, Svg, list};

/// How values become shades.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::report) enum Shades {
    /// From nothing to the largest value.
    Rising {
        /// The value at full shade.
        full: f64,
    },
    /// Two hues around zero.
    Diverging {
        /// The value, either side of zero, at full shade.
        full: f64,
    },
}

/// A heatmap.
pub(in crate::report) struct Heatmap<'a> {
    /// Its name, for those who do not see it.
    pub name: &'a str,
    /// What it shows, for those who do not see it.
    pub description: &'a str,
    /// The names of the rows.
    pub rows: &'a [&'a str],
    /// The names of the columns.
    pub columns: &'a [&'a str],
    /// Under the columns, where they need a title.
    pub x_title: &'a str,
    /// What a value is, beside the key.
    pub key: &'a str,
    /// `(n_rows, n_columns)`; `None` is no cell at all, NaN a cell without a number.
    pub values: &'a dyn Fn(usize, usize) -> Option<f64>,
    /// How values become shades.
    pub shades: Shades,
    /// Cells with a frame.
    pub marked: &'a BTreeSet<(usize, usize)>,
    /// Cells with a star.
    pub starred: &'a BTreeSet<(usize, usize)>,
}

/// The number of shades on either side of nothing.
const STEPS: usize = 12;
/// Width of a shade in the key.
const SWATCH: (f64, f64) = (8.0, 5.0);
/// The widest that the names of rows, and of upright columns, may be.
const NAMES: (f64, f64) = (190.0, 116.0);

impl Shades {
    /// The class of a cell, and whether its number is written in the ink for strong shades.
    pub(super) fn class(self, value: f64) -> (String, bool) {
        let step = |share: f64| (share.clamp(0.0, 1.0) * STEPS as f64).round() as usize;
        match self {
            _ if !value.is_finite() => ("gap".to_owned(), false),
            Self::Rising { full } => {
                let step = if full > 0.0 { step(value / full) } else { 0 };
                (format!("q{step}"), step * 2 > STEPS)
            }
            Self::Diverging { full } => {
                let step = if full > 0.0 { step(value.abs() / full) } else { 0 };
                let side = if value < 0.0 && step > 0 { "n" } else { "q" };
                (format!("{side}{step}"), step * 2 > STEPS)
            }
        }
    }

    /// The values that the key shows, from one end to the other.
    fn key(self) -> Vec<f64> {
        let steps = STEPS as f64;
        match self {
            Self::Rising { full } => (0..=STEPS).map(|i| i as f64 / steps * full).collect(),
            Self::Diverging { full } => (0..=2 * STEPS).map(|i| (i as f64 / steps - 1.0) * full).collect(),
        }
    }
}

impl Heatmap<'_> {
    /// The chart.
    pub(in crate::report) fn render(&self, room: Room) -> String {
        let names = room.pick(NAMES.0, NAMES.1);
        let labels = Label::of_names(self.rows, names);
        let left = labels.iter().map(Label::width).fold(30.0, f64::max) + 14.0;
        let columns = self.columns.len().max(1) as f64;
        let widest = self.columns.iter().map(|name| super::text_width(name)).fold(0.0, f64::max);
        // The eye fills in numbers that are left out, but no names: those stand upright where they do not fit side by side.
        let counted = self.columns.iter().all(|name| name.parse::<f64>().is_ok());
        let least = if counted { 5.0 } else { FONT + 1.0 };
        let cell = ((room.width() - left - 8.0) / columns).clamp(least, 58.0);
        let row = if self.rows.len() > 60 { 15.0 } else { 22.0_f64.min(cell.max(18.0)) };
        let upright = widest > cell - 4.0 && !counted;
        let every = if counted { ((widest + 5.0) / cell).ceil().max(1.0) as usize } else { 1 };
        // Upright names take height alone, of which there is enough.
        let heads = Label::of_names(self.columns, NAMES.0);
        let head = if upright { heads.iter().map(Label::width).fold(0.0, f64::max) + 10.0 } else { 20.0 };
        let top = 40.0 + head;
        let bottom = top + row * self.rows.len() as f64;
        let foot = if self.x_title.is_empty() { 8.0 } else { 28.0 };
        let steps = if matches!(self.shades, Shades::Rising { .. }) { STEPS } else { 2 * STEPS };
        let swatch = room.pick(SWATCH.0, SWATCH.1);
        let beside = room.pick(left, 4.0);
        let key = beside + 90.0 + swatch * (steps + 1) as f64 + super::text_width(self.key);
        let width = (left + cell * columns + 8.0).max(key);
        let mut svg = Svg::new(width, bottom + foot);
        draw_key(&mut svg, self.shades, self.key, (beside, swatch));
        for (c, label) in heads.iter().enumerate().step_by(every) {
            let x = left + cell * (c as f64 + 0.5);
            if upright {
                svg.upward("tick", (x + 4.0, top - 6.0), label);
            } else {
                svg.text("tick middle", (x, top - 7.0), label);
            }
        }
        let numbers = cell >= 34.0 && row >= FONT + 4.0;
        let decimals = if cell >= 40.0 && matches!(self.shades, Shades::Rising { .. }) { 3 } else { 2 };
        svg.open("cells", "");
        for (r, label) in labels.iter().enumerate() {
            let y = top + row * r as f64;
            svg.open("row", "");
            svg.text("tick right", (left - 7.0, y + row / 2.0 + 4.0), label);
            for c in 0..self.columns.len() {
                let Some(value) = (self.values)(r, c) else { continue };
                let x = left + cell * c as f64;
                let (class, strong) = self.shades.class(value);
                let gap = if cell < 10.0 { 0.4 } else { 1.0 };
                svg.rect(&class, (x + gap / 2.0, y + 0.5), (cell - gap, row - 1.0));
                if numbers {
                    let ink = if strong { "number strong" } else { "number" };
                    let starred = self.starred.contains(&(r, c));
                    let text = Label::new(words::starred(value, decimals, starred));
                    svg.text(ink, (x + cell / 2.0, y + row / 2.0 + 4.0), &text);
                }
                if self.starred.contains(&(r, c)) {
                    let ink = if strong { "star strong" } else { "star" };
                    // Beside the number, or alone in the middle.
                    let at = if numbers { x + cell - 6.0 } else { x + cell / 2.0 };
                    svg.text(ink, (at, y + row / 2.0 + if numbers { 3.0 } else { 5.0 }), &Label::new("*"));
                }
                if self.marked.contains(&(r, c)) {
                    svg.rect("mark", (x + 1.5, y + 1.5), (cell - 3.0, row - 3.0));
                }
            }
            svg.close();
        }
        svg.close();
        if !self.x_title.is_empty() {
            let middle = left + cell * columns / 2.0;
            svg.text("title middle", (middle, bottom + 20.0), &Label::new(self.x_title));
        }
        let (diverging, full) = match self.shades {
            Shades::Rising { full } => (false, full),
            Shades::Diverging { full } => (true, full),
        };
        let layout = list([left, top, cell, row, self.columns.len() as f64, self.rows.len() as f64]);
        svg.rect("pick", (0.0, 0.0), (cell, row));
        // Drawn no larger than its units, so that small matrices do not become posters.
        let attributes = format!(
            " tabindex=\"0\" data-chart=\"heatmap\" data-layout=\"{layout}\" data-shades=\"{}\" style=\"max-width:{}px\"",
            list([f64::from(u8::from(diverging)), full, STEPS as f64, decimals as f64]),
            super::Short(width * room.pick(1.15, 1.0))
        );
        svg.finish(self.name, self.description, &attributes)
    }
}

/// The key to `shades` of what is called `key`, from `left` on in swatches that are `swatch` wide.
pub(super) fn draw_key(svg: &mut Svg, shades: Shades, key: &str, (left, swatch): (f64, f64)) {
    let values = shades.key();
    let end = |value: Option<&f64>| words::short(value.copied().unwrap_or(f64::NAN), 2);
    let first = Label::new(end(values.first()));
    let start = left + first.width() + 6.0;
    svg.text("tick", (left, 16.0), &first);
    for (i, &value) in values.iter().enumerate() {
        svg.rect(&shades.class(value).0, (start + swatch * i as f64, 6.0), (swatch, 12.0));
    }
    let after = start + swatch * values.len() as f64 + 6.0;
    let last = Label::new(format!("{}  {key}", end(values.last())));
    svg.text("tick", (after, 16.0), &last);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shades_run_from_nothing_to_full_on_both_sides() {
        let rising = Shades::Rising { full: 0.5 };
        assert_eq!(rising.class(0.5), ("q12".to_owned(), true));
        assert_eq!(rising.class(-0.1), ("q0".to_owned(), false));
        assert_eq!(rising.class(f64::NAN), ("gap".to_owned(), false));
        let diverging = Shades::Diverging { full: 1.0 };
        assert_eq!(diverging.class(-1.0), ("n12".to_owned(), true));
        assert_eq!(diverging.class(-0.001), ("q0".to_owned(), false));
        assert_eq!(Shades::Rising { full: 0.0 }.class(0.0), ("q0".to_owned(), false));
    }

    #[test]
    fn a_cell_that_is_not_there_is_not_drawn() {
        let marked = BTreeSet::from([(1, 0)]);
        let lower = |r: usize, c: usize| (c < r).then_some(0.25);
        let heatmap = Heatmap {
            name: "n",
            description: "d",
            rows: &["a", "b", "c"],
            columns: &["a", "b", "c"],
            x_title: "",
            key: "correlation",
            values: &lower,
            shades: Shades::Diverging { full: 1.0 },
            marked: &marked,
            starred: &BTreeSet::new(),
        };
        let svg = heatmap.render(Room::Wide);
        assert_eq!(svg.matches("class=\"number\"").count(), 3);
        assert_eq!(svg.matches("class=\"mark\"").count(), 1);
    }

    #[test]
    fn of_forty_columns_that_are_counted_some_have_their_number_and_all_fit() {
        let columns: Vec<String> = (0..41).map(|i| i.to_string()).collect();
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let value = |_: usize, _: usize| Some(0.1);
        let heatmap = Heatmap {
            name: "n",
            description: "d",
            rows: &["a feature with a long name"],
            columns: &columns,
            x_title: "layer",
            key: "importance",
            values: &value,
            shades: Shades::Rising { full: 1.0 },
            marked: &BTreeSet::new(),
            starred: &BTreeSet::new(),
        };
        for room in [Room::Wide, Room::Narrow] {
            let svg = heatmap.render(room);
            let (width, _) = super::super::view_box(&svg).unwrap();
            assert!(
                width <= room.width() && svg.contains(">40</text>") && !svg.contains("rotate"),
                "{width}"
            );
        }
    }
}
