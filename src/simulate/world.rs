//! Stimuli, and activations that their features shape in a known way.

use ndarray::{Array1, Array2, Axis};

use super::{Options, Result, WorldKind};
use crate::numeric::embedding::smacof;
use crate::numeric::linalg::symmetric_eigen;
use crate::numeric::mds::Stop;
use crate::numeric::rng::Stream;
use crate::stimuli::{Feature, FeatureTable};

/// Features, and the activations without noise.
#[derive(Debug, Clone)]
pub struct World {
    /// The features.
    pub features: FeatureTable,
    /// `W` at unit Frobenius norm, `(n_features, n_features)`, where there is one.
    pub weights: Option<Array2<f64>>,
    /// `(n_stimuli, n_dimensions)`.
    pub activations: Array2<f64>,
    /// Stress-1 of the embedding; 0 for the network.
    pub stress: f64,
    truth: Truth,
}

/// What makes the activations.
#[derive(Debug, Clone)]
enum Truth {
    /// The level of each feature for each stimulus, to which `W` belongs.
    Metric(Vec<Vec<usize>>),
    /// A network: what it reads, `(n_stimuli, n_inputs)`, of which feature each input is, and the weights of its layers.
    Network { inputs: Array2<f64>, owner: Vec<usize>, layers: [Array2<f64>; 2] },
}

impl World {
    /// The world of `kind` under `seed`.
    ///
    /// # Errors
    ///
    /// Features that cannot be made.
    pub fn new(kind: WorldKind, options: &Options, seed: u64) -> Result<Self> {
        Self::with_gains(kind, options, seed, &vec![1.0; options.features])
    }

    /// The same with so much of each feature in it: what a network reads of it, or its rows and columns of `W`, times its gain. A feature
    /// of gain 0 does nothing.
    ///
    /// # Errors
    ///
    /// Features that cannot be made.
    pub fn with_gains(kind: WorldKind, options: &Options, seed: u64, gains: &[f64]) -> Result<Self> {
        let mut stream = Stream::new(seed, &format!("world {}", kind.name()));
        match kind {
            WorldKind::Dense | WorldKind::Sparse => Self::metric(kind, options, gains, &mut stream),
            WorldKind::Network => Self::network(options, gains, &mut stream),
        }
    }

    /// The squared distances of the stimuli `rows` (of every two, row by row of the upper half) as the world has them without noise, up
    /// to a factor; with the values of one feature taken from other stimuli, one for each of `rows`.
    #[must_use]
    pub fn distances(&self, rows: &[usize], moved: Option<(usize, &[usize])>) -> Vec<f64> {
        let from = |feature: usize, k: usize| match moved {
            Some((other, order)) if other == feature => order[k],
            _ => rows[k],
        };
        let pairs = (0..rows.len()).flat_map(|i| (i + 1..rows.len()).map(move |j| (i, j)));
        match &self.truth {
            Truth::Metric(codes) => {
                let level = |feature: usize, k: usize| codes[feature][from(feature, k)];
                let of = |(i, j)| {
                    let d: Array1<f64> = (0..codes.len())
                        .map(|feature| f64::from(u8::from(level(feature, i) != level(feature, j))))
                        .collect();
                    self.weights.as_ref().map_or(0.0, |weights| d.dot(&weights.dot(&d)))
                };
                pairs.map(of).collect()
            }
            Truth::Network { inputs, owner, layers: [first, second] } => {
                let x = Array2::from_shape_fn((rows.len(), owner.len()), |(k, input)| {
                    inputs[[from(owner[input], k), input]]
                });
                let activations = x.dot(first).mapv(f64::tanh).dot(second).mapv(f64::tanh);
                pairs
                    .map(|(i, j)| (&activations.row(i) - &activations.row(j)).mapv(|x| x * x).sum())
                    .collect()
            }
        }
    }

    /// The squared distances of the stimuli `rows` (as [`World::distances`] has them) as they are without noise: of their activations.
    /// Where a world is distances `d'Wd` that are placed in space, they are these but for what no place in so many dimensions can have
    /// ([`World::stress`]).
    #[must_use]
    pub fn clean(&self, rows: &[usize]) -> Vec<f64> {
        if let Truth::Network { .. } = self.truth {
            return self.distances(rows, None);
        }
        let pairs = (0..rows.len()).flat_map(|i| (i + 1..rows.len()).map(move |j| (rows[i], rows[j])));
        let of = |(i, j)| (&self.activations.row(i) - &self.activations.row(j)).mapv(|x: f64| x * x).sum();
        pairs.map(of).collect()
    }

    /// Binary features, and activations about `d'Wd` apart.
    fn metric(kind: WorldKind, options: &Options, gains: &[f64], stream: &mut Stream) -> Result<Self> {
        let (n, n_features) = (options.stimuli, options.features);
        let codes: Vec<Vec<usize>> =
            (0..n_features).map(|_| (0..n).map(|_| stream.index(2)).collect()).collect();
        let mut weights = match kind {
            WorldKind::Sparse => sparse(n_features, stream),
            WorldKind::Dense | WorldKind::Network => dense(n_features, stream),
        };
        for ((i, j), w) in weights.indexed_iter_mut() {
            *w *= gains[i] * gains[j];
        }
        weights /= norm(&weights);
        let mut distances = Array2::zeros((n, n));
        for i in 0..n {
            for j in 0..i {
                let d: Array1<f64> =
                    codes.iter().map(|code| f64::from(u8::from(code[i] != code[j]))).collect();
                // A quadratic form of a metric is not negative but for rounding.
                distances[[i, j]] = d.dot(&weights.dot(&d)).max(0.0);
                distances[[j, i]] = distances[[i, j]];
            }
        }
        let stop = Stop { iterations: 300, tolerance: 1e-5 };
        let embedding = smacof(distances.view(), options.dims, stream, stop);
        let features = codes.iter().enumerate().map(|(k, codes)| {
            Feature::categorical(
                &format!("f{}", k + 1),
                &codes.iter().map(|&code| Some(["a", "b"][code])).collect::<Vec<_>>(),
            )
        });
        Ok(Self {
            features: FeatureTable::new(n, features.collect())?,
            weights: Some(weights),
            activations: embedding.points,
            stress: embedding.stress,
            truth: Truth::Metric(codes),
        })
    }

    /// Half the features numeric and half categorical (with two to four levels), read by a random network: two layers, with
    /// tanh after each.
    fn network(options: &Options, gains: &[f64], stream: &mut Stream) -> Result<Self> {
        let n = options.stimuli;
        let mut inputs: Vec<Vec<f64>> = Vec::new();
        let mut owner = Vec::new();
        let mut features = Vec::new();
        for (k, gain) in gains.iter().enumerate().take(options.features) {
            let name = format!("f{}", k + 1);
            if k % 2 == 0 {
                let values: Vec<f64> = (0..n).map(|_| stream.unit()).collect();
                features.push(Feature::numeric(&name, values.iter().map(|&x| Some(x)).collect())?);
                inputs.push(values.iter().map(|x| gain * (2.0 * x - 1.0)).collect());
            } else {
                let levels = 2 + k / 2 % 3;
                let codes: Vec<usize> = (0..n).map(|_| stream.index(levels)).collect();
                let names: Vec<Option<String>> =
                    codes.iter().map(|code| Some(char::from(b'a' + *code as u8).to_string())).collect();
                features.push(Feature::categorical(&name, &names));
                let is = |code: usize, level: usize| gain * f64::from(u8::from(code == level));
                inputs.extend((0..levels).map(|level| codes.iter().map(|&code| is(code, level)).collect()));
            }
            owner.resize(inputs.len(), k);
        }
        let x = Array2::from_shape_fn((n, inputs.len()), |(i, k)| inputs[k][i]);
        let mut layer = |width_in: usize| {
            let scale = 1.0 / (width_in as f64).sqrt();
            Array2::from_shape_fn((width_in, options.dims), |_| scale * stream.normal())
        };
        let layers = [layer(x.ncols()), layer(options.dims)];
        let activations = x.dot(&layers[0]).mapv(f64::tanh).dot(&layers[1]).mapv(f64::tanh);
        Ok(Self {
            features: FeatureTable::new(n, features)?,
            weights: None,
            activations,
            stress: 0.0,
            truth: Truth::Network { inputs: x, owner, layers },
        })
    }

    /// The activations with noise of `level` standard deviations of each dimension; the same noise at every level, but for its
    /// size.
    #[must_use]
    pub fn noisy(&self, level: f64, seed: u64) -> Array2<f32> {
        let mut stream = Stream::new(seed, "noise");
        let sd = self.activations.std_axis(Axis(0), 0.0);
        Array2::from_shape_fn(self.activations.dim(), |(i, j)| {
            (self.activations[[i, j]] + level * sd[j] * stream.normal()) as f32
        })
    }
}

/// A random positive definite matrix: `U (11' + diag(s)) U'`, where the columns of `U` are the eigenvectors of `A'A`, each with a random
/// sign, and the entries of `A` and `s` are uniform from 0 to 1. One direction, the sum of the columns, holds most of it. As the
/// paper's code draws it, by scikit-learn's `make_spd_matrix`.
fn dense(size: usize, stream: &mut Stream) -> Array2<f64> {
    let a = Array2::from_shape_fn((size, size), |_| stream.unit());
    let eigen = symmetric_eigen(a.t().dot(&a).view());
    let mut vectors = eigen.map_or_else(|| Array2::eye(size), |(_, vectors)| vectors);
    for mut column in vectors.columns_mut() {
        // Which of two opposite vectors a decomposition gives is its own affair.
        let first = column.iter().copied().find(|x| *x != 0.0).unwrap_or(1.0);
        let sign = first.signum() * if stream.index(2) == 0 { -1.0 } else { 1.0 };
        column.mapv_inplace(|x| sign * x);
    }
    let middle = Array2::from_shape_fn((size, size), |(i, j)| if i == j { 1.0 + stream.unit() } else { 1.0 });
    vectors.dot(&middle).dot(&vectors.t())
}

/// A random positive definite matrix with few entries off its diagonal: `L'L` where `L` is `-1` on its diagonal and, before rows
/// and columns are put in random order, lower triangular with a twentieth of the entries there from 0.1 to 0.9, uniformly drawn,
/// and the others 0. As the paper's code draws it, by scikit-learn's `make_sparse_spd_matrix`.
fn sparse(size: usize, stream: &mut Stream) -> Array2<f64> {
    let mut order: Vec<usize> = (0..size).collect();
    stream.shuffle(&mut order);
    let mut l = -Array2::<f64>::eye(size);
    for i in 0..size {
        for j in 0..i {
            if stream.unit() >= 0.95 {
                l[[order[i], order[j]]] = 0.1 + 0.8 * stream.unit();
            }
        }
    }
    l.t().dot(&l)
}

/// The Frobenius norm.
pub(super) fn norm(matrix: &Array2<f64>) -> f64 {
    matrix.iter().map(|x| x * x).sum::<f64>().sqrt()
}
