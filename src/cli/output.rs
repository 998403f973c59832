//! What is said on stdout and stderr, and how.

use std::fmt::Display;
use std::io::{self, Write as _};

use super::exit::Exit;
use super::failure::Failure;
use crate::config::{ConfigError, Fault};

/// Text without what a terminal would obey; line ends stay.
pub(super) fn printable(text: &str) -> String {
    let harmless = |c: char| {
        if c.is_control() && c != '\n' {
            '\u{fffd}'
        } else {
            c
        }
    };
    text.chars().map(harmless).collect()
}

/// A line on stdout. Nobody is left to be told if that fails.
pub(super) fn line(text: impl Display) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// A line on stderr.
pub(super) fn complain(text: impl Display) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Why a command failed, and what the operator can do. Faults of a configuration stand by
/// themselves, in the form that editors jump to.
pub(super) fn failure(failure: &Failure) {
    match failure.error.downcast_ref::<ConfigError>() {
        Some(ConfigError::Invalid(faults)) => complain(faults),
        _ => complain(format_args!("sealdrop: {}", failure.text())),
    }
    if let Some(help) = &failure.help {
        complain(format_args!("help: {}", printable(help)));
    }
}

/// What works but may surprise.
pub(super) fn warnings(file: &std::path::Path, warnings: &[Fault]) {
    for warning in warnings {
        complain(format_args!("{}:{warning} [warning]", file.display()));
    }
}

/// What clap has to say: help and version are asked for, the rest is wrong usage.
pub(super) fn usage(error: &clap::Error) -> Exit {
    let _ = error.print();
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Done
    }
}
