//! Hints: notify tells that something happened, at once and not reliably. The one file that names it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{ErrorKind, Event, EventHandler, EventKind, INotifyWatcher, RecursiveMode, Watcher};
use thiserror::Error;
use tokio::sync::mpsc::{self, OwnedPermit, Receiver, Sender};

use super::watched::Watched;
use super::{Cause, DirectoryWatcher, Folder, Lost, NameFilter, Place};

/// Something that may have happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// A file was closed after writing, moved in or made, or a folder was; [`super::Scanner::look`] tells.
    Changed {
        /// From the drop folder.
        path: PathBuf,
        /// When it was heard of.
        at: SystemTime,
    },
    /// Hints were lost: only a scan can tell what happened. After [`Cause::WatchLost`], [`Hints::check_alive`] first.
    Rescan(Cause),
}

/// Why there are no hints.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum HintsError {
    /// inotify could not be started: `fs.inotify.max_user_instances`, descriptors.
    #[error("failed to start watching {path:?}")]
    Start {
        /// The drop folder.
        path: PathBuf,
        /// What notify said.
        #[source]
        source: notify::Error,
    },
    /// The drop folder is not where it was, or the watching thread ended.
    #[error("the watching of {0:?} has ended")]
    Ended(PathBuf),
    /// The drop folder itself.
    #[error(transparent)]
    Lost(#[from] Lost),
}

/// The watches of one drop: one per directory, none recursive, as notify's own recursion misses what is written
/// into a directory before it is watched.
#[derive(Debug)]
pub struct Hints {
    watcher: INotifyWatcher,
    folder: Folder,
    watched: Watched,
    alive: Arc<AtomicBool>,
    unwatched: u64,
}

impl Hints {
    /// Hints that may wait; beyond it they become one rescan.
    pub const CAPACITY: usize = 1024;

    /// Starts watching the folder itself; folders in it are watched as a scan enters them.
    pub fn start(folder: &Folder) -> Result<(Self, Receiver<Hint>), HintsError> {
        let (sender, receiver) = mpsc::channel(Self::CAPACITY);
        let alive = Arc::new(AtomicBool::new(true));
        let sink = Sink {
            root: folder.path().to_owned(),
            reserve: sender.clone().try_reserve_owned().ok(),
            hints: sender,
            alive: Alive(Arc::clone(&alive)),
        };
        let path = folder.path();
        let error = |source| HintsError::Start {
            path: path.to_owned(),
            source,
        };
        let watcher = INotifyWatcher::new(sink, notify::Config::default()).map_err(error)?;
        let mut hints = Self {
            watcher,
            folder: folder.clone(),
            watched: Watched::default(),
            alive,
            unwatched: 0,
        };
        hints.watched.enter(Path::new(""), folder.place(), false);
        hints.watch(Path::new("")).map_err(error)?;
        Ok((hints, receiver))
    }

    /// Whether hints can still come: the thread runs, and the folder is where it was. Asked on every tick, as neither
    /// loss announces itself.
    pub fn check_alive(&self) -> Result<(), HintsError> {
        if !self.alive.load(Ordering::Acquire) {
            return Err(HintsError::Ended(self.folder.path().to_owned()));
        }
        Ok(self.folder.check()?)
    }

    /// To be called when hints were lost: every watch is renewed as the next pass comes by.
    pub fn distrust(&mut self) {
        self.watched.distrust();
    }

    /// Folders that are watched, the drop folder among them.
    pub fn watched(&self) -> usize {
        self.watched.len()
    }

    /// Folders that could not be watched, in all (`fs.inotify.max_user_watches`): only scans look into them.
    pub fn unwatched(&self) -> u64 {
        self.unwatched
    }

    /// Watches one folder of the drop.
    pub fn watch_dir(&mut self, relative: &Path, place: Place) {
        self.enter(relative, place, true);
    }

    /// Stops watching one folder of the drop.
    pub fn unwatch_dir(&mut self, relative: &Path) {
        if self.alive.load(Ordering::Acquire) {
            let path = self.absolute(relative);
            // Not being watched is what was wanted, and notify panics if its thread is gone.
            let _ = catch_unwind(AssertUnwindSafe(|| self.watcher.unwatch(&path)));
        }
    }

    fn watch(&mut self, relative: &Path) -> notify::Result<()> {
        let path = self.absolute(relative);
        if !self.alive.load(Ordering::Acquire) {
            return Err(notify::Error::generic("the watching thread has ended").add_path(path));
        }
        let watch = || self.watcher.watch(&path, RecursiveMode::NonRecursive);
        catch_unwind(AssertUnwindSafe(watch))
            .unwrap_or_else(|_| Err(notify::Error::generic("the watching thread has ended")))
    }

    fn absolute(&self, relative: &Path) -> PathBuf {
        if relative.as_os_str().is_empty() {
            return self.folder.path().to_owned();
        }
        self.folder.path().join(relative)
    }
}

impl DirectoryWatcher for Hints {
    fn enter(&mut self, relative: &Path, place: Place, again: bool) {
        let todo = self.watched.enter(relative, place, again);
        if let Some(old) = todo.unwatch {
            self.unwatch_dir(&old);
        }
        if !todo.watch {
            return;
        }
        if let Err(error) = self.watch(relative) {
            self.watched.forget(place);
            if matches!(error.kind, ErrorKind::PathNotFound) {
                return; // removed meanwhile
            }
            self.unwatched += 1;
            if self.unwatched == 1 {
                tracing::warn!(folder = ?relative, error = %error, "cannot watch a folder; scans will look into it");
            }
        }
    }

    fn pass_ended(&mut self) {
        for vanished in self.watched.sweep() {
            self.unwatch_dir(&vanished);
        }
    }
}

/// Dropped with the handler when notify's thread ends, however it ends.
struct Alive(Arc<AtomicBool>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// Runs on notify's thread: converts, sends what there is room for, never waits.
struct Sink {
    root: PathBuf,
    hints: Sender<Hint>,
    /// A place in the channel for the news that it is full. Taken back as soon as there is room, which is before
    /// any later hint is sent, so a missing reserve means that a rescan is still waiting to be read.
    reserve: Option<OwnedPermit<Hint>>,
    #[expect(dead_code, reason = "held for its drop")]
    alive: Alive,
}

impl Sink {
    fn send(&mut self, hint: Hint) {
        if self.reserve.is_none() {
            self.reserve = self.hints.clone().try_reserve_owned().ok();
        }
        let lost = match hint {
            Hint::Rescan(cause) => cause,
            Hint::Changed { .. } => match self.hints.try_send(hint) {
                Ok(()) => return,
                Err(_) => Cause::ChannelFull,
            },
        };
        if let Some(reserve) = self.reserve.take() {
            reserve.send(Hint::Rescan(lost));
        }
    }

    fn is_root(&self, event: &Event) -> bool {
        event.paths.contains(&self.root)
    }

    fn changed(&mut self, event: &Event) {
        let Some(path) = event.paths.last() else { return };
        if path.file_name().is_none_or(NameFilter::is_internal) {
            return;
        }
        if let Ok(relative) = path.strip_prefix(&self.root) {
            let path = relative.to_owned();
            let at = SystemTime::now();
            self.send(Hint::Changed { path, at });
        }
    }
}

impl EventHandler for Sink {
    fn handle_event(&mut self, event: notify::Result<Event>) {
        let Ok(event) = event else {
            return self.send(Hint::Rescan(Cause::WatchLost));
        };
        if event.need_rescan() {
            return self.send(Hint::Rescan(Cause::Overflow));
        }
        match event.kind {
            EventKind::Create(_)
            | EventKind::Access(AccessKind::Close(AccessMode::Write))
            | EventKind::Modify(ModifyKind::Name(RenameMode::To)) => self.changed(&event),
            // Not for a removal of the folder itself: as it is held open, only `check_alive` sees that.
            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From))
                if self.is_root(&event) =>
            {
                self.send(Hint::Rescan(Cause::WatchLost));
            }
            _ => {}
        }
    }
}
