//! What tells one state of one file from another.

use rustix::fs::Stat;

/// Device, inode, size and both times of change: an inode number alone is reused within seconds
/// after an unlink, and mtime alone can be set back by anyone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileIdentity {
    /// `st_dev`
    pub device: u64,
    /// `st_ino`
    pub inode: u64,
    /// `st_size`, bytes
    pub size: u64,
    /// `st_mtim`, seconds and nanoseconds
    pub modified: (i64, i64),
    /// `st_ctim`, seconds and nanoseconds; a rename changes it
    pub changed: (i64, i64),
}

impl FileIdentity {
    /// Of a stat.
    #[allow(
        clippy::unnecessary_cast,
        clippy::cast_lossless,
        clippy::cast_sign_loss,
        clippy::cast_possible_wrap,
        reason = "the field types differ by architecture"
    )]
    pub fn of(stat: &Stat) -> Self {
        Self {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            size: stat.st_size as u64,
            modified: (stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed: (stat.st_ctime as i64, stat.st_ctime_nsec as i64),
        }
    }

    /// Whether both are the same file, whatever its content is now.
    pub fn same_file(&self, other: &Self) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// Whether both are the same file with the same content as far as a stat can tell;
    /// ctime is left out, as our own rename changes it.
    pub fn same_content(&self, other: &Self) -> bool {
        self.same_file(other) && self.size == other.size && self.modified == other.modified
    }
}
