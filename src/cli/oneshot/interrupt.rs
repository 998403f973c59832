//! Ctrl-C leaves nothing behind: temporary names that exist are known here, and go first.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};

static TEMPORARY: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// What shells report for a process that SIGINT or SIGTERM ended.
const SIGNALLED: i32 = 128;

fn names() -> MutexGuard<'static, Vec<PathBuf>> {
    TEMPORARY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A temporary file that is about to be made.
pub(super) fn remember(path: &Path) {
    names().push(path.to_owned());
}

/// One that has its final name now, or is gone.
pub(super) fn forget(path: &Path) {
    names().retain(|name| name != path);
}

/// What SIGINT and SIGTERM do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum OnSignal {
    /// Remove what has been begun and end the process: no input was touched.
    EndAtOnce,
    /// Finish the files that have been begun, and begin no other: plaintexts are on their way.
    FinishFiles,
}

static STOPPING: AtomicBool = AtomicBool::new(false);

/// Whether no other file is to be begun.
pub(super) fn is_stopping() -> bool {
    STOPPING.load(Ordering::Relaxed)
}

/// From now on, signals do as told.
pub(super) fn listen(runtime: &Handle, on_signal: OnSignal) {
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let _guard = runtime.enter();
        let Ok(mut signals) = signal(kind) else { continue };
        runtime.spawn(async move {
            signals.recv().await;
            if on_signal == OnSignal::FinishFiles {
                STOPPING.store(true, Ordering::Relaxed);
                return;
            }
            let held = names(); // held to the end, so that no other file is begun
            for path in held.iter() {
                let _ = std::fs::remove_file(path);
            }
            std::process::exit(SIGNALLED + kind.as_raw_value());
        });
    }
}
