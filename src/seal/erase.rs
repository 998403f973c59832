//! Erase: the plaintext goes, once its message is durable, and what was observed is told.

use std::ffi::OsStr;
use std::fs::File;
use std::time::SystemTime;

use rustix::fs::Stat;
use rustix::io::Errno;

use super::home::Home;
use super::judge::{Ground, Look, Looks, is_allocated, judge, judge_unlinked, look};
use super::record::{Erasure, Outcome, Residue};
use super::scrub::scrub;
use super::stage::Staged;
use super::{Collision, EraseMode, Folders, Published, SealError};
use crate::fs::{Dir, FileIdentity, FileSystem, PathContext, PathError, Replace};

/// The plaintext is gone; its record is not written yet.
#[derive(Debug)]
pub struct Erased {
    pub(super) staged: Staged,
    pub(super) erasure: Erasure,
    pub(super) at: SystemTime,
}

impl Erased {
    /// Erases the plaintext of a published message. If it changed after all, or the message is gone already, the
    /// message is withdrawn and the plaintext stays to be sealed again.
    pub fn erase(folders: &Folders, mut published: Published) -> Result<Self, SealError> {
        if let Err(error) = check_last(folders, &mut published.0) {
            published.withdraw();
            return Err(error);
        }
        let mut staged = published.0;
        let claimed = &mut staged.claimed;
        let erasure = erase_file(folders, &mut claimed.home, &claimed.file).map_err(SealError::Input)?;
        Ok(Self {
            staged,
            erasure,
            at: SystemTime::now(),
        })
    }
}

/// The last look before the irreversible: no writer came, the state is the one that was sealed, and the message
/// still has a name somewhere: a consumer may have moved it, but not thrown it away. A drop that replaces messages
/// has given this one up if another has its name.
fn check_last(folders: &Folders, staged: &mut Staged) -> Result<(), SealError> {
    staged.claimed.check_unchanged()?;
    drop(staged.claimed.lease.take()); // our own writable open would break it, and wait
    staged.claimed.check_unchanged()?;
    let name = staged.leftovers.dir.path().join(&staged.final_name);
    let stat = rustix::fs::fstat(&staged.file)
        .path_context("look at", &name)
        .map_err(SealError::Output)?;
    let replaced = || {
        let found = staged.leftovers.dir.stat_if_exists(&staged.final_name);
        folders.options.collision == Collision::Replace && matches!(found, Ok(Some(_)))
    };
    if stat.st_nlink > 0 || replaced() {
        Ok(())
    } else {
        Err(SealError::MessageGone(name))
    }
}

/// Erases by the drop's mode. `file` is the claimed file, open; only an error of the last unlink or move is one.
pub(super) fn erase_file(folders: &Folders, home: &mut Home, file: &File) -> Result<Erasure, PathError> {
    let ground = Ground::of(&folders.medium, file);
    let before = look(file);
    let unlinked = |reason| judge_unlinked(ground, &before, reason);
    let erasure = match &folders.options.erase {
        EraseMode::Keep(folder) => return keep(folder, home),
        EraseMode::Unlink => unlinked(None),
        EraseMode::Overwrite => match overwrite(folders, home, file, before.clone())? {
            Overwritten::Looks(looks) => judge(ground, &looks),
            Overwritten::HardLinked => unlinked(Some(Residue::Hardlinked)),
            Overwritten::Refused => unlinked(Some(Residue::WriteDenied)),
        },
    };
    unlink_same(&home.parent, home.file_name(), file)?;
    Ok(erasure)
}

enum Overwritten {
    Looks(Looks),
    HardLinked,
    Refused,
}

/// After a look: scrubs, looks, flushes, looks. Without its mark a claim is not overwritten, as on a file system that is full.
/// The flush is left out where no block is allocated: it would allocate them.
fn overwrite(
    folders: &Folders,
    home: &mut Home,
    file: &File,
    before: Look,
) -> Result<Overwritten, PathError> {
    let path = home.path();
    let stat = rustix::fs::fstat(file).path_context("look at", &path)?;
    if stat.st_nlink != 1 {
        return Ok(Overwritten::HardLinked);
    }
    let Some(writable) = open_same(home, &stat)? else {
        return Ok(Overwritten::Refused);
    };
    if home.mark_erasing(is_allocated(&before)).is_err() {
        return Ok(Overwritten::Refused);
    }
    if scrub(&writable, FileIdentity::of(&stat).size).is_err() {
        return Ok(Overwritten::Refused);
    }
    let scrubbed = look(file);
    let on_disk = is_allocated(&before) || is_allocated(&scrubbed);
    let in_memory = folders.medium.file_system == FileSystem::Memory;
    if on_disk && !in_memory && rustix::fs::fdatasync(&writable).is_err() {
        return Ok(Overwritten::Refused);
    }
    let flushed = if on_disk { look(file) } else { None };
    Ok(Overwritten::Looks(Looks {
        before,
        scrubbed,
        flushed,
    }))
}

/// The file open for writing through its name, if that is still this file and may be written. A shortage that passes is an
/// error: the file is worth waiting for.
fn open_same(home: &Home, stat: &Stat) -> Result<Option<File>, PathError> {
    let writable = match home.parent.open_file_for_writing(home.file_name()) {
        Err(error)
            if [Errno::MFILE, Errno::NFILE, Errno::NOMEM]
                .iter()
                .any(|errno| error.is(*errno)) =>
        {
            return Err(error);
        }
        Err(_) => return Ok(None),
        Ok(writable) => writable,
    };
    let found = rustix::fs::fstat(&writable).path_context("look at", home.path())?;
    let same = FileIdentity::of(&found).same_file(&FileIdentity::of(stat)) && found.st_nlink == 1;
    Ok(same.then_some(writable))
}

/// Unlinks the name only if it still stands for this file.
fn unlink_same(dir: &Dir, name: &OsStr, file: &File) -> Result<(), PathError> {
    let path = dir.path().join(name);
    let open = rustix::fs::fstat(file).path_context("look at", &path)?;
    let named = dir.stat(name)?;
    if FileIdentity::of(&named).same_file(&FileIdentity::of(&open)) {
        return dir.unlink(name);
    }
    Err(std::io::Error::from(std::io::ErrorKind::NotFound)).path_context("remove", path)
}

fn keep(folder: &std::path::Path, home: &Home) -> Result<Erasure, PathError> {
    let kept = Dir::open(folder)?;
    let name = home.file_name();
    if kept.stat_if_exists(name)?.is_some() {
        let mut unique = name.to_owned();
        unique.push(format!(".{}", home.claim.id.short()));
        home.parent.rename(name, &kept, &unique, Replace::Never)?;
    } else {
        home.parent.rename(name, &kept, name, Replace::Never)?;
    }
    Ok(Erasure {
        outcome: Outcome::Kept,
        residue: Vec::new(),
    })
}
