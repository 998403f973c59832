//! What the keys' layers tell whoever counts.

use std::fmt::Debug;
use std::time::Duration;

use super::KmsOperation;

/// Hears of key events as they happen, from any thread; must not block.
pub trait KeyObserver: Debug + Send + Sync {
    /// A request to the key service, all its attempts together; `result` is `ok` or the failure's
    /// [`reason`](super::KmsFailure::reason).
    fn kms_request(&self, operation: KmsOperation, result: &'static str, took: Duration);

    /// A data key was made; `ahead` if it was fetched for files that still wait behind another key.
    fn data_key_generated(&self, ahead: bool);

    /// A file has to wait for a data key: none is at hand that can bear it.
    fn data_key_awaited(&self);

    /// A message has begun under a data key.
    fn data_key_used(&self);
}

/// Counts nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct IgnoreKeyEvents;

impl KeyObserver for IgnoreKeyEvents {
    fn kms_request(&self, _: KmsOperation, _: &'static str, _: Duration) {}
    fn data_key_generated(&self, _: bool) {}
    fn data_key_awaited(&self) {}
    fn data_key_used(&self) {}
}
