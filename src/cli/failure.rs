//! Why a command could not do its work: the error, the exit code, and what the operator can do.

use std::error::Error;

use super::exit::{Exit, causes};
use crate::config::ConfigError;
use crate::fs::PathError;
use crate::message::{HeaderError, HeaderFault};

/// An error with its consequence.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) exit: Exit,
    pub(super) error: Box<dyn Error + Send + Sync>,
    /// What the operator can do, if anything.
    pub(super) help: Option<String>,
}

impl Failure {
    pub(super) fn new(exit: Exit, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            exit,
            error: error.into(),
            help: None,
        }
    }

    pub(super) fn usage(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Exit::Usage, error)
    }

    /// Of an output that could not be made.
    pub(super) fn creating(error: PathError) -> Self {
        Self::new(Exit::of_creating(&error.source), error)
    }

    /// Whether the root of it is a message in base64.
    pub(super) fn is_base64(&self) -> bool {
        let error: &(dyn Error + 'static) = self.error.as_ref();
        causes(error)
            .filter_map(|error| error.downcast_ref::<HeaderError>())
            .any(|error| error.fault == HeaderFault::Base64)
    }

    #[must_use]
    pub(super) fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The error and its causes in one line each, without what a terminal would obey.
    pub(super) fn text(&self) -> String {
        chain(self.error.as_ref())
    }
}

/// An error and its causes, from the outermost to the root; a cause that only repeats is left out.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut lines: Vec<String> = causes(error).map(ToString::to_string).collect();
    lines.dedup();
    super::output::printable(&lines.join(": "))
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let help = match &error {
            ConfigError::NoSuchKeyring { known, .. } => Some(format!("it has: {}", known.join(", "))),
            _ => None,
        };
        let exit = match &error {
            ConfigError::Read { source, .. } => Exit::of_reading(source),
            _ => Exit::Config,
        };
        Self {
            exit,
            help,
            ..Self::new(exit, error)
        }
    }
}
