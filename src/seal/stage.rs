//! Stage: the ciphertext and the draft of its record, durable under names of our own.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;
use std::time::SystemTime;

use super::record::{Ciphertext, DataKey, Details, Draft, Record, Times, timestamp};
use super::seal_body::seal_file;
use super::{ClaimId, Claimed, Folders, SealError};
use crate::fs::{Dir, PathContext, PathError, Replace, start_writeback};
use crate::materials::DataKeyUse;
use crate::message::{EncryptionMaterials, Encryptor, HeaderRecord};

/// The staged message's temporary name.
pub(super) fn staged_name(id: ClaimId) -> OsString {
    format!(".sealdrop-{id}.part").into()
}

/// The draft record's name.
pub(super) fn draft_name(id: ClaimId) -> OsString {
    format!(".sealdrop-{id}.json").into()
}

/// The name of a record or draft that is being written.
pub(super) fn record_name_in_progress(id: ClaimId) -> OsString {
    format!(".sealdrop-{id}.json.new").into()
}

/// Ciphertext and draft are durable; nothing has a final name yet.
#[derive(Debug)]
pub struct Staged {
    pub(super) claimed: Claimed,
    pub(super) file: File,
    pub(super) leftovers: Leftovers,
    pub(super) draft: Draft,
    pub(super) final_name: OsString,
    pub(super) message_length: u64,
}

impl Staged {
    /// Encrypts a claimed file. On an error nothing of it stays in the output folder.
    pub fn stage(
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
        let message_length = encryptor.message_length(claimed.size());
        check_free_space(&dir, message_length)?;

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

        let record = record(
            folders,
            &claimed,
            &leftovers.dir,
            &final_name,
            header,
            message_length,
            data_key_use,
        );
        let draft = Draft::new(&final_name, record);
        leftovers
            .write_draft(&draft)
            .and_then(|draft| flush_both(&leftovers, &file, &draft))
            .and_then(|()| folders.flush_names(&leftovers.dir))
            .map_err(SealError::Output)?;
        Ok(Self {
            claimed,
            file,
            leftovers,
            draft,
            final_name,
            message_length,
        })
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

    /// Writes the draft, to be flushed.
    fn write_draft(&self, draft: &Draft) -> Result<File, PathError> {
        write_json(&self.dir, &draft_name(self.id), None, draft)
    }

    /// Puts another draft in the place of the durable one, never with a moment without.
    pub(super) fn replace_draft(&self, draft: &Draft) -> Result<(), PathError> {
        let new = record_name_in_progress(self.id);
        let file = write_json(&self.dir, &new, None, draft)?;
        rustix::fs::fsync(&file).path_context("flush", self.dir.path().join(&new))?;
        self.dir
            .rename(&new, &self.dir, &draft_name(self.id), Replace::Existing)?;
        self.dir.sync()
    }

    /// Removes draft and staged message. The draft goes first and durably: a draft without a staged message
    /// means published.
    pub(super) fn undo(&self) -> Result<(), PathError> {
        let draft = draft_name(self.id);
        if self.dir.stat_if_exists(&draft)?.is_some() {
            self.dir.unlink(&draft)?;
            self.dir.sync()?;
        }
        for name in [record_name_in_progress(self.id), staged_name(self.id)] {
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

/// Writes a new file of one JSON line, with a mode that the umask does not change, or for nobody else.
pub(super) fn write_json(
    dir: &Dir,
    name: &OsStr,
    mode: Option<u32>,
    value: &impl serde::Serialize,
) -> Result<File, PathError> {
    let path = dir.path().join(name);
    let mut line = serde_json::to_vec(value)
        .map_err(std::io::Error::from)
        .path_context("write", &path)?;
    line.push(b'\n');
    let mut file = dir.create_file(name, 0o600)?;
    if let Some(mode) = mode {
        set_mode(&file, mode).path_context("set the mode of", &path)?;
    }
    file.write_all(&line).path_context("write", &path)?;
    Ok(file)
}

/// Makes message and draft durable. Both are on their way to the disk before the first is waited for, so that one commit
/// of the journal serves both. Their folder entries come with it on every file system that journals its directories.
fn flush_both(leftovers: &Leftovers, message: &File, draft: &File) -> Result<(), PathError> {
    start_writeback(message);
    start_writeback(draft);
    for (file, name) in [
        (message, staged_name(leftovers.id)),
        (draft, draft_name(leftovers.id)),
    ] {
        rustix::fs::fsync(file).path_context("flush", leftovers.dir.path().join(name))?;
    }
    Ok(())
}

fn set_mode(file: &File, mode: u32) -> rustix::io::Result<()> {
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
            ciphertext: Ciphertext { size: message_length },
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
