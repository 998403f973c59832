//! What sealing and opening on all cores have in common: batches of frames, taken in order, worked on by several
//! threads. Memory is one batch per thread.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};

use thiserror::Error;
use zeroize::Zeroize as _;

/// Why a message's body could not be pumped.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PumpError<E: std::error::Error + 'static> {
    /// The source could not be read.
    #[error("failed to read")]
    Read(#[source] io::Error),
    /// The sink could not be written.
    #[error("failed to write")]
    Write(#[source] io::Error),
    /// The source has fewer or more bytes than it had.
    #[error("the file's length changed while it was read")]
    LengthChanged,
    /// The message layer refused.
    #[error(transparent)]
    Message(E),
}

/// Plaintext bytes, about, that one thread holds at a time.
pub(crate) const BATCH: u64 = 512 * 1024;
/// Below this many bytes a second thread costs more than it gives.
const PARALLEL_FROM: u64 = 4 * 1024 * 1024;

/// Threads that pump in this process at this moment.
static PUMPING: AtomicUsize = AtomicUsize::new(0);

/// One file's share of the cores, given back on drop: threads beyond the cores only get into each other's way.
#[derive(Debug)]
struct Share {
    threads: usize,
}

impl Share {
    /// As many threads as cores are free and worth it for this many bytes; the caller's own at least.
    fn take(bytes: u64) -> Self {
        let batches = usize::try_from(bytes / BATCH).unwrap_or(usize::MAX);
        let wanted = if bytes < PARALLEL_FROM { 1 } else { batches };
        let share = |pumping: usize| cores().saturating_sub(pumping).clamp(1, wanted.max(1));
        let take = |pumping| Some(pumping + share(pumping));
        let before = PUMPING
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .unwrap_or_default();
        Self {
            threads: share(before),
        }
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        PUMPING.fetch_sub(self.threads, Ordering::Relaxed);
    }
}

fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

/// Takes batches one after the other and works on them on several threads, each with a buffer of its own, until
/// `take` has no more. `bytes`, about, are behind them all. The first error stops the rest.
pub(crate) fn for_each_batch<T, E: Send>(
    bytes: u64,
    take: impl FnMut(&mut Vec<u8>) -> Result<Option<T>, E> + Send,
    work: impl Fn(&mut Vec<u8>, T) -> Result<(), E> + Sync,
) -> Result<(), E> {
    let take = Mutex::new(take);
    let failed = Mutex::new(None);
    let step = |buffer: &mut Vec<u8>| -> Result<bool, E> {
        let taken = lock(&take)(buffer)?;
        taken.map_or(Ok(false), |batch| work(buffer, batch).map(|()| true))
    };
    let run = || {
        let mut buffer = Vec::new();
        while lock(&failed).is_none() {
            match step(&mut buffer) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    lock(&failed).get_or_insert(error);
                }
            }
        }
        buffer.zeroize();
    };
    let share = Share::take(bytes);
    std::thread::scope(|scope| {
        for _ in 1..share.threads {
            scope.spawn(run);
        }
        run();
    });
    failed
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .map_or(Ok(()), Err)
}

/// Lets batches pass one after the other, for what must see the bytes in order.
#[derive(Debug)]
pub(crate) struct InOrder<T> {
    state: Mutex<Turns<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct Turns<T> {
    next: u64,
    aborted: bool,
    value: T,
}

/// A batch's place in the order; dropped without passing, it ends the waiting of all that come after.
#[derive(Debug)]
pub(crate) struct Turn<'a, T> {
    order: &'a InOrder<T>,
    batch: u64,
    passed: bool,
}

impl<T> InOrder<T> {
    pub(crate) fn new(value: T) -> Self {
        Self {
            state: Mutex::new(Turns {
                next: 0,
                aborted: false,
                value,
            }),
            changed: Condvar::new(),
        }
    }

    pub(crate) fn turn(&self, batch: u64) -> Turn<'_, T> {
        Turn {
            order: self,
            batch,
            passed: false,
        }
    }

    pub(crate) fn into_inner(self) -> T {
        self.state
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner)
            .value
    }
}

impl<T> Turn<'_, T> {
    /// Waits for all batches before this one; `None` if one of them failed.
    pub(crate) fn pass<R>(mut self, visit: impl FnOnce(&mut T) -> R) -> Option<R> {
        let waiting = |turns: &mut Turns<T>| !turns.aborted && turns.next != self.batch;
        let turns = lock(&self.order.state);
        let mut turns = self
            .order
            .changed
            .wait_while(turns, waiting)
            .unwrap_or_else(PoisonError::into_inner);
        if turns.aborted {
            return None;
        }
        let result = visit(&mut turns.value);
        turns.next += 1;
        drop(turns);
        self.passed = true;
        self.order.changed.notify_all();
        Some(result)
    }
}

impl<T> Drop for Turn<'_, T> {
    fn drop(&mut self) {
        if !self.passed {
            lock(&self.order.state).aborted = true;
            self.order.changed.notify_all();
        }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Refuses a file that has more bytes than it had.
pub(crate) fn expect_end<E: std::error::Error>(file: &File, offset: u64) -> Result<(), PumpError<E>> {
    match file.read_at(&mut [0], offset) {
        Ok(0) => Ok(()),
        Ok(_) => Err(PumpError::LengthChanged),
        Err(error) => Err(PumpError::Read(error)),
    }
}

/// `read_exact_at`, with the end of the file told apart.
pub(crate) fn read_exact<E: std::error::Error>(
    file: &File,
    buffer: &mut [u8],
    offset: u64,
) -> Result<(), PumpError<E>> {
    file.read_exact_at(buffer, offset)
        .map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => PumpError::LengthChanged,
            _ => PumpError::Read(error),
        })
}
