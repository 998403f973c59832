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
mod stage;
mod step;
mod traces;
mod trial;
mod verify;

use crate::materials::DataKeyUse;
use crate::message::EncryptionMaterials;

pub use claim::{Arrival, Claimed};
pub use erase::Erased;
pub use error::{NotClaimed, SealError};
pub use finish::{Recorded, Sealed};
pub use folders::{CLAIMS, FolderError, Folders};
pub use home::ClaimName;
pub use id::{ClaimId, ParseIdError};
pub use open_body::{Body, FileReader, Sink, open_body, read_header};
pub use options::{Collision, EraseMode, Options};
pub use publish::Published;
pub use pump::PumpError;
pub use record::{Ciphertext, DataKey, Details, Erasure, Outcome, Plaintext, Record, Residue, Times};
pub use recover::{Recovered, claims, recover};
pub use seal_body::seal_file;
pub use stage::Staged;
pub use step::Step;
pub use traces::{Traces, tidy};
pub use trial::{Trial, try_erasure};
pub use verify::Verified;

/// The whole way of a claimed file. On an error its claim still stands, for [`recover`].
pub fn seal(
    folders: &Folders,
    claimed: Claimed,
    materials: &EncryptionMaterials,
    data_key_use: &DataKeyUse,
) -> Result<Recorded, SealError> {
    let staged = Staged::stage(folders, claimed, materials, data_key_use).map_err(Step::Stage.failed())?;
    let verified = if folders.options.verify {
        Verified::verify(staged, materials).map_err(Step::Verify.failed())?
    } else {
        Verified::unchecked(staged)
    };
    let published = Published::publish(folders, verified).map_err(Step::Publish.failed())?;
    let erased = Erased::erase(folders, published).map_err(Step::Erase.failed())?;
    erased.record(folders).map_err(Step::Record.failed())
}
