//! A map of a few named objects, and the tree of their clusters beside it.

use std::fmt::Write;

use super::curves::marker;
use super::scale::Scale;
use super::{Label, Room, Short, Svg};
use crate::numeric::linkage::{Merge, leaves};
use crate::numeric::mds::Point;

/// The figure.
pub(in crate::report) struct Arrangement<'a> {
    /// Its name, for those who do not see it.
    pub name: &'a str,
    /// What it shows, for those who do not see it.
    pub description: &'a str,
    /// What the objects are called.
    pub objects: &'a [String],
    /// How many have a colour and a marker of their own.
    pub styles: usize,
    /// One point per object.
    pub points: &'a [Point],
    /// Their clusters, nearest first.
    pub merges: &'a [Merge],
    /// What a height is.
    pub x_title: &'a str,
}

/// Side of the map.
const SIDE: f64 = 330.0;
const NAMES: f64 = 150.0;

impl Arrangement<'_> {
    /// The figure.
    pub(in crate::report) fn render(&self, room: Room) -> String {
        let row = (300.0 / self.objects.len().max(1) as f64).clamp(16.0, 34.0);
        let tree = row * self.objects.len() as f64 + 60.0;
        let width = room.width();
        // The tree stands beside the map, or under it.
        let (left, top, height) =
            room.pick((SIDE + 50.0, 0.0, tree.max(SIDE)), (24.0, SIDE + 16.0, SIDE + 16.0 + tree));
        let mut svg = Svg::new(width, height);
        self.map(&mut svg);
        self.tree(&mut svg, row, (left, top), width);
        svg.finish(self.name, self.description, "")
    }

    fn class(&self, object: usize) -> String {
        if object < self.styles { format!("s{object}") } else { "rest".to_owned() }
    }

    fn map(&self, svg: &mut Svg) {
        svg.rect("frame", (0.5, 0.5), (SIDE - 1.0, SIDE - 1.0));
        let ends = |axis: usize| {
            let along = self.points.iter().map(|point| point[axis]);
            along.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
        };
        let (wide, tall) = (ends(0), ends(1));
        let extent = (wide.1 - wide.0).max(tall.1 - tall.0);
        // One unit for both axes, so that distances are what they look like.
        let scale = if extent > 0.0 { (SIDE - 70.0) / extent } else { 0.0 };
        let middle = (f64::midpoint(wide.0, wide.1), f64::midpoint(tall.0, tall.1));
        let mut placed: Vec<(f64, f64, f64)> = Vec::new();
        for (object, [x, y]) in self.points.iter().enumerate() {
            let (x, y) = (SIDE / 2.0 + (x - middle.0) * scale, SIDE / 2.0 - (y - middle.1) * scale);
            let label = Label::cut(&self.objects[object], NAMES);
            // To the right of its point, or to the left near the edge; lower where another name is in the way.
            let width = label.width();
            let left = if x + 12.0 + width > SIDE - 4.0 { x - 10.0 - width } else { x + 10.0 };
            let mut at = y + 4.0;
            while placed.iter().any(|&(l, t, w)| (t - at).abs() < 14.0 && left < l + w && l < left + width) {
                at += 3.0;
            }
            placed.push((left, at, width));
            svg.open(&self.class(object), "");
            svg.path("marker", &marker(object, x, y, 6.0));
            svg.text("end", (left, at), &label);
            svg.close();
        }
    }

    fn tree(&self, svg: &mut Svg, row: f64, (left, top): (f64, f64), width: f64) {
        let n = self.objects.len();
        let labels: Vec<Label> = self.objects.iter().map(|name| Label::cut(name, NAMES)).collect();
        let names = labels.iter().map(Label::width).fold(0.0, f64::max);
        let right = width - names - 30.0;
        let order = leaves(n, self.merges);
        let heights = self.merges.iter().map(|merge| merge.height);
        // Heights grow from the names to the left.
        let x = Scale::new(heights, right, left, 4);
        let bottom = top + 14.0 + row * n as f64;
        for (value, text) in x.ticks() {
            svg.line("grid", (x.at(value), top + 8.0), (x.at(value), bottom));
            svg.text("tick middle", (x.at(value), bottom + 16.0), &Label::new(text));
        }
        svg.text("title middle", (f64::midpoint(left, right), bottom + 36.0), &Label::new(self.x_title));
        // Where each cluster stands: its height and its row.
        let mut at: Vec<(f64, f64)> = vec![(0.0, 0.0); n];
        for (k, &object) in order.iter().enumerate() {
            at[object] = (right, top + 14.0 + row * (k as f64 + 0.5));
        }
        let mut d = String::new();
        for merge in self.merges {
            let (a, b) = (at[merge.a], at[merge.b]);
            let joint = x.at(merge.height);
            // Writing to a string cannot fail.
            let _ =
                write!(d, "M{} {}H{}V{}H{}", Short(a.0), Short(a.1), Short(joint), Short(b.1), Short(b.0));
            at.push((joint, f64::midpoint(a.1, b.1)));
        }
        svg.path("branch", &d);
        for (object, label) in labels.iter().enumerate() {
            let (x, y) = at[object];
            svg.open(&self.class(object), "");
            svg.path("marker", &marker(object, x + 10.0, y, 5.0));
            svg.text("end", (x + 20.0, y + 4.0), label);
            svg.close();
        }
    }
}
