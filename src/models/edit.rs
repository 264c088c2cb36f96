//! A change of hidden states on their way: what comes after it is computed of the changed ones.

use std::fmt;
use std::sync::Arc;

/// What is done to rows of a hidden state, `(n_tokens, d_model)` flat. A row must not depend on others.
type Change = Arc<dyn Fn(&mut [f32]) + Send + Sync>;

/// A change of hidden state `layer` of every token.
#[derive(Clone)]
pub struct Edit {
    pub(super) layer: usize,
    pub(super) change: Change,
}

impl Edit {
    /// `change` of hidden state `layer`: 0 is the embedding output, before the first block reads it; the last is what the head reads.
    #[must_use]
    pub fn new(layer: usize, change: impl Fn(&mut [f32]) + Send + Sync + 'static) -> Self {
        Self { layer, change: Arc::new(change) }
    }

    /// Does it to hidden state `layer`, if it is the one.
    pub(super) fn at(&self, layer: usize, x: &mut [f32]) {
        if layer == self.layer {
            (self.change)(x);
        }
    }
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Edit").field("layer", &self.layer).finish_non_exhaustive()
    }
}
