//! What a model has for each language that it was trained on, of which one is chosen.

/// An MLP of the size `d` for one language, after the MLP of each block (X-MOD).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Language {
    /// What the language is called in the names of weights.
    pub name: String,
    /// Size of its hidden layer.
    pub d: usize,
    /// Whether it is added to what a norm before it made, and not to what that read.
    pub normed: bool,
}
