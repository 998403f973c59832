//! `sealdrop completions`: what a shell offers at the tabulator key.

use std::ffi::OsStr;
use std::io;

use clap::{Args, CommandFactory as _};
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::Shells;

use super::exit::Exit;
use super::failure::Failure;
use super::{CommandLine, Outcome};
use crate::config;

/// Print what a shell needs to complete options and keyring names
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealdrop completions bash > /usr/share/bash-completion/completions/sealdrop
  source <(sealdrop completions zsh)

The shell asks sealdrop itself, so that the names of keyrings in the file after --config are offered.")]
pub(super) struct Arguments {
    /// The shell
    #[arg(value_parser = ["bash", "zsh", "fish", "elvish", "powershell"])]
    shell: String,
}

/// By which a shell asks.
const VARIABLE: &str = "COMPLETE";

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let shells = Shells::builtins();
    let Some(shell) = shells.completer(&arguments.shell) else {
        return Err(Failure::usage(format!("there is no shell {:?}", arguments.shell)));
    };
    shell
        .write_registration(VARIABLE, "sealdrop", "sealdrop", "sealdrop", &mut io::stdout())
        .map_err(|error| Failure::new(Exit::Io, error))?;
    Ok(Exit::Done)
}

/// Answers a shell that asks, and says whether one did.
pub(super) fn answer() -> bool {
    let arguments = std::env::args_os();
    let here = std::env::current_dir().ok();
    clap_complete::CompleteEnv::with_factory(CommandLine::command)
        .var(VARIABLE)
        .try_complete(arguments, here.as_deref())
        .unwrap_or(false)
}

/// The keyrings of the configuration file that stands after `--config` on the line so far.
pub(super) fn keyring_names(typed: &OsStr) -> Vec<CompletionCandidate> {
    let arguments: Vec<_> = std::env::args_os().collect();
    let after = arguments.iter().position(|argument| argument == "--config");
    let Some(file) = after.and_then(|at| arguments.get(at + 1)) else {
        return Vec::new();
    };
    let typed = typed.to_string_lossy();
    let names = config::keyring_names(file.as_ref()).unwrap_or_default();
    let fitting = names.into_iter().filter(|name| name.starts_with(typed.as_ref()));
    fitting.map(CompletionCandidate::new).collect()
}
