//! Which claims are being worked on, in this process: a claim that is listed again, as after its drop folder was lost
//! and came back, must not be recovered while a worker still has it.

use std::collections::HashSet;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use super::ClaimId;

static BUSY: LazyLock<Mutex<HashSet<ClaimId>>> = LazyLock::new(Mutex::default);

/// A claim is ours alone until this is dropped.
#[derive(Debug)]
pub(super) struct Busy(ClaimId);

impl Busy {
    /// `None` if it is somebody else's already.
    pub(super) fn mark(id: ClaimId) -> Option<Self> {
        // Nothing may be made and dropped here in vain: its drop would unmark the claim, and wait for this very lock.
        let is_new = busy().insert(id);
        if is_new { Some(Self(id)) } else { None }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        busy().remove(&self.0);
    }
}

fn busy() -> MutexGuard<'static, HashSet<ClaimId>> {
    BUSY.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_one_workers_at_a_time() {
        let id = ClaimId::random().unwrap();
        let first = Busy::mark(id);
        assert!(first.is_some());
        assert!(Busy::mark(id).is_none());
        drop(first);
        assert!(Busy::mark(id).is_some());
    }
}
