//! The record: it appears last of all, and says what became of the plaintext.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rustix::fs::FileType;

use super::home::Home;
use super::record::{Draft, Erasure, Record, milliseconds, timestamp};
use super::stage::{Leftovers, draft_name, record_name_in_progress, write_json};
use super::traces::Traces;
use super::{Collision, Erased, Folders, SealError, publish};
use crate::fs::{Dir, PathError, Replace};

/// What there is to tell of a file that went all the way.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// The claim's id.
    pub id: super::ClaimId,
    /// The file's path below the drop folder.
    pub relative: PathBuf,
    /// The record as it stands in the output folder.
    pub record: Record,
    /// From arrival to erasure.
    pub exposure: Duration,
    /// What was observed of the erasure.
    pub erasure: Erasure,
}

/// The record stands. Its traces are to be tidied, sooner or later, by [`super::tidy`].
#[derive(Debug)]
pub struct Recorded {
    /// What there is to tell.
    pub sealed: Sealed,
    /// What is left to do.
    pub traces: Traces,
}

impl Erased {
    /// Puts the record beside the message.
    pub fn record(self, folders: &Folders) -> Result<Recorded, SealError> {
        let Self { staged, erasure, at } = self;
        let exposure = at.duration_since(staged.claimed.arrived).unwrap_or_default();
        let ending = Ending {
            erasure,
            at,
            exposure,
            recovered: false,
        };
        record(
            folders,
            staged.claimed.home,
            &staged.leftovers,
            staged.draft,
            ending,
        )
    }
}

/// What the record says of the end.
pub(super) struct Ending {
    pub(super) erasure: Erasure,
    pub(super) at: SystemTime,
    pub(super) exposure: Duration,
    pub(super) recovered: bool,
}

/// Completes a draft to the record and gives it its name. A record that is there already, whole and of this claim, is
/// left as it is: a crash came between it and the end of its traces.
pub(super) fn record(
    folders: &Folders,
    home: Home,
    leftovers: &Leftovers,
    draft: Draft,
    ending: Ending,
) -> Result<Recorded, SealError> {
    let path = || leftovers.dir.path().join(draft_name(leftovers.id));
    let message_name = draft.final_name().ok_or_else(|| SealError::DraftName(path()))?;
    let mut record = draft.record;
    record.sealdrop.recovered = ending.recovered;
    record.sealdrop.times.erased = Some(timestamp(ending.at));
    record.sealdrop.times.exposure_ms = Some(milliseconds(ending.exposure));
    record.sealdrop.erasure = Some(ending.erasure.clone());
    let file = write_record(folders, leftovers, &message_name, &record).map_err(SealError::Output)?;
    let sealed = Sealed {
        id: leftovers.id,
        relative: home.relative.clone(),
        record,
        exposure: ending.exposure,
        erasure: ending.erasure,
    };
    let traces = Traces {
        home,
        dir: leftovers.dir.clone(),
        id: leftovers.id,
        record: file,
    };
    Ok(Recorded { sealed, traces })
}

fn write_record(
    folders: &Folders,
    leftovers: &Leftovers,
    message_name: &OsStr,
    record: &Record,
) -> Result<File, PathError> {
    let dir = &leftovers.dir;
    let name = publish::record_name(message_name);
    let other = publish::shortened(message_name, ".json", leftovers.id);
    // Only a recovery can find a record of this claim that is there already.
    let recovered = record.sealdrop.recovered;
    let found = || record_of(leftovers, &name).or_else(|| record_of(leftovers, &other));
    if let Some(file) = recovered.then(found).flatten() {
        return Ok(file);
    }
    let new = record_name_in_progress(leftovers.id);
    let mode = Some(folders.options.output_mode);
    let file = match write_json(dir, &new, mode, record) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            dir.unlink(&new)?;
            write_json(dir, &new, mode, record)?
        }
        result => result?,
    };
    let replace = match folders.options.collision {
        Collision::Unique | Collision::Hold => Replace::Never,
        Collision::Replace => Replace::Existing,
    };
    match dir.rename(&new, dir, &name, replace) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_torn(dir, &name) => {
            dir.rename(&new, dir, &name, Replace::Existing)?;
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Somebody has the record's name: the record says which message it means.
            dir.rename(&new, dir, &other, Replace::Existing)?;
        }
        result => result?,
    }
    Ok(file)
}

/// The record under this name, if it is whole and this claim's.
fn record_of(leftovers: &Leftovers, name: &OsStr) -> Option<File> {
    let file = leftovers.dir.open_file(name).ok()?;
    let found: Record = serde_json::from_reader(io::BufReader::new(&file)).ok()?;
    (found.sealdrop.id == leftovers.id.to_string()).then_some(file)
}

/// Whether the name stands for what a power cut leaves of a record that had its name before its bytes: a file of this
/// user's, of nothing or of zeros.
fn is_torn(dir: &Dir, name: &OsStr) -> bool {
    const LONGEST: u64 = 1 << 20;
    let Ok(file) = dir.open_file(name) else {
        return false;
    };
    let Ok(stat) = rustix::fs::fstat(&file) else {
        return false;
    };
    let ours = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
        && stat.st_nlink == 1
        && stat.st_uid == rustix::process::geteuid().as_raw();
    let mut text = Vec::new();
    let read = file.take(LONGEST).read_to_end(&mut text);
    ours && read.is_ok() && text.iter().all(|byte| *byte == 0)
}
