//! A file that may be ready, and why one is held.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use rustix::fs::FileType;
use thiserror::Error;

use super::Cause;
use super::quiet::Observed;

/// How a file came to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// The kernel announced it.
    Hint,
    /// A scan met it.
    Scan(Cause),
}

/// A regular file in the drop folder that passed the name filter.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// From the drop folder.
    pub path: PathBuf,
    /// How it came to be known.
    pub found_by: FoundBy,
    /// When: the hint's time, else the file's ctime.
    pub arrived: SystemTime,
    /// `st_size` when it was last looked at.
    pub size: u64,
    /// `st_ctim` when it was last looked at; scans hand out the oldest first.
    pub changed: SystemTime,
    pub(super) observed: Option<Observed>,
    pub(super) attempts: u32,
}

impl Candidate {
    pub(super) fn new(
        path: PathBuf,
        found_by: FoundBy,
        at: Option<SystemTime>,
        stat: &rustix::fs::Stat,
    ) -> Self {
        let changed = changed_at(stat);
        Self {
            path,
            found_by,
            arrived: at.unwrap_or(changed),
            size: u64::try_from(stat.st_size).unwrap_or(0),
            changed,
            observed: None,
            attempts: 0,
        }
    }
}

/// `st_ctim` as a time; before 1970 counts as 1970.
pub(super) fn changed_at(stat: &rustix::fs::Stat) -> SystemTime {
    let seconds = u64::try_from(stat.st_ctime).unwrap_or(0);
    let nanos = u32::try_from(stat.st_ctime_nsec).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos)
}

/// A name that is not taken, and why.
#[derive(Clone, Debug)]
pub struct Held {
    /// From the drop folder.
    pub path: PathBuf,
    /// Why.
    pub reason: HeldReason,
}

/// Why a name stays where it is, untouched.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeldReason {
    /// A symbolic link, wherever it leads.
    #[error("it is a symbolic link")]
    Symlink,
    /// A named pipe.
    #[error("it is a FIFO")]
    Fifo,
    /// A Unix socket.
    #[error("it is a socket")]
    Socket,
    /// A block or character device.
    #[error("it is a device")]
    Device,
    /// Another name leads to the same content, and would still do so after the erasure.
    #[error("it has {0} hard links")]
    HardLinked(u64),
    /// A mount point or another subvolume: no rename leads out of it.
    #[error("it is on another mount or subvolume than the drop folder")]
    OtherMount,
    /// Larger than the drop's `max_size`.
    #[error("it has {size} bytes, and {limit} are the limit")]
    TooLarge {
        /// Apparent size.
        size: u64,
        /// `max_size`.
        limit: u64,
    },
    /// The daemon may not read it or list it.
    #[error("the daemon may not read it")]
    NoPermission,
    /// Files cannot be renamed out of the folder.
    #[error(
        "the daemon may not take files out of this folder: it takes a shared group with umask 002, a default ACL or CAP_DAC_OVERRIDE"
    )]
    FolderNotWritable,
    /// `chattr +i` or `+a`.
    #[error("it is marked immutable or append-only")]
    Immutable,
    /// The drop's `lease` is `require`, and the kernel gave none.
    #[error("no lease: {0}")]
    NoLease(String),
    /// The path from the drop folder has more than `PATH_MAX` bytes.
    #[error("its path is too long")]
    PathTooLong,
    /// Anything else that the kernel said.
    #[error("{0}")]
    Failed(String),
}

impl HeldReason {
    /// A short stable name, for a metric's label.
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Symlink => "symlink",
            Self::Fifo => "fifo",
            Self::Socket => "socket",
            Self::Device => "device",
            Self::HardLinked(_) => "hard_links",
            Self::OtherMount => "other_mount",
            Self::TooLarge { .. } => "too_large",
            Self::NoPermission => "no_permission",
            Self::FolderNotWritable => "folder_not_writable",
            Self::Immutable => "immutable",
            Self::NoLease(_) => "no_lease",
            Self::PathTooLong => "path_too_long",
            Self::Failed(_) => "failed",
        }
    }

    /// Whether the same file may pass later without being made anew, so that trying again makes sense.
    pub const fn may_pass(&self) -> bool {
        !matches!(
            self,
            Self::Symlink | Self::Fifo | Self::Socket | Self::Device | Self::PathTooLong
        )
    }

    /// Why a file of this type is held; `None` for regular files and directories.
    pub(super) fn of_type(file_type: FileType) -> Option<Self> {
        match file_type {
            FileType::RegularFile | FileType::Directory => None,
            FileType::Symlink => Some(Self::Symlink),
            FileType::Fifo => Some(Self::Fifo),
            FileType::Socket => Some(Self::Socket),
            _ => Some(Self::Device),
        }
    }
}
