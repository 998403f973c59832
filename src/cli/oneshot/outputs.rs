//! Options about outputs.

use std::path::{Path, PathBuf};

use clap::Args;

use super::pool::Existing;

/// Where outputs go, and what becomes of those that are there.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[command(next_help_heading = "Files")]
pub(in crate::cli) struct Outputs {
    /// A file, or a folder for several; "-" is stdout
    #[arg(short, long, value_name = "PATH")]
    output: PathBuf,
    /// Leave outputs alone that are there already
    #[arg(long, conflicts_with = "interactive")]
    no_overwrite: bool,
    /// Ask before an output is replaced
    #[arg(long)]
    interactive: bool,
    /// Write the output as base64
    #[arg(long)]
    pub(in crate::cli) encode: bool,
    /// Accepted for aws-encryption-cli's sake: outputs are always proven whole before they are released
    #[arg(short, long)]
    buffer: bool,
}

impl Outputs {
    pub(in crate::cli) fn path(&self) -> &Path {
        &self.output
    }

    pub(in crate::cli) fn existing(&self) -> Existing {
        if self.no_overwrite {
            Existing::Keep
        } else if self.interactive {
            Existing::Ask
        } else {
            Existing::Replace
        }
    }
}
