//! Why a file's way ended early; in every case its plaintext is still whole.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use thiserror::Error;

use super::{ClaimName, PumpError, Step};
use crate::fs::PathError;
use crate::message::{DecryptError, EncryptError};

/// Why a file was not sealed. Nothing is lost: it stands where it was dropped, or in its claim.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SealError {
    /// Somebody took the file before we did.
    #[error("{0:?} is gone")]
    Gone(PathBuf),
    /// It changed while it was read, or was opened for writing again.
    #[error("{0:?} changed while it was sealed")]
    Changed(PathBuf),
    /// It is no longer the regular file with one name that it was when it was looked at.
    #[error("{path:?} is {what}, which is never opened")]
    NotAFile {
        /// Which.
        path: PathBuf,
        /// What it is instead.
        what: &'static str,
    },
    /// A claim whose size is not the one it was claimed with: power was lost before the producer's data was durable.
    #[error("{path:?} has {found} bytes, and had {claimed} when it was claimed")]
    SizeDiffers {
        /// The claimed file.
        path: PathBuf,
        /// Bytes then.
        claimed: u64,
        /// Bytes now.
        found: u64,
    },
    /// A step of the way did not come to its end.
    #[error("failed to {}", step.what())]
    Step {
        /// Which.
        step: Step,
        /// Why.
        source: Box<SealError>,
    },
    /// The plaintext could not be read, moved or looked at.
    #[error(transparent)]
    Input(PathError),
    /// The ciphertext or its record could not be written.
    #[error(transparent)]
    Output(PathError),
    /// Less room than the message needs.
    #[error("{path:?} has {free} bytes free, and the message needs {needed}")]
    NoSpace {
        /// The output folder.
        path: PathBuf,
        /// Bytes free.
        free: u64,
        /// Bytes needed.
        needed: u64,
    },
    /// The output name is taken and the drop says `collision = "hold"`.
    #[error("{0:?} exists already")]
    NameTaken(PathBuf),
    /// The message layer refused.
    #[error("the frames could not be encrypted")]
    Encrypt(#[from] EncryptError),
    /// The ciphertext that was read back does not open: broken memory, storage or program.
    #[error("the staged message did not verify")]
    Verify(#[from] DecryptError),
    /// The staged message opens, but to another number of bytes.
    #[error("the staged message holds {found} bytes, and the plaintext has {expected}")]
    VerifyLength {
        /// Bytes of the plaintext.
        expected: u64,
        /// Bytes in the message.
        found: u64,
    },
    /// The draft of the record cannot be read back.
    #[error("the draft record {path:?} is damaged")]
    Draft {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The draft names no file.
    #[error("the draft record {0:?} names no message")]
    DraftName(PathBuf),
    /// The plaintext may be overwritten already, and the draft that says where its message went is gone.
    #[error("the draft record {0:?} is missing, and the erasure of its plaintext had begun")]
    DraftMissing(PathBuf),
    /// A staged message whose plaintext is gone: it may be the only copy, and is left as it is.
    #[error("the plaintext of {0:?} is gone, and its message is staged but not published")]
    PlaintextMissing(PathBuf),
    /// The published message was thrown away before its plaintext was erased, so the plaintext is sealed again.
    #[error("the message {0:?} is gone, and its plaintext was not erased yet")]
    MessageGone(PathBuf),
    /// The published message is not as long as its draft says, so its plaintext may be the only copy.
    #[error("the message {path:?} has {found} bytes, and had {expected} when it was published")]
    MessageDamaged {
        /// The message.
        path: PathBuf,
        /// Bytes then.
        expected: u64,
        /// Bytes now.
        found: u64,
    },
    /// The draft was not written for this claim by this user.
    #[error("the draft record {0:?} is not this claim's")]
    DraftNotOurs(PathBuf),
    /// The output folder is not the one that is held open: unmounted, moved or removed.
    #[error("the output folder {0:?} is not there any more")]
    OutputLost(PathBuf),
    /// Another worker has the claim.
    #[error("{0:?} is being worked on")]
    Busy(PathBuf),
    /// Its data key may not begin another message any more; the next one is for it.
    #[error("the data key for {0:?} has reached its age before the message was begun")]
    KeyAgedOut(PathBuf),
    /// A panic in the middle of its way.
    #[error("it hit a defect in sealdrop: {0}")]
    Defect(String),
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    Random(getrandom::Error),
}

impl SealError {
    /// The step that failed, of those after the claim.
    pub fn step(&self) -> Option<Step> {
        match self {
            Self::Step { step, .. } => Some(*step),
            _ => None,
        }
    }

    /// What went wrong in the step.
    fn cause(&self) -> &Self {
        match self {
            Self::Step { source, .. } => source.cause(),
            cause => cause,
        }
    }

    /// Of a pump between two files; what the message layer refused becomes `message`'s variant.
    pub(super) fn of_pump<E: std::error::Error>(
        error: PumpError<E>,
        source: &Path,
        sink: &Path,
        message: impl FnOnce(E) -> Self,
    ) -> Self {
        let path_error = |action, path: &Path, source| PathError {
            action,
            path: path.to_owned(),
            source,
        };
        match error {
            PumpError::Read(error) => Self::Input(path_error("read", source, error)),
            PumpError::Write(error) => Self::Output(path_error("write", sink, error)),
            PumpError::LengthChanged => Self::Changed(source.to_owned()),
            PumpError::Message(error) => message(error),
        }
    }

    /// One stable word for metrics, status and the journal.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Step { source, .. } => source.reason(),
            Self::Gone(_) => "gone",
            Self::Changed(_) => "changed",
            Self::NotAFile { .. } => "not_a_file",
            Self::SizeDiffers { .. } => "size_differs",
            Self::Input(error) => io_reason(error, "input"),
            Self::Output(error) => io_reason(error, "output"),
            Self::NoSpace { .. } => "no_space",
            Self::NameTaken(_) => "name_taken",
            Self::Encrypt(_) => "encryption",
            Self::Verify(_) | Self::VerifyLength { .. } => "verification",
            Self::Draft { .. }
            | Self::DraftName(_)
            | Self::DraftMissing(_)
            | Self::DraftNotOurs(_)
            | Self::PlaintextMissing(_) => "draft",
            Self::MessageGone(_) => "message_gone",
            Self::MessageDamaged { .. } => "message_damaged",
            Self::OutputLost(_) => "output_lost",
            Self::Busy(_) => "busy",
            Self::KeyAgedOut(_) => "key_aged_out",
            Self::Defect(_) => "defect",
            Self::Random(_) => "random",
        }
    }

    /// Whether there is nothing left to seal, as somebody took the file first.
    pub fn is_gone(&self) -> bool {
        matches!(self.cause(), Self::Gone(_))
    }

    /// Whether a call was refused that changed nothing, and may be made again. A failed flush may not: its error is
    /// told once, and the next one succeeds whatever has become of the bytes.
    pub fn is_refusal(&self) -> bool {
        ["permission", "read_only", "file_limit"].contains(&self.reason())
    }

    /// Whether looking again at once may help, as the producer, or another worker, is just not done, or as another data
    /// key is to be had.
    pub fn is_producer_active(&self) -> bool {
        matches!(
            self.cause(),
            Self::Changed(_) | Self::Busy(_) | Self::KeyAgedOut(_)
        )
    }
}

/// Why a file was not claimed.
#[derive(Debug)]
pub struct NotClaimed {
    /// What went wrong.
    pub error: SealError,
    /// The claim that the file stands in if it could not be put back, as on a file system that has become read-only.
    pub stuck: Option<ClaimName>,
}

impl From<SealError> for NotClaimed {
    fn from(error: SealError) -> Self {
        Self { error, stuck: None }
    }
}

fn io_reason(error: &PathError, side: &'static str) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission",
        io::ErrorKind::StorageFull => "no_space",
        io::ErrorKind::QuotaExceeded => "quota",
        io::ErrorKind::ReadOnlyFilesystem => "read_only",
        _ if error.is(Errno::MFILE) || error.is(Errno::NFILE) => "file_limit",
        _ => side,
    }
}
