//! Matrices of two axes side by side, shaded, with parts of them outlined: t of channels at times, and its clusters.
//!
//! Cells that are beside each other and have one shade are drawn as one, and all of a shade as one path, so that tens of thousands of
//! them are no burden to a page.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::heatmap::{Shades, draw_key};
use super::{FONT, Label, Room, Short, Svg};

/// One matrix.
pub(in crate::report) struct PlanePanel {
    /// Above it.
    pub title: String,
    /// `(n_rows, n_columns)`; `None` is no cell at all, NaN a cell without a number.
    pub values: Vec<Vec<Option<f64>>>,
    /// The value, either side of zero, at full shade.
    pub full: f64,
    /// What is outlined: its cells, and whether with a strong line.
    pub outlines: Vec<(BTreeSet<(usize, usize)>, bool)>,
}

/// A figure of such matrices, all of the same rows and columns.
pub(in crate::report) struct Planes<'a> {
    /// Its name, for those who do not see it.
    pub name: &'a str,
    /// What it shows, for those who do not see it.
    pub description: &'a str,
    /// The names of the rows.
    pub rows: &'a [String],
    /// The names of the columns.
    pub columns: &'a [String],
    /// What the rows and the columns are of.
    pub titles: [&'a str; 2],
    /// What a value is and what it is at full shade, where all panels have one.
    pub key: Option<(&'a str, f64)>,
    /// The matrices.
    pub panels: Vec<PlanePanel>,
}

const GAP: f64 = 18.0;
const HEAD: f64 = 20.0;
/// The widest that names of rows, and upright names of columns, may be.
const NAMES: (f64, f64) = (110.0, 90.0);
/// The least and the most height of a row, and about the most of all rows.
const ROW: (f64, f64) = (2.0, 18.0);
const HIGH: f64 = 420.0;
/// The widest that a cell may be.
const CELL: f64 = 40.0;

/// Where everything of a panel is.
struct Layout {
    left: f64,
    cell: f64,
    row: f64,
    /// Whether names of columns stand upright, and how many stand for one that is written.
    upright: bool,
    every: (usize, usize),
    foot: f64,
}

impl Planes<'_> {
    /// The figure.
    pub(in crate::report) fn render(&self, room: Room) -> String {
        let wide = if self.columns.len() > 60 { 2 } else { 3 };
        let across = room.pick(wide.min(self.panels.len()), 1).max(1);
        let width = (room.width() + GAP) / across as f64 - GAP;
        let layout = self.layout(width);
        let height = HEAD + layout.row * self.rows.len() as f64 + layout.foot;
        let head = if self.key.is_some() { 30.0 } else { 0.0 };
        let lines = self.panels.len().div_ceil(across) as f64;
        let mut svg = Svg::new(room.width(), head + lines * (height + GAP));
        if let Some((key, full)) = self.key {
            draw_key(&mut svg, Shades::Diverging { full }, key, (4.0, room.pick(8.0, 5.0)));
        }
        for (i, panel) in self.panels.iter().enumerate() {
            let left = (i % across) as f64 * (width + GAP);
            let top = head + (i / across) as f64 * (height + GAP);
            self.draw(&mut svg, panel, (left, top), (width, &layout));
        }
        svg.finish(self.name, self.description, "")
    }

    fn layout(&self, width: f64) -> Layout {
        let widest = |names: &[String], most: f64| {
            names.iter().map(|name| Label::cut(name, most).width()).fold(0.0, f64::max)
        };
        let title = if self.titles[0].is_empty() { 0.0 } else { 16.0 };
        let left = widest(self.rows, NAMES.0.min(width / 3.0)) + 8.0 + title;
        let n = |names: &[String]| names.len().max(1) as f64;
        let cell = ((width - left - 2.0) / n(self.columns)).min(CELL);
        let row = (HIGH / n(self.rows)).clamp(ROW.0, ROW.1).min(cell.max(8.0)).max(ROW.0);
        let counted = self.columns.iter().all(|name| name.parse::<f64>().is_ok());
        let names = widest(self.columns, NAMES.1);
        let upright = !counted && names > cell - 3.0;
        let least = if upright { FONT + 1.0 } else { names + 6.0 };
        let every = |size: f64, least: f64| (least / size).ceil().max(1.0) as usize;
        let below = if upright { names + 10.0 } else { 18.0 };
        let title = if self.titles[1].is_empty() { 0.0 } else { 16.0 };
        Layout {
            left,
            cell,
            row,
            upright,
            every: (every(row, FONT), every(cell, least)),
            foot: below + title,
        }
    }

    fn draw(&self, svg: &mut Svg, panel: &PlanePanel, (x0, y0): (f64, f64), (width, at): (f64, &Layout)) {
        let (left, top) = (x0 + at.left, y0 + HEAD);
        let bottom = top + at.row * self.rows.len() as f64;
        let right = left + at.cell * self.columns.len() as f64;
        svg.text("panel", (left, y0 + 13.0), &Label::cut(&panel.title, x0 + width - left));
        for (r, name) in self.rows.iter().enumerate().step_by(at.every.0) {
            let y = top + at.row * (r as f64 + 0.5) + 4.0;
            svg.text("tick right", (left - 6.0, y), &Label::cut(name, NAMES.0.min(width / 3.0)));
        }
        for (c, name) in self.columns.iter().enumerate().step_by(at.every.1) {
            let x = left + at.cell * (c as f64 + 0.5);
            if at.upright {
                svg.upward("tick right", (x + 4.0, bottom + 6.0), &Label::cut(name, NAMES.1));
            } else {
                svg.text("tick middle", (x, bottom + 15.0), &Label::new(name));
            }
        }
        svg.open("cells", " shape-rendering=\"crispEdges\"");
        for (class, d) in shades(panel, (left, top), (at.cell, at.row)) {
            svg.path(&class, &d);
        }
        svg.close();
        // What is strong lies over what is not.
        for strong in [false, true] {
            for (cells, _) in panel.outlines.iter().filter(|(_, is_strong)| *is_strong == strong) {
                let d = outline(cells, (left, top), (at.cell, at.row));
                svg.path(if strong { "outline" } else { "fringe" }, &d);
            }
        }
        let [y_title, x_title] = self.titles;
        if !x_title.is_empty() {
            let middle = f64::midpoint(left, right);
            svg.text("title middle", (middle, bottom + at.foot - 3.0), &Label::cut(x_title, right - left));
        }
        if !y_title.is_empty() {
            let title = Label::cut(y_title, (bottom - top).max(60.0));
            svg.upward("title middle", (x0 + 11.0, f64::midpoint(top, bottom)), &title);
        }
    }
}

/// The cells of `panel`, all of a shade as one path.
fn shades(panel: &PlanePanel, (left, top): (f64, f64), (cell, row): (f64, f64)) -> BTreeMap<String, String> {
    let scale = Shades::Diverging { full: panel.full };
    let mut paths: BTreeMap<String, String> = BTreeMap::new();
    for (r, values) in panel.values.iter().enumerate() {
        let classes: Vec<Option<String>> =
            values.iter().map(|value| value.map(|value| scale.class(value).0)).collect();
        let mut from = 0;
        for run in classes.chunk_by(|a, b| a == b) {
            if let Some(class) = &run[0] {
                let (x, y) = (Short(left + cell * from as f64), Short(top + row * r as f64));
                let (w, h) = (Short(cell * run.len() as f64), Short(row));
                let d = paths.entry(class.clone()).or_default();
                // Writing to a string cannot fail.
                let _ = write!(d, "M{x} {y}h{w}v{h}H{x}z");
            }
            from += run.len();
        }
    }
    paths
}

/// The line around `cells`, and around what is not among them inside.
fn outline(cells: &BTreeSet<(usize, usize)>, (left, top): (f64, f64), (cell, row): (f64, f64)) -> String {
    let is_in = |r: i64, c: i64| match (usize::try_from(r), usize::try_from(c)) {
        (Ok(r), Ok(c)) => cells.contains(&(r, c)),
        _ => false,
    };
    let end = |of: fn(&(usize, usize)) -> usize| cells.iter().map(of).max().map_or(0, |most| most as i64 + 1);
    let (rows, columns) = (end(|cell| cell.0), end(|cell| cell.1));
    let mut d = String::new();
    for r in 0..=rows {
        let edges: Vec<bool> = (0..columns).map(|c| is_in(r - 1, c) != is_in(r, c)).collect();
        for (from, to) in runs(&edges) {
            let (x, y) = (Short(left + cell * from as f64), Short(top + row * r as f64));
            let _ = write!(d, "M{x} {y}H{}", Short(left + cell * to as f64));
        }
    }
    for c in 0..=columns {
        let edges: Vec<bool> = (0..rows).map(|r| is_in(r, c - 1) != is_in(r, c)).collect();
        for (from, to) in runs(&edges) {
            let (x, y) = (Short(left + cell * c as f64), Short(top + row * from as f64));
            let _ = write!(d, "M{x} {y}V{}", Short(top + row * to as f64));
        }
    }
    d
}

/// From where to where `edges` are there.
fn runs(edges: &[bool]) -> Vec<(usize, usize)> {
    let mut from = 0;
    let mut found = Vec::new();
    for run in edges.chunk_by(|a, b| a == b) {
        if run[0] {
            found.push((from, from + run.len()));
        }
        from += run.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_outlined_along_its_edges_and_shades_are_drawn_at_once() {
        let cells = BTreeSet::from([(0, 0), (0, 1), (1, 1)]);
        let d = outline(&cells, (0.0, 0.0), (10.0, 10.0));
        assert_eq!(d, "M0 0H20M0 10H10M10 20H20M0 0V10M10 10V20M20 0V20");
        let panel = PlanePanel {
            title: "a".to_owned(),
            values: vec![vec![Some(1.0), Some(1.0), None], vec![Some(f64::NAN), Some(-1.0), Some(1.0)]],
            full: 1.0,
            outlines: vec![(cells, true)],
        };
        let paths = shades(&panel, (0.0, 0.0), (10.0, 5.0));
        assert_eq!(paths["q12"], "M0 0h20v5H0zM20 5h10v5H20z");
        assert_eq!((paths["gap"].as_str(), paths["n12"].as_str()), ("M0 5h10v5H0z", "M10 5h10v5H10z"));
        let names = |n: usize| (0..n).map(|i| format!("<name {i}>")).collect::<Vec<_>>();
        let (rows, columns) = (names(2), names(3));
        let figure = Planes {
            name: "n",
            description: "d",
            rows: &rows,
            columns: &columns,
            titles: ["channel", "time"],
            key: Some(("t", 1.0)),
            panels: vec![panel],
        };
        for room in [Room::Wide, Room::Narrow] {
            let svg = figure.render(room);
            assert!(
                svg.contains("class=\"outline\"") && !svg.contains("<name") && !svg.contains("NaN"),
                "{svg}"
            );
        }
    }
}
