//! The record: it appears last of all, whole and durable, and says what became of the plaintext.

use std::ffi::OsStr;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::draft::{self, Draft, draft_name, new_draft_name};
use super::home::Home;
use super::record::{Erasure, Record, milliseconds, timestamp};
use super::stage::{Leftovers, set_mode};
use super::{Collision, Erased, Folders, SealError, publish};
use crate::fs::{Dir, PathContext, PathError, Replace};

/// How often a record is given its name, if somebody takes its draft away.
const ATTEMPTS: u32 = 8;

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

/// The plaintext is gone, and the draft says so: it is the record but for its name, and a power cut could still take its
/// end away.
#[derive(Debug)]
pub struct Completed {
    home: Home,
    leftovers: Leftovers,
    draft: Draft,
    sealed: Sealed,
}

/// The record stands, durable but for its name; what is left is the claim's empty folder.
#[derive(Debug)]
pub struct Recorded {
    home: Home,
    leftovers: Leftovers,
    sealed: Sealed,
}

/// What the record says of the end.
pub(super) struct Ending {
    pub(super) erasure: Erasure,
    pub(super) at: SystemTime,
    pub(super) exposure: Duration,
    pub(super) recovered: bool,
}

impl Ending {
    /// The record to a draft.
    pub(super) fn complete(self, record: &mut Record) {
        record.sealdrop.recovered = self.recovered;
        record.sealdrop.times.erased = Some(timestamp(self.at));
        record.sealdrop.times.exposure_ms = Some(milliseconds(self.exposure));
        record.sealdrop.erasure = Some(self.erasure);
    }
}

impl Erased {
    /// Completes the draft to the record.
    pub fn complete(self) -> Result<Completed, SealError> {
        let Self { staged, erasure, at } = self;
        let exposure = at.duration_since(staged.claimed.arrived).unwrap_or_default();
        let (leftovers, mut draft, mut record) = (staged.leftovers, staged.draft, staged.record);
        let ending = Ending {
            erasure: erasure.clone(),
            at,
            exposure,
            recovered: false,
        };
        ending.complete(&mut record);
        let name = draft_name(leftovers.id);
        draft
            .complete(&leftovers.dir, &name, &record)
            .map_err(SealError::Output)?;
        let sealed = Sealed {
            id: leftovers.id,
            relative: staged.claimed.home.relative.clone(),
            record,
            exposure,
            erasure,
        };
        Ok(Completed {
            home: staged.claimed.home,
            leftovers,
            draft,
            sealed,
        })
    }
}

impl Completed {
    /// Of a claim that recovery has brought so far.
    pub(super) fn of(home: Home, leftovers: Leftovers, draft: Draft, sealed: Sealed) -> Self {
        Self {
            home,
            leftovers,
            draft,
            sealed,
        }
    }

    /// Makes the record durable and puts it beside its message. With its name the draft is gone, so the plaintext must not
    /// come back after a power cut.
    pub fn record(self, folders: &Folders) -> Result<Recorded, SealError> {
        let Self {
            home,
            leftovers,
            mut draft,
            sealed,
        } = self;
        if !folders.flushes_are_ordered() {
            absent_is_fine(home.parent.sync()).map_err(SealError::Input)?;
        }
        for attempt in 1.. {
            match make_public(folders, &leftovers, &mut draft, &sealed.record) {
                // Somebody takes it, and it is known here alone what became of the file.
                Err(SealError::Output(error))
                    if error.kind() == io::ErrorKind::NotFound && attempt < ATTEMPTS => {}
                result => {
                    result?;
                    break;
                }
            }
        }
        Ok(Recorded {
            home,
            leftovers,
            sealed,
        })
    }
}

impl Recorded {
    /// The output folder.
    pub(super) fn dir(&self) -> &Dir {
        &self.leftovers.dir
    }

    /// The end of the claim. Only where one journal keeps the order of all that was done may the record's name be not
    /// durable yet; elsewhere `flushed` is what came of the output folder's flush.
    pub(super) fn end(self, folders: &Folders, flushed: Option<Result<(), PathError>>) -> Sealed {
        match flushed.map_or(Ok(()), absent_is_fine) {
            Ok(()) => self.home.retire(folders),
            Err(error) => folders.spares.leave(self.home.claim.file_name(), error),
        }
        self.sealed
    }
}

/// The permission bits of a record, its last flush and its name; a draft that was taken away is written anew.
fn make_public(
    folders: &Folders,
    leftovers: &Leftovers,
    draft: &mut Draft,
    record: &Record,
) -> Result<(), SealError> {
    let mut name = draft_name(leftovers.id);
    let path = leftovers.dir.path().join(&name);
    let message_name = draft::final_name(record).ok_or_else(|| SealError::DraftName(path.clone()))?;
    if !publish::is_name_of(&leftovers.dir, &name, draft.file()) {
        *draft = leftovers.new_draft(record).map_err(SealError::Output)?;
        name = new_draft_name(leftovers.id);
    }
    set_mode(draft.file(), folders.options.output_mode)
        .path_context("set the mode of", &path)
        .and_then(|()| {
            folders
                .put_before_names(draft.file())
                .path_context("flush", &path)
        })
        .and_then(|()| rename(folders, leftovers, &name, &message_name))
        .map_err(SealError::Output)
}

fn rename(
    folders: &Folders,
    leftovers: &Leftovers,
    from: &OsStr,
    message_name: &OsStr,
) -> Result<(), PathError> {
    let dir = &leftovers.dir;
    let replace = match folders.options.collision {
        Collision::Unique | Collision::Hold => Replace::Never,
        Collision::Replace => Replace::Existing,
    };
    match dir.rename(from, dir, &publish::record_name(message_name), replace) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Somebody has the record's name: the record says which message it means.
            let other = publish::shortened(message_name, ".json", leftovers.id);
            dir.rename(from, dir, &other, Replace::Existing)
        }
        result => result,
    }
}

/// Whoever removes the output folder, or a folder of the claim, has removed what was to be flushed.
fn absent_is_fine(result: Result<(), PathError>) -> Result<(), PathError> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
