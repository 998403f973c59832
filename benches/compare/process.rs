//! Processes that cannot hang the run.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::files::most_resident;

/// What one run of a command took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    pub(crate) time: Duration,
    /// MiB, seen every few milliseconds.
    pub(crate) resident: f64,
}

/// Runs a command to its end; `Err` says what it said or that it took too long.
pub(crate) fn run(command: &mut Command, limit: Duration) -> Result<Spent, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let begun = Instant::now();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{name}: {error}"))?;
    let mut resident = 0.0;
    loop {
        resident = most_resident(child.id()).unwrap_or(resident);
        match child.try_wait() {
            Ok(Some(status)) if status.success() => {
                let time = begun.elapsed();
                return Ok(Spent { time, resident });
            }
            Ok(Some(status)) => return Err(format!("{name}: {status}")),
            Ok(None) if begun.elapsed() < limit => std::thread::sleep(Duration::from_millis(2)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{name}: more than {} s", limit.as_secs()));
            }
        }
    }
}

/// A program on the path.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|place| place.is_file())
}

/// The first line of what a program says, or nothing.
pub(crate) fn says(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().ok();
    let text = output.map_or(String::new(), |output| {
        String::from_utf8_lossy(&output.stdout).into_owned()
    });
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// The binary that is measured.
pub(crate) fn sealdrop() -> PathBuf {
    std::env::var_os("SEALDROP_BENCH_BINARY")
        .map_or_else(|| PathBuf::from(env!("CARGO_BIN_EXE_sealdrop")), PathBuf::from)
}

/// The project's folder.
pub(crate) fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A number from the environment.
pub(crate) fn number(name: &str, default: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}
