//! Stage: the ciphertext and the draft of its record, durable under names of our own.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::sync::Arc;
use std::time::SystemTime;

use super::draft::{Draft, draft_name, exact_name, new_draft_name};
use super::record::{Ciphertext, DataKey, Details, Record, Times, timestamp};
use super::seal_body::seal_file;
use super::{ClaimId, Claimed, Folders, SealError};
use crate::fs::{Dir, PathContext, PathError, Replace, start_writeback};
use crate::materials::DataKeyUse;
use crate::message::{EncryptionMaterials, Encryptor, HeaderRecord};

/// The staged message's temporary name.
pub(super) fn staged_name(id: ClaimId) -> OsString {
    format!(".sealdrop-{id}.part").into()
}

/// The ciphertext is written, and on its way to the disk.
#[derive(Debug)]
pub struct Written(Message);

/// The ciphertext is durable; its name may not be.
#[derive(Debug)]
pub struct Durable(Message);

/// The draft is written beside its message, and on its way to the disk.
#[derive(Debug)]
pub struct Drafted(Staged);

/// A message under a name of our own.
#[derive(Debug)]
struct Message {
    claimed: Claimed,
    file: File,
    leftovers: Leftovers,
    /// Where one journal keeps the order of all names, it cannot come to stand without the message, and is under way with it.
    draft: Option<Draft>,
    record: Record,
    final_name: OsString,
    length: u64,
}

/// Ciphertext and draft are durable, or will be no later than any name that is given from now on.
#[derive(Debug)]
pub struct Staged {
    pub(super) claimed: Claimed,
    pub(super) file: File,
    pub(super) leftovers: Leftovers,
    pub(super) draft: Draft,
    pub(super) record: Record,
    pub(super) final_name: OsString,
    pub(super) message_length: u64,
}

impl Written {
    /// Encrypts a claimed file. On an error nothing of it stays in the output folder.
    pub fn write(
        folders: &Folders,
        claimed: Claimed,
        materials: &EncryptionMaterials,
        data_key_use: &DataKeyUse,
    ) -> Result<Self, SealError> {
        let options = &folders.options;
        let id = claimed.name().id;
        let dir = folders.output_dir(&claimed.home.relative)?;
        let final_name = super::publish::choose_name(folders, &dir, &claimed)?;
        let encryptor = Encryptor::new(materials, options.frame_length)?;
        let length = encryptor.message_length(claimed.size());
        check_free_space(&dir, length)?;

        let leftovers = Leftovers::new(dir, id);
        let path = leftovers.dir.path().join(staged_name(id));
        let file = leftovers.create_staged().map_err(SealError::Output)?;
        let header = serde_json::to_value(HeaderRecord::from(encryptor.header())).unwrap_or_default();
        seal_file(encryptor, &claimed.file, claimed.size(), &file)
            .map_err(|error| SealError::of_pump(error, &claimed.home.path(), &path, SealError::Encrypt))?;
        claimed.check_unchanged()?;
        set_mode(&file, options.output_mode)
            .path_context("set the mode of", &path)
            .map_err(SealError::Output)?;
        start_writeback(&file);
        let record = record(
            folders,
            &claimed,
            &leftovers.dir,
            &final_name,
            header,
            length,
            data_key_use,
        );
        let create = || Draft::create(&leftovers.dir, &draft_name(id), &record).map_err(SealError::Output);
        let draft = folders.orders_output().then(create).transpose()?;
        Ok(Self(Message {
            claimed,
            file,
            leftovers,
            draft,
            record,
            final_name,
            length,
        }))
    }

    /// Makes the message durable. It is on its way to the disk, so one commit of the journal serves many.
    pub fn flush(self) -> Result<Durable, SealError> {
        let Message { leftovers, file, .. } = &self.0;
        rustix::fs::fsync(file)
            .path_context("flush", leftovers.dir.path().join(staged_name(leftovers.id)))
            .map_err(SealError::Output)?;
        Ok(Durable(self.0))
    }
}

impl Durable {
    /// The output folder.
    pub(super) fn dir(&self) -> &Dir {
        &self.0.leftovers.dir
    }

    /// Writes the draft, unless it is there. The message must be durable, and its name where that takes a flush of the
    /// folder: a draft without a staged message means published.
    pub fn draft(self) -> Result<Drafted, SealError> {
        let Message {
            claimed,
            file,
            leftovers,
            draft,
            record,
            final_name,
            length,
        } = self.0;
        let create = || Draft::create(&leftovers.dir, &draft_name(leftovers.id), &record);
        let draft = draft.map_or_else(create, Ok).map_err(SealError::Output)?;
        Ok(Drafted(Staged {
            claimed,
            file,
            leftovers,
            draft,
            record,
            final_name,
            message_length: length,
        }))
    }
}

impl Drafted {
    /// Makes the draft durable no later than the message's final name.
    pub fn flush(self, folders: &Folders) -> Result<Staged, SealError> {
        let Staged { leftovers, draft, .. } = &self.0;
        folders
            .put_before_names(draft.file())
            .path_context("flush", leftovers.dir.path().join(draft_name(leftovers.id)))
            .map_err(SealError::Output)?;
        Ok(self.0)
    }
}

impl Staged {
    /// The output folder.
    pub(super) fn dir(&self) -> &Dir {
        &self.leftovers.dir
    }
}

/// What stands in the output folder under names of our own; removed on drop, unless it was published.
#[derive(Debug)]
pub(super) struct Leftovers {
    pub(super) dir: Arc<Dir>,
    pub(super) id: ClaimId,
    keep: bool,
}

impl Leftovers {
    pub(super) fn new(dir: Arc<Dir>, id: ClaimId) -> Self {
        Self { dir, id, keep: false }
    }

    /// The message is published: from here on the draft is what recovery goes by.
    pub(super) fn published(&mut self) {
        self.keep = true;
    }

    /// Makes the staged message's file, in place of an earlier attempt's, if that could not be removed then.
    fn create_staged(&self) -> Result<File, PathError> {
        let name = staged_name(self.id);
        match self.dir.create_file(&name, 0o600) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                self.undo()?;
                self.dir.create_file(&name, 0o600)
            }
            result => result,
        }
    }

    /// Puts another draft in the place of the durable one, never with a moment without.
    pub(super) fn replace_draft(&self, record: &Record) -> Result<Draft, PathError> {
        let draft = self.new_draft(record)?;
        let new = new_draft_name(self.id);
        rustix::fs::fsync(draft.file()).path_context("flush", self.dir.path().join(&new))?;
        self.dir
            .rename(&new, &self.dir, &draft_name(self.id), Replace::Existing)?;
        self.dir.sync()?;
        Ok(draft)
    }

    /// Writes a draft under the name of one that is to take another's place.
    pub(super) fn new_draft(&self, record: &Record) -> Result<Draft, PathError> {
        let new = new_draft_name(self.id);
        let create = || Draft::create(&self.dir, &new, record);
        match create() {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                self.dir.unlink(&new)?; // an earlier attempt's
                create()
            }
            result => result,
        }
    }

    /// Removes draft and staged message. The draft goes first and durably: a draft without a staged message
    /// means published.
    pub(super) fn undo(&self) -> Result<(), PathError> {
        let draft = draft_name(self.id);
        if self.dir.stat_if_exists(&draft)?.is_some() {
            self.dir.unlink(&draft)?;
            self.dir.sync()?;
        }
        for name in [new_draft_name(self.id), staged_name(self.id)] {
            if self.dir.stat_if_exists(&name)?.is_some() {
                self.dir.unlink(&name)?;
            }
        }
        Ok(())
    }
}

impl Drop for Leftovers {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed now is removed when the claim is taken up again.
            let _ = self.undo();
        }
    }
}

pub(super) fn set_mode(file: &File, mode: u32) -> rustix::io::Result<()> {
    rustix::fs::fchmod(file, rustix::fs::Mode::from_raw_mode(mode))
}

/// Refuses early what would not fit; the disk may still fill up meanwhile, which is an error like any other.
fn check_free_space(dir: &Dir, needed: u64) -> Result<(), SealError> {
    let stat = rustix::fs::fstatvfs(dir)
        .path_context("look at", dir.path())
        .map_err(SealError::Output)?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    if free >= needed {
        return Ok(());
    }
    Err(SealError::NoSpace {
        path: dir.path().to_owned(),
        free,
        needed,
    })
}

fn record(
    folders: &Folders,
    claimed: &Claimed,
    dir: &Dir,
    final_name: &OsStr,
    header: serde_json::Value,
    message_length: u64,
    data_key_use: &DataKeyUse,
) -> Record {
    let input = folders.input.path().join(&claimed.home.relative);
    Record {
        mode: "encrypt".to_owned(),
        input: input.to_string_lossy().into_owned(),
        output: dir.path().join(final_name).to_string_lossy().into_owned(),
        header,
        sealdrop: Details {
            format: 1,
            id: claimed.name().id.to_string(),
            host: folders.host.clone(),
            drop: folders.drop.clone(),
            recovered: false,
            plaintext: claimed.plaintext.clone(),
            ciphertext: Ciphertext {
                size: message_length,
                name_base64: exact_name(final_name),
            },
            data_key: DataKey {
                cache: data_key_use.cache.as_str().to_owned(),
                message: data_key_use.message,
                age_ms: u64::try_from(data_key_use.age.as_millis()).unwrap_or(u64::MAX),
            },
            times: Times {
                arrived: timestamp(claimed.arrived),
                claimed: timestamp(claimed.since),
                durable: timestamp(SystemTime::now()),
                erased: None,
                exposure_ms: None,
            },
            erasure: None,
        },
    }
}
