//! Where a file's data stands on the disk, by the file system's own account (FIEMAP,
//! Documentation/filesystems/fiemap.rst). Never asked with its sync flag, which would force plaintext to the disk.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;

use super::sys;

/// One run of a file's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Byte offset in the file.
    pub logical: u64,
    /// Byte offset on the device (btrfs: in its logical space); 0 if there is no block yet.
    pub physical: u64,
    /// Bytes.
    pub length: u64,
    /// Beyond that, as the kernel says it.
    pub flags: ExtentFlags,
}

/// `FIEMAP_EXTENT_*`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtentFlags(pub(super) u32);

impl ExtentFlags {
    const LAST: u32 = 0x0001;
    const UNKNOWN: u32 = 0x0002;
    const DELALLOC: u32 = 0x0004;
    const ENCODED: u32 = 0x0008;
    const DATA_ENCRYPTED: u32 = 0x0080;
    const NOT_ALIGNED: u32 = 0x0100;
    const DATA_INLINE: u32 = 0x0200;
    const UNWRITTEN: u32 = 0x0800;
    const SHARED: u32 = 0x2000;

    /// Only in the page cache so far: no block was ever allocated for it.
    pub fn is_delayed(self) -> bool {
        self.0 & Self::DELALLOC != 0
    }

    /// Its place cannot be told.
    pub fn is_unknown(self) -> bool {
        self.0 & Self::UNKNOWN != 0
    }

    /// Compressed, or in a form that no overwrite in place can reach.
    pub fn is_encoded(self) -> bool {
        self.0 & Self::ENCODED != 0
    }

    /// Encrypted by the file system (fscrypt).
    pub fn is_encrypted(self) -> bool {
        self.0 & Self::DATA_ENCRYPTED != 0
    }

    /// Among the metadata, which is journalled.
    pub fn is_inline(self) -> bool {
        self.0 & (Self::DATA_INLINE | Self::NOT_ALIGNED) != 0
    }

    /// Allocated and never written.
    pub fn is_unwritten(self) -> bool {
        self.0 & Self::UNWRITTEN != 0
    }

    /// Other files share it.
    pub fn is_shared(self) -> bool {
        self.0 & Self::SHARED != 0
    }

    pub(super) fn is_last(self) -> bool {
        self.0 & Self::LAST != 0
    }
}

/// A file in more pieces than this is not asked about further: no erasure is claimed for it.
const MOST: usize = 1 << 20;

/// The file's extents in order; holes have none. `Unsupported` where the file system cannot say.
pub fn extents(file: &File) -> io::Result<Vec<Extent>> {
    let mut all: Vec<Extent> = Vec::new();
    let mut start = 0;
    loop {
        let mut batch = [Extent {
            logical: 0,
            physical: 0,
            length: 0,
            flags: ExtentFlags(0),
        }; sys::FIEMAP_BATCH];
        let found = sys::fiemap(file.as_fd(), start, &mut batch)?;
        let found = batch.get(..found).unwrap_or_default();
        all.extend_from_slice(found);
        match found.last() {
            None => return Ok(all),
            Some(last) if last.flags.is_last() => return Ok(all),
            Some(last) => start = last.logical.saturating_add(last.length),
        }
        if all.len() > MOST {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the file is in too many pieces",
            ));
        }
    }
}
