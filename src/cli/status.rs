//! `sealdrop status`: how is the daemon?

use std::fmt::Write as _;
use std::io::Read as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytesize::ByteSize;
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
    if !arguments.watch {
        return show(&socket, arguments.json);
    }
    loop {
        if !arguments.json {
            output::line("\x1b[H\x1b[2J"); // to the top of an empty screen
        }
        // A daemon that is being restarted comes back.
        if let Err(failure) = show(&socket, arguments.json) {
            output::failure(&failure);
        }
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn show(socket: &Path, as_json: bool) -> Outcome {
    let text = ask(socket)?;
    let status: Status =
        serde_json::from_str(&text).map_err(|error| Failure::new(Exit::Unavailable, error))?;
    if as_json {
        output::line(&text);
    } else {
        output::line(output::printable(screen(&status, SystemTime::now()).trim_end()));
    }
    Ok(if status.healthy {
        Exit::Done
    } else {
        Exit::Unavailable
    })
}

/// The running daemon's process, if one answers.
pub(super) fn process(socket: &Path) -> Option<u32> {
    let status: Status = serde_json::from_str(&ask(socket).ok()?).ok()?;
    Some(status.pid)
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
fn screen(status: &Status, now: SystemTime) -> String {
    let mut text = String::new();
    let health = if status.healthy {
        "healthy"
    } else {
        "NEEDS ATTENTION"
    };
    let oldest = status
        .oldest_plaintext_age_seconds
        .map_or("none".to_owned(), |age| format!("{} old", rounded(age)));
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
                "{} (process {}, started {}): {health}",
                status.version,
                status.pid,
                ago(&status.started, now)
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
            format!(
                "{} files, {}",
                status.files_sealed,
                ByteSize(status.bytes_sealed).display().iec()
            ),
        ),
        ("exposure", exposure),
        ("keys", keys(status, now)),
    ];
    for (name, value) in rows {
        let _ = writeln!(text, "{name:<10} {value}"); // a String takes everything
    }
    for problem in &status.problems {
        let _ = writeln!(text, "problem    {problem}");
    }
    for file in status.held.iter().take(SHOWN) {
        let next = file
            .next_attempt
            .as_deref()
            .map_or("when it changes".to_owned(), |time| until(time, now));
        let _ = writeln!(
            text,
            "held       {}: {:?}: {} ({}); first held {}, tried {}, again {next}",
            file.drop,
            file.file,
            file.text,
            file.reason,
            ago(&file.since, now),
            file.attempts
        );
    }
    let more = status.held_files.saturating_sub(SHOWN as u64);
    if more > 0 {
        let listed = status.held.len();
        let _ = writeln!(text, "           and {more} more: --json lists {listed}");
    }
    text
}

fn keys(status: &Status, now: SystemTime) -> String {
    let keys = &status.keys;
    let service = match keys.service.as_deref() {
        None if keys.generated == 0 => "unproven until the first file".to_owned(),
        None => "local".to_owned(),
        Some("ok") => format!("key service ok ({} requests)", keys.requests),
        Some(reason) => format!("KEY SERVICE FAILING: {reason} ({} requests)", keys.requests),
    };
    let latest = keys
        .latest
        .as_deref()
        .map_or("never".to_owned(), |time| ago(time, now));
    format!(
        "{service}; data keys: {} for {} messages, the latest made {latest}",
        keys.generated, keys.uses
    )
}

/// Seconds as a person says them; tenths below ten.
fn rounded(seconds: f64) -> String {
    if seconds < 10.0 {
        return format!("{:.1} s", seconds.max(0.0));
    }
    let whole = Duration::try_from_secs_f64(seconds.round()).unwrap_or_default();
    humantime::format_duration(whole).to_string()
}

/// How long ago a time of the daemon's was; as it is if it cannot be read.
fn ago(time: &str, now: SystemTime) -> String {
    let Ok(then) = humantime::parse_rfc3339(time) else {
        return time.to_owned();
    };
    let age = now.duration_since(then).unwrap_or_default();
    format!("{} ago", rounded(age.as_secs_f64()))
}

/// How long it is until a time of the daemon's.
fn until(time: &str, now: SystemTime) -> String {
    let Ok(then) = humantime::parse_rfc3339(time) else {
        return time.to_owned();
    };
    match then.duration_since(now) {
        Ok(left) => format!("in {}", rounded(left.as_secs_f64())),
        Err(_) => "now".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_as_ages() {
        let now = humantime::parse_rfc3339("2026-01-02T03:04:05Z").unwrap();
        assert_eq!(ago("2026-01-02T03:04:03.500Z", now), "1.5 s ago");
        assert_eq!(ago("2026-01-02T02:01:00Z", now), "1h 3m 5s ago");
        assert_eq!(until("2026-01-02T03:05:05Z", now), "in 1m");
        assert_eq!(until("2026-01-02T03:04:04Z", now), "now");
        assert_eq!(ago("yesterday", now), "yesterday");
    }
}
