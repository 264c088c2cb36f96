//! The area under the ROC curve.

/// How likely a positive has a larger value than a negative, ties counting half: the area under the ROC curve. `None` where
/// there are no positives, no negatives, or values that are no numbers.
#[must_use]
pub fn roc_auc(values: &[f64], is_positive: impl Fn(usize) -> bool) -> Option<f64> {
    if values.iter().any(|x| x.is_nan()) {
        return None;
    }
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let (mut below, mut area, mut positives) = (0.0, 0.0, 0.0);
    for group in order.chunk_by(|&a, &b| values[a] == values[b]) {
        let here = group.iter().filter(|&&i| is_positive(i)).count() as f64;
        let others = group.len() as f64 - here;
        area += here * (below + 0.5 * others);
        below += others;
        positives += here;
    }
    (positives > 0.0 && below > 0.0).then(|| area / (positives * below))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_counting_pairs() {
        let values = [0.1, 0.4, 0.35, 0.8, 0.4, 0.4];
        let positive = [false, false, true, true, true, false];
        let mut wins = 0.0;
        for i in 0..6 {
            for j in 0..6 {
                if positive[i] && !positive[j] {
                    wins += if values[i] > values[j] {
                        1.0
                    } else if values[i] == values[j] {
                        0.5
                    } else {
                        0.0
                    };
                }
            }
        }
        assert_eq!(roc_auc(&values, |i| positive[i]), Some(wins / 9.0));
        assert_eq!(roc_auc(&values, |_| true), None);
        assert_eq!(roc_auc(&[f64::NAN, 1.0], |i| i == 0), None);
    }
}
