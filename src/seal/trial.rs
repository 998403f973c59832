//! Trying an erasure, without a drop: what would the daemon's own way achieve in this folder?

use std::io::Write as _;

use super::EraseMode;
use super::judge::{Ground, Looks, is_allocated, judge, judge_unlinked, look};
use super::record::{Erasure, Outcome};
use super::scrub::scrub;
use crate::fs::{Dir, FileSystem, Medium, PathContext, PathError};

/// What is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Bytes.
    pub size: usize,
    /// Whether it has reached the disk before.
    pub flushed: bool,
}

/// Writes a file without a name, erases it as a dropped one is erased, and judges what was observed.
pub fn try_erasure(dir: &Dir, mode: &EraseMode, trial: Trial) -> Result<Erasure, PathError> {
    let medium = Medium::of(dir);
    let mut file = dir.create_unnamed_file()?;
    file.write_all(&vec![b'.'; trial.size])
        .path_context("write a file in", dir.path())?;
    if trial.flushed {
        rustix::fs::fdatasync(&file).path_context("flush a file in", dir.path())?;
    }
    let ground = Ground::of(&medium, &file);
    let before = look(&file);
    match mode {
        EraseMode::Overwrite => {}
        EraseMode::Unlink => return Ok(judge_unlinked(ground, &before, None)),
        EraseMode::Keep(_) => {
            return Ok(Erasure {
                outcome: Outcome::Kept,
                residue: Vec::new(),
            });
        }
    }
    scrub(&file, trial.size as u64).path_context("overwrite a file in", dir.path())?;
    let scrubbed = look(&file);
    let on_disk = is_allocated(&before) || is_allocated(&scrubbed);
    if on_disk && medium.file_system != FileSystem::Memory {
        rustix::fs::fdatasync(&file).path_context("flush a file in", dir.path())?;
    }
    let flushed = if on_disk { look(&file) } else { None };
    let looks = Looks {
        before,
        scrubbed,
        flushed,
    };
    Ok(judge(ground, &looks))
}
