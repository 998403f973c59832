//! Whether a candidate is complete and ours to take.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{AtFlags, FileType, Stat, StatxAttributes, StatxFlags, fstat, statx};
use rustix::io::Errno;

use super::candidate::changed_at;
use super::quiet::{Moment, Observed, QuietRule};
use super::{Candidate, Folder, HeldReason, LeaseMode, Options};
use crate::fs::{Dir, FileIdentity, Lease, LeaseRefused, LeaseSupport, PathError};

/// What every file of one drop has to pass.
#[derive(Debug)]
pub struct Gate {
    folder: Folder,
    lease: LeaseMode,
    leases_work: bool,
    /// Where a lease proves that nobody writes.
    quiet: QuietRule,
    /// Where nothing but time tells.
    quiet_alone: QuietRule,
    max_size: u64,
    link_grace: Duration,
}

/// A file that is complete, open for reading, with the proof.
#[derive(Debug)]
pub struct Settled {
    /// The file, open for reading.
    pub file: File,
    /// Nobody has it open for writing for as long as this is not broken; `None` where the quiet period had to do.
    pub lease: Option<Lease>,
    /// Its stat, through the descriptor.
    pub stat: Stat,
    /// What of the stat tells this state of this file from others.
    pub identity: FileIdentity,
    /// The directory that it is in.
    pub parent: Arc<Dir>,
    /// What it was known as.
    pub candidate: Candidate,
}

/// Why a file is not ready yet, though nothing is wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsettled {
    /// Somebody has it open for writing.
    OpenForWriting,
    /// It changed a short time ago.
    Quiet,
    /// It has a second name, as in a hand-off by link and unlink.
    Linked,
    /// The system is short of descriptors or memory.
    Resources,
}

/// What became of a candidate.
#[derive(Debug)]
pub enum Outcome {
    /// Ready to be claimed.
    Settled(Box<Settled>),
    /// To be tried again, at the next hint or after this time.
    NotYet {
        /// The candidate, with what was seen of it.
        candidate: Candidate,
        /// Why.
        why: Unsettled,
        /// When nothing else announces it.
        retry_after: Duration,
    },
    /// It stays where it is.
    Held {
        /// The candidate, with what was seen of it.
        candidate: Candidate,
        /// Why.
        reason: HeldReason,
    },
    /// Taken away by somebody: nothing to do.
    Gone,
}

const LINK_GRACE: Duration = Duration::from_secs(10);
const FIRST_RETRY: Duration = Duration::from_millis(50);
const LAST_RETRY: Duration = Duration::from_secs(5);

enum Refusal {
    NotYet(Unsettled, Option<Duration>),
    Held(HeldReason),
    Gone,
}

impl Gate {
    /// The gate of a folder in which leases were probed.
    pub fn new(folder: Folder, options: &Options, support: &LeaseSupport) -> Self {
        let leases_work = options.lease != LeaseMode::Off && *support == LeaseSupport::Works;
        let local_clock = has_local_clock(folder.dir());
        let now = Moment::now();
        let alone = options.quiet.max(Options::MINIMUM_QUIET);
        Self {
            folder,
            lease: options.lease,
            leases_work,
            quiet: QuietRule::new(options.quiet, local_clock, now),
            quiet_alone: QuietRule::new(alone, local_clock, now),
            max_size: options.max_size,
            link_grace: LINK_GRACE,
        }
    }

    /// How long a second link may take to go away before the file is held; ten seconds unless said.
    #[must_use]
    pub fn with_link_grace(mut self, link_grace: Duration) -> Self {
        self.link_grace = link_grace;
        self
    }

    /// The folder it stands before.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }
}

/// Looks whether a candidate is complete; opens it only if it is a regular file, and never for writing.
pub fn settle(mut candidate: Candidate, gate: &Gate) -> Outcome {
    match try_settle(&mut candidate, gate) {
        Ok(parts) => Outcome::Settled(Box::new(Settled {
            file: parts.file,
            lease: parts.lease,
            identity: FileIdentity::of(&parts.stat),
            stat: parts.stat,
            parent: parts.parent,
            candidate,
        })),
        Err(Refusal::NotYet(why, wait)) => {
            let retry_after = wait.unwrap_or_else(|| retry_after(candidate.attempts));
            candidate.attempts = candidate.attempts.saturating_add(1);
            Outcome::NotYet {
                candidate,
                why,
                retry_after,
            }
        }
        Err(Refusal::Held(reason)) => Outcome::Held { candidate, reason },
        Err(Refusal::Gone) => Outcome::Gone,
    }
}

struct Parts {
    file: File,
    lease: Option<Lease>,
    stat: Stat,
    parent: Arc<Dir>,
}

fn try_settle(candidate: &mut Candidate, gate: &Gate) -> Result<Parts, Refusal> {
    let parent = open_parent(gate.folder.dir(), &candidate.path)?;
    let Some(name) = candidate.path.file_name() else {
        return Err(Refusal::Gone);
    };
    let named = parent.stat(name)?;
    check_type(&named)?;
    let file = parent.open_file_beneath(Path::new(name))?;
    candidate.size = FileIdentity::of(&named).size; // for its place in the queue, if it comes back
    let lease = take_lease(&file, gate)?;
    // After the lease, so that nothing can have been written since.
    let stat = fstat(&file).map_err(|errno| Refusal::Held(HeldReason::Failed(errno.to_string())))?;
    check_type(&stat)?;
    check_attributes(&file)?;
    check_limits(candidate, &stat, gate)?;
    check_quiet(candidate, &stat, lease.is_some(), gate)?;
    Ok(Parts {
        file,
        lease,
        stat,
        parent,
    })
}

fn open_parent(folder: &Arc<Dir>, path: &Path) -> Result<Arc<Dir>, Refusal> {
    match path.parent() {
        None => Err(Refusal::Gone),
        Some(parent) if parent.as_os_str().is_empty() => Ok(Arc::clone(folder)),
        Some(parent) => match folder.open_dir_beneath(parent) {
            Ok(dir) => Ok(Arc::new(dir)),
            // A folder that became a link or a file: what was in it is not there any more.
            Err(error) if error.is(Errno::LOOP) || error.is(Errno::NOTDIR) => Err(Refusal::Gone),
            Err(error) => Err(error.into()),
        },
    }
}

fn check_type(stat: &Stat) -> Result<(), Refusal> {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Ok(()),
        FileType::Directory => Err(Refusal::Gone),
        other => Err(Refusal::Held(
            HeldReason::of_type(other).unwrap_or(HeldReason::Device),
        )),
    }
}

fn take_lease(file: &File, gate: &Gate) -> Result<Option<Lease>, Refusal> {
    if gate.lease == LeaseMode::Off || (gate.lease == LeaseMode::Auto && !gate.leases_work) {
        return Ok(None);
    }
    match Lease::take(file) {
        Ok(lease) => Ok(Some(lease)),
        Err(LeaseRefused::OpenForWriting) => Err(Refusal::NotYet(Unsettled::OpenForWriting, None)),
        Err(refused) if gate.lease == LeaseMode::Require => {
            Err(Refusal::Held(HeldReason::NoLease(refused.to_string())))
        }
        Err(_) => Ok(None),
    }
}

fn check_attributes(file: &File) -> Result<(), Refusal> {
    let immutable = StatxAttributes::IMMUTABLE | StatxAttributes::APPEND;
    match statx(file, c"", AtFlags::EMPTY_PATH, StatxFlags::empty()) {
        Ok(found) if found.stx_attributes.intersects(immutable) => Err(Refusal::Held(HeldReason::Immutable)),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn check_limits(candidate: &mut Candidate, stat: &Stat, gate: &Gate) -> Result<(), Refusal> {
    let identity = FileIdentity::of(stat);
    let now = Moment::now().boot;
    let observed = Observed::again(candidate.observed, identity, now);
    candidate.observed = Some(observed);
    candidate.size = identity.size;
    candidate.changed = changed_at(stat);
    if identity.size > gate.max_size {
        return Err(Refusal::Held(HeldReason::TooLarge {
            size: identity.size,
            limit: gate.max_size,
        }));
    }
    #[allow(
        clippy::useless_conversion,
        reason = "st_nlink's type differs by architecture"
    )]
    match u64::from(stat.st_nlink) {
        0 => Err(Refusal::Gone),
        1 => Ok(()),
        _ if now.saturating_sub(observed.first) < gate.link_grace => {
            Err(Refusal::NotYet(Unsettled::Linked, None))
        }
        links => Err(Refusal::Held(HeldReason::HardLinked(links))),
    }
}

fn check_quiet(candidate: &Candidate, stat: &Stat, leased: bool, gate: &Gate) -> Result<(), Refusal> {
    let rule = if leased { &gate.quiet } else { &gate.quiet_alone };
    let Some(observed) = candidate.observed.filter(|_| !rule.period().is_zero()) else {
        return Ok(());
    };
    match rule.remaining(&observed, changed_at(stat), Moment::now()) {
        None => Ok(()),
        Some(left) => Err(Refusal::NotYet(Unsettled::Quiet, Some(left))),
    }
}

fn retry_after(attempts: u32) -> Duration {
    FIRST_RETRY.saturating_mul(1 << attempts.min(10)).min(LAST_RETRY)
}

impl From<PathError> for Refusal {
    fn from(error: PathError) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => return Self::Gone,
            io::ErrorKind::PermissionDenied => return Self::Held(HeldReason::NoPermission),
            io::ErrorKind::WouldBlock => return Self::NotYet(Unsettled::OpenForWriting, None),
            _ => {}
        }
        let is = |errno| error.is(errno);
        if is(Errno::LOOP) {
            Self::Held(HeldReason::Symlink)
        } else if is(Errno::XDEV) {
            Self::Held(HeldReason::OtherMount)
        } else if is(Errno::NAMETOOLONG) {
            Self::Held(HeldReason::PathTooLong)
        } else if is(Errno::MFILE) || is(Errno::NFILE) || is(Errno::NOMEM) {
            Self::NotYet(Unsettled::Resources, None)
        } else {
            Self::Held(HeldReason::Failed(error.source.to_string()))
        }
    }
}

/// Whether this host's clock stamps the files: not so on the network and FUSE file systems.
fn has_local_clock(dir: &Dir) -> bool {
    const REMOTE: [u32; 7] = [
        0x6969,      // NFS
        0x517b,      // SMB
        0xfe53_4d42, // SMB2
        0xff53_4d42, // CIFS
        0x6573_5546, // FUSE
        0x0102_1997, // 9P
        0x00c3_6400, // Ceph
    ];
    rustix::fs::fstatfs(dir).is_ok_and(|found| {
        #[allow(
            clippy::cast_sign_loss,
            clippy::cast_possible_truncation,
            reason = "magic numbers have 32 bits"
        )]
        let magic = found.f_type as u32;
        !REMOTE.contains(&magic)
    })
}
