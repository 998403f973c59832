//! `sealdrop inspect`: what a message's header says, before anything of it is proven.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;
use thiserror::Error;

use super::base64_stream::Decoded;
use super::exit::Exit;
use super::failure::Failure;
use super::output;
use crate::message::{
    DecryptOptions, HeaderAuthRecord, HeaderError, HeaderProgress, HeaderReader, HeaderRecord,
    UnverifiedHeader, looks_like_base64,
};

/// Print the unverified header of messages as JSON; needs no key
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sealdrop inspect var/out/report.csv.encrypted
  sealdrop inspect out/*.encrypted | jq '.header.encryption_context'

One JSON object per file. Nothing in it is proven: only decrypt and verify check the header's tag.")]
pub(super) struct Arguments {
    /// Messages, raw or in base64; \"-\" for stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Bytes that are read at a time; most headers are shorter.
const STEP: usize = 4096;

/// Why a header could not be shown.
#[derive(Debug, Error)]
enum InspectError {
    #[error("failed to read {path:?}")]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    #[error("{path:?} does not begin with a message")]
    Header {
        path: PathBuf,
        #[source]
        source: HeaderError,
    },
}

#[derive(Serialize)]
struct Inspected {
    file: String,
    /// Said in every object, so that nobody takes it for more.
    verified: bool,
    base64: bool,
    header_length: usize,
    header: HeaderRecord,
    header_auth: HeaderAuthRecord,
}

pub(super) fn run(arguments: &Arguments) -> Exit {
    let mut worst = Exit::Done;
    for path in &arguments.files {
        match inspect(path) {
            Ok(json) => output::line(json),
            Err(error) => {
                let failure = failure(error);
                output::failure(&failure);
                worst = worst.max(failure.exit);
            }
        }
    }
    worst
}

fn failure(error: InspectError) -> Failure {
    let exit = match &error {
        InspectError::Read { source, .. } => Exit::of_reading(source),
        InspectError::Header { .. } => Exit::Data,
    };
    Failure::new(exit, error)
}

fn inspect(path: &Path) -> Result<String, InspectError> {
    let read_error = |source| InspectError::Read {
        path: path.to_owned(),
        source,
    };
    let mut input: Box<dyn Read> = match path.to_str() {
        Some("-") => Box::new(io::stdin()),
        _ => Box::new(File::open(path).map_err(read_error)?),
    };
    let mut start = Vec::new();
    input
        .by_ref()
        .take(STEP as u64)
        .read_to_end(&mut start)
        .map_err(read_error)?;
    let base64 = looks_like_base64(&start);
    let whole = io::Cursor::new(start).chain(input);
    let header = if base64 {
        header(path, Decoded::new(whole))?
    } else {
        header(path, whole)?
    };
    let inspected = Inspected {
        file: path.to_string_lossy().into_owned(),
        verified: false,
        base64,
        header_length: header.bytes().len(),
        header: HeaderRecord::from(header.header()),
        header_auth: HeaderAuthRecord::from(&header),
    };
    serde_json::to_string_pretty(&inspected).map_err(|error| read_error(error.into()))
}

/// Reads no more than the header.
fn header(path: &Path, mut input: impl Read) -> Result<UnverifiedHeader, InspectError> {
    let header_error = |source| InspectError::Header {
        path: path.to_owned(),
        source,
    };
    let mut reader = HeaderReader::new(&DecryptOptions::inspect());
    let mut buffer = [0; STEP];
    loop {
        let read = input.read(&mut buffer).map_err(|source| InspectError::Read {
            path: path.to_owned(),
            source,
        })?;
        if read == 0 {
            return Err(header_error(reader.truncated()));
        }
        let bytes = buffer.get(..read).unwrap_or_default();
        match reader.update(bytes).map_err(header_error)? {
            HeaderProgress::Complete { header, .. } => return Ok(*header),
            HeaderProgress::NeedMore => {}
        }
    }
}
