//! `[data_key_cache]`: how long and how often a data key is used.

use std::num::{NonZeroU64, NonZeroUsize};
use std::time::Duration;

use bytesize::ByteSize;

use super::table::Table;

pub(super) const KEYS: &[&str] = &[
    "capacity",
    "max_age",
    "max_messages_encrypted",
    "max_bytes_encrypted",
];

/// The limits of cached data keys, under aws-encryption-cli's names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheSettings {
    /// How many data keys are kept per drop.
    pub capacity: NonZeroUsize,
    /// How long a data key is used.
    pub max_age: Duration,
    /// How many messages are begun with a data key; 2^32 if not given, the format's own limit.
    pub max_messages_encrypted: NonZeroU64,
    /// How many plaintext bytes are encrypted under a data key; 2^63 - 1 if not given.
    pub max_bytes_encrypted: u64,
}

/// `caching-cmm`, "Limit Messages" and "Limit Bytes".
pub(super) const MOST_MESSAGES: u64 = 1 << 32;
pub(super) const MOST_BYTES: u64 = (1 << 63) - 1;

pub(super) fn read(table: Table<'_>) -> Option<CacheSettings> {
    table.only(KEYS, " of [data_key_cache]");
    let capacity = table.or("capacity", NonZeroUsize::MIN);
    let max_age: Option<Duration> = table.required("max_age");
    if max_age == Some(Duration::ZERO) {
        table.fault(
            "max_age",
            "must be longer than nothing; leave [data_key_cache] out for a data key per file",
        );
    }
    let max_messages_encrypted = table.or(
        "max_messages_encrypted",
        NonZeroU64::MIN.saturating_add(MOST_MESSAGES - 1),
    );
    if max_messages_encrypted.get() > MOST_MESSAGES {
        table.fault("max_messages_encrypted", "must be at most 4294967296");
    }
    let ByteSize(max_bytes_encrypted) = table.or("max_bytes_encrypted", ByteSize(MOST_BYTES));
    if !(1..=MOST_BYTES).contains(&max_bytes_encrypted) {
        table.fault("max_bytes_encrypted", "must be from 1 to 2^63 - 1 bytes");
    }
    Some(CacheSettings {
        capacity,
        max_age: max_age?,
        max_messages_encrypted,
        max_bytes_encrypted,
    })
}
