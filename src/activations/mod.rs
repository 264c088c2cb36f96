//! Activations: one matrix per layer, `(n_stimuli, d_model)` f32, with what they are activations of.
//!
//! Where they come from is [`crate::extract`]'s business, or a user's own recording (a brain's, too).
//!
//! | file | holds |
//! | --- | --- |
//! | `.safetensors` | a tensor per layer, or one of all layers; as it is written here, `layer.0` … `layer.L` and metadata |
//! | `.npy` | an array |
//! | `.npz`, compressed or not | an array per layer, or one of all layers |
//! | `.pt`, `.pth`, `.bin` | what `torch.save` writes of a dictionary or a list of tensors, or of one; read as data |
//!
//! An array per layer is `(n_stimuli, d)`; one of all layers is `(n_layers, n_stimuli, d)`, unless [`Reading`] says otherwise. The
//! numbers in the names (`layer.3`, `blocks.3.hook_resid_post`, `h.3.output`) are layers; an embedding and a final norm stand
//! before and behind them; names without numbers (regions of a brain) are labels of the axis. What is not clear is an error.
//! Numbers of other types than f32 are rounded to it.
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
//! | `beside` | what stands beside activations, stimulus by stimulus |
//! | `provenance` | what activations are activations of |
//! | `by_layer` | one layer at a time, wherever it lies |
//! | `matrices`, `repeats` | all layers in memory; the mean of several recordings, means over stimuli |
//! | `crossvalidated` | distances between conditions over partitions |
//! | `formats/` | what stands in files |
//! | `reading/` | which arrays are which layers, and what their axes are |
//! | `stored` | an open file, of which only what is asked for is read |
//! | `recording` | the layers of a file, as they are read |
//! | `writer` | a file under way, row by row |
//! | `open`, `apply/` | whole files; transforms, applied |

mod apply;
mod beside;
mod by_layer;
mod crossvalidated;
mod error;
mod formats;
mod matrices;
mod open;
mod pooling;
mod provenance;
mod reading;
mod recording;
mod repeats;
mod stored;
mod tokens;
mod transform;
mod writer;

pub use apply::transform;
pub use beside::{Beside, Column};
pub use by_layer::{ByLayer, Shape};
pub use crossvalidated::{Cell, CrossValidated};
pub use error::{Error, Result};
pub use formats::read_square_matrices;
pub use matrices::Activations;
pub use open::{Opened, open, open_as};
pub use pooling::Pooling;
pub use provenance::Provenance;
pub use reading::{Axes, Reading, layers_of};
pub use repeats::{MeanOf, MeanOver, check_repeat};
pub use stored::Stored;
pub use tokens::PooledTokens;
pub use transform::Transform;
pub use writer::{Destination, RowWriter, safetensors_pieces, write};
