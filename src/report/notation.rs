//! How numbers and names are written; the same in tables, figures and pages.

pub(super) use crate::text::visible;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::profile::Spread;

/// What stands where there is no number.
pub(super) const UNDEFINED: &str = "—";

/// `value` with `decimals` decimals, without the zero before the point: `.123`, `-.020`; a rounded zero has no sign.
pub(super) fn short(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return UNDEFINED.to_owned();
    }
    let text = format!("{value:.decimals$}");
    let (sign, digits) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let sign = if digits.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) { sign } else { "" };
    format!("{sign}{}", if decimals > 0 { digits.strip_prefix('0').unwrap_or(digits) } else { digits })
}

/// Whether `value`, which is none, is printed as a zero with `decimals` decimals.
pub(super) fn is_zero(value: f64, decimals: usize) -> bool {
    value != 0.0 && value.abs() < 0.5 * 0.1_f64.powi(decimals as i32)
}

/// `value` as [`short`] has it; where it has a star and would be printed as zero, with a decimal more, or its magnitude.
pub(super) fn starred(value: f64, decimals: usize, star: bool) -> String {
    if !star || !is_zero(value, decimals) {
        short(value, decimals)
    } else if decimals < 3 && !is_zero(value, decimals + 1) {
        short(value, decimals + 1)
    } else {
        format!("{value:.0e}")
    }
}

/// A mean with its spread: `.123 ± .012`, or the mean alone where there is no spread.
pub(super) fn spread(spread: Spread, decimals: usize) -> String {
    let mean = short(spread.mean, decimals);
    if spread.sd.is_finite() { format!("{mean} ± {}", short(spread.sd, decimals)) } else { mean }
}

/// `rows` with their columns under each other.
pub(super) fn table(out: &mut String, rows: &[Vec<String>]) {
    let n = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widths: Vec<usize> = (0..n)
        .map(|c| rows.iter().filter_map(|row| row.get(c)).map(|cell| cell.width()).max().unwrap_or(0))
        .collect();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

/// `text` in at most `width` columns of a terminal, cut with `…` where it is wider.
pub(super) fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut column = 1;
    for c in text.chars() {
        column += c.width().unwrap_or(0);
        if column > width {
            break;
        }
        shown.push(c);
    }
    shown + "…"
}

/// `text` broken at spaces into lines of at most `width` columns.
pub(super) fn wrap(out: &mut String, text: &str, width: usize) {
    let mut column = 0;
    for word in text.split(' ') {
        let needed = word.width();
        if column > 0 && column + 1 + needed > width {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += needed;
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_never_minus_zero() {
        assert_eq!(short(0.1234, 3), ".123");
        assert_eq!(short(-0.02, 2), "-.02");
        assert_eq!(short(-0.0001, 2), ".00");
        assert_eq!(short(1.0, 2), "1.00");
        assert_eq!(short(f64::NAN, 2), "—");
        assert_eq!(starred(-0.002, 2, true), "-.002");
        assert_eq!(starred(-0.0002, 2, true), "-2e-4");
        assert_eq!(starred(0.0002, 3, true), "2e-4");
        assert_eq!([starred(-0.002, 2, false), starred(0.02, 2, true)], [".00", ".02"]);
        assert_eq!(spread(Spread { mean: 0.5, sd: f64::NAN, n: 1 }, 2), ".50");
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(visible("a\u{1b}[31mb"), "a\\u{1b}[31mb");
        assert_eq!(visible("été 名"), "été 名");
    }
}
