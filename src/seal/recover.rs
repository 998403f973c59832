//! Recovery: what a crash or a failure left is finished or undone, from what lies on the disk alone.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::Stat;

use super::claim::modified_and_size;
use super::draft::{self, draft_name};
use super::erase::erase_file;
use super::finish::{Completed, Ending, Sealed};
use super::home::{ClaimName, Found, Home};
use super::record::{Erasure, Outcome, Record, Residue};
use super::stage::{Leftovers, staged_name};
use super::{Collision, EraseMode, Folders, SealError, record};
use crate::fs::{Dir, FileIdentity, PathContext, PathError};

/// What became of a claim that was found.
#[derive(Debug)]
pub enum Recovered {
    /// Nothing of it was published: it is to be sealed, by [`super::Claimed::reopen`].
    Unsealed,
    /// It had been published: plaintext erased, record written.
    Finished(Box<Sealed>),
    /// It held nothing: its folder is removed.
    Empty,
}

/// Calls `each` with the claims that lie in the claim folder. Other names there are nobody's and are left alone.
pub fn claims(folders: &Folders, mut each: impl FnMut(ClaimName)) -> Result<(), PathError> {
    folders.claims.for_each_entry(|name, _| {
        if let Some(claim) = ClaimName::parse(name).filter(|_| !folders.spares.has(name)) {
            each(claim);
        }
        true
    })
}

/// Finishes a claim if its message was published, and undoes the attempt if not.
///
/// A draft without a staged message means published, as the draft is durable before the rename and is removed
/// first when an attempt is undone; so does the mark of a begun erasure.
pub fn recover(folders: &Folders, claim: &ClaimName) -> Result<Recovered, SealError> {
    let Some(Found { mut home, has_file }) = Home::find(folders, claim)? else {
        return Ok(Recovered::Empty);
    };
    if has_file {
        remove_old_name(folders, &home).map_err(SealError::Input)?;
    }
    let dir = folders.output_dir(&home.relative)?;
    let mut leftovers = Leftovers::new(dir, claim.id);
    leftovers.published(); // whatever happens here, nothing is removed by accident
    let draft_there = exists(&leftovers.dir, &draft_name(claim.id))?;
    let staged_there = exists(&leftovers.dir, &staged_name(claim.id))?;
    let published = home.erasing || (draft_there && !staged_there);
    if published && draft_there {
        let draft = read_draft(&leftovers.dir, claim)?;
        if has_file && was_changed(&home, &draft)? {
            // A message that is still there is whole, and of what the file was: it is nobody's business here.
            leftovers.undo().map_err(SealError::Output)?;
            return Ok(Recovered::Unsealed);
        }
        let erasure = if has_file {
            check_message(folders, &leftovers.dir, &draft)?;
            Some(erase_again(folders, &mut home)?)
        } else {
            None
        };
        let sealed = conclude(folders, home, leftovers, draft, erasure)?;
        return Ok(Recovered::Finished(Box::new(sealed)));
    }
    if has_file && published {
        // The draft is removed only after the plaintext, so somebody else removed it.
        return Err(SealError::DraftMissing(
            leftovers.dir.path().join(draft_name(claim.id)),
        ));
    }
    if has_file {
        leftovers.undo().map_err(SealError::Output)?;
        return Ok(Recovered::Unsealed);
    }
    if staged_there {
        return Err(SealError::PlaintextMissing(home.path()));
    }
    home.remove(folders).map_err(SealError::Input)?;
    Ok(Recovered::Empty)
}

/// A power cut in the middle of a claim can leave the file with both names (btrfs replays the new one from its log, and
/// the old one is in the last commit): the one in the drop folder goes, so that it is not dropped twice.
fn remove_old_name(folders: &Folders, home: &Home) -> Result<(), PathError> {
    let name = home.file_name();
    let claimed = home.parent.stat(name)?;
    if claimed.st_nlink < 2 {
        return Ok(());
    }
    let parent = home.relative.parent().unwrap_or(Path::new(""));
    let Ok(dir) = folders.input.open_dir_beneath(parent) else {
        return Ok(());
    };
    let same = |named: &Stat| FileIdentity::of(named).same_file(&FileIdentity::of(&claimed));
    if dir.stat_if_exists(name)?.as_ref().is_some_and(same) {
        dir.unlink(name)?;
        dir.sync()?;
    }
    Ok(())
}

/// Whether somebody wrote to the file after it was sealed: the message is then not of all that it holds. A power cut can
/// only take from it; and what an erasure does to it, the mark tells.
fn was_changed(home: &Home, draft: &Record) -> Result<bool, SealError> {
    if home.erasing {
        return Ok(false);
    }
    let stat = home.parent.stat(home.file_name()).map_err(SealError::Input)?;
    let (found, sealed) = (modified_and_size(&stat), &draft.sealdrop.plaintext);
    let is_later = humantime::parse_rfc3339(&found.0).ok() > humantime::parse_rfc3339(&sealed.modified).ok();
    Ok(found.1 > sealed.size || (found.1 == sealed.size && is_later))
}

/// Where the message still has its name, it must have its length: a plaintext is not given for less. A consumer may
/// have taken it, and a drop that replaces messages may have another there.
fn check_message(folders: &Folders, dir: &Dir, draft: &Record) -> Result<(), SealError> {
    let Some(name) = draft::final_name(draft) else {
        return Ok(()); // told when the record is written
    };
    let found = dir.stat_if_exists(&name).map_err(SealError::Output)?;
    let expected = draft.sealdrop.ciphertext.size;
    let found = found.map_or(expected, |stat| FileIdentity::of(&stat).size);
    if found == expected || folders.options.collision == Collision::Replace {
        return Ok(());
    }
    Err(SealError::MessageDamaged {
        path: dir.path().join(&name),
        expected,
        found,
    })
}

fn exists(dir: &Dir, name: &std::ffi::OsStr) -> Result<bool, SealError> {
    Ok(dir.stat_if_exists(name).map_err(SealError::Output)?.is_some())
}

/// What an erasure that was begun before did to the file's blocks, nobody saw: it may have moved the data, so what is
/// seen now says nothing of the old bytes.
fn erase_again(folders: &Folders, home: &mut Home) -> Result<Erasure, SealError> {
    let begun_before = home.erasing;
    let file = home
        .parent
        .open_file(home.file_name())
        .map_err(SealError::Input)?;
    let erasure = erase_file(folders, home, &file).map_err(SealError::Input)?;
    let says_gone = matches!(
        erasure.outcome,
        Outcome::OverwrittenInPlace | Outcome::NeverAllocated
    );
    Ok(if begun_before && says_gone {
        unobserved(folders)
    } else {
        erasure
    })
}

/// Nobody saw how the plaintext went.
fn unobserved(folders: &Folders) -> Erasure {
    if matches!(folders.options.erase, EraseMode::Keep(_)) {
        return Erasure {
            outcome: Outcome::Kept,
            residue: Vec::new(),
        };
    }
    Erasure {
        outcome: Outcome::UnlinkedOnly,
        residue: vec![Residue::Unverifiable],
    }
}

/// Brings a published claim to its record. Where no erasure was to be made, the draft may tell what an earlier one
/// achieved; it is written anew all the same, as its bytes may be on no disk.
fn conclude(
    folders: &Folders,
    home: Home,
    leftovers: Leftovers,
    mut draft: Record,
    erasure: Option<Erasure>,
) -> Result<Sealed, SealError> {
    let (erasure, exposure) = match (erasure, told(&draft)) {
        (None, Some(told)) => told,
        (erasure, _) => {
            let erasure = erasure.unwrap_or_else(|| unobserved(folders));
            let exposure = rebuild(&mut draft, erasure.clone());
            (erasure, exposure)
        }
    };
    let file = leftovers.replace_draft(&draft).map_err(SealError::Output)?;
    let sealed = Sealed {
        id: leftovers.id,
        relative: home.relative.clone(),
        record: draft,
        exposure,
        erasure,
    };
    let completed = Completed::of(home, leftovers, file, sealed);
    let mut recorded = record(folders, vec![completed]);
    recorded
        .pop()
        .unwrap_or_else(|| Err(SealError::Defect("no record came back".to_owned())))
}

/// What a draft says of the plaintext's end, if it was completed.
fn told(record: &Record) -> Option<(Erasure, Duration)> {
    let erasure = record.sealdrop.erasure.clone()?;
    let milliseconds = record.sealdrop.times.exposure_ms?;
    Some((erasure, Duration::try_from_secs_f64(milliseconds / 1e3).ok()?))
}

/// Completes a draft as of now; the exposure that this makes.
fn rebuild(record: &mut Record, erasure: Erasure) -> Duration {
    let at = SystemTime::now();
    let arrived = humantime::parse_rfc3339(&record.sealdrop.times.arrived).unwrap_or(at);
    let exposure = at.duration_since(arrived).unwrap_or(Duration::ZERO);
    let ending = Ending {
        erasure,
        at,
        exposure,
        recovered: true,
    };
    ending.complete(record);
    exposure
}

/// Reads a draft that this user wrote for this claim: whoever else may write to the output folder must not be able to
/// say that a claim was published.
fn read_draft(dir: &Dir, claim: &ClaimName) -> Result<Record, SealError> {
    let name = draft_name(claim.id);
    let path = dir.path().join(&name);
    let file = dir.open_file(&name).map_err(SealError::Output)?;
    let stat = rustix::fs::fstat(&file)
        .path_context("look at", &path)
        .map_err(SealError::Output)?;
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(SealError::DraftNotOurs(path));
    }
    let text = std::io::read_to_string(file)
        .path_context("read", &path)
        .map_err(SealError::Output)?;
    match draft::parse(&text) {
        Ok(draft) if draft.sealdrop.id == claim.id.to_string() => Ok(draft),
        Ok(_) => Err(SealError::DraftNotOurs(path)),
        Err(source) => Err(SealError::Draft { path, source }),
    }
}
