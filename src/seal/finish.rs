//! Finish: the record appears, last of all, and the traces of the way go.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::home::Home;
use super::record::{Draft, Erasure, Record, milliseconds, timestamp};
use super::stage::{Leftovers, draft_name, record_name_in_progress, write_json};
use super::{Collision, Erased, Folders, SealError, publish};
use crate::fs::{PathContext, PathError, Replace};

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

impl Erased {
    /// Writes the record and removes draft and claim.
    pub fn finish(self, folders: &Folders) -> Result<Sealed, SealError> {
        let Self { staged, erasure, at } = self;
        let exposure = at.duration_since(staged.claimed.arrived).unwrap_or_default();
        let ending = Ending {
            erasure,
            at,
            exposure,
            recovered: false,
        };
        finish(
            folders,
            &staged.claimed.home,
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

/// Completes a draft to the record, puts it beside the message, makes it durable, and only then removes the
/// draft and the claim's folder, which recovery would go by.
pub(super) fn finish(
    folders: &Folders,
    home: &Home,
    leftovers: &Leftovers,
    draft: Draft,
    ending: Ending,
) -> Result<Sealed, SealError> {
    let path = || leftovers.dir.path().join(draft_name(leftovers.id));
    let message_name = draft.final_name().ok_or_else(|| SealError::DraftName(path()))?;
    let mut record = draft.record;
    record.sealdrop.recovered = ending.recovered;
    record.sealdrop.times.erased = Some(timestamp(ending.at));
    record.sealdrop.times.exposure_ms = Some(milliseconds(ending.exposure));
    record.sealdrop.erasure = Some(ending.erasure.clone());
    write_record(folders, leftovers, &message_name, &record).map_err(SealError::Output)?;
    home.parent.sync().map_err(SealError::Input)?;
    leftovers
        .dir
        .unlink(&draft_name(leftovers.id))
        .map_err(SealError::Output)?;
    leftovers.dir.sync().map_err(SealError::Output)?;
    home.remove(folders).map_err(SealError::Input)?;
    Ok(Sealed {
        id: leftovers.id,
        relative: home.relative.clone(),
        record,
        exposure: ending.exposure,
        erasure: ending.erasure,
    })
}

fn write_record(
    folders: &Folders,
    leftovers: &Leftovers,
    message_name: &OsString,
    record: &Record,
) -> Result<(), PathError> {
    let dir = &leftovers.dir;
    let new = record_name_in_progress(leftovers.id);
    if dir.stat_if_exists(&new)?.is_some() {
        dir.unlink(&new)?;
    }
    let file = write_json(dir, &new, folders.options.output_mode, record)?;
    let name = publish::record_name(message_name);
    let replace = match folders.options.collision {
        Collision::Replace => Replace::Existing,
        Collision::Unique | Collision::Hold => Replace::Never,
    };
    match dir.rename(&new, dir, &name, replace) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Somebody took the record's name after the message had its own: the record says which message it means.
            let mut other = message_name.clone();
            other.push(format!(".{}.json", leftovers.id.short()));
            dir.rename(&new, dir, &other, Replace::Never)?;
        }
        result => result?,
    }
    rustix::fs::fsync(&file).path_context("flush", dir.path().join(&name))?;
    dir.sync()
}
