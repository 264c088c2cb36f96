//! Which tokens activations are activations of.

/// The tokens that were pooled, where each vector is of one token: its id and its position among all that the model saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PooledTokens {
    /// `(n_stimuli, n_tokens)`; one token per stimulus, or as many as stand side by side without pooling.
    keys: Vec<Vec<(u32, u32)>>,
}

impl PooledTokens {
    /// The tokens `(id, position)` of every stimulus. `None` unless every stimulus has as many, at least one.
    #[must_use]
    pub fn new(keys: Vec<Vec<(u32, u32)>>) -> Option<Self> {
        let n_tokens = keys.first().map_or(0, Vec::len);
        (n_tokens > 0 && keys.iter().all(|tokens| tokens.len() == n_tokens)).then_some(Self { keys })
    }

    /// How many stimuli.
    #[must_use]
    pub fn n_stimuli(&self) -> usize {
        self.keys.len()
    }

    /// How many tokens stand side by side in the vector of a stimulus.
    #[must_use]
    pub fn n_tokens(&self) -> usize {
        self.keys.first().map_or(0, Vec::len)
    }

    /// The stimuli that have the same token at the same position in place `place`, ascending in each group.
    pub(super) fn groups(&self, place: usize) -> Vec<Vec<usize>> {
        let key = |&row: &usize| (self.keys[row][place], row);
        let mut order: Vec<usize> = (0..self.keys.len()).collect();
        order.sort_unstable_by_key(key);
        order.chunk_by(|a, b| key(a).0 == key(b).0).map(<[usize]>::to_vec).collect()
    }
}
