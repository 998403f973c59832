//! Exit codes (sysexits.h), in one place.

use std::error::Error;
use std::io;
use std::process::ExitCode;

/// How a command ended; ordered from best to worst, as a folder run ends with the worst of its files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Exit {
    /// Done.
    #[default]
    Done,
    /// `EX_CANTCREAT`: an output could not be created.
    CannotCreate,
    /// `EX_NOINPUT`: an input is not there or cannot be read.
    NoInput,
    /// `EX_NOPERM`: permission denied.
    Permission,
    /// `EX_IOERR`.
    Io,
    /// `EX_TEMPFAIL`: another daemon has the folder for now.
    Busy,
    /// `EX_UNAVAILABLE`: the key service.
    Unavailable,
    /// `EX_DATAERR`: not a message, or one that does not authenticate.
    Data,
    /// `EX_CONFIG`: the configuration will not do.
    Config,
    /// `EX_USAGE`: the command line will not do.
    Usage,
    /// `EX_SOFTWARE`: a defect.
    Defect,
}

impl Exit {
    /// The number.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Usage => 64,
            Self::Data => 65,
            Self::NoInput => 66,
            Self::Unavailable => 69,
            Self::Defect => 70,
            Self::CannotCreate => 73,
            Self::Io => 74,
            Self::Busy => 75,
            Self::Permission => 77,
            Self::Config => 78,
        }
    }

    /// Of a failed system call while something was read.
    pub(super) fn of_reading(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::IsADirectory => Self::NoInput,
            io::ErrorKind::PermissionDenied => Self::Permission,
            _ => Self::Io,
        }
    }

    /// Of a failed system call while something was made.
    pub(super) fn of_creating(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::Permission,
            io::ErrorKind::NotFound
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::AddrInUse
            | io::ErrorKind::NotADirectory => Self::CannotCreate,
            _ => Self::Io,
        }
    }

    /// Of the system call at the root of an error, if there is one.
    pub(super) fn of_cause(error: &(dyn Error + 'static)) -> Option<Self> {
        causes(error)
            .find_map(|error| error.downcast_ref::<io::Error>())
            .map(Self::of_reading)
    }
}

/// An error and what is behind it, down to the root.
pub(super) fn causes<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let this = next?;
        next = this.source();
        Some(this)
    })
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}
