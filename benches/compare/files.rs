//! The files that are worked on.

use std::fs;
use std::path::{Path, PathBuf};

/// A burst of files.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) name: &'static str,
    pub(crate) files: usize,
    pub(crate) size: usize,
}

pub(crate) const LARGE: Load = Load {
    name: "200 files of 5.12 MB",
    files: 200,
    size: 5_120_000,
};
pub(crate) const SMALL: Load = Load {
    name: "5000 files of 4 KiB",
    files: 5_000,
    size: 4_096,
};

/// An empty folder in the place of whatever was there.
pub(crate) fn fresh(path: PathBuf) -> PathBuf {
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// Files as a producer leaves them: written, not flushed.
pub(crate) fn prepare(folder: &Path, files: usize, size: usize) {
    let content = content(size);
    for number in 0..files {
        fs::write(folder.join(number.to_string()), &content).unwrap();
    }
}

/// Bytes that no tool can compress.
pub(crate) fn content(size: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.flatten().take(size).collect()
}

/// The most memory that a process had resident so far, in MiB.
pub(crate) fn most_resident(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM"))?;
    let kibibytes: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes / 1_024.0)
}
