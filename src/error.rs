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
    /// Maps that could not be made.
    #[error(transparent)]
    Geometry(#[from] crate::geometry::Error),
    /// A report that could not be made.
    #[error(transparent)]
    Report(#[from] crate::report::Error),
    /// A model whose files could not be had.
    #[error(transparent)]
    Hub(#[from] crate::hub::Error),
    /// Activations that cannot be used.
    #[error(transparent)]
    Activations(#[from] crate::activations::Error),
    /// A checkpoint that cannot be used.
    #[error(transparent)]
    Models(#[from] crate::models::Error),
    /// A fit that cannot be made.
    #[error(transparent)]
    Mlem(#[from] crate::mlem::Error),
    /// A baseline that cannot be fitted.
    #[error(transparent)]
    Baselines(#[from] crate::baselines::Error),
    /// A simulation that cannot be run.
    #[error(transparent)]
    Simulate(#[from] crate::simulate::Error),
    /// A profile that cannot be made.
    #[error(transparent)]
    Profile(#[from] crate::profile::Error),
    /// A run directory that cannot be read or written.
    #[error(transparent)]
    Rundir(#[from] crate::rundir::Error),
    /// Stimuli that cannot be run or pooled.
    #[error(transparent)]
    Extract(#[from] crate::extract::Error),
    /// Sentences that cannot be scored.
    #[error(transparent)]
    Surprisal(#[from] crate::surprisal::Error),
    /// A feature that cannot be erased.
    #[error(transparent)]
    Erasure(Box<crate::erasure::Error>),
    /// A model that cannot be verified.
    #[error(transparent)]
    Verify(Box<crate::verify::Error>),
    /// Runs that cannot be compared.
    #[error(transparent)]
    Compare(#[from] crate::compare::Error),
    /// Subjects that are no group.
    #[error(transparent)]
    Group(Box<crate::group::Error>),
    /// A sweep that cannot be planned or collected.
    #[error(transparent)]
    Sweep(#[from] crate::sweep::Error),
    /// A grammar that cannot be used.
    #[error(transparent)]
    Grammar(#[from] crate::grammar::Error),
}

/// A result whose error is the pipeline's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl From<crate::erasure::Error> for Error {
    fn from(error: crate::erasure::Error) -> Self {
        Self::Erasure(Box::new(error))
    }
}

impl From<crate::group::Error> for Error {
    fn from(error: crate::group::Error) -> Self {
        Self::Group(Box::new(error))
    }
}

impl From<crate::verify::Error> for Error {
    fn from(error: crate::verify::Error) -> Self {
        Self::Verify(Box::new(error))
    }
}

impl Error {
    /// What the user can do, in one sentence, where there is something to do.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Files(error) => error.hint(),
            Self::Stimuli(error) => error.hint(),
            Self::Geometry(error) => error.hint(),
            Self::Report(error) => error.hint(),
            Self::Hub(error) => error.hint(),
            Self::Activations(error) => error.hint(),
            Self::Models(error) => error.hint(),
            Self::Mlem(error) => error.hint(),
            Self::Baselines(error) => error.hint(),
            Self::Simulate(error) => error.hint(),
            Self::Profile(error) => error.hint(),
            Self::Rundir(error) => error.hint(),
            Self::Extract(error) => error.hint(),
            Self::Surprisal(error) => error.hint(),
            Self::Erasure(error) => error.hint(),
            Self::Verify(error) => error.hint(),
            Self::Compare(error) => error.hint(),
            Self::Group(error) => error.hint(),
            Self::Sweep(error) => error.hint(),
            Self::Grammar(error) => error.hint(),
        }
    }
}
