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
    /// A drawing could not be turned into an image.
    #[error("cannot write figure {figure} as {format}: {message}")]
    Drawing {
        /// The figure.
        figure: String,
        /// What it should have become.
        format: &'static str,
        /// What went wrong.
        message: String,
    },
}

impl Error {
    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Template(_) | Self::Data(_) => {
                "this is a mistake in the program; the tables of the run are complete without the page"
                    .to_owned()
            }
            Self::Drawing { .. } => "ask for svg alone, which is written as it is".to_owned(),
        })
    }
}
