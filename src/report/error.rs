//! What can be wrong with a report.

use std::path::PathBuf;

use crate::{files, stimuli, text};

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
    /// A file could not be read.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// Names that cannot be given to the stimuli.
    #[error(transparent)]
    Stimuli(#[from] stimuli::Error),
    /// The file of the names of features cannot be used.
    #[error("{}: {message}", path.display())]
    Names {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
        /// The features that the run has.
        features: Vec<String>,
    },
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
            Self::Files(error) => return error.hint(),
            Self::Stimuli(error) => return error.hint(),
            Self::Names { features, .. } => {
                format!(
                    "write lines like `{} = \"…\"`; the features are {}",
                    features.first()?,
                    text::some(features, 10)
                )
            }
            Self::Template(_) | Self::Data(_) => {
                "this is a mistake in the program; the tables of the run are complete without the page"
                    .to_owned()
            }
            Self::Drawing { .. } => "ask for svg alone, which is written as it is".to_owned(),
        })
    }
}
