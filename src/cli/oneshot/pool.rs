//! Runs the jobs on several threads; one that fails does not stop the others.

use std::collections::BTreeSet;
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::interrupt::{self, OnSignal};
use super::keys::KeyCounts;
use super::options::{RecordOptions, Talk};
use super::plan::{Destination, Job, Plan};
use super::progress::Progress;
use super::records::{Facts, Records};
use super::summary::{Summary, Tally};
use super::whole_file::WholeFile;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::fs::{Dir, Replace};

/// What becomes of an output that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Existing {
    Replace,
    Keep,
    Ask,
}

/// One kind of work.
pub(in crate::cli) trait Work: Sync {
    /// Its name in the metadata.
    fn mode(&self) -> &'static str;
    /// What becomes of an output that is there already.
    fn existing(&self) -> &Existing;
    /// Does one job and fills in what its line says; gives the bytes of plaintext.
    fn run(&self, job: &Job, facts: &mut Facts, progress: &Progress) -> Result<u64, Failure>;
    /// What else is to be said at the end.
    fn closing_words(&self) -> Option<String> {
        None
    }
}

impl Existing {
    /// Gives an output its name.
    pub(super) fn publish(self, output: WholeFile) -> Result<(), Failure> {
        let replace = if self == Self::Keep {
            Replace::Never
        } else {
            Replace::Existing
        };
        output.publish(replace).map_err(Failure::creating)
    }
}

/// What jobs share.
struct Pool<'p> {
    work: &'p dyn Work,
    records: Records,
    progress: Progress,
    tally: Tally,
    worst: Mutex<Exit>,
    talk: &'p Talk,
    asking: Mutex<()>,
    stopped: AtomicBool,
    /// Folders with new names.
    folders: Mutex<BTreeSet<PathBuf>>,
}

/// Does all jobs and says how it went; the exit code is the worst of theirs.
pub(in crate::cli) fn run_jobs(
    work: &dyn Work,
    plan: &Plan,
    records: &RecordOptions,
    talk: &Talk,
    keys: &Arc<KeyCounts>,
) -> Result<Exit, Failure> {
    let began = Instant::now();
    plan.make_folders()?;
    let known = plan.jobs.iter().all(|job| job.size.is_some());
    let mut pool = Pool {
        work,
        records: Records::open(records, work.mode(), &plan.jobs)?,
        progress: Progress::new(known.then(|| plan.bytes()), talk.quiet),
        tally: Tally::default(),
        worst: Mutex::new(Exit::Done),
        talk,
        asking: Mutex::new(()),
        stopped: AtomicBool::new(false),
        folders: Mutex::default(),
    };
    for (_, failure) in &plan.failures {
        pool.failed(failure);
    }
    for (path, why) in &plan.skipped {
        pool.skipped(path, why);
    }
    pool.run_all(&plan.jobs);
    pool.flush_folders();
    pool.progress.finish();
    let to_stdout = plan.jobs.iter().any(|job| job.destination == Destination::Stdout);
    pool.summarise(keys, began, to_stdout || records.to_stdout());
    Ok(pool.worst.into_inner().unwrap_or_else(PoisonError::into_inner))
}

impl Pool<'_> {
    /// More threads than cores, as each file waits for the disk at its end.
    fn run_all(&self, jobs: &[Job]) {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let threads = (cores * 2).clamp(4, 32).min(jobs.len());
        let next = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(|| {
                    while let Some(job) = self.next(jobs, &next) {
                        self.one(job);
                    }
                });
            }
        });
    }

    /// The next job, until a signal says that it is enough.
    fn next<'j>(&self, jobs: &'j [Job], next: &AtomicUsize) -> Option<&'j Job> {
        let job = jobs.get(next.fetch_add(1, Ordering::Relaxed))?;
        if !interrupt::is_stopping() {
            return Some(job);
        }
        if !self.stopped.swap(true, Ordering::Relaxed) {
            self.failed(&Failure::new(
                Exit::Io,
                "stopped by a signal; the files begun are finished",
            ));
        }
        None
    }

    fn one(&self, job: &Job) {
        if let Destination::File(path) = &job.destination
            && path.symlink_metadata().is_ok()
            && !self.may_replace(path)
        {
            return self.skipped(path, "is there already");
        }
        let mut facts = Facts::default();
        let ended = self.work.run(job, &mut facts, &self.progress);
        let written = self.records.write(job, &facts, ended.as_ref().err());
        match ended {
            Ok(bytes) => {
                self.named(job);
                self.tally.files.fetch_add(1, Ordering::Relaxed);
                self.tally.bytes.fetch_add(bytes, Ordering::Relaxed);
                tracing::info!("{} {:?} -> {:?}", self.work.mode(), job.source, job.destination);
            }
            Err(failure) => self.failed(&failure),
        }
        if let Err(failure) = written {
            self.failed(&failure);
        }
    }

    fn may_replace(&self, path: &Path) -> bool {
        match self.work.existing() {
            Existing::Keep => false,
            Existing::Replace => {
                if !self.talk.quiet {
                    self.say(format_args!(
                        "sealdrop: {path:?} is there already and is replaced"
                    ));
                }
                true
            }
            Existing::Ask => {
                let _one_at_a_time = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
                self.progress.suspend(|| ask(path))
            }
        }
    }

    fn failed(&self, failure: &Failure) {
        self.tally.failed.fetch_add(1, Ordering::Relaxed);
        let mut worst = self.worst.lock().unwrap_or_else(PoisonError::into_inner);
        *worst = failure.exit.max(*worst);
        drop(worst);
        self.progress.suspend(|| output::failure(failure));
    }

    fn skipped(&self, path: &Path, why: &str) {
        self.tally.skipped.fetch_add(1, Ordering::Relaxed);
        if !self.talk.quiet && why != "is a metadata record" {
            self.say(format_args!("sealdrop: skipped {path:?}: it {why}"));
        }
    }

    fn say(&self, text: impl std::fmt::Display) {
        self.progress.suspend(|| output::complain(text));
    }

    /// Makes the new names durable, each folder once.
    fn flush_folders(&mut self) {
        let folders = std::mem::take(self.folders.get_mut().unwrap_or_else(PoisonError::into_inner));
        for folder in folders {
            if let Err(error) = Dir::open(&folder).and_then(|dir| dir.sync()) {
                self.failed(&Failure::new(Exit::Io, error));
            }
        }
    }

    /// A new name is in this job's folder.
    fn named(&self, job: &Job) {
        if let Destination::File(path) = &job.destination {
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
            if !folders.contains(folder) {
                folders.insert(folder.to_owned());
            }
        }
    }

    fn summarise(&self, keys: &KeyCounts, began: Instant, stdout_is_taken: bool) {
        if let Some(words) = self.work.closing_words().filter(|_| !self.talk.quiet) {
            output::complain(words);
        }
        let summary = Summary::new(self.work.mode(), &self.tally, keys, began.elapsed());
        if self.talk.json {
            let text = serde_json::to_string(&summary).unwrap_or_default();
            if stdout_is_taken {
                output::complain(text);
            } else {
                output::line(text);
            }
        } else if !self.talk.quiet && (io::stderr().is_terminal() || self.talk.verbose > 0) {
            output::complain(summary);
        }
    }
}

impl RecordOptions {
    fn to_stdout(&self) -> bool {
        self.metadata_output.as_deref() == Some(Path::new("-"))
    }
}

/// Anything but y keeps the file.
fn ask(path: &Path) -> bool {
    let _ = write!(io::stderr(), "Overwrite existing output file {path:?}? [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok() && answer.trim().eq_ignore_ascii_case("y")
}

/// A runtime for the key service's calls; the work itself is done on threads of its own.
pub(in crate::cli) fn runtime(on_signal: OnSignal) -> Result<tokio::runtime::Runtime, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(Exit::Io, error))?;
    interrupt::listen(runtime.handle(), on_signal);
    Ok(runtime)
}
