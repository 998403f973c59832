//! Small durable-file pieces, all relative to directory descriptors, so that no path is walked twice.

mod beneath;
mod clock;
mod dir;
mod error;
mod extents;
mod flush;
mod identity;
mod lease;
mod limits;
mod medium;
mod memory;
mod sys;
mod walk;

pub use beneath::ListingPosition;
pub use clock::clock_error;
pub use dir::{Dir, EntryKind, Replace};
pub use error::{PathContext, PathError};
pub use extents::{Extent, ExtentFlags, extents};
pub use flush::{start_writeback, write_back};
pub use identity::FileIdentity;
pub use lease::{Lease, LeaseRefused, LeaseSupport, probe_leases};
pub use limits::raise_open_files;
pub use medium::{FileSystem, Medium};
pub use memory::{MemoryProtection, protect_memory};
