//! What a drop's configuration says about the way of its files.

use std::path::PathBuf;
use std::time::Duration;

use crate::message::FrameLength;

/// What happens to the plaintext once its message is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EraseMode {
    /// Overwritten in place where it has reached the disk, then unlinked.
    Overwrite,
    /// Unlinked only.
    Unlink,
    /// Moved to this folder on the same mount, for trials.
    Keep(PathBuf),
}

/// What happens when the output name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collision {
    /// The new message gets eight digits of its id into its name.
    Unique,
    /// The old message is replaced, and lost.
    Replace,
    /// The new file is held.
    Hold,
}

/// The way of a drop's files.
#[derive(Clone, Debug)]
pub struct Options {
    /// Appended to the whole name; never empty.
    pub suffix: String,
    /// Plaintext bytes per frame.
    pub frame_length: FrameLength,
    /// What happens to the plaintext.
    pub erase: EraseMode,
    /// Whether the staged message is read back and authenticated before the plaintext is touched.
    pub verify: bool,
    /// What happens when the output name is taken.
    pub collision: Collision,
    /// Whether a claim that is taken up again needs a lease where one is to be had.
    pub leases: bool,
    /// How long such a claim must not have changed where there is no lease.
    pub quiet: Duration,
    /// Permission bits of messages and records, whatever the umask is.
    pub output_mode: u32,
}
