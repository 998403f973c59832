//! The command line, one file per subcommand. Only this layer speaks on stdout.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod argument_files;
mod as_daemon;
mod base64_stream;
mod check;
mod completions;
mod decrypt;
mod doctor;
mod encrypt;
mod exit;
mod failure;
mod inspect;
mod key_failure;
mod keygen;
mod man;
mod oneshot;
mod output;
mod run;
mod status;
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
    Doctor(doctor::Arguments),
    Status(status::Arguments),
    Encrypt(encrypt::Arguments),
    Decrypt(decrypt::Arguments),
    Verify(verify::Arguments),
    Inspect(inspect::Arguments),
    Keygen(keygen::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

/// Runs the command line.
pub fn main() -> ExitCode {
    if completions::answer() {
        return ExitCode::SUCCESS;
    }
    run_with(std::env::args_os().collect()).into()
}

fn run_with(arguments: Vec<OsString>) -> Exit {
    let arguments = match with_argument_files(arguments) {
        Ok(arguments) => arguments,
        Err(failure) => {
            output::failure(&failure);
            return failure.exit;
        }
    };
    let line = match CommandLine::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) => return output::usage(&error),
    };
    let outcome = match line.command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Status(arguments) => status::run(&arguments),
        Command::Encrypt(arguments) => encrypt::run(&arguments),
        Command::Decrypt(arguments) => decrypt::run(&arguments),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Inspect(arguments) => Ok(inspect::run(&arguments)),
        Command::Keygen(arguments) => keygen::run(&arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    };
    outcome.unwrap_or_else(|failure| {
        output::failure(&failure);
        failure.exit
    })
}

/// Only the one-shot commands take `@FILE`; elsewhere it is a name like any other.
fn with_argument_files(arguments: Vec<OsString>) -> Result<Vec<OsString>, Failure> {
    let names = ["encrypt", "decrypt", "verify"].map(OsStr::new);
    match arguments.get(1) {
        Some(name) if names.contains(&name.as_os_str()) => argument_files::expand(arguments),
        _ => Ok(arguments),
    }
}
