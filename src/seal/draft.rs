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

/// Where a draft and the record that it becomes may begin to differ. No text of a JSON string can look like it; a key of the
/// encryption context can, but stands before.
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
        let Some((whole, _)) = text.rsplit_once(FIRST_DIFFERENCE) else {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal::record::{Erasure, Outcome};

    fn draft() -> Record {
        serde_json::from_str(
            r#"{"mode":"encrypt","input":"/in/a,\"durable\":\"b","output":"/out/a.encrypted","header":{"encryption_context":{"a":"b","durable":"c"}},"sealdrop":
            {"format":1,"id":"0","host":"h","drop":"d","recovered":false,
            "plaintext":{"name":"a,\"durable\":\"b","size":1,"modified":"m","uid":0,"gid":0,"mode":"0600"},
            "ciphertext":{"size":2},"data_key":{"cache":"hit","message":1,"age_ms":0},
            "times":{"arrived":"a","claimed":"c","durable":"2026-01-01T00:00:00.000Z"}}}"#,
        )
        .unwrap()
    }

    fn completed() -> Record {
        let mut record = draft();
        record.sealdrop.times.durable = "2026-01-01T00:00:00.001Z".to_owned();
        record.sealdrop.times.erased = Some("2026-01-01T00:00:00.002Z".to_owned());
        record.sealdrop.times.exposure_ms = Some(1.5);
        record.sealdrop.erasure = Some(Erasure {
            outcome: Outcome::NeverAllocated,
            residue: Vec::new(),
        });
        record
    }

    #[test]
    fn a_completion_that_is_interrupted_anywhere_leaves_the_draft() {
        let folder = tempfile::tempdir().unwrap();
        let dir = Dir::open(folder.path()).unwrap();
        let name = draft_name(ClaimId::random().unwrap());
        let mut file = Draft::create(&dir, &name, &draft()).unwrap();
        let before = file.line.clone();
        file.complete(&dir, &name, &completed()).unwrap();
        let after = std::fs::read(folder.path().join(&name)).unwrap();
        assert_eq!(after, line(&completed()).unwrap());
        // Whatever of the new bytes has arrived, over the old end or over zeros.
        let same = before.iter().zip(&after).take_while(|(a, b)| a == b).count();
        for kept in [same, before.len()] {
            for arrived in same..after.len() {
                let mut torn = before[..kept].to_vec();
                torn.resize(after.len(), 0);
                torn[..arrived].copy_from_slice(&after[..arrived]);
                let text = String::from_utf8(torn).unwrap();
                let found = parse(&text).unwrap_or_else(|error| panic!("{arrived}: {error}: {text}"));
                assert_eq!(found.sealdrop.plaintext.name, "a,\"durable\":\"b");
                assert_eq!(found.sealdrop.times.claimed, "c");
            }
        }
    }

    #[test]
    fn a_final_name_is_a_name_and_exact() {
        let of = |output: &str, exact: Option<String>| {
            let mut record = draft();
            record.output = output.to_owned();
            record.sealdrop.ciphertext.name_base64 = exact;
            final_name(&record)
        };
        assert_eq!(of("/out/a.encrypted", None).unwrap(), "a.encrypted");
        let name = OsStr::from_bytes(b"a\xff.encrypted");
        assert_eq!(of("/out/a\u{fffd}.encrypted", exact_name(name)).unwrap(), name);
        for bad in ["", "..", "a/b"] {
            assert_eq!(of("/out/a", Some(STANDARD.encode(bad))), None, "{bad:?}");
        }
        assert_eq!(exact_name(OsStr::new("a")), None);
    }
}
