//! One file's way: claimed, staged, verified, published, erased, recorded.
//!
//! ```text
//! Arrival -> Claimed -> Staged -> Verified -> Published -> Erased -> Sealed
//! ```
//!
//! Each step consumes the last, and nothing but a [`Published`] message can cost a plaintext. Whatever interrupts
//! the way, [`recover`] finishes or undoes it from what lies on the disk.

mod busy;
mod claim;
mod draft;
mod erase;
mod error;
mod finish;
mod folders;
mod home;
mod id;
mod judge;
mod open_body;
mod options;
mod publish;
mod pump;
mod record;
mod recover;
mod scrub;
mod seal_body;
mod spares;
mod stage;
mod step;
mod together;
mod trial;
mod verify;

use crate::fs::Dir;
use crate::materials::ReservedMaterials;

use together::{Flushed, Together};

pub(crate) use together::panic_text;

pub use claim::{Arrival, Claimed};
pub use erase::Erased;
pub use error::{NotClaimed, SealError};
pub use finish::{Completed, Recorded, Sealed};
pub use folders::{CLAIMS, FolderError, Folders};
pub use home::ClaimName;
pub use id::{ClaimId, ParseIdError};
pub use open_body::{Body, FileReader, Sink, open_body, read_header};
pub use options::{Collision, EraseMode, Options};
pub use publish::{Named, Published};
pub use pump::PumpError;
pub use record::{Ciphertext, DataKey, Details, Erasure, Outcome, Plaintext, Record, Residue, Times};
pub use recover::{Recovered, claims, recover};
pub use seal_body::seal_file;
pub use stage::{Drafted, Durable, Staged, Written};
pub use step::Step;
pub use trial::{Trial, try_erasure};
pub use verify::Verified;

/// A claimed file with what it is sealed with.
#[derive(Debug)]
pub struct Ready {
    /// The file.
    pub claimed: Claimed,
    /// The data key and what belongs to it, not begun yet.
    pub materials: ReservedMaterials,
}

/// What came of files that went a part of their way together: of each, in their order, how far it has come, or an error;
/// then its claim still stands, for [`recover`].
pub type Results<T> = Vec<Result<T, SealError>>;

/// The way of claimed files to the end of their plaintexts, side by side, so that they share flushes; one that fails leaves
/// the others alone. `earlier` ones get their records at the end, as the flushes on the way have done most of the work.
pub fn seal(
    folders: &Folders,
    files: Vec<Ready>,
    earlier: Vec<Completed>,
) -> (Results<Completed>, Results<Sealed>) {
    let claimed = flushing(folders, Together::new(files), Step::Claim, |mut file: Ready| {
        file.claimed.make_durable(folders)?;
        Ok(file)
    });
    let written = claimed.step(Step::Stage, |file| {
        let (claimed, mut materials) = (file.claimed, file.materials);
        if !(materials.cover(claimed.size()) && materials.begin()) {
            return Err(SealError::KeyAgedOut(claimed.path()));
        }
        let data_key_use = materials.usage();
        let written = Written::write(folders, claimed, &materials, &data_key_use)?;
        Ok((written, materials))
    });
    let flush = |(written, materials): (Written, _)| Ok((written.flush()?, materials));
    let durable = flushing(folders, written, Step::Stage, flush);
    let messages = Flushed::each(durable.iter().map(|(durable, _)| durable.dir()), |dir| {
        folders.flush_names(dir)
    });
    let drafted = durable.step(Step::Stage, |(durable, materials)| {
        messages.of(durable.dir()).map_err(SealError::Output)?;
        Ok((durable.draft()?, materials))
    });
    let flush = |(drafted, materials): (Drafted, _)| Ok((drafted.flush(folders)?, materials));
    let staged = flushing(folders, drafted, Step::Stage, flush);
    let drafts = Flushed::each(staged.iter().map(|(staged, _)| staged.dir()), |dir| {
        folders.flush_names(dir)
    });
    let verified = staged.step(Step::Verify, |(staged, materials)| {
        if folders.options.verify {
            Verified::verify(staged, &materials)
        } else {
            Ok(Verified::unchecked(staged))
        }
    });
    let named = verified.step(Step::Publish, |verified| {
        drafts.of(verified.dir()).map_err(SealError::Output)?;
        Named::name(folders, verified)
    });
    let flushes = Flushed::each(named.iter().map(Named::dir), Dir::sync);
    let published = named.step(Step::Publish, |named| {
        let result = flushes.of(named.dir());
        named.flushed(result)
    });
    let erased = published.step(Step::Erase, |published| Erased::erase(folders, published));
    let completed = erased.step(Step::Record, Erased::complete);
    // Their bytes were under way before the last flush, so their own finds little to do.
    let sealed = record(folders, earlier);
    (completed.into_results(), sealed)
}

/// The records of files whose plaintexts are gone, and the end of their claims.
pub fn record(folders: &Folders, completed: Vec<Completed>) -> Results<Sealed> {
    let completed = Together::new(completed);
    let recorded = flushing(folders, completed, Step::Record, |completed: Completed| {
        completed.record(folders)
    });
    end(folders, recorded)
}

/// A step in which each file waits for the disk: where one journal serves them all, one after the other finds it done.
fn flushing<T: Send, U: Send>(
    folders: &Folders,
    files: Together<T>,
    step: Step,
    take: impl Fn(T) -> Result<U, SealError> + Sync,
) -> Together<U> {
    if folders.flushes_are_ordered() {
        files.step(step, take)
    } else {
        files.step_at_once(step, take)
    }
}

/// The end of claims whose records stand.
fn end(folders: &Folders, recorded: Together<Recorded>) -> Results<Sealed> {
    if folders.flushes_are_ordered() {
        let end = |recorded: Recorded| Ok(recorded.end(folders, None));
        return recorded.step(Step::Record, end).into_results();
    }
    let flushed = Flushed::each(recorded.iter().map(Recorded::dir), Dir::sync);
    let end = |recorded: Recorded| {
        let result = flushed.of(recorded.dir());
        Ok(recorded.end(folders, Some(result)))
    };
    recorded.step(Step::Record, end).into_results()
}

/// The whole way of one claimed file.
pub fn seal_one(folders: &Folders, file: Ready) -> Result<Sealed, SealError> {
    let (completed, _) = seal(folders, vec![file], Vec::new());
    let mut sealed = completed.into_iter().flat_map(|completed| match completed {
        Ok(completed) => record(folders, vec![completed]),
        Err(error) => vec![Err(error)],
    });
    sealed
        .next()
        .unwrap_or_else(|| Err(SealError::Defect("no file came back".to_owned())))
}
