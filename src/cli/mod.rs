//! The command line, one file per subcommand. Only this layer speaks on stdout.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod base64_stream;
mod check;
mod decrypt;
mod encrypt;
mod exit;
mod failure;
mod inspect;
mod key_failure;
mod keygen;
mod oneshot;
mod output;
mod run;
mod telemetry;
mod verify;

use exit::Exit;
use failure::Failure;

/// What a subcommand comes back with: how it ended, or why it could not begin.
type Outcome = Result<Exit, Failure>;

/// Turns files into AWS Encryption SDK messages and erases the plaintext.
#[derive(Debug, Parser)]
#[command(name = "sealdrop", version, max_term_width = 100)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Run(run::Arguments),
    Check(check::Arguments),
    Encrypt(encrypt::Arguments),
    Decrypt(decrypt::Arguments),
    Verify(verify::Arguments),
    Inspect(inspect::Arguments),
    Keygen(keygen::Arguments),
}

/// Runs the command line.
pub fn main() -> ExitCode {
    run_with(std::env::args_os().collect()).into()
}

fn run_with(arguments: Vec<OsString>) -> Exit {
    let line = match CommandLine::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) => return output::usage(&error),
    };
    let outcome = match line.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Encrypt(arguments) => encrypt::run(&arguments),
        Command::Decrypt(arguments) => decrypt::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Inspect(arguments) => Ok(inspect::run(&arguments)),
        Command::Keygen(arguments) => keygen::run(&arguments),
    };
    outcome.unwrap_or_else(|failure| {
        output::failure(&failure);
        failure.exit
    })
}
