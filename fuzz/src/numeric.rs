//! The part of `numeric` that grammars draw from, and a name that activations ask for.

#[path = "../../src/numeric/rng.rs"]
pub mod rng;

/// Principal components, which no reader needs.
pub mod pca {
    use ndarray::{Array2, ArrayView2};

    /// None: the linear algebra is not built here.
    pub fn principal_scores(_: ArrayView2<'_, f32>, _: usize) -> Option<Array2<f32>> {
        None
    }
}
