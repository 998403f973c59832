//! What scans are asked for, and what they answer.

use std::path::Path;

use super::folder::Place;
use super::{Candidate, Held, HeldReason};

/// Why a scan was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The daemon started, or the folder came back.
    Start,
    /// Nothing else for a while.
    Timer,
    /// The kernel's event queue was full.
    Overflow,
    /// The channel of hints was full.
    ChannelFull,
    /// A watch or the watcher was lost.
    WatchLost,
    /// A new folder in a recursive drop.
    NewFolder,
    /// More than the window holds, or a scan that found something.
    Backlog,
}

impl Cause {
    /// A short stable name, for a metric's label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Timer => "timer",
            Self::Overflow => "overflow",
            Self::ChannelFull => "channel_full",
            Self::WatchLost => "watch_lost",
            Self::NewFolder => "new_folder",
            Self::Backlog => "backlog",
        }
    }

    /// Which of two causes a pass is made for. A timer's is the one that counts missed files, so any other one outweighs
    /// it; a loss of events is news, a backlog is not.
    pub(super) const fn weight(self) -> u8 {
        match self {
            Self::Timer => 0,
            Self::Backlog => 1,
            _ => 2,
        }
    }
}

/// Told of every directory before it is listed, so that nothing falls between the listing and the watch.
pub trait DirectoryWatcher {
    /// `again`: whether an earlier watch of it cannot be relied on.
    fn enter(&mut self, relative: &Path, place: Place, again: bool);

    /// A pass over the whole folder is over: what it did not enter is not there.
    fn pass_ended(&mut self);
}

/// Nobody watches: scans only.
impl DirectoryWatcher for () {
    fn enter(&mut self, _: &Path, _: Place, _: bool) {}
    fn pass_ended(&mut self) {}
}

/// What one call of [`Scanner::scan`] met.
#[derive(Debug, Default)]
pub struct Scan {
    /// The oldest first.
    pub candidates: Vec<Candidate>,
    /// Names that are no files to take.
    pub held: Vec<Held>,
    /// Names that the filter left out, in this call.
    pub ignored: u64,
    /// Candidates that only a timer's scan found, though they had been there for a while.
    pub missed: u64,
    /// Empty folders of the drop that were removed.
    pub removed_folders: u64,
    /// A pass over the whole folder came to its end in this call.
    pub ended: Option<PassEnd>,
    /// Whether to call again once there is room.
    pub more: bool,
}

/// A finished pass over the whole folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassEnd {
    /// Why it was made.
    pub cause: Cause,
    /// Names that the filter left out.
    pub ignored: u64,
    /// Folders it listed.
    pub folders: u64,
    /// Candidates it found.
    pub found: u64,
}

/// What a hint's path turned out to be.
#[derive(Debug)]
pub enum Look {
    /// A regular file.
    Candidate(Candidate),
    /// A folder of a recursive drop: the next scan goes into it first.
    Folder,
    /// The filter leaves it out.
    Ignored,
    /// No file to take.
    Held(HeldReason),
    /// Not there any more.
    Gone,
}
