//! Files that hold keys: who may read them is checked before they are believed.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags};
use thiserror::Error;
use zeroize::Zeroizing;

use super::KeyFingerprint;

/// Bytes of a local wrapping key that sealdrop makes.
const KEY_LENGTH: usize = 32;
/// No key file is longer: a 16384-bit RSA key in PEM has 13 KiB.
const LONGEST: u64 = 64 * 1024;

/// Why a key file cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// A failed system call.
    #[error("failed to {action} the key file {path:?}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// To which file.
        path: PathBuf,
        /// What the kernel said.
        #[source]
        source: io::Error,
    },
    /// The file is not what a key file has to be.
    #[error("refused the key file {path:?}: {why}")]
    Refused {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl KeyFileError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    pub(super) fn refused(path: &Path, why: impl Into<String>) -> Self {
        Self::Refused {
            path: path.to_owned(),
            why: why.into(),
        }
    }

    /// Whether the file is simply not there.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

/// Which bits of a key file's mode nobody may have set.
#[derive(Clone, Copy)]
pub(super) enum Protection {
    /// A secret: for its owner's eyes only.
    Secret,
    /// A public key: everybody may read it, nobody else may change it.
    Public,
}

/// Reads a whole key file after having looked at what was opened, not at what the path named before.
pub(super) fn read_key_file(path: &Path, protection: Protection) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(nonblocking())
        .open(path)
        .map_err(KeyFileError::io("open", path))?;
    let metadata = file.metadata().map_err(KeyFileError::io("look at", path))?;
    check(path, &metadata, protection)?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(
        usize::try_from(metadata.len()).unwrap_or(0) + 1,
    ));
    file.take(LONGEST)
        .read_to_end(&mut bytes)
        .map_err(KeyFileError::io("read", path))?;
    Ok(bytes)
}

/// A FIFO must not make the start wait for its writer.
fn nonblocking() -> i32 {
    rustix::fs::OFlags::NONBLOCK.bits().cast_signed()
}

fn check(path: &Path, metadata: &fs::Metadata, protection: Protection) -> Result<(), KeyFileError> {
    let refused = |why: String| Err(KeyFileError::refused(path, why));
    if !metadata.is_file() {
        return refused("it is not a regular file".into());
    }
    if metadata.len() > LONGEST {
        return refused(format!("it has {} bytes, too many for a key", metadata.len()));
    }
    let own = rustix::process::geteuid().as_raw();
    if metadata.uid() != own && metadata.uid() != 0 {
        return refused(format!("it belongs to user {} and not to us", metadata.uid()));
    }
    // What systemd's LoadCredential= makes belongs to root, and its ACL shows as the group's read bit.
    let forbidden = match protection {
        Protection::Secret if metadata.uid() == 0 && own != 0 => 0o037,
        Protection::Secret => 0o077,
        Protection::Public => 0o022,
    };
    if metadata.mode() & forbidden != 0 {
        let remedy = match protection {
            Protection::Secret => "others may read or change it; chmod 0600",
            Protection::Public => "others may change it; chmod 0644",
        };
        return refused(format!("its mode is {:04o}: {remedy}", metadata.mode() & 0o7777));
    }
    Ok(())
}

/// Makes a new wrapping key of 256 bits for its owner only; an existing name is an error. File and
/// folder are flushed before it returns: no message may outlive the key it needs.
pub fn create_key_file(path: &Path) -> Result<KeyFingerprint, KeyFileError> {
    let mut key = Zeroizing::new([0_u8; KEY_LENGTH]);
    getrandom::fill(key.as_mut()).map_err(|error| {
        KeyFileError::io("draw random bytes for", path)(io::Error::other(error.to_string()))
    })?;
    let name = path
        .file_name()
        .ok_or_else(|| KeyFileError::refused(path, "it has no name"))?;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut temporary = b".sealdrop-".to_vec();
    temporary.extend(name.as_bytes());
    let temporary = folder.join(std::ffi::OsStr::from_bytes(&temporary));
    let made = write_new(&temporary, key.as_ref()).and_then(|()| {
        rustix::fs::renameat_with(CWD, &temporary, CWD, path, RenameFlags::NOREPLACE)
            .map_err(|error| KeyFileError::io("create", path)(error.into()))
    });
    if let Err(error) = made {
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(KeyFileError::io("flush the folder of", path))?;
    Ok(KeyFingerprint::of_secret(key.as_ref()))
}

/// What an interrupted start left is thrown away: nobody has used it.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(KeyFileError::io("remove the unfinished", path)(error));
        }
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(KeyFileError::io("create", path))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(KeyFileError::io("write", path))
}
