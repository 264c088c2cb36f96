//! Tables as CSV, and the numbers in them.
//!
//! A number is the shortest text that reads back to the same f32. Results hold no finer ones ([`rounded`]), so that what was
//! read back and what was computed are the same.

use csv::Writer;

/// The nearest f32: all that a table keeps of a number.
pub(crate) fn rounded(x: f64) -> f64 {
    f64::from(x as f32)
}

/// The shortest text that reads back to the same f32, without a tail of zeros before the digits.
pub(crate) fn number(x: f64) -> String {
    let x = x as f32;
    if x != 0.0 && x.abs() < 1e-5 { format!("{x:e}") } else { x.to_string() }
}

/// As [`number`]; nothing where there is no number.
pub(crate) fn cell(x: f64) -> String {
    if x.is_finite() { number(x) } else { String::new() }
}

/// The bytes of a table.
pub(crate) fn table<const N: usize>(header: [&str; N], rows: impl Iterator<Item = [String; N]>) -> Vec<u8> {
    let mut writer = Writer::from_writer(Vec::new());
    // Writing to memory cannot fail, and every record has the header's length.
    let _ = writer.write_record(header);
    for row in rows {
        let _ = writer.write_record(row);
    }
    writer.into_inner().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact() {
        assert_eq!(number(rounded(0.1)), "0.1");
        assert_eq!(number(1e-9), "1e-9");
        assert_eq!(number(0.0), "0");
        assert_eq!(cell(f64::NAN), "");
    }
}
