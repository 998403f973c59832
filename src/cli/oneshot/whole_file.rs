//! An output file that appears whole or not at all, and never instead of a good one.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Permissions};
use std::io;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use rustix::io::Errno;

use super::interrupt;
use crate::fs::{Dir, PathContext as _, PathError, Replace};

/// A file that has no name yet, or a temporary one where the file system wants it so. Without a
/// name, nothing is left of it if we are killed.
#[derive(Debug)]
pub(super) struct WholeFile {
    dir: Dir,
    name: OsString,
    file: Arc<File>,
    mode: u32,
    temporary: Option<OsString>,
}

impl WholeFile {
    /// Begins a file that will have this path and these permission bits.
    pub(super) fn create(path: &Path, mode: u32) -> Result<Self, PathError> {
        let path = resolve_link(path);
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let Some(name) = path.file_name() else {
            return Err(io::Error::from(io::ErrorKind::IsADirectory)).path_context("create", &path);
        };
        let dir = Dir::open(folder)?;
        let (file, temporary) = match unnamed(&dir) {
            Ok(file) => (file, None),
            Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT | Errno::INVAL) => {
                let name = temporary_name();
                interrupt::remember(&folder.join(&name));
                (dir.create_file(&name, 0o600)?, Some(name))
            }
            Err(error) => return Err(error).path_context("create", &path),
        };
        Ok(Self {
            dir,
            name: name.to_owned(),
            file: Arc::new(file),
            mode,
            temporary,
        })
    }

    /// The file, for reading and writing.
    pub(super) fn file(&self) -> &Arc<File> {
        &self.file
    }

    /// Makes the file durable and gives it its name.
    pub(super) fn publish(mut self, replace: Replace) -> Result<(), PathError> {
        let path = self.dir.path().join(&self.name);
        self.file
            .set_permissions(Permissions::from_mode(self.mode))
            .path_context("set the mode of", &path)?;
        self.file.sync_all().path_context("flush", &path)?;
        if let Some(temporary) = &self.temporary {
            self.dir.rename(temporary, &self.dir, &self.name, replace)?;
        } else if let Err(error) = self.link(&self.name) {
            if replace == Replace::Never || error != Errno::EXIST {
                return Err(error).path_context("create", &path);
            }
            let name = temporary_name();
            interrupt::remember(&self.dir.path().join(&name));
            self.link(&name)
                .path_context("create", self.dir.path().join(&name))?;
            self.temporary = Some(name.clone());
            self.dir.rename(&name, &self.dir, &self.name, replace)?;
        }
        if let Some(temporary) = self.temporary.take() {
            interrupt::forget(&self.dir.path().join(temporary));
        }
        Ok(())
    }

    /// open(2), `O_TMPFILE`: the way that needs no privilege.
    fn link(&self, name: &OsStr) -> Result<(), Errno> {
        let open = format!("/proc/self/fd/{}", self.file.as_raw_fd());
        rustix::fs::linkat(CWD, open.as_str(), &self.dir, name, AtFlags::SYMLINK_FOLLOW)
    }
}

impl Drop for WholeFile {
    fn drop(&mut self) {
        if let Some(temporary) = self.temporary.take() {
            let _ = self.dir.unlink(&temporary);
            interrupt::forget(&self.dir.path().join(temporary));
        }
    }
}

fn unnamed(dir: &Dir) -> Result<File, Errno> {
    let flags = OFlags::TMPFILE | OFlags::RDWR | OFlags::CLOEXEC;
    rustix::fs::openat(dir, ".", flags, Mode::from_raw_mode(0o600)).map(File::from)
}

/// A file without a name in the folder for temporary files, for what must be read twice.
pub(super) fn scratch_file() -> Result<File, PathError> {
    let folder = std::env::temp_dir();
    let dir = Dir::open(&folder)?;
    unnamed(&dir).or_else(|_| {
        let name = temporary_name();
        let file = dir.create_file(&name, 0o600)?;
        dir.unlink(&name).map(|()| file)
    })
}

fn temporary_name() -> OsString {
    let mut random = [0; 8];
    // Without randomness the name may be taken, and then making the file fails.
    let _ = getrandom::fill(&mut random);
    format!(".sealdrop-{:016x}", u64::from_ne_bytes(random)).into()
}

/// A link at the output's place is kept, and what it leads to is replaced.
fn resolve_link(path: &Path) -> PathBuf {
    match path.symlink_metadata() {
        Ok(stat) if stat.is_symlink() => path.canonicalize().unwrap_or_else(|_| path.to_owned()),
        _ => path.to_owned(),
    }
}
