//! The part of `numeric` that grammars and tables draw from, and names that activations ask for.

#[path = "../../src/numeric/crossnobis.rs"]
pub mod crossnobis;
#[path = "../../src/numeric/interval.rs"]
pub mod interval;
#[path = "../../src/numeric/rng.rs"]
pub mod rng;
#[path = "../../src/numeric/split.rs"]
pub mod split;

/// Principal components, which no reader needs.
pub mod pca {
    use ndarray::{Array2, ArrayView2};

    /// None: the linear algebra is not built here.
    pub fn principal_scores(_: ArrayView2<'_, f32>, _: usize) -> Option<Array2<f32>> {
        None
    }
}

/// Noise covariances, which no reader needs.
pub mod shrinkage {
    use ndarray::{Array2, ArrayView2};

    /// None is made.
    pub struct Shrunk;

    impl Shrunk {
        /// None: the linear algebra is not built here.
        pub fn ledoit_wolf(_: ArrayView2<'_, f64>, _: f64) -> Option<Self> {
            None
        }

        /// None is.
        pub fn is_definite(&self) -> bool {
            false
        }

        /// What it was.
        pub fn whiten(&self, x: ArrayView2<'_, f64>) -> Array2<f64> {
            x.to_owned()
        }
    }
}

/// Bases, which no reader needs.
pub mod spectral {
    use ndarray::{Array2, ArrayView2};

    /// None: the linear algebra is not built here.
    pub fn orthonormal(x: ArrayView2<'_, f64>) -> Array2<f64> {
        Array2::zeros((x.nrows(), 0))
    }
}
