//! `sealdrop check`: is the configuration good?

use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::{Outcome, output};
use crate::config;

/// Validate a configuration offline and name every fault
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealdrop check
  sealdrop check --config config/sealdrop.toml

Every fault comes as FILE:LINE: KEY = VALUE: WHY. Exit status: 0 or 78.")]
pub(super) struct Arguments {
    /// The configuration file
    #[arg(long, value_name = "FILE", default_value = "/etc/sealdrop/sealdrop.toml")]
    config: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let loaded = config::load(&arguments.config)?;
    output::warnings(&arguments.config, &loaded.warnings);
    let (drops, keyrings) = (loaded.settings.drops.len(), loaded.settings.keyrings.len());
    output::line(format_args!(
        "{}: good: {}, {}",
        arguments.config.display(),
        count(drops, "drop"),
        count(keyrings, "keyring")
    ));
    Ok(Exit::Done)
}

pub(super) fn count(number: usize, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}
