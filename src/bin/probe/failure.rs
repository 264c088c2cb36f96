//! Why a command did not do what was asked, and what the user can do.

use std::io;

/// A failure on its way to the user.
#[derive(Debug)]
pub enum Failure {
    /// A stage of the pipeline failed.
    Stage(Box<mlem_probe::Error>),
    /// The command line asks for something that makes no sense.
    Usage {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// What the command was given cannot be used.
    Input {
        /// What is wrong.
        message: String,
        /// What to do.
        hint: String,
    },
    /// Standard output is gone or full.
    Stdout(io::Error),
}

/// A result whose error is a [`Failure`].
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A usage mistake: `message` says what, `hint` says what to do.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), hint: hint.into() }
    }

    /// An input that cannot be used: `message` says what, `hint` says what to do.
    pub fn input(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Input { message: message.into(), hint: hint.into() }
    }

    /// The exit code: 1 failed, 2 usage.
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage { .. } => 2,
            Self::Stage(_) | Self::Input { .. } | Self::Stdout(_) => 1,
        }
    }

    /// What was wrong.
    pub fn message(&self) -> String {
        match self {
            Self::Stage(error) => error.to_string(),
            Self::Usage { message, .. } | Self::Input { message, .. } => message.clone(),
            Self::Stdout(error) => format!("cannot write to standard output: {error}"),
        }
    }

    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Stage(error) => error.hint(),
            Self::Usage { hint, .. } | Self::Input { hint, .. } => Some(hint.clone()),
            Self::Stdout(_) => None,
        }
    }
}

impl<E: Into<mlem_probe::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Stage(Box::new(error.into()))
    }
}
