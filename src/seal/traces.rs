//! Traces: the draft and the claim's folder, which stay until the record is durable.
//!
//! Nobody waits for this, so it is done late and for many files at once; recovery does the same after a crash.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::sync::Arc;

use super::home::Home;
use super::stage::draft_name;
use super::{ClaimId, Folders, SealError};
use crate::fs::{Dir, FileIdentity, PathContext, PathError, flush_all, start_writeback};

/// What one file's way leaves behind when its record stands.
#[derive(Debug)]
pub struct Traces {
    pub(super) home: Home,
    /// The output folder with message, record and draft.
    pub(super) dir: Arc<Dir>,
    pub(super) id: ClaimId,
    /// The record, to be flushed.
    pub(super) record: File,
}

/// Makes the records and the unlinked plaintexts durable, then removes drafts and claims. On an error some of them
/// stay, for the next start.
pub fn tidy(folders: &Folders, traces: &[Traces]) -> Result<(), SealError> {
    for trace in traces {
        start_writeback(&trace.record);
    }
    flush_all(traces, |trace| {
        rustix::fs::fsync(&trace.record)
            .path_context("flush the record of", trace.dir.path().join(draft_name(trace.id)))
    })
    .map_err(SealError::Output)?;
    if !folders.flushes_are_ordered() {
        flush_all(traces, |trace| absent_is_fine(trace.home.parent.sync())).map_err(SealError::Input)?;
    }
    let dirs = distinct_dirs(traces).map_err(SealError::Output)?;
    sync_all(&dirs)?;
    for trace in traces {
        absent_is_fine(trace.dir.unlink(&draft_name(trace.id))).map_err(SealError::Output)?;
    }
    if !folders.flushes_are_ordered() {
        sync_all(&dirs)?; // else the claim could go before its draft
    }
    traces
        .iter()
        .try_for_each(|trace| trace.home.remove(folders))
        .map_err(SealError::Input)
}

fn sync_all(dirs: &[Arc<Dir>]) -> Result<(), SealError> {
    dirs.iter()
        .try_for_each(|dir| absent_is_fine(dir.sync()))
        .map_err(SealError::Output)
}

fn distinct_dirs(traces: &[Traces]) -> Result<Vec<Arc<Dir>>, PathError> {
    let mut dirs = HashMap::new();
    for trace in traces {
        let identity = FileIdentity::of(&trace.dir.stat_self()?);
        dirs.entry((identity.device, identity.inode))
            .or_insert_with(|| Arc::clone(&trace.dir));
    }
    Ok(dirs.into_values().collect())
}

/// A recovery may have been here before.
fn absent_is_fine(result: Result<(), PathError>) -> Result<(), PathError> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}
