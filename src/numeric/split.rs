//! Seeded splits of `0..n` into folds.

use super::rng::Stream;

/// Which fold each of `n` items is in: sizes differ by one at most, membership is random under `stream`.
#[must_use]
pub fn folds(n: usize, n_folds: usize, stream: &mut Stream) -> Vec<usize> {
    let mut fold_of: Vec<usize> = (0..n).map(|i| i % n_folds.max(1)).collect();
    stream.shuffle(&mut fold_of);
    fold_of
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folds_are_even_and_seeded() {
        let fold_of = folds(23, 5, &mut Stream::new(1, "folds"));
        let sizes: Vec<usize> = (0..5).map(|fold| fold_of.iter().filter(|&&f| f == fold).count()).collect();
        assert_eq!(sizes, [5, 5, 5, 4, 4]);
        assert_eq!(fold_of, folds(23, 5, &mut Stream::new(1, "folds")));
        assert_ne!(fold_of, folds(23, 5, &mut Stream::new(2, "folds")));
    }
}
