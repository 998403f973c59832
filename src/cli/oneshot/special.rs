//! Files that are not what they seem: devices as outputs, records among messages.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use serde::Deserialize;

/// No record is longer.
const LONGEST_RECORD: u64 = 1 << 20;

/// Whether an output is there and is no regular file, so that it cannot be replaced as a whole.
pub(super) fn is_special(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|stat| !stat.is_file())
}

/// Whether the file is a metadata record of sealdrop's.
pub(super) fn is_record(path: &Path) -> bool {
    #[derive(Deserialize)]
    struct Record {
        sealdrop: Details,
    }
    #[derive(Deserialize)]
    struct Details {
        format: u64,
    }
    if path.extension().is_none_or(|extension| extension != "json") {
        return false;
    }
    let mut text = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST_RECORD).read_to_end(&mut text));
    read.is_ok() && serde_json::from_slice::<Record>(&text).is_ok_and(|record| record.sealdrop.format >= 1)
}
