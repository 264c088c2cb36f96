//! The part of `numeric` that grammars and tables draw from, and names that activations ask for.

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

/// Bases, which no reader needs.
pub mod spectral {
    use ndarray::{Array2, ArrayView2};

    /// None: the linear algebra is not built here.
    pub fn orthonormal(x: ArrayView2<'_, f64>) -> Array2<f64> {
        Array2::zeros((x.nrows(), 0))
    }
}
