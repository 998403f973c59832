//! Which directories are watched under which path.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::folder::Place;

/// What is to be done at the watcher for one directory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Todo {
    /// The path that the directory was watched under before it was renamed.
    pub(super) unwatch: Option<PathBuf>,
    pub(super) watch: bool,
}

/// The directories, by what they are and not by name: inotify knows one watch per directory, whatever its path.
#[derive(Debug, Default)]
pub(super) struct Watched {
    by_place: HashMap<Place, Entry>,
}

#[derive(Debug)]
struct Entry {
    path: PathBuf,
    /// Whether the watch can be relied on: lost events may have been about the directory itself.
    fresh: bool,
    seen: bool,
}

impl Watched {
    /// Above this, folders are found by scans only: each costs memory here and in the kernel.
    pub(super) const LIMIT: usize = 32_768;

    /// Notes that a pass is about to list the directory.
    pub(super) fn enter(&mut self, path: &Path, place: Place, again: bool) -> Todo {
        if let Some(entry) = self.by_place.get_mut(&place) {
            entry.seen = true;
            let renamed = entry.path != path;
            let watch = renamed || again || !entry.fresh;
            entry.fresh = true;
            let unwatch = renamed.then(|| std::mem::replace(&mut entry.path, path.to_owned()));
            return Todo { unwatch, watch };
        }
        if self.by_place.len() >= Self::LIMIT {
            return Todo::default();
        }
        let path = path.to_owned();
        let (fresh, seen) = (true, true);
        self.by_place.insert(place, Entry { path, fresh, seen });
        Todo {
            unwatch: None,
            watch: true,
        }
    }

    /// Forgets a directory that could not be watched.
    pub(super) fn forget(&mut self, place: Place) {
        self.by_place.remove(&place);
    }

    /// After lost events every directory is watched anew when a pass comes by.
    pub(super) fn distrust(&mut self) {
        for entry in self.by_place.values_mut() {
            entry.fresh = false;
        }
    }

    /// After a pass over the whole folder: the paths of directories that it did not meet.
    pub(super) fn sweep(&mut self) -> Vec<PathBuf> {
        let mut vanished = Vec::new();
        self.by_place.retain(|_, entry| {
            let seen = std::mem::take(&mut entry.seen);
            if !seen {
                vanished.push(std::mem::take(&mut entry.path));
            }
            seen
        });
        if !vanished.is_empty() {
            // A path may have passed to another directory, whose watch must stay.
            let in_use: HashSet<&Path> = self.by_place.values().map(|entry| entry.path.as_path()).collect();
            vanished.retain(|path| !in_use.contains(path.as_path()));
        }
        vanished
    }

    pub(super) fn len(&self) -> usize {
        self.by_place.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(inode: u64) -> Place {
        Place {
            device: (0, 1),
            inode,
            mount: 2,
        }
    }

    fn watch() -> Todo {
        Todo {
            unwatch: None,
            watch: true,
        }
    }

    #[test]
    fn a_directory_is_watched_once_until_events_are_lost() {
        let mut watched = Watched::default();
        assert_eq!(watched.enter(Path::new("a"), place(1), false), watch());
        assert_eq!(watched.enter(Path::new("a"), place(1), false), Todo::default());
        assert_eq!(watched.enter(Path::new("a"), place(1), true), watch());
        watched.distrust();
        assert_eq!(watched.enter(Path::new("a"), place(1), false), watch());
        assert_eq!(watched.enter(Path::new("a"), place(1), false), Todo::default());
    }

    #[test]
    fn a_renamed_directory_loses_its_old_path_first() {
        let mut watched = Watched::default();
        watched.enter(Path::new("a"), place(1), false);
        assert_eq!(
            watched.enter(Path::new("b"), place(1), false),
            Todo {
                unwatch: Some("a".into()),
                watch: true
            }
        );
    }

    #[test]
    fn a_sweep_spares_a_path_that_another_directory_has_now() {
        let mut watched = Watched::default();
        watched.enter(Path::new("a"), place(1), false);
        watched.enter(Path::new("b"), place(2), false);
        assert_eq!(watched.sweep(), Vec::<PathBuf>::new());
        watched.enter(Path::new("a"), place(3), false);
        assert_eq!(watched.sweep(), [PathBuf::from("b")]);
        assert_eq!(watched.len(), 1);
    }
}
