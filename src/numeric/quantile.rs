//! Quantiles of samples.

/// The quantile at `at` in `[0, 1]` of ascending values, linear between the neighbours (definition 7 of Hyndman and Fan 1996);
/// `None` of no values.
#[must_use]
pub fn of_sorted(sorted: &[f64], at: f64) -> Option<f64> {
    let place = at.clamp(0.0, 1.0) * sorted.len().checked_sub(1)? as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    // Between equals, infinite ones too, there is nothing to weigh.
    Some(if below == above { below } else { below + (place - place.floor()) * (above - below) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_lies_between_its_neighbours() {
        assert_eq!(of_sorted(&[1.0, 2.0, 4.0], 0.5), Some(2.0));
        assert_eq!(of_sorted(&[1.0, 2.0, 4.0], 0.75), Some(3.0));
        assert_eq!(of_sorted(&[1.0, 2.0], 1.0), Some(2.0));
        assert_eq!(of_sorted(&[], 0.5), None);
    }
}
