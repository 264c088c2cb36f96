//! Which arrays of a file are which layers, and which of their axes are stimuli and units. What is not settled by the file and
//! the number of stimuli is an error that says how it could be read, never a guess.
//!
//! # Rooms, from the ground up
//!
//! | room | what it is |
//! | --- | --- |
//! | `options` | what the user says of it |
//! | `named` | the words and numbers of a name |
//! | `order` | names in the order of their layers |
//! | `choose` | which arrays are layers, and what the others are |
//! | `axes` | what the axes of an array are |
//! | `slots` | every layer: of which array, at which place of it |

mod axes;
mod choose;
mod named;
mod options;
mod order;
mod slots;

pub(super) use choose::in_order;
pub use choose::layers_of;
pub use options::{Axes, Reading};
pub(super) use slots::{Layout, Slot, slots};
