//! Scrub: a file's data is overwritten in place, once, with random bytes.
//!
//! One pass is enough wherever an overwrite works at all; where it does not, no number of passes helps.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

const PATTERN: usize = 256 * 1024;

/// Overwrites every byte that the file holds; holes stay holes, as an overwrite would allocate them.
pub(super) fn scrub(file: &File, size: u64) -> io::Result<()> {
    let mut position = 0;
    while position < size {
        let Some((from, to)) = next_data(file, position, size)? else {
            break;
        };
        overwrite(file, from, to)?;
        position = to;
    }
    Ok(())
}

/// The next run of data (lseek(2), `SEEK_DATA`); a file system that cannot tell has data everywhere.
fn next_data(file: &File, position: u64, size: u64) -> io::Result<Option<(u64, u64)>> {
    match seek(file, SeekFrom::Data(position)) {
        Ok(from) if from >= size => Ok(None),
        Ok(from) => Ok(Some((
            from,
            seek(file, SeekFrom::Hole(from)).unwrap_or(size).min(size),
        ))),
        Err(Errno::NXIO) => Ok(None),
        Err(Errno::INVAL) => Ok(Some((position, size))),
        Err(errno) => Err(errno.into()),
    }
}

fn overwrite(file: &File, mut from: u64, to: u64) -> io::Result<()> {
    let pattern = pattern()?;
    while from < to {
        let length = usize::try_from(to - from).unwrap_or(PATTERN).min(PATTERN);
        file.write_all_at(pattern.get(..length).unwrap_or(pattern), from)?;
        from += length as u64;
    }
    Ok(())
}

/// Random, so that no layer below finds zeros to leave out or copies to share; the same for every file.
fn pattern() -> io::Result<&'static [u8]> {
    static PATTERN_BYTES: OnceLock<Box<[u8]>> = OnceLock::new();
    if let Some(pattern) = PATTERN_BYTES.get() {
        return Ok(pattern);
    }
    let mut fresh = vec![0; PATTERN].into_boxed_slice();
    getrandom::fill(&mut fresh).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(PATTERN_BYTES.get_or_init(|| fresh))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    #[test]
    fn every_byte_is_another_and_holes_stay_holes() {
        let file = tempfile::tempfile().unwrap();
        let hole = 8 << 20;
        file.write_all_at(&[7; 5000], 0).unwrap();
        file.write_all_at(&[7; 5000], hole).unwrap();
        let size = hole + 5000;
        let blocks = file.metadata().unwrap().blocks();
        scrub(&file, size).unwrap();
        let mut after = vec![0; 5000];
        for offset in [0, hole] {
            file.read_exact_at(&mut after, offset).unwrap();
            assert!(after.windows(8).all(|window| window != [7; 8]), "at {offset}");
        }
        assert_eq!(file.metadata().unwrap().len(), size);
        assert_eq!(file.metadata().unwrap().blocks(), blocks);
    }
}
