//! `sealdrop status`: how is the daemon?

use std::fmt::Write as _;
use std::io::Read as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::exit::Exit;
use super::failure::Failure;
use super::{Outcome, output};
use crate::config;
use crate::daemon::Status;
use crate::fs::PathContext as _;

/// Ask the running daemon whether all is well: oldest plaintext, held files, keys
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealdrop status
  sealdrop status --config config/quickstart.toml --watch
  sealdrop status --json | jq .held

The socket is [status] socket of the configuration; its group may ask.
Exit status: 0 if all is well, 69 if not or if nobody answers.")]
pub(super) struct Arguments {
    /// The configuration file, for the socket's place
    #[arg(long, value_name = "FILE", default_value = "/etc/sealdrop/sealdrop.toml")]
    config: PathBuf,
    /// Print what the daemon answers
    #[arg(long)]
    json: bool,
    /// Ask again every second
    #[arg(long)]
    watch: bool,
}

/// A daemon answers at once, or is not well.
const PATIENCE: Duration = Duration::from_secs(5);
/// Held files that the screen names.
const SHOWN: usize = 15;

pub(super) fn run(arguments: &Arguments) -> Outcome {
    let socket = config::load(&arguments.config)?
        .settings
        .status
        .ok_or_else(|| Failure::new(Exit::Config, "the configuration has no [status] table"))?;
    loop {
        let text = ask(&socket)?;
        let status: Status =
            serde_json::from_str(&text).map_err(|error| Failure::new(Exit::Unavailable, error))?;
        if arguments.watch && !arguments.json {
            output::line("\x1b[H\x1b[2J"); // to the top of an empty screen
        }
        if arguments.json {
            output::line(&text);
        } else {
            output::line(output::printable(screen(&status).trim_end()));
        }
        if !arguments.watch {
            return Ok(if status.healthy {
                Exit::Done
            } else {
                Exit::Unavailable
            });
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn ask(socket: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let answered = UnixStream::connect(socket).and_then(|mut stream| {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.read_to_string(&mut text)
    });
    answered
        .path_context("ask the daemon at", socket)
        .map_err(|error| {
            let exit = match error.source.kind() {
                std::io::ErrorKind::PermissionDenied => Exit::Permission,
                _ => Exit::Unavailable,
            };
            Failure::new(exit, error).with_help("is it running? (systemctl status sealdrop)")
        })?;
    Ok(text)
}

/// One look: is it healthy, how old is the oldest plaintext, how are the keys, what is held and why.
fn screen(status: &Status) -> String {
    let mut text = String::new();
    let health = if status.healthy {
        "healthy"
    } else {
        "NEEDS ATTENTION"
    };
    let oldest = status
        .oldest_plaintext_age_seconds
        .map_or("none".to_owned(), |age| format!("{age:.1} s old"));
    let exposure = status
        .exposure
        .as_ref()
        .map_or("no file yet".to_owned(), |exposure| {
            format!(
                "half below {} ms, 99 % below {} ms, longest {} ms (latest {} files)",
                exposure.p50_ms, exposure.p99_ms, exposure.max_ms, exposure.files
            )
        });
    let rows = [
        (
            "sealdrop",
            format!(
                "{} (process {}, since {}): {health}",
                status.version, status.pid, status.started
            ),
        ),
        (
            "plaintext",
            format!(
                "oldest: {oldest}; queue: {}; held: {}; ignored: {}",
                status.queue_files, status.held_files, status.ignored_files
            ),
        ),
        (
            "sealed",
            format!("{} files, {} bytes", status.files_sealed, status.bytes_sealed),
        ),
        ("exposure", exposure),
        ("keys", keys(status)),
    ];
    for (name, value) in rows {
        let _ = writeln!(text, "{name:<10} {value}"); // a String takes everything
    }
    for problem in &status.problems {
        let _ = writeln!(text, "problem    {problem}");
    }
    for file in status.held.iter().take(SHOWN) {
        let next = file.next_attempt.as_deref().unwrap_or("when it changes");
        let _ = writeln!(
            text,
            "held       {}: {:?} since {}, tried {}, again {next}: {}",
            file.drop, file.file, file.since, file.attempts, file.text
        );
    }
    let more = status.held_files.saturating_sub(SHOWN as u64);
    if more > 0 {
        let listed = status.held.len();
        let _ = writeln!(text, "           and {more} more: --json lists {listed}");
    }
    text
}

fn keys(status: &Status) -> String {
    let keys = &status.keys;
    let service = match keys.service.as_deref() {
        None if keys.generated == 0 => "unproven until the first file".to_owned(),
        None => "local".to_owned(),
        Some("ok") => format!("key service ok ({} requests)", keys.requests),
        Some(reason) => format!("KEY SERVICE FAILING: {reason} ({} requests)", keys.requests),
    };
    let latest = keys.latest.as_deref().unwrap_or("never");
    format!(
        "{service}; {} data keys for {} messages, the latest made {latest}",
        keys.generated, keys.uses
    )
}
