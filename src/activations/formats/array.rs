//! What is known of an array before its numbers are read.

use crate::files::tensors::Number;

/// An array of a file.
#[derive(Debug, Clone)]
pub(in crate::activations) struct Array {
    pub(in crate::activations) name: String,
    pub(in crate::activations) shape: Vec<usize>,
    pub(in crate::activations) holds: Holds,
    /// Where its numbers stand in the file itself, row-major, and how; none where they are packed or turned.
    pub(in crate::activations) place: Option<(u64, Number)>,
}

/// What an array holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::activations) enum Holds {
    Floats,
    WholeNumbers,
    /// True and false.
    Flags,
    /// No real numbers: what it has, in a few words.
    Other(String),
}

impl Array {
    /// `(40, 3, 16)`.
    pub(in crate::activations) fn shape_in_words(&self) -> String {
        shape_in_words(&self.shape)
    }
}

/// `(40, 3, 16)`.
pub(in crate::activations) fn shape_in_words(shape: &[usize]) -> String {
    let sizes: Vec<String> = shape.iter().map(ToString::to_string).collect();
    match sizes.as_slice() {
        [only] => format!("({only},)"),
        sizes => format!("({})", sizes.join(", ")),
    }
}
