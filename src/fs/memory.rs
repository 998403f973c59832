//! Keeping this process's memory off every disk: no core file, no debugger, no swap.

use std::io;

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};

use super::sys;

/// What was achieved, for the log and for `doctor`.
#[derive(Debug)]
pub struct MemoryProtection {
    /// No core file, and no debugger but root's (`PR_SET_DUMPABLE` and `RLIMIT_CORE`).
    pub no_core: io::Result<()>,
    /// No page of ours is swapped. Needs an unlimited `RLIMIT_MEMLOCK`: under a smaller one the next
    /// large file would find no memory, so nothing is locked then.
    pub no_swap: io::Result<()>,
}

/// Protects this process, to be called before the first key is in memory.
pub fn protect_memory() -> MemoryProtection {
    MemoryProtection {
        no_core: forbid_core(),
        no_swap: lock(),
    }
}

fn forbid_core() -> io::Result<()> {
    setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    )?;
    Ok(set_dumpable_behavior(DumpableBehavior::NotDumpable)?)
}

fn lock() -> io::Result<()> {
    if let Some(limit) = getrlimit(Resource::Memlock).current {
        let why = format!("only {limit} bytes may be locked; set LimitMEMLOCK=infinity, or turn swap off");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    sys::lock_touched_pages()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_on_locked_memory_is_said_and_not_run_into() {
        if let Some(current) = getrlimit(Resource::Memlock).current {
            let error = lock().unwrap_err();
            assert!(error.to_string().contains(&current.to_string()), "{error}");
        } else {
            lock().unwrap();
        }
    }
}
