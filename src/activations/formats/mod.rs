//! Activations in files: safetensors and NumPy's.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `bounds` | what a file may ask for before a library sees it |
//! | `names`, `place` | what names say of formats and layers; where in a file a matrix stands |
//! | `safetensors`, `npy` | a file of one array, or of one per layer |
//! | `npz` | an archive of such arrays |
//! | `square` | distances that are given |

mod bounds;
mod names;
pub(super) mod npy;
pub(super) mod npz;
mod place;
pub(super) mod safetensors;
mod square;

pub(super) use names::{Format, format};
pub(super) use place::Place;
pub use square::read_square_matrices;
pub(super) use square::triangles;
