//! Does a feature matter to the model? Its directions are erased from a layer's hidden states, and the model runs on from there.
//!
//! ```text
//! for each fold:  training stimuli ──LEACE──▶ x ↦ x − L R (x − μ), on every token's hidden state at the layer
//!                 held-out stimuli ──▶ decoding of the feature there, importances in the layers after it, preferences in minimal pairs
//! ```
//!
//! The eraser is fitted in closed form ([`crate::numeric::leace`]) to the training stimuli's vectors, means over tokens, and is an affine map: the
//! mean of erased tokens is the erased mean. Beside it stands a control that erases as many random directions of the same whitened
//! space. Everything is measured on stimuli that neither the eraser nor what is fitted after it has seen.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `error` | why a feature cannot be erased |
//! | `condition` | what was done to the states: nothing, the feature erased, or the control |
//! | `concept` | a feature as the columns that are erased |
//! | `results` | what was measured |
//! | `params` | how it is erased, and what is measured |
//! | `csv` | the tables |

mod concept;
mod condition;
mod csv;
mod error;
mod params;
mod results;

pub use condition::Condition;
pub use csv::{DECODING, IMPORTANCE, PREFERENCES};
pub use error::{Error, Result};
pub use params::Params;
pub use results::{Decoded, Erasure, Importance, Preference, Summary};
