//! Batches of pairs, and how large they need to be.

use std::ops::Range;

use rayon::prelude::*;

use crate::mlem::moments::Design;
use crate::mlem::pairs::{Columns, Neural, Partners, Slot};
use crate::mlem::training::Training;
use crate::numeric::correlation::mean_sd;
use crate::numeric::linalg::dot;
use crate::numeric::rng::Stream;

/// Feature distances and targets of some pairs.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Per feature, `(n_features, n_pairs)`.
    pub(super) features: Vec<Vec<f32>>,
    /// Squared neural distances.
    pub(super) neural: Vec<f64>,
    pub(super) bits: Vec<u32>,
    pub(super) dense: Vec<Vec<f64>>,
}

impl Batch {
    pub(super) fn len(&self) -> usize {
        self.features.first().map_or(0, Vec::len)
    }
}

/// The stimuli that pairs are drawn from.
pub(super) struct Pool<'a> {
    columns: &'a Columns,
    /// The positions of the held-out fold: training stimuli are before and after it.
    held_out: Range<usize>,
    n_training: usize,
}

impl<'a> Pool<'a> {
    /// The training stimuli of `fold`: all but its own, or all where it is the only one.
    pub(super) fn new(design: &'a Design, fold: usize) -> Self {
        let held_out = if design.layout.holds_out() { design.layout.folds[fold].clone() } else { 0..0 };
        let n_training = design.columns.n_stimuli() - held_out.len();
        Self { columns: &design.columns, held_out, n_training }
    }

    fn position(&self, index: usize) -> usize {
        if index < self.held_out.start { index } else { index + self.held_out.len() }
    }

    /// Draws `size` pairs of distinct stimuli into `batch`, each pair as likely as any, with replacement.
    pub(super) fn draw(&self, stream: &mut Stream, size: usize, neural: &Neural, batch: &mut Batch) {
        batch.neural.clear();
        self.draw_features(stream, size, batch, |i, j, squared| {
            neural.append(i, &Partners::List(&[j]), squared);
        });
    }

    fn draw_features(
        &self,
        stream: &mut Stream,
        size: usize,
        batch: &mut Batch,
        mut also: impl FnMut(usize, u32, &mut Vec<f64>),
    ) {
        batch.bits.clear();
        batch.dense.resize(self.columns.n_dense(), Vec::new());
        batch.dense.iter_mut().for_each(Vec::clear);
        for _ in 0..size {
            let first = stream.index(self.n_training);
            // One of the others.
            let second = (first + 1 + stream.index(self.n_training - 1)) % self.n_training;
            let (i, j) = (self.position(first), self.position(second) as u32);
            self.columns.append(i, &Partners::List(&[j]), &mut batch.bits, &mut batch.dense);
            also(i, j, &mut batch.neural);
        }
        let slots = self.columns.slots();
        batch.features.resize(slots.len(), Vec::new());
        for (out, slot) in batch.features.iter_mut().zip(slots) {
            out.clear();
            match *slot {
                Slot::Bit(bit) => out.extend(batch.bits.iter().map(|bits| (bits >> bit & 1) as f32)),
                Slot::Dense(column) => out.extend(batch.dense[column].iter().map(|&x| x as f32)),
            }
        }
    }

    /// The correlations between the distances of all pairs of features; 0 where one does not vary.
    fn correlations(batch: &Batch) -> Vec<f64> {
        let n = batch.len() as f64;
        let standard: Vec<Vec<f64>> = batch
            .features
            .iter()
            .map(|column| {
                let mean = column.iter().map(|&x| f64::from(x)).sum::<f64>() / n;
                let centred: Vec<f64> = column.iter().map(|&x| f64::from(x) - mean).collect();
                let norm = dot(&centred, &centred).sqrt();
                let scale = if norm > 1e-9 { 1.0 / norm } else { 0.0 };
                centred.into_iter().map(|x| x * scale).collect()
            })
            .collect();
        let pairs = (0..standard.len()).flat_map(|a| (a + 1..standard.len()).map(move |b| (a, b)));
        pairs.map(|(a, b)| dot(&standard[a], &standard[b])).collect()
    }

    /// The smallest batch whose correlations are stable.
    fn size(&self, stream: &mut Stream, training: &Training) -> usize {
        let mut size = training.batch_size_min as f64;
        let mut batch = Batch::default();
        while (size as usize) < training.batch_size_max {
            let trials: Vec<Vec<f64>> = (0..training.n_trials)
                .map(|_| {
                    self.draw_features(stream, size as usize, &mut batch, |_, _, _| {});
                    Self::correlations(&batch)
                })
                .collect();
            let stable = (0..trials[0].len()).all(|pair| {
                let over_trials: Vec<f64> = trials.iter().map(|trial| trial[pair]).collect();
                mean_sd(&over_trials).is_some_and(|(_, sd)| sd <= training.threshold)
            });
            if stable {
                return size as usize;
            }
            size *= training.factor;
        }
        training.batch_size_max
    }
}

/// The batch size of every fold of `design`, given or found. It depends on the features alone.
pub(crate) fn sizes(design: &Design) -> Vec<usize> {
    let training = &design.params.training;
    if let Some(size) = training.batch_size {
        return vec![size; design.n_folds()];
    }
    let of_fold = |fold: usize| {
        let mut stream = Stream::new(design.params.seed, &format!("batch size of fold {fold}"));
        Pool::new(design, fold).size(&mut stream, training)
    };
    (0..design.n_folds()).into_par_iter().map(of_fold).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlem::brute_force::data;
    use crate::mlem::pairs::Layout;
    use crate::mlem::{Mlem, Solver};

    #[test]
    fn batches_are_of_training_stimuli_and_correlations_are_stable_at_their_size() {
        let (features, x) = data(40, 3, 2, 5);
        let params = Mlem::params().solver(Solver::Stochastic);
        let fold_of: Vec<usize> = (0..40).map(|i| i % 4).collect();
        let design = Design::new(&params, &features, Layout::of_folds(&fold_of, 4)).unwrap();
        let pool = Pool::new(&design, 2);
        assert!(
            (0..30).map(|i| pool.position(i)).all(|position| !design.layout.folds[2].contains(&position))
        );
        let size = sizes(&design)[2];
        assert!((2_000..200_000).contains(&size), "{size}");
        let neural = design.neural(x.view()).unwrap();
        let mut batch = Batch::default();
        let mut stream = Stream::new(1, "test");
        pool.draw(&mut stream, size, &neural, &mut batch);
        assert_eq!((batch.len(), batch.neural.len()), (size, size));
        assert!(batch.neural.iter().all(|&t| t > 0.0));
        let table = neural.looked_up().unwrap();
        assert!(table.looked_up().is_none());
        let mut again = Batch::default();
        pool.draw(&mut Stream::new(1, "test"), size, &table, &mut again);
        assert!(batch.neural.iter().zip(&again.neural).all(|(a, b)| (a - b).abs() <= 1e-6 * a));
        let first = Pool::correlations(&batch);
        pool.draw(&mut stream, size, &neural, &mut batch);
        for (a, b) in first.iter().zip(Pool::correlations(&batch)) {
            assert!((a - b).abs() < 0.06, "{a} {b}");
        }
    }
}
