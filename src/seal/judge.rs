//! What an erasure achieved, judged from three looks at where the file's data stood.
//!
//! It reports what was observed and never more: without an observation the answer is `unlinked_only`.

use std::fs::File;

use rustix::fs::{IFlags, ioctl_getflags};

use super::record::{Erasure, Outcome, Residue};
use crate::fs::{Extent, FileSystem, Medium, extents};

/// One look; `None` where the file system cannot say.
pub(super) type Look = Option<Vec<Extent>>;

/// Asks where the file's data stands, without moving any of it.
pub(super) fn look(file: &File) -> Look {
    extents(file).ok()
}

/// Whether any block holds, or may hold, the file's data.
pub(super) fn is_allocated(look: &Look) -> bool {
    look.as_ref()
        .is_none_or(|extents| !extents.iter().all(|extent| extent.flags.is_delayed()))
}

/// The three looks of an erasure by overwriting: before the scrub, after it, and after the flush.
#[derive(Debug)]
pub(super) struct Looks {
    pub(super) before: Look,
    pub(super) scrubbed: Look,
    pub(super) flushed: Look,
}

/// What the medium and the file's own flags say about writing in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ground {
    file_system: FileSystem,
    encrypted_below: bool,
    rotating: bool,
}

impl Ground {
    /// Of a file on a medium; a btrfs file may be marked to be written in place, an ext4 file to be journalled.
    pub(super) fn of(medium: &Medium, file: &File) -> Self {
        let flags = ioctl_getflags(file).unwrap_or(IFlags::empty());
        let file_system = match medium.file_system {
            FileSystem::CopyOnWrite if flags.contains(IFlags::NOCOW) => FileSystem::InPlace,
            FileSystem::InPlace if flags.contains(IFlags::JOURNALING) => FileSystem::JournalsData,
            other => other,
        };
        Self {
            file_system,
            encrypted_below: medium.encrypted_below,
            rotating: medium.rotating,
        }
    }
}

/// The verdict on an erasure by overwriting and unlinking.
pub(super) fn judge(ground: Ground, looks: &Looks) -> Erasure {
    if ground.file_system == FileSystem::Memory {
        return Erasure {
            outcome: Outcome::Memory,
            residue: Vec::new(),
        };
    }
    if never_allocated(ground, looks) {
        return Erasure {
            outcome: Outcome::NeverAllocated,
            residue: Vec::new(),
        };
    }
    let mut residue = reasons(ground, looks);
    let outcome = match () {
        () if is_encrypted(ground, looks) => Outcome::EncryptedAtRest,
        () if residue.is_empty() => Outcome::OverwrittenInPlace,
        () => Outcome::UnlinkedOnly,
    };
    if !ground.rotating && outcome != Outcome::EncryptedAtRest {
        residue.push(Residue::Ssd);
    }
    Erasure { outcome, residue }
}

/// The verdict on a plaintext that was unlinked as it was.
pub(super) fn judge_unlinked(ground: Ground, before: &Look, reason: Option<Residue>) -> Erasure {
    let in_memory = ground.file_system == FileSystem::Memory;
    let encrypted = ground.encrypted_below || before.as_deref().is_some_and(all_encrypted);
    let outcome = match () {
        () if in_memory => Outcome::Memory,
        () if encrypted => Outcome::EncryptedAtRest,
        () => Outcome::UnlinkedOnly,
    };
    let mut residue: Vec<_> = reason.into_iter().collect();
    if outcome == Outcome::UnlinkedOnly {
        residue.extend(ground_reasons(ground));
        match before {
            None if !residue.contains(&Residue::Unverifiable) => residue.push(Residue::Unverifiable),
            None => {}
            Some(extents) => residue.extend(extent_reasons(&extents.iter(), &residue)),
        }
        residue.extend((!ground.rotating).then_some(Residue::Ssd));
    }
    Erasure { outcome, residue }
}

/// Both looks around the scrub show nothing but delayed allocation: writeback cannot have come in between.
fn never_allocated(ground: Ground, looks: &Looks) -> bool {
    let told = !matches!(ground.file_system, FileSystem::Stacked | FileSystem::Unknown);
    told && !is_allocated(&looks.before) && !is_allocated(&looks.scrubbed)
}

fn is_encrypted(ground: Ground, looks: &Looks) -> bool {
    let by_file_system = |look: &Look| look.as_deref().is_some_and(all_encrypted);
    ground.encrypted_below || (by_file_system(&looks.before) && by_file_system(&looks.flushed))
}

fn all_encrypted(extents: &[Extent]) -> bool {
    !extents.is_empty() && extents.iter().all(|extent| extent.flags.is_encrypted())
}

fn ground_reasons(ground: Ground) -> Vec<Residue> {
    match ground.file_system {
        FileSystem::CopyOnWrite => vec![Residue::Cow, Residue::SnapshotPossible],
        FileSystem::JournalsData => vec![Residue::JournalledData],
        FileSystem::Stacked | FileSystem::Unknown => vec![Residue::Unverifiable],
        FileSystem::InPlace | FileSystem::Memory => Vec::new(),
    }
}

fn extent_reasons<'a>(
    extents: &(impl Iterator<Item = &'a Extent> + Clone),
    known: &[Residue],
) -> Vec<Residue> {
    let any = |is: fn(crate::fs::ExtentFlags) -> bool| extents.clone().any(|extent| is(extent.flags));
    let mut residue = Vec::new();
    if any(crate::fs::ExtentFlags::is_shared) {
        residue.push(Residue::Shared);
    }
    if any(crate::fs::ExtentFlags::is_inline) {
        residue.push(Residue::Inline);
    }
    if any(crate::fs::ExtentFlags::is_encoded) && !known.contains(&Residue::Cow) {
        residue.push(Residue::Cow);
    }
    residue
}

/// Why the overwrite may not have reached every old byte; nothing if it was seen to.
fn reasons(ground: Ground, looks: &Looks) -> Vec<Residue> {
    let mut residue = ground_reasons(ground);
    let (Some(before), Some(scrubbed), Some(flushed)) = (&looks.before, &looks.scrubbed, &looks.flushed)
    else {
        residue.push(Residue::Unverifiable);
        residue.dedup();
        return residue;
    };
    let all = before.iter().chain(scrubbed).chain(flushed);
    residue.extend(extent_reasons(&all, &residue));
    if places(before) != places(scrubbed) || !keeps_places(scrubbed, flushed) {
        residue.push(Residue::Relocated);
    }
    residue
}

/// Logical start, length and physical start of each run, neighbours joined; no physical start while delayed.
fn places(extents: &[Extent]) -> Vec<(u64, u64, Option<u64>)> {
    let mut runs: Vec<(u64, u64, Option<u64>)> = Vec::new();
    for extent in extents {
        let physical = (!extent.flags.is_delayed() && !extent.flags.is_unknown()).then_some(extent.physical);
        if let Some((logical, length, at)) = runs.last_mut() {
            let follows = *logical + *length == extent.logical;
            let next_to = match (*at, physical) {
                (Some(at), Some(physical)) => at + *length == physical,
                (None, None) => true,
                _ => false,
            };
            if follows && next_to {
                *length += extent.length;
                continue;
            }
        }
        runs.push((extent.logical, extent.length, physical));
    }
    runs
}

/// Whether every run that had a place before the flush has it still; delayed runs have got theirs since, and it
/// was scrubbed bytes that went there.
fn keeps_places(scrubbed: &[Extent], flushed: &[Extent]) -> bool {
    let flushed = places(flushed);
    places(scrubbed)
        .into_iter()
        .filter_map(|(logical, length, physical)| Some((logical, length, physical?)))
        .all(|(logical, length, physical)| {
            flushed.iter().any(|&(from, run, at)| {
                let inside = from <= logical && logical + length <= from + run;
                inside && at.is_some_and(|at| at + (logical - from) == physical)
            })
        })
}
