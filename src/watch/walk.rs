//! One pass over a folder and what is below it, in pieces.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustix::fs::{Access, AtFlags, FileType, Stat, accessat};
use rustix::io::Errno;

use super::{
    Candidate, Cause, DirectoryWatcher, Folder, FoundBy, Held, HeldReason, NameFilter, Options, PassEnd,
    Place, Scan,
};
use crate::fs::{Dir, EntryKind, ListingPosition, PathError};

/// What a call may still find.
pub(super) struct Window<S> {
    pub(super) scan: Scan,
    limit: usize,
    visits: usize,
    skip: S,
}

/// Bounds the time of one call, so that hints and shutdown are not kept waiting.
const VISITS_PER_CALL: usize = 16 * 1024;
/// Sub-folders remembered at a time while their parent is listed.
const SUBFOLDERS: usize = 64;
/// Younger files may simply be ahead of their hint.
const MISSED_AFTER: Duration = Duration::from_secs(2);

impl<S: Fn(&Path) -> bool> Window<S> {
    pub(super) fn new(limit: usize, skip: S) -> Self {
        Self {
            scan: Scan::default(),
            limit,
            visits: 0,
            skip,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.scan.candidates.len() >= self.limit
            || self.scan.held.len() >= self.limit
            || self.visits >= VISITS_PER_CALL
    }

    fn hold(&mut self, path: &Path, reason: HeldReason) {
        if !(self.skip)(path) {
            let path = path.to_owned();
            self.scan.held.push(Held { path, reason });
        }
    }
}

/// A pass over a folder, where it stands: no descriptor is kept between two calls.
#[derive(Debug)]
pub(super) struct Pass {
    path: PathBuf,
    levels: Vec<Level>,
    started: SystemTime,
    end: PassEnd,
}

#[derive(Debug)]
struct Level {
    position: Option<ListingPosition>,
    subfolders: Vec<OsString>,
    /// Known after the folder was entered: whether files can be renamed out of it.
    entered: Option<bool>,
    empty: bool,
}

impl Level {
    fn new() -> Self {
        Self {
            position: Some(ListingPosition::default()),
            subfolders: Vec::new(),
            entered: None,
            empty: true,
        }
    }
}

impl Pass {
    pub(super) fn new(cause: Cause, path: PathBuf) -> Self {
        Self {
            path,
            levels: vec![Level::new()],
            started: SystemTime::now(),
            end: PassEnd {
                cause,
                ignored: 0,
                folders: 0,
                found: 0,
            },
        }
    }

    pub(super) fn end(&self) -> PassEnd {
        self.end
    }

    /// Goes on until the window is full or the pass is over (`true`).
    pub(super) fn go_on<S: Fn(&Path) -> bool>(
        &mut self,
        folder: &Folder,
        options: &Options,
        window: &mut Window<S>,
        watcher: &mut impl DirectoryWatcher,
    ) -> Result<bool, PathError> {
        while !window.is_full() {
            let Some(level) = self.levels.last_mut() else {
                return Ok(true);
            };
            if let Some(name) = level.subfolders.pop() {
                self.path.push(name);
                self.levels.push(Level::new());
            } else if level.position.is_none() {
                self.leave(folder, options, window);
            } else {
                self.list(folder, options, window, watcher)?;
            }
        }
        Ok(self.levels.is_empty())
    }

    fn list<S: Fn(&Path) -> bool>(
        &mut self,
        folder: &Folder,
        options: &Options,
        window: &mut Window<S>,
        watcher: &mut impl DirectoryWatcher,
    ) -> Result<(), PathError> {
        window.visits += 1;
        let Some(level) = self.levels.last_mut() else {
            return Ok(());
        };
        let arrived = match folder.dir().open_dir_beneath(&self.path) {
            Ok(dir) if level.entered.is_some() => Ok(dir),
            Ok(dir) => {
                self.end.folders += 1;
                let again = self.end.cause == Cause::NewFolder;
                enter(folder, &dir, &self.path, again, watcher).map(|()| dir)
            }
            Err(error) if self.path.as_os_str().is_empty() => return Err(error),
            Err(error) => Err(unopened(&error)),
        };
        let dir = match arrived {
            Ok(dir) => dir,
            Err(reason) => {
                level.position = None;
                level.empty = false;
                if let Some(reason) = reason {
                    window.hold(&self.path, reason);
                }
                return Ok(());
            }
        };
        let takeable = *level.entered.get_or_insert_with(|| {
            let takeable = self.path.as_os_str().is_empty() || is_writable(&dir);
            if !takeable {
                window.hold(&self.path, HeldReason::FolderNotWritable);
            }
            takeable
        });
        let mut listing = Listing {
            dir: &dir,
            path: &mut self.path,
            started: self.started,
            end: &mut self.end,
            options,
            window,
            takeable,
            subfolders: &mut level.subfolders,
            empty: &mut level.empty,
        };
        let position = level.position.unwrap_or_default();
        level.position = dir.for_each_entry_from(position, |name, kind| listing.meet(name, kind))?;
        Ok(())
    }

    fn leave<S: Fn(&Path) -> bool>(&mut self, folder: &Folder, options: &Options, window: &mut Window<S>) {
        let left = self.levels.pop();
        let empty = left.is_some_and(|level| level.empty);
        if empty
            && options.remove_empty_folders
            && options.recursive
            && remove_if_old(folder, &self.path, options.empty_for())
        {
            window.scan.removed_folders += 1;
        }
        if !self.levels.is_empty() {
            self.path.pop();
        }
    }
}

/// One directory's entries, as they come.
struct Listing<'a, S> {
    dir: &'a Dir,
    path: &'a mut PathBuf,
    started: SystemTime,
    end: &'a mut PassEnd,
    options: &'a Options,
    window: &'a mut Window<S>,
    takeable: bool,
    subfolders: &'a mut Vec<OsString>,
    empty: &'a mut bool,
}

impl<S: Fn(&Path) -> bool> Listing<'_, S> {
    /// Whether to go on.
    fn meet(&mut self, name: &OsStr, kind: EntryKind) -> bool {
        if NameFilter::is_internal(name) {
            return true;
        }
        *self.empty = false;
        self.window.visits += 1;
        self.path.push(name);
        self.judge(name, kind);
        self.path.pop();
        !self.window.is_full() && self.subfolders.len() < SUBFOLDERS
    }

    fn judge(&mut self, name: &OsStr, kind: EntryKind) {
        let is_folder = kind == EntryKind::Directory;
        let filter = &self.options.filter;
        if is_folder {
            if self.options.recursive && filter.enters_folder(self.path) {
                self.subfolders.push(name.to_owned());
            } else {
                self.ignore();
            }
            return;
        }
        if kind != EntryKind::Unknown && !filter.takes_file(self.path) {
            self.ignore();
            return;
        }
        if !self.takeable || (self.window.skip)(self.path) {
            return;
        }
        let Ok(stat) = self.dir.stat(name) else {
            return; // taken away meanwhile
        };
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory if kind == EntryKind::Unknown => self.judge(name, EntryKind::Directory),
            FileType::Directory => {} // swapped under us; the next pass sees it
            _ if kind == EntryKind::Unknown && !filter.takes_file(self.path) => self.ignore(),
            FileType::RegularFile => self.offer(&stat),
            other => {
                let reason = HeldReason::of_type(other).unwrap_or(HeldReason::Device);
                self.window.hold(self.path, reason);
            }
        }
    }

    fn offer(&mut self, stat: &Stat) {
        let cause = self.end.cause;
        let candidate = Candidate::new(self.path.clone(), FoundBy::Scan(cause), None, stat);
        let age = self.started.duration_since(candidate.changed);
        if cause == Cause::Timer && age.is_ok_and(|age| age > MISSED_AFTER) {
            self.window.scan.missed += 1;
        }
        self.end.found += 1;
        self.window.scan.candidates.push(candidate);
    }

    fn ignore(&mut self) {
        self.end.ignored += 1;
        self.window.scan.ignored += 1;
    }
}

/// Watches a directory that is about to be listed for the first time in the pass.
fn enter(
    folder: &Folder,
    dir: &Dir,
    path: &Path,
    again: bool,
    watcher: &mut impl DirectoryWatcher,
) -> Result<(), Option<HeldReason>> {
    let place = Place::of(dir).map_err(|error| HeldReason::Failed(error.source.to_string()))?;
    // A btrfs subvolume is no mount, but no rename leads out of it either.
    if place.device != folder.place().device {
        return Err(Some(HeldReason::OtherMount));
    }
    watcher.enter(path, place, again);
    Ok(())
}

fn is_writable(dir: &Dir) -> bool {
    accessat(dir, c".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

/// What it means that a folder could not be opened; `None` if it is simply not there any more.
fn unopened(error: &PathError) -> Option<HeldReason> {
    match error.kind() {
        io::ErrorKind::NotFound => None,
        io::ErrorKind::PermissionDenied => Some(HeldReason::NoPermission),
        // Swapped for a link or a file: the next pass sees what it is now.
        _ if error.is(Errno::LOOP) || error.is(Errno::NOTDIR) => None,
        _ if error.is(Errno::XDEV) => Some(HeldReason::OtherMount),
        _ if error.is(Errno::NAMETOOLONG) => Some(HeldReason::PathTooLong),
        _ => Some(HeldReason::Failed(error.source.to_string())),
    }
}

/// Removes a folder that has been empty for a while; one that is not empty stays whatever was seen of it.
fn remove_if_old(folder: &Folder, path: &Path, empty_for: Duration) -> bool {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return false;
    };
    let Ok(parent) = folder.dir().open_dir_beneath(parent) else {
        return false;
    };
    let Ok(stat) = parent.stat(name) else {
        return false;
    };
    let age = super::candidate::changed_at(&stat).elapsed();
    age.is_ok_and(|age| age > empty_for) && parent.remove_dir(name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missed(cause: Cause, started: SystemTime) -> u64 {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("f"), "").unwrap();
        let folder = Folder::open(root.path()).unwrap();
        let mut pass = Pass::new(cause, PathBuf::new());
        pass.started = started;
        let mut window = Window::new(10, |_: &Path| false);
        let options = Options::default();
        assert!(pass.go_on(&folder, &options, &mut window, &mut ()).unwrap());
        assert_eq!(window.scan.candidates.len(), 1);
        window.scan.missed
    }

    #[test]
    fn only_a_timers_scan_that_meets_an_old_file_has_found_a_missed_one() {
        let now = SystemTime::now();
        let later = now + Duration::from_secs(10);
        assert_eq!(missed(Cause::Timer, later), 1);
        assert_eq!(missed(Cause::Timer, now), 0, "its hint may still be on the way");
        assert_eq!(missed(Cause::Start, later), 0);
        assert_eq!(missed(Cause::Overflow, later), 0);
    }
}
