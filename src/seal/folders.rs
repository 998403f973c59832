//! A drop's folders, held by descriptor and locked against a second daemon.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::fs::{FileType, FlockOperation};
use rustix::io::Errno;
use thiserror::Error;

use super::home::Home;
use super::spares::Spares;
use super::{Options, SealError};
use crate::fs::{Dir, FileIdentity, Medium, PathContext, PathError, write_back};

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
    /// Another directory is at its path, or nothing is mounted there any more.
    #[error("the output folder {0:?} is not the one that was opened")]
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
    /// Folders of claims that are over, for the next ones.
    pub(super) spares: Spares,
    output: Output,
    /// What the input is on.
    pub(super) medium: Medium,
    /// Whether a durable output leaves the claim's rename undecided: it is on another file system, or in one that
    /// flushes each directory by itself.
    claims_need_flush: bool,
    /// Whether a flushed file's name needs a flush of its own.
    names_need_flush: bool,
    /// Whether one journal keeps the order of all that is done in the output.
    output_in_order: bool,
}

/// The output folder: a descriptor, and the path that should lead to it.
#[derive(Debug)]
struct Output {
    path: PathBuf,
    dir: Mutex<Arc<Dir>>,
    /// Where a file system was mounted, nothing is written while none is.
    is_mount: bool,
}

impl Folders {
    /// Opens and locks the folders of the drop `name`. Paths should be absolute: they appear in records.
    pub fn open(name: &str, input: &Path, output: &Path, options: Options) -> Result<Self, FolderError> {
        Self::open_all(name, input, output, options, None)
    }

    /// Opens them again after the drop folder was lost; what is still the same stays locked.
    pub fn open_again(&self, input: &Path, output: &Path) -> Result<Self, FolderError> {
        Self::open_all(&self.drop, input, output, self.options.clone(), Some(self))
    }

    /// Whether the output's path still leads to the folder that is held.
    pub fn check_output(&self) -> Result<(), FolderError> {
        let (path, held) = (&self.output.path, self.output.current());
        let named = rustix::fs::stat(path).path_context("look at", path)?;
        if FileIdentity::of(&named).same_file(&FileIdentity::of(&held.stat_self()?)) {
            return Ok(());
        }
        Err(FolderError::Replaced(path.clone()))
    }

    /// Whether both have the same claim folder, so that its claims are known.
    pub fn same_claims(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.claims, &other.claims)
    }

    fn open_all(
        name: &str,
        input: &Path,
        output: &Path,
        options: Options,
        before: Option<&Self>,
    ) -> Result<Self, FolderError> {
        let input = Dir::open(input)?;
        let claims = locked(
            open_claims(&input)?,
            before.map(|before| Arc::clone(&before.claims)),
        )?;
        let path = output.to_owned();
        let is_mount = is_mount(&path);
        if before.is_some_and(|before| before.output.is_mount && !is_mount) {
            return Err(FolderError::Replaced(path));
        }
        let output = locked(Dir::open(&path)?, before.map(|before| before.output.current()))?;
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let medium = Medium::of(&claims);
        let below_output = Medium::of(&output);
        let same = claims.stat_self()?.st_dev == output.stat_self()?.st_dev;
        Ok(Self {
            drop: name.to_owned(),
            host,
            options,
            input,
            claims_need_flush: !(same && medium.flushes_in_order()),
            names_need_flush: !below_output.flushes_names(),
            output_in_order: below_output.flushes_in_order(),
            claims,
            spares: Spares::default(),
            output: Output {
                path,
                dir: Mutex::new(output),
                is_mount,
            },
            medium,
        })
    }

    /// The drop folder.
    pub fn input(&self) -> &Dir {
        &self.input
    }

    /// Removes the folders of claims that are over, to be called when no file is under way. What cannot be removed stays
    /// for the next call; how many, and why.
    pub fn remove_spares(&self) -> Result<(), (usize, SealError)> {
        self.spares
            .remove(&self.claims)
            .map_err(|(left, error)| (left, SealError::Input(error)))
    }

    /// The drop's name.
    pub fn drop_name(&self) -> &str {
        &self.drop
    }

    /// The mirrored output folder of a file, made where it is not there yet.
    pub(super) fn output_dir(&self, relative: &Path) -> Result<Arc<Dir>, SealError> {
        let mut dir = self.output.in_place()?;
        for component in relative.parent().into_iter().flat_map(Path::components) {
            dir = Arc::new(open_or_make_mirror(&dir, component.as_os_str()).map_err(SealError::Output)?);
        }
        Ok(dir)
    }

    /// Makes names durable whose files are flushed, where that takes a flush of the directory.
    pub(super) fn flush_names(&self, dir: &Dir) -> Result<(), PathError> {
        if self.names_need_flush { dir.sync() } else { Ok(()) }
    }

    /// Whether one journal keeps the order of all that is done in the output.
    pub(super) fn orders_output(&self) -> bool {
        self.output_in_order
    }

    /// Sees to it that no name that is given in the output from now on becomes durable without the bytes of this file.
    pub(super) fn put_before_names(&self, file: &File) -> std::io::Result<()> {
        if self.output_in_order {
            write_back(file)
        } else {
            Ok(rustix::fs::fsync(file)?)
        }
    }

    /// Whether a flush of the output folder makes durable whatever was done before to claims, and nothing done later
    /// is durable without it: both on one file system with one journal.
    pub(super) fn flushes_are_ordered(&self) -> bool {
        !self.claims_need_flush
    }

    /// Makes the rename into a claim durable where a later flush of the output would not: else a power cut could
    /// leave the message published and its plaintext dropped, and it would be sealed twice.
    pub(super) fn make_claim_durable(&self, home: &Home, from: &Dir) -> Result<(), PathError> {
        if !self.claims_need_flush {
            return Ok(());
        }
        home.parent.sync()?;
        if !self.medium.flushes_in_order() {
            self.claims.sync()?;
            from.sync()?;
        }
        Ok(())
    }

    /// The same for a claim that was found.
    pub(super) fn make_found_claim_durable(&self, home: &Home) -> Result<(), PathError> {
        if !self.claims_need_flush {
            return Ok(());
        }
        let parent = home.relative.parent().unwrap_or(Path::new(""));
        let from = self.input.open_dir_beneath(parent);
        self.make_claim_durable(home, from.as_ref().unwrap_or(&self.input))
    }
}

/// What cannot be removed now is removed at the next start.
impl Drop for Folders {
    fn drop(&mut self) {
        let _ = self.remove_spares();
    }
}

impl Output {
    fn current(&self) -> Arc<Dir> {
        Arc::clone(&self.dir.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The folder that the path leads to: one that was replaced is taken, one that is not there is waited for.
    fn in_place(&self) -> Result<Arc<Dir>, SealError> {
        let mut held = self.dir.lock().unwrap_or_else(PoisonError::into_inner);
        let lost = || SealError::OutputLost(self.path.clone());
        let found = rustix::fs::stat(&self.path).map_err(|_| lost())?;
        let open = held.stat_self().map_err(SealError::Output)?;
        if FileIdentity::of(&found).same_file(&FileIdentity::of(&open)) {
            return Ok(Arc::clone(&held));
        }
        if self.is_mount && !is_mount(&self.path) {
            return Err(lost());
        }
        let replaced = Dir::open(&self.path).map_err(SealError::Output)?;
        *held = locked(replaced, None).map_err(|error| match error {
            FolderError::Path(error) => SealError::Output(error),
            FolderError::Locked(_) | FolderError::Replaced(_) | FolderError::NotOurs { .. } => lost(),
        })?;
        Ok(Arc::clone(&held))
    }
}

/// Whether a file system is mounted just there.
fn is_mount(path: &Path) -> bool {
    let device = |path: &Path| rustix::fs::stat(path).map(|stat| stat.st_dev).ok();
    path.parent().is_some_and(|parent| device(parent) != device(path))
}

/// Locks a directory, or gives back the one that is locked already if it is the same.
fn locked(dir: Dir, before: Option<Arc<Dir>>) -> Result<Arc<Dir>, FolderError> {
    if let Some(before) = before {
        let same = FileIdentity::of(&dir.stat_self()?).same_file(&FileIdentity::of(&before.stat_self()?));
        if same {
            return Ok(before);
        }
    }
    lock(&dir)?;
    Ok(Arc::new(dir))
}

/// A mirrored folder takes its parent's permission bits, whatever the umask is, and is durable before it is used.
fn open_or_make_mirror(parent: &Dir, name: &OsStr) -> Result<Dir, PathError> {
    if parent.stat_if_exists(name)?.is_some() {
        return parent.open_dir(name);
    }
    let wanted = rustix::fs::Mode::from_raw_mode(parent.stat_self()?.st_mode);
    let dir = parent.open_or_make_dir(name, wanted.bits() & 0o777)?;
    // Only if it must be: chmod(2) by somebody outside the group would take the setgid bit away.
    if rustix::fs::Mode::from_raw_mode(dir.stat_self()?.st_mode) != wanted {
        rustix::fs::fchmod(&dir, wanted).path_context("set the mode of", dir.path())?;
    }
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

fn lock(dir: &Dir) -> Result<(), FolderError> {
    match rustix::fs::flock(dir, FlockOperation::NonBlockingLockExclusive) {
        Err(Errno::WOULDBLOCK) => Err(FolderError::Locked(dir.path().to_owned())),
        result => Ok(result.path_context("lock", dir.path())?),
    }
}
