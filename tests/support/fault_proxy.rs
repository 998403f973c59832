//! A proxy between a client and a server of ours that does what networks and services do on bad days.
//!
//! A test crate takes it in with `#[path = "../support/fault_proxy.rs"] mod fault_proxy;`.
#![allow(dead_code, reason = "no test crate uses everything")]

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of every request until the next [`FaultProxy::set`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It goes through.
    None,
    /// It goes through, so much later.
    Latency(Duration),
    /// Nobody listens: connection refused.
    Refuse,
    /// The connection is reset once the request is read.
    Reset,
    /// The request is read and never answered.
    Hang,
    /// The server does its work, and half of its answer comes before the connection ends.
    HalfAnswer,
    /// This answer, without the server: status, extra header lines, body.
    Answer(u16, &'static str, String),
    /// The fault so many times, then none.
    Times(usize, Box<Fault>),
}

impl Fault {
    /// An error answer in the service's own form.
    pub(crate) fn service(status: u16, code: &str) -> Self {
        let body = format!(r#"{{"__type":"{code}","message":"so says the proxy"}}"#);
        Self::Answer(status, "", body)
    }
}

/// The running proxy; it ends with its handle.
#[derive(Debug)]
pub(crate) struct FaultProxy {
    /// `http://127.0.0.1:PORT`
    pub(crate) endpoint: String,
    fault: watch::Sender<Fault>,
    applied: std::sync::mpsc::Receiver<()>,
    requests: Arc<AtomicUsize>,
    latest: Arc<Mutex<String>>,
}

impl FaultProxy {
    /// In front of `upstream`, an `http://127.0.0.1:PORT` without a path.
    pub(crate) fn start(upstream: &str) -> Self {
        let upstream = upstream.strip_prefix("http://").unwrap().to_owned();
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (fault, seen) = watch::channel(Fault::None);
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&requests);
        let latest = Arc::new(Mutex::default());
        let keeper = Arc::clone(&latest);
        let (apply, applied) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(serve(listener, upstream, seen, (counter, keeper), apply));
        });
        applied.recv().unwrap();
        Self {
            endpoint: format!("http://{address}"),
            fault,
            applied,
            requests,
            latest,
        }
    }

    /// For every request that comes after this call; [`Fault::Refuse`] cuts the connections too.
    pub(crate) fn set(&self, fault: Fault) {
        self.requests.store(0, Ordering::SeqCst);
        self.fault.send_replace(fault);
        self.applied.recv().unwrap();
    }

    /// How many requests came since the last [`FaultProxy::set`].
    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// The latest request: head and body as they came.
    pub(crate) fn latest_request(&self) -> String {
        self.latest.lock().unwrap().clone()
    }
}

async fn serve(
    listener: std::net::TcpListener,
    upstream: String,
    mut fault: watch::Receiver<Fault>,
    seen: (Arc<AtomicUsize>, Arc<Mutex<String>>),
    apply: std::sync::mpsc::Sender<()>,
) {
    let address = listener.local_addr().unwrap();
    let mut applies = true; // the first state is one too: nobody may set another before it stands
    let mut listener = Some(TcpListener::from_std(listener).unwrap());
    loop {
        let refuses = *fault.borrow_and_update() == Fault::Refuse;
        if refuses {
            listener = None;
        } else if listener.is_none() {
            listener = Some(TcpListener::bind(address).await.unwrap());
        }
        if std::mem::take(&mut applies) {
            let _ = apply.send(());
        }
        let accept = async {
            match &listener {
                Some(listener) => listener.accept().await.unwrap().0,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            changed = fault.changed() => {
                if changed.is_err() {
                    return;
                }
                applies = true;
            }
            client = accept => {
                let (upstream, fault, seen) = (upstream.clone(), fault.clone(), seen.clone());
                tokio::spawn(async move {
                    let mut changes = fault.clone();
                    tokio::select! {
                        _ = changes.wait_for(|fault| *fault == Fault::Refuse) => {}
                        _ = converse(client, &upstream, &fault, &seen) => {}
                    }
                });
            }
        }
    }
}

/// Request after request on one connection.
async fn converse(
    mut client: TcpStream,
    upstream: &str,
    faults: &watch::Receiver<Fault>,
    (requests, latest): &(Arc<AtomicUsize>, Arc<Mutex<String>>),
) -> std::io::Result<()> {
    let mut server = TcpStream::connect(upstream).await?;
    while let Some(request) = read_message(&mut client).await? {
        *latest.lock().unwrap() = String::from_utf8_lossy(&request).into_owned();
        let number = requests.fetch_add(1, Ordering::SeqCst);
        let fault = match faults.borrow().clone() {
            Fault::Times(times, fault) if number < times => *fault,
            Fault::Times(..) => Fault::None,
            fault => fault,
        };
        match &fault {
            Fault::Reset | Fault::Refuse => {
                client.set_zero_linger()?;
                return Ok(());
            }
            Fault::Hang => std::future::pending::<()>().await,
            Fault::Answer(status, headers, body) => {
                let length = body.len();
                let answer =
                    format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
                client.write_all(answer.as_bytes()).await?;
                continue;
            }
            Fault::Latency(latency) => tokio::time::sleep(*latency).await,
            Fault::None | Fault::HalfAnswer | Fault::Times(..) => {}
        }
        server.write_all(&request).await?;
        let Some(answer) = read_message(&mut server).await? else {
            return Ok(());
        };
        if fault == Fault::HalfAnswer {
            client.write_all(&answer[..answer.len() - 20]).await?;
            return client.shutdown().await;
        }
        client.write_all(&answer).await?;
    }
    Ok(())
}

/// One HTTP/1.1 message with a length, whole; `None` at the connection's end.
async fn read_message(stream: &mut TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .map_or(0, |value| value.trim().parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Ok(Some(bytes));
            }
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    }
}
