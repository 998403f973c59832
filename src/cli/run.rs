//! `sealdrop run`: the daemon.

use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::failure::Failure;
use super::{Outcome, output, telemetry};
use crate::seal::FolderError;
use crate::{config, daemon};

/// Watch the drop folders and seal what is dropped into them
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sealdrop run --config config/quickstart.toml

Stops on SIGTERM or Ctrl-C after the files under way. SIGHUP reads the configuration again; a bad one is
refused and the old one stays. SEALDROP_LOG sets what is logged
(info, debug, sealdrop::watch=trace, ...).

Exit status: 0 stopped; 64 wrong options; 66 no such configuration or drop folder; 70 a defect; 73 an output folder or a
socket cannot be had; 74 I/O error; 75 another daemon has the folder; 77 a permission is missing; 78 the configuration
will not do. A key service that does not answer stops neither the start nor the daemon: files wait.")]
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
        // Not a fault of the configuration: systemd is to try again.
        daemon::Error::Folders {
            source: FolderError::Locked(_),
            ..
        } => Exit::Busy,
        daemon::Error::Socket(source) | daemon::Error::Output { source, .. } => {
            Exit::of_creating(&source.source)
        }
        daemon::Error::System { source, .. } => Exit::of_creating(source),
        other => Exit::of_cause(other).unwrap_or(Exit::Config),
    }
}
