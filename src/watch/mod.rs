//! What is waiting in a drop folder: hints, scan, settle, name filter.
//!
//! Events are hints, the directory is the truth: a hint makes a look come sooner, and what no hint announced is
//! found by a scan. Whoever drives it opens a [`Folder`], probes leases for a [`Gate`], starts [`Hints`] before the first
//! [`Scanner::scan`], looks at each hint's path ([`Scanner::look`]), scans for as long as a scan says `more` and there is
//! room, and puts every candidate to [`settle`]. When a hint says [`Hint::Rescan`] it calls [`Hints::distrust`] and
//! [`Scanner::request`]; when it drops a hint for want of room, `request(Cause::Backlog)`. On every tick it asks
//! [`Hints::check_alive`], and begins anew with a new [`Folder`] when that fails.
//!
//! Nothing here reads a byte of a file, and nothing is opened but directories and regular files.

mod candidate;
mod filter;
mod folder;
mod hints;
mod options;
mod quiet;
mod scan;
mod scanner;
mod settle;
mod walk;
mod watched;

pub use candidate::{Candidate, FoundBy, Held, HeldReason};
pub use filter::{DEFAULT_EXCLUDE, FilterError, NameFilter};
pub use folder::{Folder, Lost, Place};
pub use hints::{Hint, Hints, HintsError};
pub use options::{LeaseMode, Options};
pub use scan::{Cause, DirectoryWatcher, Look, PassEnd, Scan};
pub use scanner::Scanner;
pub use settle::{Gate, Outcome, Settled, Unsettled, settle};
