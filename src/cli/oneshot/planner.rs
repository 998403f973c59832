//! Goes through the inputs: names, patterns and folders become jobs, and what cannot is told.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::options::Files;
use super::plan::{Destination, Job, Naming, Plan, Source};
use super::{glob, special};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::fs::PathContext as _;

/// The way through the inputs.
pub(super) struct Planner<'f> {
    files: &'f Files,
    naming: Option<&'f Naming>,
    /// The output folder, if the output is one.
    folder: Option<PathBuf>,
    output_inode: Option<(u64, u64)>,
    seen: HashSet<(u64, u64)>,
    plan: Plan,
}

impl<'f> Planner<'f> {
    pub(super) fn new(files: &'f Files, naming: Option<&'f Naming>, folder: Option<&Path>) -> Self {
        let output = folder.and_then(|folder| folder.metadata().ok());
        let mut plan = Plan::default();
        if let Some(folder) = folder {
            plan.folders.insert(folder.to_owned(), 0o777);
        }
        Self {
            files,
            naming,
            folder: folder.map(Path::to_owned),
            output_inode: output.map(|stat| (stat.dev(), stat.ino())),
            seen: HashSet::new(),
            plan,
        }
    }

    /// Jobs for all inputs.
    pub(super) fn all(mut self, destination: impl Fn(&Path) -> Destination) -> Result<Plan, Failure> {
        if self.files.input.contains(&PathBuf::from("-")) {
            if self.files.input.len() > 1 {
                return Err(Failure::usage("stdin cannot be one of several inputs"));
            }
            let destination = destination(Path::new("-"));
            self.plan.jobs.push(Job {
                source: Source::Stdin,
                destination,
                size: None,
            });
            return Ok(self.plan);
        }
        for input in &self.files.input {
            self.input(input, &destination);
        }
        Ok(self.plan)
    }

    fn input(&mut self, input: &Path, destination: &dyn Fn(&Path) -> Destination) {
        let is_there = input.symlink_metadata().is_ok();
        let found = if is_there || !glob::is_pattern(input) {
            vec![input.to_owned()]
        } else {
            glob::expand(input)
        };
        if found.is_empty() {
            self.fail(
                input,
                Failure::new(Exit::NoInput, format!("nothing matches {input:?}")),
            );
        }
        for path in found {
            match path.metadata().path_context("open", &path) {
                Ok(stat) if stat.is_dir() && self.files.recursive => {
                    self.walk(&path, &path, &stat, destination);
                }
                Ok(stat) if stat.is_dir() => {
                    let failure = Failure::new(Exit::NoInput, format!("{path:?} is a folder"));
                    self.fail(&path, failure.with_help("add -r to go into folders"));
                }
                Ok(stat) => {
                    let name = path.file_name().unwrap_or_default().to_owned();
                    let name = self.renamed(&name, false).unwrap_or(name);
                    self.job(&path, &stat, Path::new(&name), destination);
                }
                Err(error) => self.fail(&path, Failure::new(Exit::of_reading(&error.source), error)),
            }
        }
    }

    fn walk(
        &mut self,
        root: &Path,
        folder: &Path,
        stat: &Metadata,
        destination: &dyn Fn(&Path) -> Destination,
    ) {
        let inode = (stat.dev(), stat.ino());
        if Some(inode) == self.output_inode || !self.seen.insert(inode) {
            return;
        }
        let relative = folder.strip_prefix(root).unwrap_or(Path::new(""));
        if let Some(output) = &self.folder
            && folder != root
        {
            self.plan
                .folders
                .insert(output.join(relative), stat.mode() & 0o777 | 0o700);
        }
        let entries = fs::read_dir(folder).path_context("list", folder);
        let mut names: Vec<OsString> = match entries {
            Ok(entries) => entries.flatten().map(|entry| entry.file_name()).collect(),
            Err(error) => return self.fail(folder, Failure::new(Exit::of_reading(&error.source), error)),
        };
        names.sort();
        for name in names {
            self.entry(root, relative, &folder.join(&name), destination);
        }
    }

    fn entry(
        &mut self,
        root: &Path,
        relative: &Path,
        path: &Path,
        destination: &dyn Fn(&Path) -> Destination,
    ) {
        let name = path.file_name().unwrap_or_default().to_owned();
        if name.as_bytes().starts_with(b".sealdrop") {
            return self.skip(path, "belongs to a daemon");
        }
        let stat = match path.symlink_metadata() {
            Ok(stat) if stat.is_symlink() && !self.files.follow_symlinks => {
                return self.skip(path, "is a symbolic link; add -L to follow it");
            }
            Ok(stat) if !stat.is_symlink() => Ok(stat),
            _ => path.metadata().path_context("open", path),
        };
        match stat {
            Err(error) => self.fail(path, Failure::new(Exit::of_reading(&error.source), error)),
            Ok(stat) if stat.is_dir() => self.walk(root, path, &stat, destination),
            Ok(stat) if !stat.is_file() => self.skip(path, kind(&stat)),
            Ok(_) if self.naming.is_some_and(|naming| naming.skip_records) && special::is_record(path) => {
                self.skip(path, "is a metadata record");
            }
            Ok(stat) => match self.renamed(&name, true) {
                Some(name) => self.job(path, &stat, &relative.join(name), destination),
                None => self.skip(path, "does not have the suffix to strip"),
            },
        }
    }

    /// The output's name; none if there is no suffix to strip.
    fn renamed(&self, name: &OsStr, in_folder: bool) -> Option<OsString> {
        let Some(naming) = self.naming else {
            return Some(name.to_owned());
        };
        let mut bytes = name.as_bytes().to_vec();
        if let Some(strip) = &naming.strip {
            match bytes.strip_suffix(strip.as_bytes()) {
                Some(rest) if !rest.is_empty() => bytes = rest.to_vec(),
                _ if in_folder => return None,
                _ => bytes.extend(b".decrypted"),
            }
        }
        bytes.extend(naming.suffix.as_bytes());
        Some(OsString::from_vec(bytes))
    }

    fn job(
        &mut self,
        path: &Path,
        stat: &Metadata,
        below: &Path,
        destination: &dyn Fn(&Path) -> Destination,
    ) {
        let output = self
            .folder
            .as_ref()
            .map_or_else(PathBuf::new, |folder| folder.join(below));
        let destination = destination(&output);
        if let Destination::File(output) = &destination
            && output
                .metadata()
                .is_ok_and(|other| (other.dev(), other.ino()) == (stat.dev(), stat.ino()))
        {
            let failure = Failure::usage(format!("{path:?} is its own output {output:?}"));
            return self.fail(path, failure);
        }
        self.plan.jobs.push(Job {
            source: Source::File(path.to_owned()),
            destination,
            size: stat.is_file().then_some(stat.len()),
        });
    }

    fn fail(&mut self, path: &Path, failure: Failure) {
        self.plan.failures.push((path.to_owned(), failure));
    }

    fn skip(&mut self, path: &Path, why: &'static str) {
        self.plan.skipped.push((path.to_owned(), why));
    }
}

fn kind(stat: &Metadata) -> &'static str {
    let kind = stat.file_type();
    if kind.is_fifo() {
        "is a FIFO; name it to read it"
    } else if kind.is_socket() {
        "is a socket"
    } else {
        "is a device; name it to read it"
    }
}
