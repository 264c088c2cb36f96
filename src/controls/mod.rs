//! Controls of a run: baselines on the same stimuli, folds, distance and options, and what of a profile is left above them.
//!
//! | control | what is in the place of the model's activations |
//! | --- | --- |
//! | `untrained` | those of the same architecture with weights as its initialiser draws them |
//! | `shuffled` | those of the same model, which reads the words of each sentence in random order ([`shuffled()`]) |
//! | `bag-of-words` | how often each word of the stimuli is in the sentence ([`bag_of_words()`]) |
//! | `position` | how many words the sentence has, and where the slot's words stand ([`position()`]) |
//!
//! The last two have no layers: what they give is held against every layer of the model.
//!
//! What this is not: nothing is fitted or run here. A control's activations are fitted as the model's are, by the code that fits those, and
//! [`above()`] holds the two profiles against each other.

mod above;
mod bags;
mod control;
mod shuffled;
mod units;

pub use above::{ControlRow, above};
pub use bags::{bag_of_words, position};
pub use control::Control;
pub use shuffled::{Shuffled, shuffled};
