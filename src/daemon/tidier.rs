//! The tidier: makes records durable and removes the traces of many files with shared flushes, behind the workers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use super::place::Place;
use super::report;
use crate::seal::{Traces, tidy};

/// Files whose flushes are shared. Each holds up to three descriptors.
const BATCH: usize = 64;
/// Files that wait for the next batch; workers that come then wait too.
const WAITING: usize = 32;
/// How long a file waits for company.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long those wait that could not be tidied, for instance on a file system that has become read-only.
const AGAIN: Duration = Duration::from_secs(5);

/// One file's traces, and where they lie.
pub(super) type Tidying = (Arc<Place>, Traces);

/// Starts the thread. It ends when every sender is gone and all is tidied.
pub(super) fn start() -> std::io::Result<(SyncSender<Tidying>, thread::JoinHandle<()>)> {
    let (sender, receiver) = sync_channel(WAITING);
    let thread = thread::Builder::new()
        .name("sealdrop-tidier".to_owned())
        .spawn(move || run(&receiver))?;
    Ok((sender, thread))
}

fn run(receiver: &Receiver<Tidying>) {
    let mut again = Vec::new();
    loop {
        let first = if again.is_empty() {
            receiver.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            receiver.recv_timeout(AGAIN)
        };
        let (batch, is_new) = match first {
            Ok(first) => (collect(receiver, first), true),
            Err(RecvTimeoutError::Timeout) => (std::mem::take(&mut again), false),
            Err(RecvTimeoutError::Disconnected) => return,
        };
        for (place, traces) in by_place(batch) {
            let Err(error) = tidy(&place.folders, &traces) else {
                continue;
            };
            if is_new {
                report::untidied(&place, traces.len(), &error);
            }
            if error.is_refusal() {
                again.extend(traces.into_iter().map(|traces| (Arc::clone(&place), traces)));
                again.truncate(BATCH); // the others stay until the next start
            }
        }
    }
}

fn collect(receiver: &Receiver<Tidying>, first: Tidying) -> Vec<Tidying> {
    let deadline = Instant::now() + PATIENCE;
    let mut batch = vec![first];
    while batch.len() < BATCH {
        match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(more) => batch.push(more),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
        }
    }
    batch
}

fn by_place(batch: Vec<Tidying>) -> impl Iterator<Item = (Arc<Place>, Vec<Traces>)> {
    let mut places: HashMap<*const Place, (Arc<Place>, Vec<Traces>)> = HashMap::new();
    for (place, traces) in batch {
        places
            .entry(Arc::as_ptr(&place))
            .or_insert_with(|| (place, Vec::new()))
            .1
            .push(traces);
    }
    places.into_values()
}
