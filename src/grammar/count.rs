//! How much a grammar generates.

/// How much a grammar generates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// Derivations: ways to make a sentence. Counted without making them.
    pub derivations: u128,
    /// Whether there may be fewer derivations: constraints tie so many choices together that only those without them were
    /// counted.
    pub at_most: bool,
    /// Different sentences; `None` where the structure does not tell and there are too many derivations to write out.
    pub sentences: Option<u128>,
    /// Whether the sentences were written out to be counted; else the structure tells that all derivations differ.
    pub enumerated: bool,
}

impl Count {
    /// Sentences where they are known, else derivations, which are at least as many.
    #[must_use]
    pub fn at_most(&self) -> u128 {
        self.sentences.unwrap_or(self.derivations)
    }
}

/// What a template generates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateCount {
    /// The template's name or number.
    pub template: String,
    /// Its derivations.
    pub derivations: u128,
    /// Whether there may be fewer ([`Count::at_most`]).
    pub at_most: bool,
    /// Where there are none: what removed the last candidate.
    pub killer: Option<String>,
}
