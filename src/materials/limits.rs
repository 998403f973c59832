//! What a cached data key may be used for.

use std::time::Duration;

/// A key's limits, by the names of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheLimits {
    /// Keys kept at once, per drop.
    pub capacity: u64,
    /// From a key's arrival to its last message's begin.
    pub max_age: Duration,
    /// Messages begun under one key.
    pub max_messages: u64,
    /// Plaintext bytes sealed under one key; a larger file gets a key of its own.
    pub max_bytes: u64,
}

impl CacheLimits {
    /// The most messages the specification allows, and what holds if nothing is said.
    pub const MOST_MESSAGES: u64 = 1 << 32;
    /// The most bytes, likewise.
    pub const MOST_BYTES: u64 = (1 << 63) - 1;

    /// One key at a time, limited by age alone.
    pub const fn by_age(max_age: Duration) -> Self {
        Self {
            capacity: 1,
            max_age,
            max_messages: Self::MOST_MESSAGES,
            max_bytes: Self::MOST_BYTES,
        }
    }

    /// What is wrong with the limits, if anything: the configuration's key and why.
    pub fn fault(&self) -> Option<(&'static str, &'static str)> {
        if self.capacity == 0 {
            Some((
                "capacity",
                "must be at least 1; leave the table out for a data key per file",
            ))
        } else if self.max_age.is_zero() {
            Some(("max_age", "must be longer than nothing"))
        } else if self.max_messages == 0 || self.max_messages > Self::MOST_MESSAGES {
            Some(("max_messages_encrypted", "must be from 1 to 4294967296"))
        } else if self.max_bytes > Self::MOST_BYTES {
            Some(("max_bytes_encrypted", "must be at most 9223372036854775807"))
        } else {
            None
        }
    }
}
