//! A drop's folders, held by descriptor and locked against a second daemon.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FileType, FlockOperation};
use rustix::io::Errno;
use thiserror::Error;

use super::Options;
use crate::fs::{Dir, FileIdentity, Medium, PathContext, PathError};

/// The daemon's own folder inside an input.
pub const CLAIMS: &str = ".sealdrop";

/// Why a drop's folders cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FolderError {
    /// One of them cannot be opened or made.
    #[error(transparent)]
    Path(#[from] PathError),
    /// `.sealdrop` is there and is not ours alone.
    #[error("{path:?} {what}: remove it, or make it a directory of the daemon's user with mode 0700")]
    NotOurs {
        /// The claim folder.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Another directory is at its path.
    #[error("the output folder {0:?} has been replaced by another directory")]
    Replaced(PathBuf),
    /// Another daemon has it.
    #[error("{0:?} is in use by another sealdrop daemon")]
    Locked(PathBuf),
}

/// Where one drop's files come from, stand meanwhile, and go to.
#[derive(Debug)]
pub struct Folders {
    pub(super) drop: String,
    pub(super) host: String,
    pub(super) options: Options,
    pub(super) input: Dir,
    pub(super) claims: Arc<Dir>,
    pub(super) output: Arc<Dir>,
    /// What the input is on.
    pub(super) medium: Medium,
}

impl Folders {
    /// Opens and locks the folders of the drop `name`. Paths should be absolute: they appear in records.
    pub fn open(name: &str, input: &Path, output: &Path, options: Options) -> Result<Self, FolderError> {
        let input = Dir::open(input)?;
        let claims = locked(open_claims(&input)?)?;
        let output = locked(Dir::open(output)?)?;
        Ok(Self::assemble(name, input, claims, output, options))
    }

    /// Opens the same drop's folders once more, after one of them was lost. A folder that is the same as before
    /// keeps its lock, which work that is still under way holds as well.
    pub fn open_again(&self, input: &Path, output: &Path) -> Result<Self, FolderError> {
        let input = Dir::open(input)?;
        let claims = same_or_locked(&self.claims, open_claims(&input)?)?;
        let output = same_or_locked(&self.output, Dir::open(output)?)?;
        Ok(Self::assemble(
            &self.drop,
            input,
            claims,
            output,
            self.options.clone(),
        ))
    }

    /// Whether the output's path still leads to the folder that is held.
    pub fn check_output(&self) -> Result<(), FolderError> {
        let path = self.output.path();
        let named = rustix::fs::stat(path).path_context("look at", path)?;
        let held = self.output.stat_self()?;
        if FileIdentity::of(&named).same_file(&FileIdentity::of(&held)) {
            return Ok(());
        }
        Err(FolderError::Replaced(path.to_owned()))
    }

    /// Whether both have the same claim folder, so that its claims are known.
    pub fn same_claims(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.claims, &other.claims)
    }

    fn assemble(name: &str, input: Dir, claims: Arc<Dir>, output: Arc<Dir>, options: Options) -> Self {
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let medium = Medium::of(&claims);
        Self {
            drop: name.to_owned(),
            host,
            options,
            input,
            claims,
            output,
            medium,
        }
    }

    /// The drop folder.
    pub fn input(&self) -> &Dir {
        &self.input
    }

    /// The output folder.
    pub fn output(&self) -> &Dir {
        &self.output
    }

    /// The drop's name.
    pub fn drop_name(&self) -> &str {
        &self.drop
    }

    /// The mirrored output folder of a file, made where it is not there yet.
    pub(super) fn output_dir(&self, relative: &Path) -> Result<Arc<Dir>, PathError> {
        let mut dir = Arc::clone(&self.output);
        for component in relative.parent().into_iter().flat_map(Path::components) {
            dir = Arc::new(open_or_make_mirror(&dir, component.as_os_str())?);
        }
        Ok(dir)
    }
}

/// A mirrored folder takes its parent's permission bits, whatever the umask is, and is durable before it is used.
fn open_or_make_mirror(parent: &Dir, name: &OsStr) -> Result<Dir, PathError> {
    if parent.stat_if_exists(name)?.is_some() {
        return parent.open_dir(name);
    }
    let mode = rustix::fs::Mode::from_raw_mode(parent.stat_self()?.st_mode);
    let dir = parent.open_or_make_dir(name, 0o700)?;
    rustix::fs::fchmod(&dir, mode).path_context("set the mode of", dir.path())?;
    parent.sync()?;
    Ok(dir)
}

fn open_claims(input: &Dir) -> Result<Dir, FolderError> {
    let name = OsStr::new(CLAIMS);
    let not_ours = |what: String| FolderError::NotOurs {
        path: input.path().join(name),
        what,
    };
    if input.stat_if_exists(name)?.is_none() {
        input.make_dir(name, 0o700)?;
    }
    let stat = input.stat(name)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
        return Err(not_ours("is not a directory".to_owned()));
    }
    let claims = input.open_dir(name)?;
    let stat = claims.stat_self()?;
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(not_ours(format!("belongs to the user {}", stat.st_uid)));
    }
    if stat.st_mode & 0o077 != 0 {
        return Err(not_ours(format!("has the mode {:04o}", stat.st_mode & 0o7777)));
    }
    if stat.st_dev != input.stat_self()?.st_dev {
        return Err(not_ours("is on another mount".to_owned()));
    }
    Ok(claims)
}

fn locked(dir: Dir) -> Result<Arc<Dir>, FolderError> {
    match rustix::fs::flock(&dir, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(FolderError::Locked(dir.path().to_owned())),
        result => result
            .path_context("lock", dir.path())
            .map(|()| Arc::new(dir))
            .map_err(FolderError::from),
    }
}

fn same_or_locked(before: &Arc<Dir>, now: Dir) -> Result<Arc<Dir>, FolderError> {
    let same = FileIdentity::of(&before.stat_self()?).same_file(&FileIdentity::of(&now.stat_self()?));
    if same { Ok(Arc::clone(before)) } else { locked(now) }
}
