//! The error of the whole pipeline: every module's own, with its hint.

/// What a stage of the pipeline can fail with.
///
/// The text says what was wrong and where; [`Error::hint`] says what to do about it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file could not be read or written.
    #[error(transparent)]
    Files(#[from] crate::files::Error),
    /// Stimuli that cannot be used.
    #[error(transparent)]
    Stimuli(#[from] crate::stimuli::Error),
    /// A grammar that cannot be used.
    #[error(transparent)]
    Grammar(#[from] crate::grammar::Error),
}

/// A result whose error is the pipeline's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// What the user can do, in one sentence, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Files(error) => error.hint(),
            Self::Stimuli(error) => error.hint(),
            Self::Grammar(error) => error.hint(),
        }
    }
}
