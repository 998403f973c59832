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
use super::{ClaimId, Folders, NotClaimed, SealError};
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
    /// Where it was dropped, until the claim is durable.
    from: Option<Arc<Dir>>,
    /// The state whose content is sealed; taken after the claim, as the rename changes ctime.
    pub(super) identity: FileIdentity,
    pub(super) plaintext: Plaintext,
    pub(super) arrived: SystemTime,
    pub(super) since: SystemTime,
}

impl Claimed {
    /// Moves an arrival into the claim folder. On an error it stands where it stood, or in a claim that the error names.
    pub fn claim(folders: &Folders, arrival: Arrival) -> Result<Self, NotClaimed> {
        let path = folders.input.path().join(&arrival.relative);
        let stat = rustix::fs::fstat(&arrival.file)
            .path_context("look at", &path)
            .map_err(SealError::Input)?;
        check_single_file(&path, &stat)?;
        let id = ClaimId::random().map_err(SealError::Random)?;
        let claim = ClaimName {
            id,
            size: FileIdentity::of(&stat).size,
        };
        let home = Home::make(folders, claim, &arrival.relative)?;
        let remove = |_: &SealError| drop(home.remove(folders)); // what stays is empty, for the next start
        rename_in(&home, &arrival, &path).inspect_err(remove)?;
        if let Err(error) = check_taken(&home, &stat, &path) {
            let stuck = put_back(&home, &arrival).err().map(|_| home.claim.clone());
            if stuck.is_none() {
                remove(&error);
            }
            return Err(NotClaimed { error, stuck });
        }
        let stuck = home.claim.clone();
        let from = Some(arrival.dir);
        let claimed = Self::assemble(home, arrival.file, arrival.lease, from, arrival.arrived);
        claimed.map_err(|error| NotClaimed {
            error,
            stuck: Some(stuck),
        })
    }

    /// Opens a claim again that a crash or an earlier failure left. `arrived` is known of what this process claimed:
    /// then a file that has grown since is just not done. Otherwise its size must be the one it was claimed with.
    pub fn reopen(
        folders: &Folders,
        claim: &ClaimName,
        arrived: Option<SystemTime>,
    ) -> Result<Self, SealError> {
        let gone = || SealError::Gone(folders.claims.path().join(claim.file_name()));
        let found = Home::find(folders, claim)?.filter(|found| found.has_file);
        let mut home = found.ok_or_else(gone)?.home;
        let path = home.path();
        let named = home.parent.stat(home.file_name()).map_err(SealError::Input)?;
        check_regular(&path, &named)?;
        let file = home
            .parent
            .open_file(home.file_name())
            .map_err(SealError::Input)?;
        let lease = take_lease(folders, &file, &path)?;
        let stat = rustix::fs::fstat(&file)
            .path_context("look at", &path)
            .map_err(SealError::Input)?;
        check_single_file(&path, &stat)?;
        if lease.is_none() && !is_quiet(&stat, folders.options.quiet) {
            return Err(SealError::Changed(path));
        }
        let found = FileIdentity::of(&stat).size;
        if found != claim.size && arrived.is_none() {
            return Err(SealError::SizeDiffers {
                path,
                claimed: claim.size,
                found,
            });
        }
        if found != claim.size {
            home.resize(folders, found).map_err(SealError::Input)?;
        }
        // Whoever claimed it may have been killed before that was durable.
        folders
            .make_found_claim_durable(&home)
            .map_err(SealError::Input)?;
        let arrived = arrived.unwrap_or_else(|| changed(&stat));
        Self::assemble(home, file, lease, None, arrived)
    }

    fn assemble(
        home: Home,
        file: File,
        lease: Option<Lease>,
        from: Option<Arc<Dir>>,
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
            from,
            arrived,
            since: SystemTime::now(),
        })
    }

    /// The claim's name, to come back to it after a failure.
    pub fn name(&self) -> &ClaimName {
        &self.home.claim
    }

    /// The path for messages.
    pub(super) fn path(&self) -> PathBuf {
        self.home.path()
    }

    /// Bytes of the plaintext.
    pub fn size(&self) -> u64 {
        self.identity.size
    }

    /// Makes it durable that the file is ours, before anything else of this claim can be.
    pub(super) fn make_durable(&mut self, folders: &Folders) -> Result<(), SealError> {
        let Some(from) = self.from.take() else {
            return Ok(());
        };
        folders
            .make_claim_durable(&self.home, &from)
            .map_err(SealError::Input)
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

fn rename_in(home: &Home, arrival: &Arrival, path: &Path) -> Result<(), SealError> {
    let name = home.file_name();
    match arrival.dir.rename(name, &home.parent, name, Replace::Never) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(SealError::Gone(path.to_owned())),
        result => result.map_err(SealError::Input),
    }
}

/// The proof that the rename took what was opened, in the size that the claim says.
fn check_taken(home: &Home, opened: &Stat, path: &Path) -> Result<(), SealError> {
    let taken = home.parent.stat(home.file_name()).map_err(SealError::Input)?;
    let (taken, opened) = (FileIdentity::of(&taken), FileIdentity::of(opened));
    if !taken.same_file(&opened) || taken.size != opened.size {
        // Somebody swapped the name between open and rename, or is still writing: it goes back untouched.
        return Err(SealError::Changed(path.to_owned()));
    }
    Ok(())
}

fn put_back(home: &Home, arrival: &Arrival) -> Result<(), SealError> {
    let name = home.file_name();
    home.parent
        .rename(name, &arrival.dir, name, Replace::Never)
        .map_err(SealError::Input)
}

/// A lease on a claim that is taken up again, or the knowledge that somebody has it open for writing.
fn take_lease(folders: &Folders, file: &File, path: &Path) -> Result<Option<Lease>, SealError> {
    match Lease::take(file) {
        Ok(lease) => Ok(Some(lease)),
        Err(LeaseRefused::OpenForWriting) if folders.options.leases => {
            Err(SealError::Changed(path.to_owned()))
        }
        Err(_) => Ok(None),
    }
}

/// Whether the content has not changed for so long; a time to come says nothing, as clocks differ.
fn is_quiet(stat: &Stat, quiet: Duration) -> bool {
    let modified = system_time(FileIdentity::of(stat).modified);
    modified.elapsed().map_or(true, |age| age >= quiet)
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

/// What a draft says of the file's state, as it would be said now.
pub(super) fn modified_and_size(stat: &Stat) -> (String, u64) {
    let identity = FileIdentity::of(stat);
    (timestamp(system_time(identity.modified)), identity.size)
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
