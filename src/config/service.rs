//! `[metrics]`, `[status]` and `[log]`: how the daemon is seen from outside.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::table::Table;

/// Where the sockets are if the file does not say.
const METRICS_SOCKET: &str = "/run/sealdrop/metrics.sock";
const STATUS_SOCKET: &str = "/run/sealdrop/status.sock";

pub(super) const KEYS: [(&str, &[&str]); 3] = [
    ("metrics", &["socket", "listen"]),
    ("status", &["socket"]),
    ("log", &["format"]),
];

/// Where something is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Listen {
    /// A Unix socket.
    Socket(PathBuf),
    /// A TCP address.
    Tcp(SocketAddr),
}

/// How log lines are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// Journald's protocol under systemd (`JOURNAL_STREAM`), else text.
    Auto,
    /// Journald's own protocol.
    Journald,
    /// One JSON object per line, on stderr.
    Json,
    /// Plain lines on stderr.
    Text,
}

pub(super) fn metrics(table: Table<'_>) -> Option<Listen> {
    table.only(&["socket", "listen"], " of [metrics]");
    if table.has("socket") && table.has("listen") {
        table.fault("listen", "cannot be given beside socket");
    }
    if !table.has("listen") {
        return Some(Listen::Socket(table.or("socket", PathBuf::from(METRICS_SOCKET))));
    }
    let text: String = table.read("listen")?;
    let address = text.parse();
    if address.is_err() {
        table.fault(
            "listen",
            "must be an address and a port such as \"127.0.0.1:9464\"",
        );
    }
    address.ok().map(Listen::Tcp)
}

pub(super) fn status(table: Table<'_>) -> PathBuf {
    table.only(&["socket"], " of [status]");
    table.or("socket", PathBuf::from(STATUS_SOCKET))
}

pub(super) fn log(table: Table<'_>) -> LogFormat {
    table.only(&["format"], " of [log]");
    let formats = [
        ("auto", LogFormat::Auto),
        ("journald", LogFormat::Journald),
        ("json", LogFormat::Json),
        ("text", LogFormat::Text),
    ];
    table.choice("format", &formats).unwrap_or(LogFormat::Auto)
}
