//! Activations in files: safetensors, NumPy's and PyTorch's.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `bounds` | what a file may ask for before a library sees it |
//! | `names`, `place` | what the ending of a file says; where in a file a matrix stands |
//! | `array` | what is known of an array before its numbers are read |
//! | `safetensors`, `npy` | a file of one array, or of several |
//! | `npz` | an archive of such arrays |
//! | `contents` | the arrays of any file |
//! | `square` | distances that are given |

mod array;
mod bounds;
mod contents;
mod names;
pub(super) mod npy;
mod npz;
mod place;
pub(super) mod safetensors;
mod square;

pub(super) use array::{Array, Holds, shape_in_words};
pub(super) use contents::Contents;
pub(super) use names::{Format, format};
pub(super) use place::Place;
pub use square::read_square_matrices;
pub(super) use square::triangles;
