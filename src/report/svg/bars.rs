//! Bars for positions that have no order, and the ranges behind them.

use std::fmt::Write;

use super::scale::Scale;
use super::{Short, Svg};
use crate::profile::Spread;

/// One area per position with a range, as wide as its slot.
pub(super) fn steps(
    ranges: &[Option<(f64, f64)>],
    slot: f64,
    x: &impl Fn(usize) -> f64,
    y: &Scale,
) -> String {
    let mut d = String::new();
    for (i, range) in ranges.iter().enumerate() {
        if let Some((low, high)) = range.filter(|(low, high)| low.is_finite() && high.is_finite()) {
            let (left, width) = (Short(x(i) - slot * 0.46), Short(slot * 0.92));
            let _ = write!(d, "M{left} {}h{width}V{}H{left}Z", Short(y.at(low)), Short(y.at(high)));
        }
    }
    d
}

/// A bar per position, beside those of the other series that have a style; a line at the value of one that has none.
pub(super) fn bars(
    svg: &mut Svg,
    (at, style): (&[Spread], Option<usize>),
    (i, n_styled): (usize, usize),
    slot: f64,
    x: &impl Fn(usize) -> f64,
    y: &Scale,
) {
    let class = style.map_or("series rest".to_owned(), |style| format!("series s{style}"));
    svg.open(&class, &format!(" data-series=\"{i}\""));
    let room = (slot * 0.84).min(46.0 * n_styled as f64);
    let wide = room / n_styled.max(1) as f64;
    let (mut shapes, mut whiskers) = (String::new(), String::new());
    for (k, spread) in at.iter().enumerate().filter(|(_, spread)| spread.is_defined()) {
        let (zero, value) = (Short(y.at(0.0)), Short(y.at(spread.mean)));
        let Some(style) = style else {
            let _ = write!(shapes, "M{} {value}h{}", Short(x(k) - room / 2.0), Short(room));
            continue;
        };
        let left = x(k) - room / 2.0 + wide * style as f64;
        let width = (wide - 1.0).max(wide * 0.7);
        let _ = write!(shapes, "M{} {zero}V{value}h{}V{zero}Z", Short(left), Short(width));
        if spread.sd.is_finite() {
            let (low, high) = (Short(y.at(spread.mean - spread.sd)), Short(y.at(spread.mean + spread.sd)));
            let _ = write!(whiskers, "M{} {low}V{high}", Short(left + width / 2.0));
        }
    }
    svg.path(if style.is_some() { "bar" } else { "curve" }, &shapes);
    svg.path("error", &whiskers);
    svg.close();
}
