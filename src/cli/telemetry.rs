//! Where the log goes.
//!
//! Events name their fields `sealdrop_file`, `sealdrop_size` and so on, so that journald gets
//! `SEALDROP_FILE`; text leaves the prefix out. Nothing from outside this crate logs below INFO,
//! whatever is asked for: the AWS SDK and its HTTP client would log request and response bodies there,
//! which hold plaintext data keys (`LOG_SENSITIVE_BODIES` does so at DEBUG).

use std::fmt;
use std::io::{self, IsTerminal as _, Write};
use std::os::unix::fs::MetadataExt as _;

use tracing::field::Field;
use tracing::{Level, Metadata, Subscriber};
use tracing_journald::Priority;
use tracing_subscriber::filter::{EnvFilter, FilterFn, filter_fn};
use tracing_subscriber::fmt::format::{FormatFields, Writer, debug_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer, Registry};

use super::oneshot::Talk;
use crate::config::LogFormat;

const PREFIX: &str = "sealdrop_";

/// Sends events to where `format` says, filtered by `SEALDROP_LOG`.
pub(super) fn start(format: LogFormat) -> io::Result<()> {
    start_with(format, "info")
}

/// For a command that runs once: warnings, and more with each `-v`.
pub(super) fn start_oneshot(talk: &Talk) {
    let level = match (talk.quiet, talk.verbose) {
        (true, _) => "error",
        (_, 0) => "warn",
        (_, 1) => "info",
        (_, 2) => "debug",
        (_, _) => "trace",
    };
    // Without a log the work can still be done.
    let _ = start_with(LogFormat::Text, level);
}

fn start_with(format: LogFormat, level: &str) -> io::Result<()> {
    let layer = match format {
        LogFormat::Journald => journald()?,
        LogFormat::Auto if stderr_is_the_journal() => journald().unwrap_or_else(|_| text()),
        LogFormat::Auto | LogFormat::Text => text(),
        LogFormat::Json => json(),
    };
    let chosen = EnvFilter::try_from_env("SEALDROP_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let started = Registry::default()
        .with(layer.with_filter(chosen).with_filter(ours_or_important()))
        .try_init();
    started.map_err(io::Error::other)
}

/// Foreign events below INFO never pass.
fn ours_or_important() -> FilterFn<fn(&Metadata<'_>) -> bool> {
    filter_fn(|metadata| {
        let target = metadata.target();
        let ours = target == "sealdrop" || target.starts_with("sealdrop::");
        ours || *metadata.level() <= Level::INFO
    })
}

/// systemd says by device and inode which stream goes to the journal (systemd.exec(5), `JOURNAL_STREAM`).
fn stderr_is_the_journal() -> bool {
    let stream = std::env::var("JOURNAL_STREAM").unwrap_or_default();
    let stderr = std::fs::metadata("/proc/self/fd/2");
    stderr.is_ok_and(|stat| stream == format!("{}:{}", stat.dev(), stat.ino()))
}

type AnyLayer<S> = Box<dyn Layer<S> + Send + Sync>;

fn journald<S: Subscriber + for<'s> LookupSpan<'s>>() -> io::Result<AnyLayer<S>> {
    let layer = tracing_journald::layer()?
        .with_field_prefix(None) // else MESSAGE_ID could not be set
        .with_syslog_identifier("sealdrop".to_owned())
        .with_priority_mappings(tracing_journald::PriorityMappings {
            error: Priority::Error,
            warn: Priority::Warning,
            info: Priority::Informational, // the default, notice, is shown in bold
            debug: Priority::Debug,
            trace: Priority::Debug,
        });
    Ok(Box::new(layer))
}

fn json<S: Subscriber + for<'s> LookupSpan<'s>>() -> AnyLayer<S> {
    let layer = tracing_subscriber::fmt::layer().json().flatten_event(true);
    Box::new(layer.with_writer(|| Harmless(io::stderr())))
}

fn text<S: Subscriber + for<'s> LookupSpan<'s>>() -> AnyLayer<S> {
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_target(false)
        .fmt_fields(short_fields())
        .with_writer(|| Harmless(io::stderr()));
    if io::stderr().is_terminal() {
        return Box::new(layer.with_timer(ClockTime));
    }
    Box::new(layer)
}

/// The time of day, in UTC: what a reader of a terminal needs.
struct ClockTime;

impl tracing_subscriber::fmt::time::FormatTime for ClockTime {
    fn format_time(&self, w: &mut Writer<'_>) -> fmt::Result {
        let now = humantime::format_rfc3339_millis(std::time::SystemTime::now()).to_string();
        w.write_str(now.get(11..23).unwrap_or(&now))
    }
}

fn short_fields() -> impl for<'w> FormatFields<'w> + Send + Sync + 'static {
    debug_fn(
        |w: &mut Writer<'_>, field: &Field, value: &dyn fmt::Debug| match field.name() {
            "message" => write!(w, "{value:?}"),
            "message_id" => Ok(()),
            name => write!(w, " {}={value:?}", name.strip_prefix(PREFIX).unwrap_or(name)),
        },
    )
}

/// Marks that change the direction or the line of what follows (Unicode, UAX #9 and #14).
fn turns_text(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Lets no control character through but the line end: a file's name must not write log lines or
/// steer a terminal. The formatter hands over one event at a time.
struct Harmless<W>(W);

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let (body, end) = match event.split_last() {
            Some((b'\n', body)) => (body, "\n"),
            _ => (event, ""),
        };
        let text = String::from_utf8_lossy(body);
        let mut line = String::with_capacity(text.len() + 1);
        for c in text.chars() {
            if c.is_control() || turns_text(c) {
                line.extend(c.escape_default());
            } else {
                line.push(c);
            }
        }
        line.push_str(end);
        self.0.write_all(line.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_can_neither_forge_a_line_nor_steer_the_terminal() {
        let mut written = Vec::new();
        Harmless(&mut written)
            .write_all(b"sealed \x1b[2Ja\nERROR forged\x7f \xff b\n")
            .unwrap();
        assert_eq!(
            String::from_utf8(written).unwrap(),
            "sealed \\u{1b}[2Ja\\nERROR forged\\u{7f} \u{fffd} b\n"
        );
    }
}
