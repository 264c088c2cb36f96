//! Activations: one matrix per layer, `(n_stimuli, d_model)` f32, with what they are activations of.
//!
//! Where they come from is [`crate::extract`]'s business, or a user's own recording (a brain's, too).
//!
//! | file | holds | layers |
//! | --- | --- | --- |
//! | `.safetensors` | tensors `layer.0` … `layer.L`, each `(n_stimuli, d_model)`, and metadata | from the names |
//! | `.npy` | `(n_stimuli, d)`, or `(n_layers, n_stimuli, d)` | `0..n_layers` |
//! | `.npz`, compressed or not | arrays of `(n_stimuli, d)` | from the names |
//! | `.safetensors`, `.npz` with one array | `(n_layers, n_stimuli, d)` | `0..n_layers` |
//!
//! Names that end in different numbers (`layer.3`, `arr_3`, `layer_3`, `3`) are layers of those numbers; any other names are
//! numbered from 0 in alphabetical order. Numbers of other types than f32 are rounded to it.
//!
//! [`Activations`] holds every layer in memory, and is the simple way. Sets that are larger than that stay in their files:
//! [`RowWriter`] takes rows as a model gives them, [`open`] and [`Stored`] read one layer at a time, and whatever is fitted
//! takes either, as [`ByLayer`].
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `error` | what can be wrong |
//! | `pooling`, `transform`, `tokens` | the words for how tokens become vectors, and vectors others |
//! | `provenance` | what activations are activations of |
//! | `by_layer` | one layer at a time, wherever it lies |
//! | `matrices`, `repeats` | all layers in memory; the mean of several recordings |
//! | `formats/` | what stands in files |
//! | `stored` | an open file, of which only what is asked for is read |
//! | `writer` | a file under way, row by row |
//! | `open`, `apply/` | whole files; transforms, applied |

mod apply;
mod by_layer;
mod error;
mod formats;
mod matrices;
mod open;
mod pooling;
mod provenance;
mod repeats;
mod stored;
mod tokens;
mod transform;
mod writer;

pub use apply::transform;
pub use by_layer::{ByLayer, Shape};
pub use error::{Error, Result};
pub use formats::read_square_matrices;
pub use matrices::Activations;
pub use open::{open, open_distances};
pub use pooling::Pooling;
pub use provenance::Provenance;
pub use repeats::{MeanOf, check_repeat};
pub use stored::Stored;
pub use tokens::PooledTokens;
pub use transform::Transform;
pub use writer::{Destination, RowWriter, safetensors_pieces, write};
