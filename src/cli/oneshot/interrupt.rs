//! Ctrl-C leaves nothing behind: temporary names that exist are known here, and go first.

use std::path::{Path, PathBuf};
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

/// From now on, SIGINT and SIGTERM remove what has been begun and end the process.
pub(super) fn clean_up_on_signals(runtime: &Handle) {
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let _guard = runtime.enter();
        let Ok(mut signals) = signal(kind) else { continue };
        runtime.spawn(async move {
            signals.recv().await;
            let held = names(); // held to the end, so that no other file is begun
            for path in held.iter() {
                let _ = std::fs::remove_file(path);
            }
            std::process::exit(SIGNALLED + kind.as_raw_value());
        });
    }
}
