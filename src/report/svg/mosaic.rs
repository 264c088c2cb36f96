//! Several matrices side by side, each cell with its exact value.

use std::fmt::Write;

use super::super::words;
use super::heatmap::Shades;
use super::{Label, Room, Short, Svg, escape};

/// One matrix.
pub(in crate::report) struct Tile {
    /// Above it.
    pub title: String,
    /// What the rows are positions of, beside them.
    pub y_title: String,
    /// What the columns are positions of, under them.
    pub x_title: String,
    /// The names of the rows, from the top.
    pub rows: Vec<String>,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// `(n_rows, n_columns)`; NaN is a cell without a number.
    pub values: Vec<Vec<f64>>,
    /// The value at full shade.
    pub full: f64,
}

/// A figure of matrices.
pub(in crate::report) struct Mosaic<'a> {
    /// Its name, for those who do not see it.
    pub name: &'a str,
    /// What it shows, for those who do not see it.
    pub description: &'a str,
    /// How many stand side by side.
    pub across: usize,
    /// The matrices.
    pub tiles: Vec<Tile>,
}

const GAP: f64 = 18.0;
/// Room for a title, and for the names and title under a tile.
const HEAD: f64 = 24.0;
const FOOT: f64 = 40.0;
/// The widest that the names of rows may be.
const NAMES: f64 = 150.0;

impl Mosaic<'_> {
    /// The figure.
    pub(in crate::report) fn render(&self, room: Room) -> String {
        let across = self.across.min(self.tiles.len()).clamp(1, room.pick(self.across.max(1), 1));
        let width = (room.width() + GAP) / across as f64 - GAP;
        let heights: Vec<f64> = self.tiles.iter().map(|tile| tile.height(width)).collect();
        let rows: Vec<f64> =
            heights.chunks(across).map(|row| row.iter().copied().fold(0.0, f64::max)).collect();
        let mut svg = Svg::new(room.width(), rows.iter().map(|row| row + GAP).sum::<f64>());
        let mut top = 0.0;
        for (tiles, height) in self.tiles.chunks(across).zip(rows) {
            for (i, tile) in tiles.iter().enumerate() {
                tile.draw(&mut svg, (i as f64 * (width + GAP), top), width);
            }
            top += height + GAP;
        }
        svg.finish(self.name, self.description, "")
    }
}

impl Tile {
    /// Width of the names at the left, with their title, and the size of a cell.
    fn layout(&self, width: f64) -> (f64, f64, f64) {
        let names = self.rows.iter().map(|row| Label::cut(row, NAMES).width()).fold(0.0, f64::max);
        let left = names + 8.0 + if self.y_title.is_empty() { 0.0 } else { 18.0 };
        let cell = ((width - left) / self.columns.len().max(1) as f64).min(58.0);
        (left, cell, cell.clamp(14.0, 22.0))
    }

    /// Whether the names of columns stand upright, and how high they are then.
    fn foot(&self, cell: f64) -> (bool, f64) {
        let widest = self.columns.iter().map(|name| Label::cut(name, NAMES).width()).fold(0.0, f64::max);
        // A name that does not fit can be left out where names are numbers; others are turned.
        let turned = widest > cell - 2.0 && self.columns.iter().any(|name| name.parse::<f64>().is_err());
        let title = if self.x_title.is_empty() { 0.0 } else { 18.0 };
        (turned, title + if turned { widest + 8.0 } else { FOOT - 18.0 })
    }

    fn height(&self, width: f64) -> f64 {
        let (_, cell, row) = self.layout(width);
        HEAD + row * self.rows.len() as f64 + self.foot(cell).1
    }

    fn draw(&self, svg: &mut Svg, (x0, y0): (f64, f64), width: f64) {
        let (left, cell, row) = self.layout(width);
        let (left, top) = (x0 + left, y0 + HEAD);
        let bottom = top + row * self.rows.len() as f64;
        svg.text("panel", (left, y0 + 14.0), &Label::cut(&self.title, x0 + width - left));
        let shades = Shades::Rising { full: self.full };
        let numbers = cell >= 34.0 && row >= 16.0;
        for (r, name) in self.rows.iter().enumerate() {
            let y = top + row * r as f64;
            svg.text("tick right", (left - 6.0, y + row / 2.0 + 4.0), &Label::cut(name, NAMES));
            for (c, &value) in self.values[r].iter().enumerate() {
                let x = left + cell * c as f64;
                let (class, strong) = shades.class(value);
                // Writing to a string cannot fail.
                let _ = write!(
                    svg.body,
                    "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"><title>{} {} × {} {}: {}</title></rect>",
                    Short(x + 0.5),
                    Short(y + 0.5),
                    Short(cell - 1.0),
                    Short(row - 1.0),
                    escape(&self.y_title),
                    escape(name),
                    escape(&self.x_title),
                    escape(&self.columns[c]),
                    words::short(value, 3)
                );
                if numbers {
                    let ink = if strong { "number strong" } else { "number" };
                    svg.text(ink, (x + cell / 2.0, y + row / 2.0 + 4.0), &Label::new(words::short(value, 3)));
                }
            }
        }
        let (turned, foot) = self.foot(cell);
        let widest = self.columns.iter().map(|name| super::text_width(name)).fold(0.0, f64::max);
        let every = if turned { 1 } else { ((widest + 6.0) / cell).ceil().max(1.0) as usize };
        for (c, name) in self.columns.iter().enumerate().step_by(every) {
            let x = left + cell * (c as f64 + 0.5);
            if turned {
                svg.upward("tick right", (x + 4.0, bottom + 6.0), &Label::cut(name, NAMES));
            } else {
                svg.text("tick middle", (x, bottom + 15.0), &Label::new(name));
            }
        }
        let room = x0 + width - left;
        if !self.x_title.is_empty() {
            let middle = left + cell * self.columns.len() as f64 / 2.0;
            svg.text("title middle", (middle, bottom + foot - 6.0), &Label::cut(&self.x_title, room));
        }
        if !self.y_title.is_empty() {
            let title = Label::cut(&self.y_title, (bottom - top).max(60.0));
            svg.upward("title middle", (x0 + 11.0, f64::midpoint(top, bottom)), &title);
        }
    }
}
