//! What can be wrong with a report.

/// A result whose error is this module's.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What can be wrong with a report.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The page's template could not be filled.
    #[error("cannot fill the page's template: {0}")]
    Template(#[from] minijinja::Error),
    /// The page's data could not be written as JSON.
    #[error("cannot write the page's data: {0}")]
    Data(#[from] serde_json::Error),
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let (Self::Template(_) | Self::Data(_)) = self;
        Some(
            "this is a mistake in the program; the tables of the run are complete without the page"
                .to_owned(),
        )
    }
}
