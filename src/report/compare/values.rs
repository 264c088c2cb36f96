//! Numbers of a comparison, as people read them.

use super::super::words;

/// A p-value: three decimals, or that it is smaller.
pub(super) fn p(p: Option<f64>) -> String {
    p.map_or_else(
        || words::UNDEFINED.to_owned(),
        |p| if p < 0.001 { "< .001".to_owned() } else { words::short(p, 3) },
    )
}
