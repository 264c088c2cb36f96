//! Layers of one model against layers of another: whether they hold the same geometry of the stimuli.
//!
//! Representational similarity analysis (Kriegeskorte et al. 2008) correlates, by Spearman, the distances between all pairs of a
//! sample of stimuli; linear CKA ([`crate::numeric::cka`]) aligns the centred kernels of the same sample. Neither needs the models to be
//! of one width.

use ndarray::{Array2, Axis};
use rayon::prelude::*;

use super::{Error, Result};
use crate::activations::ByLayer;
use crate::mlem::{Distance, dissimilarities};
use crate::numeric::cka::{Estimate, Kernel};
use crate::numeric::rank::{Scratch, centred_ranks};
use crate::numeric::rng::Stream;

/// The rows of at most `at_most` of `n_stimuli` stimuli, drawn at random where there are more; ascending.
#[must_use]
pub fn stimuli_sample(n_stimuli: usize, at_most: usize, seed: u64) -> Vec<usize> {
    let mut rows: Vec<usize> = (0..n_stimuli).collect();
    Stream::new(seed, "comparison stimuli").shuffle(&mut rows);
    rows.truncate(at_most);
    rows.sort_unstable();
    rows
}

/// The kernels of one layer: of the debiased estimate of CKA, and of the biased one.
type Kernels = [Option<Kernel>; 2];

/// What is kept of a model's activations to compare its layers with another model's.
#[derive(Debug, Clone, PartialEq)]
pub struct Representation {
    /// The layers, ascending.
    layers: Vec<usize>,
    /// Ranks of the distances between the pairs of stimuli, one list per layer; none where the distances are all equal.
    ranks: Vec<Option<Vec<f32>>>,
    /// The kernels, one per layer; none where all stimuli have the same activations, or these are distances themselves.
    kernels: Vec<Kernels>,
}

impl Representation {
    /// What is kept of `activations` at the stimuli `rows`, with distances between them by `distance`.
    ///
    /// # Errors
    ///
    /// [`Error::Layer`] where a distance cannot be measured; [`Error::Activations`] where a layer cannot be read.
    pub fn of(activations: &dyn ByLayer, rows: &[usize], distance: Distance) -> Result<Self> {
        let layers = activations.layers().to_vec();
        let all: Vec<usize> = (0..rows.len()).collect();
        let are_distances = matches!(distance, Distance::Precomputed | Distance::Crossnobis);
        // Whole layers are read one after another; what is kept of each is small.
        let mut read = Vec::with_capacity(layers.len());
        for (index, &layer) in layers.iter().enumerate() {
            let matrix = activations.layer(index)?;
            read.push(if are_distances {
                let rdm = dissimilarities(matrix.view(), rows, distance);
                rdm.map_err(|source| Error::Layer { layer, source })?
            } else {
                matrix.select(Axis(0), rows)
            });
        }
        let of = |(&layer, read): (&usize, Array2<f32>)| -> Result<(Option<Vec<f32>>, Kernels)> {
            if are_distances {
                return Ok((unit_ranks(&read), [None, None]));
            }
            let rdm = dissimilarities(read.view(), &all, distance)
                .map_err(|source| Error::Layer { layer, source })?;
            let kernel = |estimate| Kernel::of(read.view(), estimate);
            Ok((unit_ranks(&rdm), [Estimate::Debiased, Estimate::Biased].map(kernel)))
        };
        let each = layers.par_iter().zip(read).map(of).collect::<Result<Vec<_>>>()?;
        let (ranks, kernels) = each.into_iter().unzip();
        Ok(Self { layers, ranks, kernels })
    }
}

/// The centred ranks of the upper half of `rdm` at unit length, so that a dot product of two is Spearman's correlation.
fn unit_ranks(rdm: &Array2<f32>) -> Option<Vec<f32>> {
    let n = rdm.nrows();
    let pairs: Vec<f32> = (0..n).flat_map(|i| (i + 1..n).map(move |j| rdm[[i, j]])).collect();
    let ranks = centred_ranks(&pairs, &mut Scratch::default());
    let length = ranks.iter().map(|&rank| f64::from(rank).powi(2)).sum::<f64>().sqrt();
    (length > 0.0).then(|| ranks.iter().map(|&rank| (f64::from(rank) / length) as f32).collect())
}

/// The layers of two runs against each other.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerSimilarity {
    /// A run.
    pub a: usize,
    /// Another.
    pub b: usize,
    /// The layers of `a`: the rows.
    pub layers_a: Vec<usize>,
    /// The layers of `b`: the columns.
    pub layers_b: Vec<usize>,
    /// Spearman's correlation of the RDMs; NaN where it is not defined.
    pub rsa: Array2<f64>,
    /// Linear CKA, the debiased estimate: about 0 for layers that share nothing; NaN where it is not defined.
    pub cka: Array2<f64>,
    /// Linear CKA, the biased estimate of Kornblith et al. (2019): higher the more units there are to a stimulus.
    pub cka_biased: Array2<f64>,
}

/// The similarities of all pairs of `models`, which are of the same stimuli; `None` stands for a run without activations.
#[must_use]
pub fn similarities(models: &[Option<Representation>]) -> Vec<LayerSimilarity> {
    let mut all = Vec::new();
    for (a, of_a) in models.iter().enumerate() {
        for (b, of_b) in models.iter().enumerate().skip(a + 1) {
            if let (Some(of_a), Some(of_b)) = (of_a, of_b) {
                all.push(between((a, of_a), (b, of_b)));
            }
        }
    }
    all
}

fn between((a, of_a): (usize, &Representation), (b, of_b): (usize, &Representation)) -> LayerSimilarity {
    let size = (of_a.layers.len(), of_b.layers.len());
    let cells: Vec<[f64; 3]> = (0..size.0 * size.1)
        .into_par_iter()
        .map(|cell| {
            let (i, j) = (cell / size.1, cell % size.1);
            let rsa = of_a.ranks[i].as_ref().zip(of_b.ranks[j].as_ref()).map(|(x, y)| correlation(x, y));
            let cka = |estimate: usize| {
                let kernels = of_a.kernels[i][estimate].as_ref().zip(of_b.kernels[j][estimate].as_ref());
                kernels.and_then(|(x, y)| x.alignment(y)).unwrap_or(f64::NAN)
            };
            [rsa.unwrap_or(f64::NAN), cka(0), cka(1)]
        })
        .collect();
    let pick = |what: usize| Array2::from_shape_fn(size, |(i, j)| cells[i * size.1 + j][what]);
    LayerSimilarity {
        a,
        b,
        layers_a: of_a.layers.clone(),
        layers_b: of_b.layers.clone(),
        rsa: pick(0),
        cka: pick(1),
        cka_biased: pick(2),
    }
}

fn correlation(x: &[f32], y: &[f32]) -> f64 {
    x.iter().zip(y).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>().clamp(-1.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::activations::{Activations, Provenance};

    fn activations(seed: u64) -> Activations {
        let mut stream = Stream::new(seed, "layers");
        let first = Array2::from_shape_fn((30, 4), |_| stream.normal() as f32);
        let second = Array2::from_shape_fn((30, 3), |_| stream.normal() as f32);
        Activations::new(vec![0, 2], vec![first, second], Provenance::default()).unwrap()
    }

    #[test]
    fn a_layer_is_like_itself_and_not_like_another() {
        let rows = stimuli_sample(30, 30, 0);
        let of = |seed| Some(Representation::of(&activations(seed), &rows, Distance::Euclidean).unwrap());
        let all = similarities(&[of(1), of(1), of(2), None]);
        assert_eq!(all.iter().map(|pair| (pair.a, pair.b)).collect::<Vec<_>>(), [(0, 1), (0, 2), (1, 2)]);
        for of in [&all[0].rsa, &all[0].cka] {
            assert!((of[[0, 0]] - 1.0).abs() < 1e-5 && (of[[1, 1]] - 1.0).abs() < 1e-5);
            assert!(of[[0, 1]] < 0.5);
        }
        assert!(all[1].rsa[[0, 0]].abs() < 0.4);
    }

    #[test]
    fn constant_activations_have_no_similarity() {
        let same = Activations::new(vec![1], vec![Array2::ones((9, 2))], Provenance::default()).unwrap();
        let rows = stimuli_sample(9, 5, 0);
        assert_eq!(rows.len(), 5);
        let model = Representation::of(&same, &rows, Distance::Euclidean).unwrap();
        let all = similarities(&[Some(model.clone()), Some(model)]);
        assert!(all[0].rsa[[0, 0]].is_nan() && all[0].cka[[0, 0]].is_nan());
    }
}
