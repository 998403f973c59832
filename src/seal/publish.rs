//! Publish: the message gets its final name, durably.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::time::SystemTime;

use super::draft::exact_name;
use super::record::timestamp;
use super::stage::{Staged, staged_name};
use super::{ClaimId, Claimed, Collision, Folders, SealError, Verified};
use crate::fs::{Dir, FileIdentity, PathError, Replace};

/// Longest file name of Linux file systems (`NAME_MAX`).
const NAME_MAX: usize = 255;
/// How often a name that was free a moment ago may be taken before the file is held.
const ATTEMPTS: u32 = 8;

/// The message has its final name; a power cut could still take it away.
#[derive(Debug)]
pub struct Named(Staged);

/// The message is durable under its final name; its plaintext may go.
#[derive(Debug)]
pub struct Published(pub(super) Staged);

impl Named {
    /// Renames the staged message to its final name.
    pub fn name(folders: &Folders, verified: Verified) -> Result<Self, SealError> {
        let mut staged = verified.0;
        staged.claimed.check_unchanged()?;
        for _ in 0..ATTEMPTS {
            match rename(folders, &staged) {
                Ok(()) => {
                    staged.leftovers.published();
                    return Ok(Self(staged));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    choose_again(folders, &mut staged)?;
                }
                Err(error) => return Err(SealError::Output(error)),
            }
        }
        Err(SealError::NameTaken(
            staged.leftovers.dir.path().join(&staged.final_name),
        ))
    }

    /// The folder that is to be flushed.
    pub(super) fn dir(&self) -> &Dir {
        &self.0.leftovers.dir
    }

    /// What came of its folder's flush decides. One that failed may not be tried again (its error is reported once): the
    /// message is withdrawn.
    pub(super) fn flushed(self, result: Result<(), PathError>) -> Result<Published, SealError> {
        let mut published = Published(self.0);
        match result {
            Ok(()) => {
                published.0.record.sealdrop.times.durable = timestamp(SystemTime::now());
                Ok(published)
            }
            Err(error) => {
                published.withdraw();
                Err(SealError::Output(error))
            }
        }
    }
}

impl Published {
    /// Takes the message back before its record announces it: the plaintext, which must still be there, will be
    /// sealed again. The message gets its staged name back first, so that at no moment a draft stands without it,
    /// which would mean published.
    pub(super) fn withdraw(&self) {
        let Staged {
            leftovers,
            file,
            final_name,
            claimed,
            ..
        } = &self.0;
        let home = &claimed.home;
        if !is_name_of(&home.parent, home.file_name(), &claimed.file) {
            return; // the message may be the only copy
        }
        let staged = staged_name(leftovers.id);
        let taken_back = !is_name_of(&leftovers.dir, final_name, file)
            || leftovers
                .dir
                .rename(final_name, &leftovers.dir, &staged, Replace::Never)
                .is_ok();
        if taken_back {
            let _ = leftovers.undo(); // what stays is undone when the claim is taken up again
        }
    }
}

/// Whether a name still stands for an open file.
pub(super) fn is_name_of(dir: &Dir, name: &OsStr, file: &File) -> bool {
    match (dir.stat_if_exists(name), rustix::fs::fstat(file)) {
        (Ok(Some(named)), Ok(open)) => FileIdentity::of(&named).same_file(&FileIdentity::of(&open)),
        _ => false,
    }
}

fn rename(folders: &Folders, staged: &Staged) -> Result<(), PathError> {
    let replace = match folders.options.collision {
        Collision::Replace => Replace::Existing,
        Collision::Unique | Collision::Hold => Replace::Never,
    };
    let dir = &staged.leftovers.dir;
    dir.rename(
        &staged_name(staged.leftovers.id),
        dir,
        &staged.final_name,
        replace,
    )
}

/// Somebody took the name in between: the draft must say the new one before it is used.
fn choose_again(folders: &Folders, staged: &mut Staged) -> Result<(), SealError> {
    let name = choose_name(folders, &staged.leftovers.dir, &staged.claimed)?;
    let dir = &staged.leftovers.dir;
    staged.record.output = dir.path().join(&name).to_string_lossy().into_owned();
    staged.record.sealdrop.ciphertext.name_base64 = exact_name(&name);
    staged.final_name = name;
    staged.draft = staged
        .leftovers
        .replace_draft(&staged.record)
        .map_err(SealError::Output)?;
    Ok(())
}

/// A final name that is free, as is its record's, by the drop's rule for collisions.
pub(super) fn choose_name(folders: &Folders, dir: &Dir, claimed: &Claimed) -> Result<OsString, SealError> {
    let plain = claimed.home.file_name();
    let suffix = &folders.options.suffix;
    let id = claimed.name().id;
    let name = final_name(plain, suffix, None).unwrap_or_else(|| shortened(plain, suffix, id));
    match folders.options.collision {
        Collision::Replace => Ok(name),
        _ if is_free(dir, &name).map_err(SealError::Output)? => Ok(name),
        Collision::Hold => Err(SealError::NameTaken(dir.path().join(name))),
        Collision::Unique => {
            Ok(final_name(plain, suffix, Some(id)).unwrap_or_else(|| shortened(plain, suffix, id)))
        }
    }
}

fn is_free(dir: &Dir, name: &OsStr) -> Result<bool, PathError> {
    Ok(dir.stat_if_exists(name)?.is_none() && dir.stat_if_exists(&record_name(name))?.is_none())
}

/// The record's name beside a message's.
pub(super) fn record_name(message: &OsStr) -> OsString {
    let mut name = message.to_owned();
    name.push(".json");
    name
}

/// `NAME[.id]SUFFIX`; `None` if it or its record's name would be too long.
fn final_name(plain: &OsStr, suffix: &str, id: Option<ClaimId>) -> Option<OsString> {
    let mut name = plain.to_owned();
    if let Some(id) = id {
        name.push(format!(".{}", id.short()));
    }
    name.push(suffix);
    (record_name(&name).len() <= NAME_MAX).then_some(name)
}

/// As much of a name as there is room for; the record has all of it.
pub(super) fn shortened(plain: &OsStr, suffix: &str, id: ClaimId) -> OsString {
    let tail = format!(".{}{suffix}", id.short());
    let room = NAME_MAX.saturating_sub(tail.len() + ".json".len());
    let bytes = plain.as_bytes();
    let mut end = room.min(bytes.len());
    while end > 0 && bytes.get(end).is_some_and(|byte| byte & 0xc0 == 0x80) {
        end -= 1;
    }
    let mut name = OsString::from_vec(bytes.get(..end).unwrap_or_default().to_vec());
    name.push(tail);
    name
}
