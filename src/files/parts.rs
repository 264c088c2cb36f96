//! A hash of several parts: what the keys of results are.

/// Parts of a hash (BLAKE3), none of which runs into the next.
#[derive(Debug, Default)]
pub(crate) struct Parts(blake3::Hasher);

impl Parts {
    /// Adds a part, led by its length.
    pub(crate) fn add(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// The hash of the parts so far (hex).
    pub(crate) fn hash(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}
