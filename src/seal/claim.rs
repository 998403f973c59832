//! Claim: out of everybody's reach, before the first byte is read.

use std::ffi::OsStr;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rustix::fs::{FileType, Stat};

use super::home::{ClaimName, Home};
use super::record::{Plaintext, name_fields, timestamp};
use super::{ClaimId, Folders, SealError};
use crate::fs::{Dir, FileIdentity, Lease, LeaseRefused, PathContext, Replace};

/// A settled file in a drop folder: open, and as far as can be known without a writer.
#[derive(Debug)]
pub struct Arrival {
    /// The directory it stands in.
    pub dir: Arc<Dir>,
    /// Its path below the drop folder.
    pub relative: PathBuf,
    /// The file, open for reading.
    pub file: File,
    /// The read lease that watches for writers, where one could be had.
    pub lease: Option<Lease>,
    /// When it was first heard of.
    pub arrived: SystemTime,
}

/// A file that is ours: nobody else can name it any more.
#[derive(Debug)]
pub struct Claimed {
    pub(super) home: Home,
    pub(super) file: File,
    pub(super) lease: Option<Lease>,
    /// The state whose content is sealed; taken after the claim, as the rename changes ctime.
    pub(super) identity: FileIdentity,
    pub(super) plaintext: Plaintext,
    pub(super) arrived: SystemTime,
    pub(super) since: SystemTime,
}

impl Claimed {
    /// Moves an arrival into the claim folder. On an error it stands where it stood.
    pub fn claim(folders: &Folders, arrival: Arrival) -> Result<Self, SealError> {
        let path = folders.input.path().join(&arrival.relative);
        let stat = rustix::fs::fstat(&arrival.file)
            .path_context("look at", &path)
            .map_err(SealError::Input)?;
        check_single_file(&path, &stat)?;
        let id = ClaimId::random().map_err(SealError::Random)?;
        let claim = ClaimName {
            id,
            size: FileIdentity::of(&stat).size,
            erasing: false,
        };
        let home = match Home::make(folders, claim.clone(), &arrival.relative) {
            Ok(home) => home,
            Err(error) => {
                let _ = super::home::remove_tree_of_dirs(&folders.claims, &claim.file_name());
                return Err(SealError::Input(error));
            }
        };
        Self::take(&home, &arrival, &stat, path).inspect_err(|_| {
            // An error here leaves an empty folder, which the next start removes.
            let _ = home.remove(folders);
        })?;
        Self::assemble(home, arrival.file, arrival.lease, arrival.arrived)
    }

    /// The rename, and the proof that it took what was opened.
    fn take(home: &Home, arrival: &Arrival, opened: &Stat, path: PathBuf) -> Result<(), SealError> {
        let name = home.file_name();
        match arrival.dir.rename(name, &home.parent, name, Replace::Never) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(SealError::Gone(path)),
            result => result.map_err(SealError::Input)?,
        }
        let taken = home.parent.stat(name).map_err(SealError::Input)?;
        if FileIdentity::of(&taken).same_file(&FileIdentity::of(opened)) {
            return Ok(());
        }
        // Somebody swapped the name between open and rename: what was taken goes back untouched.
        home.parent
            .rename(name, &arrival.dir, name, Replace::Never)
            .map_err(SealError::Input)?;
        Err(SealError::Changed(path))
    }

    /// Opens a claim again that a crash or an earlier failure left.
    ///
    /// After a crash its file is as it was claimed, or it is held: a power cut leaves unsynced drops empty. In the run
    /// that claimed it, which knows when it `arrived`, a writer may have come back to it just before the claim: it is
    /// waited for, and what it left is the file.
    pub fn reopen(
        folders: &Folders,
        claim: &ClaimName,
        arrived: Option<SystemTime>,
    ) -> Result<Self, SealError> {
        let found = Home::find(folders, claim.clone()).map_err(SealError::Input)?;
        if !found.has_file {
            return Err(SealError::Gone(folders.claims.path().join(claim.file_name())));
        }
        let mut home = found.home;
        let path = home.path();
        check_regular(
            &path,
            &home.parent.stat(home.file_name()).map_err(SealError::Input)?,
        )?;
        let file = home
            .parent
            .open_file(home.file_name())
            .map_err(SealError::Input)?;
        let lease = match Lease::take(&file) {
            Ok(lease) => Some(lease),
            Err(LeaseRefused::OpenForWriting) => return Err(SealError::Changed(path)),
            Err(_) => None,
        };
        let stat = rustix::fs::fstat(&file)
            .path_context("look at", &path)
            .map_err(SealError::Input)?;
        check_single_file(&path, &stat)?;
        let found = FileIdentity::of(&stat).size;
        match arrived {
            _ if found == claim.size => {}
            Some(_) => home.resize(folders, found).map_err(SealError::Input)?,
            None => {
                return Err(SealError::SizeDiffers {
                    path,
                    claimed: claim.size,
                    found,
                });
            }
        }
        let arrived = arrived.unwrap_or_else(|| changed(&stat));
        Self::assemble(home, file, lease, arrived)
    }

    fn assemble(
        home: Home,
        file: File,
        lease: Option<Lease>,
        arrived: SystemTime,
    ) -> Result<Self, SealError> {
        let stat = rustix::fs::fstat(&file)
            .path_context("look at", home.path())
            .map_err(SealError::Input)?;
        Ok(Self {
            identity: FileIdentity::of(&stat),
            plaintext: facts(home.file_name(), &stat),
            home,
            file,
            lease,
            arrived,
            since: SystemTime::now(),
        })
    }

    /// The claim's name, to come back to it after a failure.
    pub fn name(&self) -> &ClaimName {
        &self.home.claim
    }

    /// Bytes of the plaintext.
    pub fn size(&self) -> u64 {
        self.identity.size
    }

    /// Refuses to go on if anybody opened the file for writing or changed it since it was claimed.
    pub(super) fn check_unchanged(&self) -> Result<(), SealError> {
        let path = self.home.path();
        if self.lease.as_ref().is_some_and(Lease::broken) {
            return Err(SealError::Changed(path));
        }
        let stat = rustix::fs::fstat(&self.file)
            .path_context("look at", &path)
            .map_err(SealError::Input)?;
        if FileIdentity::of(&stat) == self.identity {
            Ok(())
        } else {
            Err(SealError::Changed(path))
        }
    }
}

/// A regular file with one name: anything else is never opened, or never overwritten.
fn check_single_file(path: &Path, stat: &Stat) -> Result<(), SealError> {
    check_regular(path, stat)?;
    match stat.st_nlink {
        1 => Ok(()),
        0 => Err(SealError::Gone(path.to_owned())),
        _ => Err(SealError::NotAFile {
            path: path.to_owned(),
            what: "a file with another hard link",
        }),
    }
}

fn check_regular(path: &Path, stat: &Stat) -> Result<(), SealError> {
    let what = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => return Ok(()),
        FileType::Symlink => "a symbolic link",
        FileType::Directory => "a directory",
        _ => "a special file",
    };
    Err(SealError::NotAFile {
        path: path.to_owned(),
        what,
    })
}

fn facts(name: &OsStr, stat: &Stat) -> Plaintext {
    let identity = FileIdentity::of(stat);
    let (name, name_base64) = name_fields(name);
    Plaintext {
        name,
        name_base64,
        size: identity.size,
        modified: timestamp(system_time(identity.modified)),
        uid: stat.st_uid,
        gid: stat.st_gid,
        mode: format!("{:04o}", stat.st_mode & 0o7777),
    }
}

fn changed(stat: &Stat) -> SystemTime {
    system_time(FileIdentity::of(stat).changed)
}

/// A stat's time; times before 1970 count as 1970, which is as wrong as they are.
fn system_time((seconds, nanoseconds): (i64, i64)) -> SystemTime {
    let seconds = u64::try_from(seconds).unwrap_or(0);
    let nanoseconds = u32::try_from(nanoseconds).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::new(seconds, nanoseconds)
}
