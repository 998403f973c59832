//! The metadata record: aws-encryption-cli's line, and the `sealdrop` object beside its keys.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// What stands in `NAME.encrypted.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// Always `encrypt`.
    pub mode: String,
    /// The dropped file's path; lossy if it is not UTF-8.
    pub input: String,
    /// The message's path; lossy if it is not UTF-8.
    pub output: String,
    /// The message's header in aws-encryption-cli's keys and encodings.
    pub header: serde_json::Value,
    /// What that tool does not say.
    pub sealdrop: Details,
}

/// The `sealdrop` object of a record.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Details {
    /// The version of this object; 1.
    pub format: u32,
    /// The claim's id.
    pub id: String,
    /// The host that sealed.
    pub host: String,
    /// The drop's name.
    pub drop: String,
    /// Whether the record was rebuilt after a crash: times and erasure are then what the rebuild saw.
    pub recovered: bool,
    /// The file that was dropped.
    pub plaintext: Plaintext,
    /// The message.
    pub ciphertext: Ciphertext,
    /// The data key's part in it.
    pub data_key: DataKey,
    /// When what was reached.
    pub times: Times,
    /// What became of the plaintext; absent in a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erasure: Option<Erasure>,
}

/// Facts of the dropped file; its digest is not among them, as it would confirm a guess of the content.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Plaintext {
    /// The file name; lossy if it is not UTF-8.
    pub name: String,
    /// The file name's bytes in base64, only if it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_base64: Option<String>,
    /// Bytes.
    pub size: u64,
    /// RFC 3339.
    pub modified: String,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// Permission bits, octal.
    pub mode: String,
}

/// Facts of the message.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Ciphertext {
    /// Bytes.
    pub size: u64,
    /// The file name's bytes in base64, only if it is not UTF-8; else it is the last part of `output`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_base64: Option<String>,
}

/// How the data key came.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DataKey {
    /// `hit`, `miss` or `off`.
    pub cache: String,
    /// Which message under this key it is, from 1.
    pub message: u64,
    /// The key's age when the message was begun.
    pub age_ms: u64,
}

/// RFC 3339, UTC, with milliseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Times {
    /// The hint's time, else the file's ctime.
    pub arrived: String,
    /// When it left the drop folder.
    pub claimed: String,
    /// When the message was durable under its final name.
    pub durable: String,
    /// When the plaintext was gone; absent in a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub erased: Option<String>,
    /// From `arrived` to `erased`; absent in a draft.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exposure_ms: Option<f64>,
}

/// What was observed of the erasure; a report, not a promise.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erasure {
    /// The outcome.
    pub outcome: Outcome,
    /// What may remain below the file system, and why.
    pub residue: Vec<Residue>,
}

/// What became of the plaintext's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No block was ever allocated for it.
    NeverAllocated,
    /// Its blocks were overwritten where they stand.
    OverwrittenInPlace,
    /// It was in memory only (tmpfs).
    Memory,
    /// The file system encrypts it.
    EncryptedAtRest,
    /// Its name was removed, and more cannot be said.
    UnlinkedOnly,
    /// It was moved to the `keep` folder.
    Kept,
}

impl Outcome {
    /// The word in the record, the journal and the metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NeverAllocated => "never_allocated",
            Self::OverwrittenInPlace => "overwritten_in_place",
            Self::Memory => "memory",
            Self::EncryptedAtRest => "encrypted_at_rest",
            Self::UnlinkedOnly => "unlinked_only",
            Self::Kept => "kept",
        }
    }
}

/// Why something may remain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Residue {
    /// The file system writes elsewhere than it read.
    Cow,
    /// Another file shares the blocks.
    Shared,
    /// The data stood in metadata, which is journalled.
    Inline,
    /// The file system journals data.
    JournalledData,
    /// The blocks were others after the overwrite.
    Relocated,
    /// Flash keeps older copies.
    Ssd,
    /// This file system cannot be asked.
    Unverifiable,
    /// Another name holds the file.
    Hardlinked,
    /// The overwrite was refused.
    WriteDenied,
    /// A snapshot or a layer below may hold a copy.
    SnapshotPossible,
}

impl Residue {
    /// The word in the record.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cow => "cow",
            Self::Shared => "shared",
            Self::Inline => "inline",
            Self::JournalledData => "journalled_data",
            Self::Relocated => "relocated",
            Self::Ssd => "ssd",
            Self::Unverifiable => "unverifiable",
            Self::Hardlinked => "hardlinked",
            Self::WriteDenied => "write_denied",
            Self::SnapshotPossible => "snapshot_possible",
        }
    }
}

/// The lossy name, and the exact one where it differs.
pub(super) fn name_fields(name: &OsStr) -> (String, Option<String>) {
    match name.to_str() {
        Some(text) => (text.to_owned(), None),
        None => (
            name.to_string_lossy().into_owned(),
            Some(STANDARD.encode(name.as_bytes())),
        ),
    }
}

/// RFC 3339 with milliseconds, UTC.
pub(super) fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

/// Milliseconds with microsecond resolution.
pub(super) fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_not_utf8_is_kept_exactly_beside_a_lossy_one() {
        let (lossy, exact) = name_fields(OsStr::from_bytes(b"a\xff\n"));
        assert_eq!(lossy, "a\u{fffd}\n");
        assert_eq!(STANDARD.decode(exact.unwrap()).unwrap(), b"a\xff\n");
        assert_eq!(name_fields(OsStr::new("a b")), ("a b".to_owned(), None));
    }

    #[test]
    fn outcomes_are_spelt_the_same_in_json_and_in_logs() {
        for outcome in [
            Outcome::NeverAllocated,
            Outcome::OverwrittenInPlace,
            Outcome::Memory,
        ] {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
        }
    }
}
