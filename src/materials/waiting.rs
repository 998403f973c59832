//! A file that waits for its turn, as the look-ahead counts it.

use std::sync::Arc;

use super::key_slots::KeySlots;

/// A file that will ask for materials. It counts until it has them, or until this is dropped because
/// it will not come; so what counts as waiting is never more than what waits.
#[derive(Debug, Default)]
pub struct Waiting(Option<(Arc<KeySlots>, u64)>);

impl Waiting {
    pub(super) fn counted(slots: &Arc<KeySlots>, bytes: u64) -> Self {
        slots.waits(bytes);
        Self(Some((Arc::clone(slots), bytes)))
    }

    /// It has got its materials: how many bytes are to be counted off, unless that has been done.
    pub(super) fn served(&mut self) -> Option<u64> {
        self.0.take().map(|(_, bytes)| bytes)
    }

    /// It will take nothing of the cached keys.
    pub(super) fn withdraw(&mut self) {
        if let Some((slots, bytes)) = self.0.take() {
            slots.waits_no_more(bytes);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.withdraw();
    }
}
