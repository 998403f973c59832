//! `--erase-input`: each file goes the daemon's own way, from claim to record.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use rustix::fs::{CWD, RenameFlags};
use thiserror::Error;
use tokio::runtime::Handle;

use super::options::Files;
use super::plan::{Job, Source};
use super::pool::{Existing, Work};
use super::progress::Progress;
use super::records::Facts;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::key_failure;
use crate::fs::{Lease, LeaseRefused, PathContext as _, PathError};
use crate::materials::{MaterialsManager, ReservedMaterials};
use crate::message::FrameLength;
use crate::seal::{
    Arrival, CLAIMS, ClaimName, Claimed, Collision, EraseMode, Folders, NotClaimed, Options, Ready,
    Recovered, SealError, claims, recover, seal_one,
};

/// Nobody but the owner: one mode for all, and a plaintext that is gone cannot be asked for its own.
const OUTPUT_MODE: u32 = 0o600;

/// Files that are erased once their messages are durable.
#[derive(Debug)]
pub(in crate::cli) struct Erasing {
    runtime: Handle,
    manager: MaterialsManager,
    folders: Folders,
    /// The input folder as it was given: jobs' paths begin with it.
    root: PathBuf,
    existing: Existing,
    outcomes: Mutex<BTreeMap<&'static str, u64>>,
}

/// What the options say about it.
#[derive(Debug)]
pub(in crate::cli) struct EraseSettings<'o> {
    pub(in crate::cli) output: &'o Path,
    pub(in crate::cli) suffix: String,
    pub(in crate::cli) frame_length: FrameLength,
    pub(in crate::cli) existing: Existing,
}

#[derive(Debug, Error)]
#[error("failed to seal {path:?}")]
struct NotSealed {
    path: PathBuf,
    #[source]
    source: SealError,
}

impl Work for Erasing {
    fn mode(&self) -> &'static str {
        "encrypt"
    }

    fn existing(&self) -> &Existing {
        &self.existing
    }

    fn run(&self, job: &Job, facts: &mut Facts, progress: &Progress) -> Result<u64, Failure> {
        let Source::File(path) = &job.source else {
            return Err(Failure::usage("stdin cannot be erased"));
        };
        let arrival = self.arrive(path)?;
        let size = arrival.file.metadata().map_or(0, |stat| stat.len());
        let mut materials = self.materials(size)?;
        let not_sealed = |source| {
            let exit = Exit::of_cause(&source).unwrap_or(Exit::Io);
            Failure::new(
                exit,
                NotSealed {
                    path: path.clone(),
                    source,
                },
            )
        };
        let claimed = Claimed::claim(&self.folders, arrival).map_err(|NotClaimed { error, stuck }| {
            if let Some(name) = stuck {
                self.put_back(&name, path);
            }
            not_sealed(error)
        })?;
        let name = claimed.name().clone();
        while !materials.cover(claimed.size()) {
            materials = self
                .materials(claimed.size())
                .inspect_err(|_| self.put_back(&name, path))?;
        }
        let ready = Ready { claimed, materials };
        let sealed = seal_one(&self.folders, ready).map_err(|error| {
            self.put_back(&name, path);
            not_sealed(error)
        })?;
        facts.header = serde_json::from_value(sealed.record.header.clone()).ok();
        facts.details = serde_json::to_value(&sealed.record.sealdrop).ok();
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        *outcomes.entry(sealed.erasure.outcome.as_str()).or_default() += 1;
        progress.add(size);
        Ok(sealed.record.sealdrop.plaintext.size)
    }

    fn closing_words(&self) -> Option<String> {
        let outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        let words: Vec<String> = outcomes
            .iter()
            .map(|(outcome, files)| format!("{files} {outcome}"))
            .collect();
        (!words.is_empty()).then(|| format!("erased: {}", words.join(", ")))
    }
}

impl Erasing {
    /// Takes the input folder and the output folder for this process alone.
    pub(in crate::cli) fn open(
        runtime: Handle,
        manager: MaterialsManager,
        files: &Files,
        settings: EraseSettings<'_>,
    ) -> Result<Self, Failure> {
        let root = root(&files.input)?;
        let real = |path: &Path| {
            path.canonicalize()
                .path_context("open", path)
                .map_err(Failure::creating)
        };
        let options = Options {
            suffix: settings.suffix,
            frame_length: settings.frame_length,
            erase: EraseMode::Overwrite,
            verify: true,
            collision: match settings.existing {
                Existing::Replace => Collision::Replace,
                Existing::Keep | Existing::Ask => Collision::Hold,
            },
            leases: true,
            quiet: std::time::Duration::ZERO,
            output_mode: OUTPUT_MODE,
        };
        let (input, output) = (real(&root)?, real(settings.output)?);
        if input == output {
            return Err(Failure::usage(
                "--erase-input needs an output folder other than the input's",
            ));
        }
        let folders = Folders::open("one-shot", &input, &output, options)
            .map_err(|error| Failure::new(Exit::of_cause(&error).unwrap_or(Exit::CannotCreate), error))?;
        let mut left = 0;
        claims(&folders, |_| left += 1).map_err(Failure::creating)?;
        if left > 0 {
            let why = format!("{:?} holds {left} claimed files", input.join(CLAIMS));
            let help = "a daemon or an earlier run was interrupted: `sealdrop run` with a drop of these folders finishes them";
            return Err(Failure::new(Exit::CannotCreate, why).with_help(help));
        }
        Ok(Self {
            runtime,
            manager,
            folders,
            root,
            existing: settings.existing,
            outcomes: Mutex::default(),
        })
    }

    fn materials(&self, size: u64) -> Result<ReservedMaterials, Failure> {
        let wanted = self.manager.encryption_materials(size);
        self.runtime
            .block_on(wanted)
            .map_err(|error| key_failure::to_seal(&error))
    }

    /// Opens a file that nobody may be writing to.
    fn arrive(&self, path: &Path) -> Result<Arrival, Failure> {
        let reading = |error: PathError| Failure::new(Exit::of_reading(&error.source), error);
        let relative = path.strip_prefix(&self.root).unwrap_or(path).to_owned();
        let mut dir = self.folders.input().reopen().map_err(reading)?;
        for component in relative.parent().into_iter().flat_map(Path::components) {
            dir = dir.open_dir(component.as_os_str()).map_err(reading)?;
        }
        let file: File = dir
            .open_file(relative.file_name().unwrap_or_default())
            .map_err(reading)?;
        let lease = match Lease::take(&file) {
            Ok(lease) => Some(lease),
            Err(LeaseRefused::OpenForWriting) => {
                return Err(Failure::new(Exit::Io, format!("{path:?} is open for writing")));
            }
            Err(_) => None,
        };
        Ok(Arrival {
            dir: Arc::new(dir),
            relative,
            file,
            lease,
            arrived: SystemTime::now(),
        })
    }

    /// A file that could not be sealed goes back to where it was, unless its message stands already.
    fn put_back(&self, claim: &ClaimName, path: &Path) {
        if !matches!(recover(&self.folders, claim), Ok(Recovered::Unsealed)) {
            return;
        }
        let relative = path.strip_prefix(&self.root).unwrap_or(path);
        let home = self.root.join(CLAIMS).join(claim.file_name());
        let back = rustix::fs::renameat_with(CWD, home.join(relative), CWD, path, RenameFlags::NOREPLACE);
        if back.is_ok() {
            let folders = relative.ancestors().skip(1).map(|folder| home.join(folder));
            folders
                .take_while(|folder| std::fs::remove_dir(folder).is_ok())
                .for_each(drop);
        }
    }
}

/// The claim folder goes if nothing is in it.
impl Drop for Erasing {
    fn drop(&mut self) {
        let _ = self.folders.remove_spares();
        let _ = self.folders.input().remove_dir(OsStr::new(CLAIMS));
    }
}

/// The one folder that all inputs are, or stand in.
fn root(inputs: &[PathBuf]) -> Result<PathBuf, Failure> {
    let folder = |path: &PathBuf| match path.parent() {
        _ if path.is_dir() => path.clone(),
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut folders: Vec<PathBuf> = inputs.iter().map(folder).collect();
    folders.dedup();
    match folders.as_slice() {
        [one] => Ok(one.clone()),
        _ => Err(Failure::usage(
            "--erase-input takes the files of one folder at a time",
        )),
    }
}
