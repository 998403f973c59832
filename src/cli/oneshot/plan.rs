//! From `--input` and `--output` to one job per file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::options::Files;
use super::planner::Planner;
use super::{glob, special};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::fs::PathContext as _;

/// Where a job reads from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Source {
    Stdin,
    File(PathBuf),
}

/// Where a job writes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Destination {
    Nowhere,
    Stdout,
    /// A regular file, which appears whole.
    File(PathBuf),
    /// Something else that is there already: a device, a FIFO.
    Special(PathBuf),
}

/// One file's work.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Job {
    pub(in crate::cli) source: Source,
    pub(in crate::cli) destination: Destination,
    /// Bytes to read, where they can be known.
    pub(in crate::cli) size: Option<u64>,
}

/// How an output is named after its input, if the output is a folder.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Naming {
    /// What is appended.
    pub(in crate::cli) suffix: String,
    /// What is taken away first, and must be there in a folder.
    pub(in crate::cli) strip: Option<String>,
    /// Whether sealdrop's own metadata records are left out of folders.
    pub(in crate::cli) skip_records: bool,
}

/// All work, and what could not become work.
#[derive(Debug, Default)]
pub(in crate::cli) struct Plan {
    pub(in crate::cli) jobs: Vec<Job>,
    /// Inputs that are not there or may not be read.
    pub(in crate::cli) failures: Vec<(PathBuf, Failure)>,
    /// What was left out of folders, and why.
    pub(in crate::cli) skipped: Vec<(PathBuf, &'static str)>,
    /// Folders to make, with their permission bits.
    pub(super) folders: BTreeMap<PathBuf, u32>,
}

impl Plan {
    /// Work without outputs.
    pub(in crate::cli) fn to_nowhere(files: &Files, naming: &Naming) -> Result<Self, Failure> {
        Planner::new(files, Some(naming), None).all(|_| Destination::Nowhere)
    }

    /// Work with an output for each input.
    pub(in crate::cli) fn to_output(files: &Files, output: &Path, naming: &Naming) -> Result<Self, Failure> {
        if output == Path::new("-") {
            return Planner::new(files, None, None)
                .all(|_| Destination::Stdout)?
                .single();
        }
        if output.is_dir() || files.needs_folder() {
            if files.input == [Path::new("-")] {
                return Err(Failure::usage("stdin needs a file as its output, not a folder"));
            }
            if !output.is_dir() && output.exists() {
                return Err(Failure::usage(format!(
                    "{output:?} is not a folder, and several inputs need one"
                )));
            }
            let planner = Planner::new(files, Some(naming), Some(output));
            return planner.all(|path| Destination::File(path.to_owned()))?.distinct();
        }
        let destination = if special::is_special(output) {
            Destination::Special(output.to_owned())
        } else {
            Destination::File(output.to_owned())
        };
        Planner::new(files, None, None)
            .all(|_| destination.clone())?
            .single()
    }

    /// Refuses more than one file for one output.
    fn single(self) -> Result<Self, Failure> {
        if self.jobs.len() > 1 {
            return Err(Failure::usage("several inputs need a folder as their output"));
        }
        Ok(self)
    }

    /// Refuses two inputs with one output, and an output that is an input.
    fn distinct(mut self) -> Result<Self, Failure> {
        let mut seen: BTreeSet<&Path> = BTreeSet::new();
        for job in &self.jobs {
            if let (Destination::File(path), Source::File(source)) = (&job.destination, &job.source)
                && !seen.insert(path)
            {
                return Err(Failure::usage(format!(
                    "two inputs would become {path:?}; one of them is {source:?}"
                )));
            }
        }
        let wanted: BTreeSet<PathBuf> = self.jobs.iter().flat_map(folders_above).collect();
        self.folders.retain(|folder, _| wanted.contains(folder));
        Ok(self)
    }

    /// Makes the folders that outputs need.
    pub(in crate::cli) fn make_folders(&self) -> Result<(), Failure> {
        for (folder, mode) in &self.folders {
            if !folder.is_dir() {
                let made = DirBuilder::new()
                    .mode(*mode)
                    .create(folder)
                    .path_context("make the folder", folder);
                made.map_err(|error| Failure::new(Exit::of_creating(&error.source), error))?;
            }
        }
        Ok(())
    }

    /// The sum of the sizes that are known.
    pub(in crate::cli) fn bytes(&self) -> u64 {
        self.jobs.iter().filter_map(|job| job.size).sum()
    }
}

fn folders_above(job: &Job) -> Vec<PathBuf> {
    match &job.destination {
        Destination::File(path) => path.ancestors().skip(1).map(Path::to_owned).collect(),
        _ => Vec::new(),
    }
}

impl Files {
    fn needs_folder(&self) -> bool {
        let several = self.input.len() > 1;
        several
            || self
                .input
                .iter()
                .any(|path| path.is_dir() || (!path.exists() && glob::is_pattern(path)))
    }
}
