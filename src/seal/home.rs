//! A claim's place on the disk: `.sealdrop/<id>-<size>/<original relative path>`.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

use super::busy::Busy;
use super::{ClaimId, Folders, SealError};
use crate::fs::{Dir, EntryKind, PathError, Replace};

/// The mode of a claim's folders, and of the one with the file once that may be overwritten: a mark that is made without a
/// look at any name.
const MODE: u32 = 0o700;
const ERASING: u32 = MODE | 0o1000;

/// The name of a claim: `<id>-<size>`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimName {
    /// The claim's id.
    pub id: ClaimId,
    /// Bytes of the file when it was claimed.
    pub size: u64,
}

impl ClaimName {
    /// The directory's name.
    pub fn file_name(&self) -> OsString {
        format!("{}-{}", self.id, self.size).into()
    }

    /// The claim that a directory's name stands for.
    pub fn parse(name: &OsStr) -> Option<Self> {
        let (id, size) = name.to_str()?.split_once('-')?;
        let digits = !size.is_empty() && size.bytes().all(|b| b.is_ascii_digit());
        Some(Self {
            id: id.parse().ok()?,
            size: size.parse().ok().filter(|_| digits)?,
        })
    }
}

/// A claim found on the disk, with its file or without.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) home: Home,
    pub(super) has_file: bool,
}

/// The directories of one claim, open.
#[derive(Debug)]
pub(super) struct Home {
    pub(super) claim: ClaimName,
    pub(super) relative: PathBuf,
    /// The directory that the file itself stands in.
    pub(super) parent: Dir,
    /// Whether its plaintext may be overwritten already.
    pub(super) erasing: bool,
    /// Nobody else in this process works on the claim meanwhile.
    _busy: Busy,
}

impl Home {
    /// Makes the directories for a file that is about to be claimed.
    pub(super) fn make(folders: &Folders, claim: ClaimName, relative: &Path) -> Result<Self, SealError> {
        let name = claim.file_name();
        let busy = Busy::mark(claim.id).ok_or_else(|| SealError::Busy(folders.claims.path().join(&name)))?;
        let make = || {
            let spare = folders.spares.take(&folders.claims, &name);
            let mut parent = spare.map_or_else(|| make_dir(&folders.claims, &name), Ok)?;
            for component in parents(relative) {
                parent = parent.open_or_make_dir(component, MODE)?;
            }
            Ok(parent)
        };
        match make() {
            Ok(parent) => Ok(Self {
                claim,
                relative: relative.to_owned(),
                parent,
                erasing: false,
                _busy: busy,
            }),
            Err(error) => {
                // By path, as descriptors may be what is missing. What stays is empty, and the next start removes it.
                let folder = Path::new(&name).join(relative.parent().unwrap_or(Path::new("")));
                for dir in folder.ancestors().filter(|dir| !dir.as_os_str().is_empty()) {
                    let _ = folders.claims.remove_dir(dir.as_os_str());
                }
                Err(SealError::Input(error))
            }
        }
    }

    /// Opens a claim that is there, marked or not, and looks for the one file in it; `None` if there is no such claim.
    pub(super) fn find(folders: &Folders, claim: &ClaimName) -> Result<Option<Found>, SealError> {
        let path = || folders.claims.path().join(claim.file_name());
        let busy = Busy::mark(claim.id).ok_or_else(|| SealError::Busy(path()))?;
        let mut parent = match folders.claims.open_dir(&claim.file_name()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            result => result.map_err(SealError::Input)?,
        };
        let mut relative = PathBuf::new();
        let has_file = loop {
            let Some(name) = first_name(&parent).map_err(SealError::Input)? else {
                relative.push("-"); // stands for the name that is gone, so that the folder is still its parent
                break false;
            };
            relative.push(&name);
            if parent.kind(&name).map_err(SealError::Input)? != EntryKind::Directory {
                break true;
            }
            parent = parent.open_dir(&name).map_err(SealError::Input)?;
        };
        let home = Self {
            claim: claim.clone(),
            relative,
            erasing: parent.mode().map_err(SealError::Input)? & (ERASING ^ MODE) != 0,
            parent,
            _busy: busy,
        };
        Ok(Some(Found { home, has_file }))
    }

    /// Gives the claim the size that its file has now.
    pub(super) fn resize(&mut self, folders: &Folders, size: u64) -> Result<(), PathError> {
        let id = self.claim.id;
        let resized = ClaimName { id, size };
        let (from, to) = (self.claim.file_name(), resized.file_name());
        folders
            .claims
            .rename(&from, &folders.claims, &to, Replace::Never)?;
        self.claim = resized;
        Ok(())
    }

    /// The file's own name.
    pub(super) fn file_name(&self) -> &OsStr {
        self.relative.file_name().unwrap_or_default()
    }

    /// Marks the claim before its first byte is overwritten: scrubbed bytes must not look like a drop, nor like a change
    /// by somebody else. If they can reach the disk by then, the mark is made durable before.
    pub(super) fn mark_erasing(&mut self, durably: bool) -> Result<(), PathError> {
        if self.erasing {
            return Ok(());
        }
        self.parent.set_mode(ERASING)?;
        self.erasing = true;
        if durably { self.parent.sync() } else { Ok(()) }
    }

    /// Removes the directories of a claim that holds no file any more.
    pub(super) fn remove(&self, folders: &Folders) -> Result<(), PathError> {
        remove_tree_of_dirs(&folders.claims, &self.claim.file_name())
    }

    /// The same, if not now, then later: meanwhile another file's claim may take them.
    pub(super) fn retire(self, folders: &Folders) {
        // Where nothing orders the two, a mark could outlive the next file's move into its folder.
        let may_stay = !self.erasing || folders.flushes_are_ordered();
        let is_flat = parents(&self.relative).next().is_none();
        let is_spare = may_stay && is_flat && (!self.erasing || self.parent.set_mode(MODE).is_ok());
        let name = self.claim.file_name();
        let dir = is_spare.then_some(self.parent);
        folders.spares.put(&folders.claims, name, dir);
    }

    /// The path for messages.
    pub(super) fn path(&self) -> PathBuf {
        self.parent.path().join(self.file_name())
    }
}

fn make_dir(claims: &Dir, name: &OsStr) -> Result<Dir, PathError> {
    claims.make_dir(name, MODE)?;
    claims.open_dir(name)
}

fn first_name(dir: &Dir) -> Result<Option<OsString>, PathError> {
    let mut first = None;
    dir.for_each_entry(|name, _| {
        first = Some(name.to_owned());
        false
    })?;
    Ok(first)
}

/// Removes a directory that holds nothing but one line of empty directories.
pub(super) fn remove_tree_of_dirs(parent: &Dir, name: &OsStr) -> Result<(), PathError> {
    match parent.remove_dir(name) {
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
            let dir = parent.open_dir(name)?;
            for child in dir.entry_names()? {
                remove_tree_of_dirs(&dir, &child)?;
            }
            parent.remove_dir(name)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn parents(relative: &Path) -> impl Iterator<Item = &OsStr> {
    relative
        .parent()
        .into_iter()
        .flat_map(Path::components)
        .filter_map(|component| match component {
            Component::Normal(name) => Some(name),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claims_name_tells_id_and_size() {
        let claim = ClaimName {
            id: "0".repeat(32).parse().unwrap(),
            size: 5,
        };
        assert_eq!(ClaimName::parse(&claim.file_name()), Some(claim));
        assert_eq!(
            ClaimName::parse(OsStr::new(&format!("{}-+5", "0".repeat(32)))),
            None
        );
        assert_eq!(ClaimName::parse(OsStr::new("lost+found")), None);
    }
}
