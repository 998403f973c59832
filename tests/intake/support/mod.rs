//! The watch layer, driven the way the daemon does, and producers in processes of their own.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use sealdrop::fs::probe_leases;
use sealdrop::watch::{
    Candidate, Folder, Gate, HeldReason, Hint, Hints, LeaseMode, Look, Options, Outcome, Scan, Scanner,
    Settled, Unsettled, settle,
};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::Receiver;

mod daemon;
mod producer;

pub use daemon::{Daemon, files_below, for_each_opened, long};
pub use producer::{Producer, as_other_user, have, sh};

/// Makes something with a short event queue. The limit is taken when the queue is made, so it is put back at once;
/// one test at a time, or one would put back another's.
pub fn with_event_queue_of<T>(events: u32, make: impl FnOnce() -> T) -> T {
    const LIMIT: &str = "/proc/sys/fs/inotify/max_queued_events";
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let before = std::fs::read(LIMIT).unwrap();
    std::fs::write(LIMIT, events.to_string()).unwrap();
    let result = make();
    std::fs::write(LIMIT, before).unwrap();
    result
}

/// How long anything may take before a test gives up; nothing is measured by it.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The intake of one drop folder.
pub struct Intake {
    pub folder: Folder,
    pub scanner: Scanner,
    pub gate: Gate,
    pub hints: Hints,
    pub receiver: Receiver<Hint>,
    runtime: Runtime,
    markers: u32,
}

/// No filter, no recursion: what most scenarios want.
pub fn options() -> Options {
    Options::default()
}

pub fn recursive() -> Options {
    Options {
        recursive: true,
        ..Options::default()
    }
}

pub fn without_lease(quiet: Duration) -> Options {
    Options {
        lease: LeaseMode::Off,
        quiet,
        ..Options::default()
    }
}

impl Intake {
    /// Opens the folder, starts the hints and makes the first scan.
    pub fn open(path: &Path, options: Options) -> Self {
        let mut intake = Self::open_unscanned(path, options);
        intake.scan_all();
        intake
    }

    pub fn open_unscanned(path: &Path, options: Options) -> Self {
        let folder = Folder::open(path).unwrap();
        let support = probe_leases(folder.dir()).unwrap();
        let gate = Gate::new(folder.clone(), &options, &support);
        let (hints, receiver) = Hints::start(&folder).unwrap();
        Self {
            scanner: Scanner::new(folder.clone(), options),
            gate,
            hints,
            receiver,
            folder,
            markers: 0,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_time()
                .build()
                .unwrap(),
        }
    }

    /// Scans until a scan says that there is no more.
    pub fn scan_all(&mut self) -> Scan {
        let mut all = Scan::default();
        loop {
            let scan = self.scanner.scan(1000, &mut self.hints, |_| false).unwrap();
            let more = scan.more && scan.ended.is_none_or(|end| end.found == 0);
            all.candidates.extend(scan.candidates);
            all.held.extend(scan.held);
            all.ignored += scan.ignored;
            all.missed += scan.missed;
            all.removed_folders += scan.removed_folders;
            all.ended = scan.ended;
            if !more {
                return all;
            }
        }
    }

    /// The next hint; it fails the test if none comes.
    pub fn hint(&mut self) -> Hint {
        let next = async { tokio::time::timeout(PATIENCE, self.receiver.recv()).await };
        let hint = self.runtime.block_on(next).expect("a hint within time");
        hint.expect("the watching goes on")
    }

    /// All hints that are there after what was done so far: a marker file ends the wait.
    pub fn hints_so_far(&mut self) -> Vec<Hint> {
        let mut marker = self.mark();
        let mut hints = Vec::new();
        loop {
            match self.hint() {
                Hint::Changed { path, .. } if path == marker => return hints,
                Hint::Changed { path, .. } if is_marker(&path) => {}
                Hint::Rescan(cause) => {
                    hints.push(Hint::Rescan(cause));
                    marker = self.mark(); // the first one may be among what was lost
                }
                hint @ Hint::Changed { .. } => hints.push(hint),
            }
        }
    }

    fn mark(&mut self) -> PathBuf {
        self.markers += 1;
        let marker = PathBuf::from(format!("zz-marker-{}", self.markers));
        std::fs::write(self.folder.path().join(&marker), "").unwrap();
        std::fs::remove_file(self.folder.path().join(&marker)).unwrap();
        marker
    }

    /// What the hints that are there say about one path: whether anything was heard of it.
    pub fn heard_of(&mut self, name: &str) -> bool {
        self.hints_so_far()
            .iter()
            .any(|hint| matches!(hint, Hint::Changed { path, .. } if path == Path::new(name)))
    }

    /// The same after hints were lost: the rescans that are still to come are read over.
    pub fn heard_of_after_rescans(&mut self, name: &str) -> bool {
        self.hints_so_far();
        std::fs::write(self.folder.path().join(name), "").unwrap();
        self.heard_of(name)
    }

    /// Puts one path to the gate.
    pub fn settle(&mut self, path: impl AsRef<Path>) -> Outcome {
        settle(self.candidate(path), &self.gate)
    }

    pub fn candidate(&mut self, path: impl AsRef<Path>) -> Candidate {
        match self.scanner.look(path.as_ref(), SystemTime::now()) {
            Look::Candidate(candidate) => candidate,
            other => panic!("{:?} is no candidate: {other:?}", path.as_ref()),
        }
    }

    pub fn settled(&mut self, path: impl AsRef<Path>) -> Settled {
        match self.settle(&path) {
            Outcome::Settled(settled) => *settled,
            other => panic!("{:?} did not settle: {other:?}", path.as_ref()),
        }
    }

    pub fn unsettled(&mut self, path: impl AsRef<Path>) -> Unsettled {
        match self.settle(&path) {
            Outcome::NotYet { why, .. } => why,
            other => panic!("{:?} is not unsettled: {other:?}", path.as_ref()),
        }
    }

    pub fn held(&mut self, path: impl AsRef<Path>) -> HeldReason {
        match self.settle(&path) {
            Outcome::Held { reason, .. } => reason,
            other => panic!("{:?} is not held: {other:?}", path.as_ref()),
        }
    }

    /// Follows hints and retries, and makes no scan of everything, until one file settles.
    pub fn settled_by_hints(&mut self) -> Settled {
        let mut waiting: Vec<Candidate> = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let patience = if waiting.is_empty() {
                PATIENCE
            } else {
                Duration::from_millis(20)
            };
            let next = async { tokio::time::timeout(patience, self.receiver.recv()).await };
            match self.runtime.block_on(next) {
                Ok(Some(Hint::Changed { path, at })) => match self.scanner.look(&path, at) {
                    Look::Candidate(candidate) => waiting.push(candidate),
                    Look::Folder => waiting.extend(self.scan_all().candidates),
                    Look::Ignored | Look::Gone => {}
                    Look::Held(reason) => panic!("{path:?} is held: {reason}"),
                },
                Ok(other) => panic!("not expected: {other:?}"),
                Err(_) => {}
            }
            for candidate in std::mem::take(&mut waiting) {
                match settle(candidate, &self.gate) {
                    Outcome::Settled(settled) => return *settled,
                    Outcome::NotYet { candidate, .. } => waiting.push(candidate),
                    Outcome::Gone => {}
                    Outcome::Held { candidate, reason } => panic!("{:?} is held: {reason}", candidate.path),
                }
            }
        }
        panic!("nothing settled");
    }
}

fn is_marker(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.starts_with("zz-marker-"))
}

/// The paths, sorted.
pub fn paths(candidates: &[Candidate]) -> Vec<PathBuf> {
    let mut paths: Vec<_> = candidates
        .iter()
        .map(|candidate| candidate.path.clone())
        .collect();
    paths.sort();
    paths
}

pub fn content(settled: &Settled) -> Vec<u8> {
    use std::io::Read;
    let mut content = Vec::new();
    (&settled.file).read_to_end(&mut content).unwrap();
    content
}
