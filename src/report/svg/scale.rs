//! Values to coordinates, and where the ticks of an axis stand.

/// A linear map from values to coordinates, with ticks at round values.
pub(super) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    step: f64,
}

impl Scale {
    /// Maps the finite `values` and zero onto `from..to`, with a little room above.
    pub(super) fn new(values: impl IntoIterator<Item = f64>, from: f64, to: f64, ticks: usize) -> Self {
        let finite = values.into_iter().filter(|value| value.is_finite());
        let (low, high) = finite.fold((0.0, 0.0), |(low, high): (f64, f64), x| (low.min(x), high.max(x)));
        let high = if low == high { low + 1.0 } else { high };
        let step = round_step((high - low) / ticks as f64);
        let mut scale = Self { low, high: high + (high - low) * 0.03, from, to, step };
        // Zero alone is no scale: the next smaller step has a second tick.
        if scale.steps().1 <= scale.steps().0 {
            scale.step = round_step(step * 0.4);
        }
        scale
    }

    /// The same without zero, where the values are much further from it than from each other: it would hide what tells them
    /// apart.
    pub(super) fn near(values: impl Iterator<Item = f64> + Clone, from: f64, to: f64, ticks: usize) -> Self {
        let finite = values.clone().filter(|value| value.is_finite());
        let none = (f64::INFINITY, f64::NEG_INFINITY);
        let (low, high) = finite.fold(none, |(low, high), x| (low.min(x), high.max(x)));
        let range = high - low;
        if low <= range || range <= 1e-9 * high {
            return Self::new(values, from, to, ticks);
        }
        let (low, high) = (low - 0.03 * range, high + 0.03 * range);
        Self { low, high, from, to, step: round_step(range / ticks as f64) }
    }

    /// The coordinate of `value`.
    pub(super) fn at(&self, value: f64) -> f64 {
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }

    /// The highest value that is on it.
    pub(super) fn top(&self) -> f64 {
        self.high
    }

    /// The first and the last multiple of the step that is on it.
    fn steps(&self) -> (f64, f64) {
        ((self.low / self.step - 1e-9).ceil(), (self.high / self.step).floor())
    }

    /// The ticks and how they are written.
    pub(super) fn ticks(&self) -> Vec<(f64, String)> {
        let decimals = (-self.step.log10().floor()).max(0.0) as usize;
        let (first, last) = self.steps();
        (0..=(last - first) as usize)
            .map(|i| {
                let value = (first + i as f64) * self.step;
                (value, format!("{:.decimals$}", if value == 0.0 { 0.0 } else { value }))
            })
            .collect()
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `step`.
fn round_step(step: f64) -> f64 {
    let power = 10_f64.powf(step.log10().floor());
    let rounded = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * power >= step * (1.0 - 1e-9));
    rounded.unwrap_or(10.0) * power
}

/// `wanted` coordinates moved apart so that neighbours are at least `gap` apart, within `low..=high` as far as that goes.
/// The order is kept.
pub(super) fn apart(wanted: &[f64], gap: f64, low: f64, high: f64) -> Vec<f64> {
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by(|&a, &b| wanted[a].total_cmp(&wanted[b]));
    // Clusters of touching labels, each as near to the mean of what its labels want as its neighbours let it.
    let mut clusters: Vec<(f64, usize)> = Vec::new();
    for &i in &order {
        clusters.push((wanted[i], 1));
        while let [.., (above, n), (below, m)] = clusters[..]
            && below - above < gap * (n + m) as f64 / 2.0
        {
            clusters.truncate(clusters.len() - 2);
            clusters.push(((above * n as f64 + below * m as f64) / (n + m) as f64, n + m));
        }
    }
    let mut placed = vec![0.0; wanted.len()];
    let mut next = order.into_iter();
    for (centre, n) in clusters {
        let half = gap * (n - 1) as f64 / 2.0;
        let centre = centre.min(high - half).max(low + half);
        for (k, i) in next.by_ref().take(n).enumerate() {
            placed[i] = centre - half + gap * k as f64;
        }
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_all_values_are_inside() {
        let scale = Scale::new([0.013, 0.347, f64::NAN], 100.0, 0.0, 5);
        let ticks: Vec<String> = scale.ticks().into_iter().map(|(_, text)| text).collect();
        assert_eq!(ticks, ["0.0", "0.1", "0.2", "0.3"]);
        assert!(scale.at(0.347) > 0.0 && scale.at(0.0) == 100.0);
    }

    #[test]
    fn zero_is_never_the_only_tick() {
        for (values, expected) in [
            ([-0.004, 0.0045], vec!["-0.004", "-0.002", "0.000", "0.002", "0.004"]),
            ([-0.0019, 0.0017], vec!["-0.001", "0.000", "0.001"]),
        ] {
            let ticks = Scale::new(values, 100.0, 0.0, 3).ticks();
            assert_eq!(ticks.into_iter().map(|(_, text)| text).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn zero_is_left_out_where_it_would_hide_the_differences() {
        let scale = Scale::near([0.90, 0.98].into_iter(), 100.0, 0.0, 5);
        let ticks: Vec<String> = scale.ticks().into_iter().map(|(_, text)| text).collect();
        assert_eq!(ticks, ["0.90", "0.92", "0.94", "0.96", "0.98"]);
        for values in [[0.3, 0.9], [-0.5, -0.4], [0.7, 0.7], [f64::NAN, f64::NAN]] {
            assert!(Scale::near(values.into_iter(), 100.0, 0.0, 5).at(0.0) <= 100.0);
        }
    }

    #[test]
    fn a_scale_without_values_still_has_an_extent() {
        let scale = Scale::new([f64::NAN], 0.0, 10.0, 4);
        assert!(scale.at(0.5).is_finite() && scale.ticks().len() > 1);
        let tiny = Scale::new([-3e-9], 0.0, 10.0, 4);
        assert!(tiny.at(-3e-9).is_finite());
    }

    #[test]
    fn labels_move_apart_and_keep_their_order() {
        let placed = apart(&[10.0, 11.0, 50.0, 10.5], 12.0, 0.0, 100.0);
        assert!((placed[3] - placed[0] - 12.0).abs() < 1e-9 && (placed[1] - placed[3] - 12.0).abs() < 1e-9);
        assert_eq!(placed[2], 50.0);
        assert!(placed[0] >= 0.0);
    }
}
