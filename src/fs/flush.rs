//! Flushing many files: their bytes go to the disk together, and the waiting is shared.

use std::fs::File;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::sys;

/// Threads that wait for flushes at the same time.
const AT_ONCE: usize = 8;

/// Starts to write a file's bytes, without waiting: a flush that follows soon finds their blocks allocated, so that
/// one commit of the journal serves several files. It promises nothing, so an error is the flush's to find.
pub fn start_writeback(file: &File) {
    let _ = sys::start_writeback(file.as_fd());
}

/// Flushes every item, many at the same time: those who wait together share one commit of the journal and one flush of
/// the device's cache, which one thread would pay for each item. The first error is returned, after all have ended.
pub fn flush_all<T: Sync, E: Send>(items: &[T], flush: impl Fn(&T) -> Result<(), E> + Sync) -> Result<(), E> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    let run = || {
        while let Some(item) = items.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = flush(item) {
                failed
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .get_or_insert(error);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 1..items.len().min(AT_ONCE) {
            // Without a thread the others do its share.
            let _ = thread::Builder::new().spawn_scoped(scope, run);
        }
        run();
    });
    failed
        .into_inner()
        .unwrap_or_else(PoisonError::into_inner)
        .map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_flushed_once_and_an_error_stops_none() {
        let flushed: Vec<_> = (0..100).map(|_| AtomicUsize::new(0)).collect();
        let result = flush_all(&flushed, |count| match count.fetch_add(1, Ordering::Relaxed) {
            0 if std::ptr::eq(count, &raw const flushed[7]) => Err("seven"),
            _ => Ok(()),
        });
        assert_eq!(result, Err("seven"));
        assert!(flushed.iter().all(|count| count.load(Ordering::Relaxed) == 1));
    }
}
