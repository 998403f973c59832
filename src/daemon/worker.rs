//! A worker: it takes files through their whole way, those that it gets together side by side.

use std::panic::resume_unwind;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedSender;

use super::begin::{Begun, ToSeal, begin};
use super::heart::Pulse;
use super::place::Place;
use super::queue::{BYTES_TOGETHER, Queue, Taken};
use super::report;
use crate::materials::Waiting;
use crate::seal::{ClaimName, Completed, Ready, SealError, Sealed, record, seal};
use crate::watch::{Candidate, HeldReason};

/// What a worker does next.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) place: Arc<Place>,
    pub(super) work: Work,
    /// As the look-ahead for data keys counts it.
    pub(super) waiting: Waiting,
}

/// A file at one of the two places where it can wait.
#[derive(Clone, Debug)]
pub(super) enum Work {
    /// In the drop folder.
    Candidate(Candidate),
    /// In its claim, after a crash or a failure.
    Claim(Claim),
}

/// A claim that waits for another attempt.
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub(super) name: ClaimName,
    /// The file's time of arrival, if it is known.
    pub(super) arrived: Option<SystemTime>,
    pub(super) failures: u32,
}

/// What became of a job. Whoever sent it hears of it exactly once.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) work: Work,
    pub(super) result: Result<Done, Box<Setback>>,
}

/// The work is over.
#[derive(Debug)]
pub(super) enum Done {
    Sealed(Box<Sealed>),
    /// Taken away by somebody, or there was nothing in the claim.
    Gone,
}

/// The work is not over.
#[derive(Debug)]
pub(super) enum Setback {
    /// The producer is not done; nothing is wrong.
    NotYet {
        candidate: Candidate,
        retry_after: Duration,
    },
    /// It stays where it is.
    Held {
        candidate: Candidate,
        reason: HeldReason,
    },
    /// No data key is to be had.
    NoKey { retry_after: Duration },
    /// The same for a file that is claimed already, which must not be looked for where it was.
    NoKeyForClaim { claim: Claim, retry_after: Duration },
    /// Something went wrong; the plaintext is whole.
    Failed { error: SealError, claim: Option<Claim> },
    /// A defect.
    Panicked { claim: Option<Claim> },
}

/// What a worker takes from and reports to.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) queue: Arc<Queue<Job>>,
    pub(super) runtime: Handle,
    /// One per drop.
    pub(super) reports: Vec<UnboundedSender<Report>>,
}

impl Desk {
    /// Waits for the runtime's answer. If it is not there at once, it goes on being worked out while `before_waiting` does
    /// what must not wait.
    pub(super) fn wait_for<T: Send + 'static>(
        &self,
        asked: impl Future<Output = T> + Send + 'static,
        before_waiting: impl FnOnce(),
    ) -> T {
        let mut asked = Box::pin(asked);
        let _context = self.runtime.enter();
        let mut nobody = Context::from_waker(Waker::noop());
        if let Poll::Ready(answer) = asked.as_mut().poll(&mut nobody) {
            return answer;
        }
        let asked = self.runtime.spawn(asked);
        before_waiting();
        self.runtime
            .block_on(asked)
            .unwrap_or_else(|failed| resume_unwind(failed.into_panic()))
    }

    fn report(&self, place: &Place, work: Work, result: Result<Done, Box<Setback>>) {
        if let Some(reports) = self.reports.get(place.index) {
            let _ = reports.send(Report { work, result }); // a dispatcher that is gone is stopping
        }
    }
}

/// Takes jobs until the queue is closed. Those that it gets together go their way together.
pub(super) fn work(desk: &Desk, pulse: &Pulse) {
    let mut worker = Worker {
        desk,
        owed: Owed::default(),
    };
    while let Some(taken) = worker.take(pulse) {
        pulse.busy();
        let is_long = taken.is_long();
        if is_long {
            worker.record();
        }
        worker.seal(taken.into_jobs());
        if is_long {
            worker.record();
        }
        desk.queue.done(is_long);
    }
}

/// A worker, and what it owes.
struct Worker<'a> {
    desk: &'a Desk,
    owed: Owed,
}

/// Files of one drop whose plaintexts are gone, and which wait for their records: those come together with the next short
/// files, or when there are none.
#[derive(Default)]
struct Owed {
    place: Option<Arc<Place>>,
    files: Vec<(Work, Claim)>,
    completed: Vec<Completed>,
}

impl Worker<'_> {
    /// The next jobs. Nothing is owed while it waits for them.
    fn take(&mut self, pulse: &Pulse) -> Option<Taken<Job>> {
        if let Some(taken) = self.desk.queue.try_take() {
            return Some(taken);
        }
        self.record();
        pulse.idle();
        self.desk.queue.take()
    }

    fn seal(&mut self, jobs: Vec<Job>) {
        let mut ready: Vec<ToSeal> = Vec::new();
        for job in jobs {
            let (place, work) = (Arc::clone(&job.place), job.work.clone());
            if ready
                .first()
                .is_some_and(|file| !Arc::ptr_eq(&file.place, &place))
            {
                self.seal_together(std::mem::take(&mut ready));
            }
            if !self.owed.is_of(&place) {
                self.record(); // whatever is slow there keeps none of these back
            }
            let desk = self.desk;
            match begin(desk, job, || nothing_waits(self, &mut ready)) {
                Ok(Begun::Ready(file)) => self.join(&mut ready, *file),
                Ok(Begun::Over(done)) => self.desk.report(&place, work, Ok(done)),
                Err(setback) => self.desk.report(&place, work, Err(setback)),
            }
        }
        if ready.is_empty() {
            self.record();
        } else {
            self.seal_together(ready);
        }
    }

    /// Puts a file to those that are sealed together, if they are small; the queue goes by a size that may be an old one.
    fn join(&mut self, ready: &mut Vec<ToSeal>, file: ToSeal) {
        let size = file.file.size();
        let bytes: u64 = ready.iter().map(|file| file.file.size()).sum();
        if bytes.saturating_add(size) > BYTES_TOGETHER {
            nothing_waits(self, ready);
        }
        ready.push(file);
        if size > BYTES_TOGETHER {
            nothing_waits(self, ready);
        }
    }

    /// Brings claimed files of one drop to the end of their plaintexts, and owed ones to their records.
    fn seal_together(&mut self, files: Vec<ToSeal>) {
        let Some(place) = files.first().map(|file| Arc::clone(&file.place)) else {
            return;
        };
        if !self.owed.is_of(&place) {
            self.record();
        }
        let (mut jobs, mut ready) = (Vec::new(), Vec::new());
        for file in files {
            jobs.push((file.work, file.claim));
            ready.push(Ready {
                claimed: file.file,
                materials: file.materials,
            });
        }
        let earlier = std::mem::take(&mut self.owed);
        let (completed, sealed) = seal(&place.folders, ready, earlier.completed);
        for (file, sealed) in earlier.files.into_iter().zip(sealed) {
            self.desk.sealed(&place, file, sealed);
        }
        for (file, completed) in jobs.into_iter().zip(completed) {
            match completed {
                Ok(completed) => {
                    self.owed.files.push(file);
                    self.owed.completed.push(completed);
                }
                Err(error) => self.desk.sealed(&place, file, Err(error)),
            }
        }
        self.owed.place = Some(place);
    }

    fn record(&mut self) {
        self.owed.record(self.desk);
    }
}

/// To be called before something that can take long: no claimed file waits for it, and no record.
fn nothing_waits(worker: &mut Worker<'_>, ready: &mut Vec<ToSeal>) {
    worker.seal_together(std::mem::take(ready));
    worker.record();
}

impl Owed {
    /// Whether these are files of this drop, if there are any.
    fn is_of(&self, place: &Arc<Place>) -> bool {
        self.place.as_ref().is_none_or(|owed| Arc::ptr_eq(owed, place))
    }

    /// Nothing is owed any more.
    fn record(&mut self, desk: &Desk) {
        let Self {
            place,
            files,
            completed,
        } = std::mem::take(self);
        let Some(place) = place else { return };
        for (file, sealed) in files.into_iter().zip(record(&place.folders, completed)) {
            desk.sealed(&place, file, sealed);
        }
    }
}

impl Desk {
    fn sealed(&self, place: &Place, (work, claim): (Work, Claim), result: Result<Sealed, SealError>) {
        let result = result
            .map(|sealed| Done::Sealed(Box::new(sealed)))
            .map_err(|error| {
                let claim = Some(claim);
                if let SealError::Defect(text) = &error {
                    report::panicked(place, text);
                    return Box::new(Setback::Panicked { claim });
                }
                Box::new(Setback::Failed { error, claim })
            });
        self.report(place, work, result);
    }
}
