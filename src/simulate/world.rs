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
}

impl World {
    /// The world of `kind` under `seed`.
    ///
    /// # Errors
    ///
    /// Features that cannot be made.
    pub fn new(kind: WorldKind, options: &Options, seed: u64) -> Result<Self> {
        let mut stream = Stream::new(seed, &format!("world {}", kind.name()));
        match kind {
            WorldKind::Dense | WorldKind::Sparse => Self::metric(kind, options, &mut stream),
            WorldKind::Network => Self::network(options, &mut stream),
        }
    }

    /// Binary features, and activations about `d'Wd` apart.
    fn metric(kind: WorldKind, options: &Options, stream: &mut Stream) -> Result<Self> {
        let (n, n_features) = (options.stimuli, options.features);
        let codes: Vec<Vec<usize>> =
            (0..n_features).map(|_| (0..n).map(|_| stream.index(2)).collect()).collect();
        let mut weights = match kind {
            WorldKind::Sparse => sparse(n_features, stream),
            WorldKind::Dense | WorldKind::Network => dense(n_features, stream),
        };
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
        })
    }

    /// Half the features numeric and half categorical (with two to four levels), read by a random network: two layers, with
    /// tanh after each.
    fn network(options: &Options, stream: &mut Stream) -> Result<Self> {
        let n = options.stimuli;
        let mut inputs: Vec<Vec<f64>> = Vec::new();
        let mut features = Vec::new();
        for k in 0..options.features {
            let name = format!("f{}", k + 1);
            if k % 2 == 0 {
                let values: Vec<f64> = (0..n).map(|_| stream.unit()).collect();
                features.push(Feature::numeric(&name, values.iter().map(|&x| Some(x)).collect())?);
                inputs.push(values.iter().map(|x| 2.0 * x - 1.0).collect());
            } else {
                let levels = 2 + k / 2 % 3;
                let codes: Vec<usize> = (0..n).map(|_| stream.index(levels)).collect();
                let names: Vec<Option<String>> =
                    codes.iter().map(|code| Some(char::from(b'a' + *code as u8).to_string())).collect();
                features.push(Feature::categorical(&name, &names));
                inputs.extend(
                    (0..levels).map(|level| codes.iter().map(|&c| f64::from(u8::from(c == level))).collect()),
                );
            }
        }
        let x = Array2::from_shape_fn((n, inputs.len()), |(i, k)| inputs[k][i]);
        let mut layer = |x: &Array2<f64>, width: usize| {
            let scale = 1.0 / (x.ncols() as f64).sqrt();
            let weights = Array2::from_shape_fn((x.ncols(), width), |_| scale * stream.normal());
            x.dot(&weights).mapv(f64::tanh)
        };
        let hidden = layer(&x, options.dims);
        let activations = layer(&hidden, options.dims);
        Ok(Self { features: FeatureTable::new(n, features)?, weights: None, activations, stress: 0.0 })
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
