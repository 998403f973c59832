//! `sealdrop run`: the daemon.

use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::failure::Failure;
use super::{Outcome, output, telemetry};
use crate::{config, daemon};

/// Watch the drop folders and seal what is dropped into them
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sealdrop run --config config/quickstart.toml

Stops on SIGTERM or Ctrl-C after the files under way. SIGHUP reads the configuration again; a bad one is
refused and the old one stays. SEALDROP_LOG sets what is logged
(info, debug, sealdrop::watch=trace, ...).")]
pub(super) struct Arguments {
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let loaded = config::load(&arguments.config)?;
    telemetry::start(loaded.settings.log).map_err(|error| {
        Failure::new(Exit::Config, error).with_help("set log.format to \"text\" or \"json\"")
    })?;
    output::warnings(&arguments.config, &loaded.warnings);
    let reload = || {
        let loaded = config::load(&arguments.config).map_err(|error| error.to_string())?;
        Ok(loaded.settings)
    };
    match daemon::run(&loaded.settings, reload) {
        Ok(()) => Ok(Exit::Done),
        Err(error) => Err(Failure::new(exit(&error), error)),
    }
}

fn exit(error: &daemon::Error) -> Exit {
    match error {
        daemon::Error::Defect(_) => Exit::Defect,
        daemon::Error::NoKeyring(_) | daemon::Error::Filter { .. } => Exit::Config,
        other => Exit::of_cause(other).unwrap_or(Exit::Config),
    }
}
