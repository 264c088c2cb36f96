//! Maps as small multiples: points of the plane, coloured by group, a panel per map.

use std::fmt::Write;

use super::{Label, Room, Short, Svg, list};

/// The points of one group on one map.
pub(in crate::report) struct Group {
    /// Its colour, from 0; `None` is the background.
    pub style: Option<usize>,
    /// Its points.
    pub points: Vec<[f64; 2]>,
}

/// One map.
pub(in crate::report) struct Panel {
    /// What it is of, above it, and what is said behind that.
    pub title: (String, String),
    /// Its groups.
    pub groups: Vec<Group>,
}

/// A figure of maps.
pub(in crate::report) struct Maps<'a> {
    /// Its name, for those who do not see it.
    pub name: &'a str,
    /// What it shows, for those who do not see it.
    pub description: &'a str,
    /// What the groups are: a name and its colour.
    pub legend: Vec<(String, Option<usize>)>,
    /// The maps.
    pub panels: Vec<Panel>,
}

/// An entry of the legend, and where it stands.
struct Key {
    label: Label,
    style: Option<usize>,
    at: (f64, f64),
}

const GAP: f64 = 12.0;
const TITLE: f64 = 18.0;
const LEGEND: f64 = 20.0;

impl Maps<'_> {
    /// The figure.
    pub(in crate::report) fn render(&self, room: Room) -> String {
        let width = room.width();
        let columns = self.panels.len().clamp(1, room.pick(5, 2));
        let side = ((width + GAP) / columns as f64 - GAP).min(420.0);
        let (top, placed) = self.legend(width);
        let rows = self.panels.len().div_ceil(columns);
        let mut svg = Svg::new(width, top + rows as f64 * (side + TITLE + GAP));
        svg.open("key", "");
        for Key { label, style, at: (x, y) } in placed {
            svg.open(&class(style), "");
            svg.path("dots", &format!("M{} {}h0", Short(x + 5.0), Short(y + 8.0)));
            svg.close();
            svg.text("tick", (x + 12.0, y + 12.0), &label);
        }
        svg.close();
        for (i, panel) in self.panels.iter().enumerate() {
            let x = (i % columns) as f64 * (side + GAP);
            let y = top + (i / columns) as f64 * (side + TITLE + GAP);
            svg.text("tick", (x + 2.0, y + 12.0), &Label::with_end(&panel.title.0, &panel.title.1, side));
            svg.rect("frame", (x + 0.5, y + TITLE), (side - 1.0, side - 1.0));
            let (left, top, side) = (x + 5.0, y + TITLE + 5.0, side - 11.0);
            // Where its points are, for the script that colours them otherwise.
            svg.open("map", &format!(" data-map=\"{i}\" data-square=\"{}\"", list([left, top, side])));
            panel.draw(&mut svg, (left, top), side);
            svg.close();
        }
        svg.finish(self.name, self.description, " data-chart=\"maps\"")
    }

    /// The height of the legend, and its labels with their places.
    fn legend(&self, room: f64) -> (f64, Vec<Key>) {
        let mut placed = Vec::new();
        let (mut x, mut y) = (0.0, 0.0);
        for (name, style) in &self.legend {
            let label = Label::cut(name, 200.0);
            let width = label.width() + 28.0;
            if x + width > room && x > 0.0 {
                (x, y) = (0.0, y + LEGEND);
            }
            placed.push(Key { label, style: *style, at: (x, y) });
            x += width;
        }
        (if placed.is_empty() { 0.0 } else { y + LEGEND + 6.0 }, placed)
    }
}

impl Panel {
    fn draw(&self, svg: &mut Svg, (left, top): (f64, f64), side: f64) {
        // One unit for both axes, so that distances are what they look like.
        let extent = self
            .groups
            .iter()
            .flat_map(|group| &group.points)
            .flatten()
            .fold(0.0, |m: f64, x| m.max(x.abs()));
        let scale = if extent > 0.0 { side / 2.0 / extent } else { 0.0 };
        for group in &self.groups {
            let mut d = String::new();
            for [x, y] in &group.points {
                let (x, y) = (left + side / 2.0 + x * scale, top + side / 2.0 - y * scale);
                let _ = write!(d, "M{} {}h0", Tenth(x), Tenth(y));
            }
            svg.open(&class(group.style), "");
            svg.path("dots", &d);
            svg.close();
        }
    }
}

fn class(style: Option<usize>) -> String {
    style.map_or("rest".to_owned(), |style| format!("s{style}"))
}

/// A coordinate with one decimal: there are thousands of them.
struct Tenth(f64);

impl std::fmt::Display for Tenth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", (self.0 * 10.0).round() / 10.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_stay_inside_their_panel_in_true_proportion() {
        let points = vec![[-2.0, 1.0], [2.0, -1.0], [0.0, 0.0]];
        let panel = Panel {
            title: ("layer 0".to_owned(), String::new()),
            groups: vec![Group { style: Some(0), points }],
        };
        let mut svg = Svg::new(100.0, 100.0);
        panel.draw(&mut svg, (0.0, 0.0), 100.0);
        assert!(svg.body.contains("M0 25h0M100 75h0M50 50h0"), "{}", svg.body);
    }
}
