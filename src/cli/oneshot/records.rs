//! The metadata lines: aws-encryption-cli's keys, written once it is known how a file ended.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf, absolute};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use serde_json::Value;

use super::options::RecordOptions;
use super::plan::{Destination, Job, Source};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::fs::PathContext as _;
use crate::message::{HeaderAuthRecord, HeaderRecord};

/// What is known of a message when its line is written; keys stand in alphabetical order.
#[derive(Clone, Debug, Default, Serialize)]
pub(in crate::cli) struct Facts {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) header: Option<HeaderRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) header_auth: Option<HeaderAuthRecord>,
    #[serde(flatten)]
    pub(super) mismatch: Option<Mismatch>,
    /// What aws-encryption-cli does not say.
    #[serde(rename = "sealdrop", skip_serializing_if = "Option::is_none")]
    pub(super) details: Option<Value>,
}

/// Why a message was not opened although it could have been.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Mismatch {
    pub(super) missing_encryption_context_keys: Vec<String>,
    pub(super) missing_encryption_context_pairs: Vec<(String, String)>,
    pub(super) reason: &'static str,
    pub(super) skipped: bool,
}

#[derive(Serialize)]
struct Line<'l> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'l str>,
    #[serde(flatten)]
    facts: &'l Facts,
    input: String,
    mode: &'static str,
    output: String,
}

/// Where lines go, if anywhere.
#[derive(Debug)]
pub(super) struct Records {
    mode: &'static str,
    sink: Option<(Mutex<Lines>, PathBuf)>,
}

#[derive(Debug)]
enum Lines {
    Stdout,
    File(File),
}

impl Records {
    /// Opens the file, before any work is done.
    pub(super) fn open(options: &RecordOptions, mode: &'static str, jobs: &[Job]) -> Result<Self, Failure> {
        let Some(path) = &options.metadata_output else {
            return Ok(Self { mode, sink: None });
        };
        if path == Path::new("-") {
            if jobs.iter().any(|job| job.destination == Destination::Stdout) {
                return Err(Failure::usage(
                    "--metadata-output and --output cannot both be stdout",
                ));
            }
            return Ok(Self {
                mode,
                sink: Some((Mutex::new(Lines::Stdout), path.clone())),
            });
        }
        let real = |path: &Path| {
            path.canonicalize()
                .or_else(|_| absolute(path))
                .unwrap_or_default()
        };
        let own = real(path);
        let is_own = |other: &Path| real(other) == own;
        let taken = jobs.iter().any(|job| {
            matches!(&job.source, Source::File(path) if is_own(path))
                || matches!(&job.destination, Destination::File(path) if is_own(path))
        });
        if taken {
            return Err(Failure::usage(format!(
                "--metadata-output {path:?} is an input or an output"
            )));
        }
        let mut open = OpenOptions::new();
        open.create(true).append(true);
        let opened = open.open(path).and_then(|file| {
            if options.overwrite_metadata {
                file.set_len(0)?;
            }
            Ok(file)
        });
        let file = opened
            .path_context("open the metadata file", path)
            .map_err(|error| Failure::new(Exit::of_creating(&error.source), error))?;
        Ok(Self {
            mode,
            sink: Some((Mutex::new(Lines::File(file)), path.clone())),
        })
    }

    /// Writes one file's line, in one piece.
    pub(super) fn write(&self, job: &Job, facts: &Facts, error: Option<&Failure>) -> Result<(), Failure> {
        let Some((lines, path)) = &self.sink else {
            return Ok(());
        };
        let error = error.map(Failure::text);
        let line = Line {
            error: error.as_deref(),
            facts,
            input: source_name(&job.source),
            mode: self.mode,
            output: destination_name(&job.destination),
        };
        // By way of a value, whose keys are sorted.
        let text = serde_json::to_value(&line)
            .map(|value| format!("{value}\n"))
            .map_err(io::Error::other);
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        let written = text.and_then(|text| match &mut *lines {
            Lines::Stdout => io::stdout().write_all(text.as_bytes()),
            Lines::File(file) => file.write_all(text.as_bytes()),
        });
        written
            .path_context("write the metadata to", path)
            .map_err(|error| Failure::new(Exit::Io, error))
    }
}

fn full(path: &Path) -> String {
    let path = absolute(path).unwrap_or_else(|_| path.to_owned());
    path.to_string_lossy().into_owned()
}

fn source_name(source: &Source) -> String {
    match source {
        Source::Stdin => "<stdin>".to_owned(),
        Source::File(path) => full(path),
    }
}

fn destination_name(destination: &Destination) -> String {
    match destination {
        Destination::Nowhere => "<nowhere>".to_owned(),
        Destination::Stdout => "<stdout>".to_owned(),
        Destination::File(path) | Destination::Special(path) => full(path),
    }
}
