//! Small durable-file pieces, all relative to directory descriptors, so that no path is walked twice.

mod dir;
mod error;
mod identity;

pub use dir::{Dir, EntryKind, Replace};
pub use error::{PathContext, PathError};
pub use identity::FileIdentity;
