//! See the crate's map.

use thiserror::Error;

use crate::config::Settings;

/// Why the daemon did not start or had to end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Nothing is wired yet.
    #[error("the daemon is not there yet for {0} drops")]
    NotThere(usize),
}

/// Runs the daemon until it is told to stop.
pub fn run(settings: Settings) -> Result<(), Error> {
    Err(Error::NotThere(settings.drops.len()))
}
