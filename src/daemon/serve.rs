//! The status and metrics sockets: one answer per connection, then it is closed.

use std::io;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, UnixListener};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::state::State;
use super::{Error, plain_text};
use crate::config::{Listen, Settings};
use crate::fs::PathContext as _;

/// How long one who asks may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most that a request for metrics may have.
const REQUEST: usize = 8 * 1024;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const PLAIN_TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Opens the sockets that the settings name. They close when the set is dropped.
pub(super) fn start(settings: &Settings, state: &Arc<State>) -> Result<JoinSet<()>, Error> {
    let mut serving = JoinSet::new();
    if let Some(path) = &settings.status {
        serving.spawn(serve_status(bind(path)?, Arc::clone(state)));
    }
    match &settings.metrics {
        Some(Listen::Socket(path)) => {
            serving.spawn(serve_metrics(bind(path)?, Arc::clone(state)));
        }
        Some(Listen::Tcp(address)) => {
            let listener = std::net::TcpListener::bind(address)
                .and_then(|listener| {
                    listener.set_nonblocking(true)?;
                    TcpListener::from_std(listener)
                })
                .map_err(super::system("listen for who reads the metrics"))?;
            serving.spawn(serve_metrics_on_tcp(listener, Arc::clone(state)));
        }
        None => {}
    }
    Ok(serving)
}

/// A socket for the daemon's user and group. One that a daemon left behind gives way; one that answers does not.
fn bind(path: &Path) -> Result<UnixListener, Error> {
    let left_behind = std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
        && std::os::unix::net::UnixStream::connect(path)
            .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    let bound = || -> io::Result<UnixListener> {
        if left_behind {
            std::fs::remove_file(path)?;
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
        Ok(listener)
    };
    bound().path_context("listen on", path).map_err(Error::Socket)
}

async fn serve_status(listener: UnixListener, state: Arc<State>) {
    loop {
        let Some(mut stream) = accepted(listener.accept().await).await else {
            continue;
        };
        let text = serde_json::to_string(&state.status()).unwrap_or_default();
        let _ = timeout(PATIENCE, stream.write_all(text.as_bytes())).await; // whoever left needs no answer
    }
}

async fn serve_metrics(listener: UnixListener, state: Arc<State>) {
    loop {
        if let Some(stream) = accepted(listener.accept().await).await {
            let _ = timeout(PATIENCE, answer(stream, &state)).await;
        }
    }
}

async fn serve_metrics_on_tcp(listener: TcpListener, state: Arc<State>) {
    loop {
        if let Some(stream) = accepted(listener.accept().await).await {
            let _ = timeout(PATIENCE, answer(stream, &state)).await;
        }
    }
}

/// A connection that failed before it was taken is its caller's affair; too many open files are not, and pass.
async fn accepted<S, A>(accepted: io::Result<(S, A)>) -> Option<S> {
    if let Ok((stream, _)) = accepted {
        return Some(stream);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    None
}

/// One HTTP request (RFC 9112), one answer.
async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, state: &State) -> io::Result<()> {
    let mut request = Vec::new();
    let mut part = [0; 1024];
    while request.len() < REQUEST && !request.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut part).await? {
            0 => break,
            count => request.extend(part.iter().take(count)),
        }
    }
    let request = String::from_utf8_lossy(&request);
    let mut words = request.lines().next().unwrap_or_default().split(' ');
    let plain = plain_text::is_wanted(&request);
    let (status, body) = match (words.next(), words.next()) {
        (Some("GET"), Some("/metrics" | "/")) => (
            "200 OK",
            if plain {
                plain_text::of(&state.open_metrics())
            } else {
                state.open_metrics()
            },
        ),
        (Some("GET"), _) => ("404 Not Found", String::new()),
        _ => ("405 Method Not Allowed", String::new()),
    };
    let content = if plain { PLAIN_TEXT } else { OPEN_METRICS };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {content}\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}
