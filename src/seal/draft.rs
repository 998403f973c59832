//! The draft: the record before its end is known. Durable before publish, and completed in place to the record.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ClaimId;
use super::record::{Record, timestamp};
use crate::fs::{Dir, PathContext, PathError, start_writeback};

/// Where a draft and the record that it becomes may begin to differ. No text of a JSON string can look like it.
const FIRST_DIFFERENCE: &str = ",\"durable\":\"";

/// The draft's name.
pub(super) fn draft_name(id: ClaimId) -> OsString {
    format!(".sealdrop-{id}.json").into()
}

/// The name of a draft that is to take the place of another.
pub(super) fn new_draft_name(id: ClaimId) -> OsString {
    format!(".sealdrop-{id}.json.new").into()
}

/// A draft that this process has written.
#[derive(Debug)]
pub(super) struct Draft {
    file: File,
    line: Vec<u8>,
}

impl Draft {
    /// Writes a draft under a new name, for nobody else to read or to change; it is on its way to the disk.
    pub(super) fn create(dir: &Dir, name: &OsStr, record: &Record) -> Result<Self, PathError> {
        let path = || dir.path().join(name);
        let line = line(record).path_context("write", path())?;
        let file = dir.create_file(name, 0o600)?;
        file.write_all_at(&line, 0).path_context("write", path())?;
        start_writeback(&file);
        Ok(Self { file, line })
    }

    /// Completes it to the record; no byte is written anew that recovery needs, so whenever that is interrupted, the
    /// draft is still there. It is on its way to the disk.
    pub(super) fn complete(&mut self, dir: &Dir, name: &OsStr, record: &Record) -> Result<(), PathError> {
        let path = || dir.path().join(name);
        let new = line(record).path_context("write", path())?;
        let same = self
            .line
            .iter()
            .zip(&new)
            .take_while(|(old, new)| old == new)
            .count();
        let rest = new.get(same..).unwrap_or_default();
        self.file
            .write_all_at(rest, same as u64)
            .path_context("write", path())?;
        self.line = new;
        start_writeback(&self.file);
        Ok(())
    }

    /// The open file.
    pub(super) fn file(&self) -> &File {
        &self.file
    }
}

fn line(record: &Record) -> std::io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(record)?;
    line.push(b'\n');
    Ok(line)
}

/// The draft in a text, and that of one whose completion was interrupted: its end is what is missing.
pub(super) fn parse(text: &str) -> Result<Record, serde_json::Error> {
    serde_json::from_str(text).or_else(|error| {
        let Some((whole, _)) = text.split_once(FIRST_DIFFERENCE) else {
            return Err(error);
        };
        let now = timestamp(SystemTime::now());
        serde_json::from_str(&format!("{whole}{FIRST_DIFFERENCE}{now}\"}}}}}}"))
    })
}

/// What a record needs beside `output` to say the message's file name exactly: its bytes in base64 if they are not UTF-8.
pub(super) fn exact_name(name: &OsStr) -> Option<String> {
    name.to_str().is_none().then(|| STANDARD.encode(name.as_bytes()))
}

/// The message's file name; `None` if the draft is damaged.
pub(super) fn final_name(record: &Record) -> Option<OsString> {
    let name = match &record.sealdrop.ciphertext.name_base64 {
        Some(exact) => OsString::from_vec(STANDARD.decode(exact).ok()?),
        None => Path::new(&record.output).file_name()?.to_owned(),
    };
    let bytes = name.as_bytes();
    let plain = !bytes.is_empty() && !bytes.contains(&b'/') && bytes != b"." && bytes != b"..";
    plain.then_some(name)
}
