//! `sealdrop keygen`: a new local wrapping key.

use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::failure::Failure;
use super::{Outcome, output};
use crate::keyring::{KeyFileError, create_key_file};

/// Make a new 256-bit local wrapping key; never overwrites one
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  sealdrop keygen /etc/sealdrop/key

The file gets mode 0600. Whoever has it can read every message under it; without it nobody can.
Keep a copy where it cannot be lost.")]
pub(super) struct Arguments {
    /// The file to make: 32 raw bytes
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let fingerprint = create_key_file(&arguments.file).map_err(failure)?;
    output::line(format_args!(
        "{}: fingerprint {fingerprint}",
        arguments.file.display()
    ));
    Ok(Exit::Done)
}

fn failure(error: KeyFileError) -> Failure {
    let (exit, help) = match &error {
        KeyFileError::Io { source, .. } if source.kind() == std::io::ErrorKind::AlreadyExists => (
            Exit::CannotCreate,
            Some("a key is never overwritten: messages under it could not be read any more"),
        ),
        KeyFileError::Io { source, .. } => (Exit::of_creating(source), None),
        _ => (Exit::CannotCreate, None),
    };
    let failure = Failure::new(exit, error);
    match help {
        Some(help) => failure.with_help(help),
        None => failure,
    }
}
