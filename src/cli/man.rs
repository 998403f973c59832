//! `sealdrop man`: the manual pages, from the same options that are parsed.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args, CommandFactory as _};
use clap_mangen::Man;

use super::exit::Exit;
use super::failure::Failure;
use super::{CommandLine, Outcome};
use crate::fs::PathContext as _;

/// Print the manual page, or write those of all subcommands into a folder
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealdrop man | man -l -
  sealdrop man --output /usr/share/man/man1")]
pub(super) struct Arguments {
    /// Write sealdrop.1, sealdrop-run.1 and so on here
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let mut command = CommandLine::command().disable_help_subcommand(true);
    command.build();
    match &arguments.output {
        None => {
            let mut page = Vec::new();
            let rendered = Man::new(command).render(&mut page);
            rendered
                .and_then(|()| io::stdout().write_all(&page))
                .map_err(|error| Failure::new(Exit::Io, error))?;
        }
        Some(folder) => clap_mangen::generate_to(command, folder)
            .path_context("write manual pages into", folder)
            .map_err(Failure::creating)?,
    }
    Ok(Exit::Done)
}
