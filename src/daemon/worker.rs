//! A worker: one file after the other, each through settle, materials, claim and the rest of its way.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::mpsc::UnboundedSender;

use super::heart::Pulse;
use super::place::Place;
use super::queue::Queue;
use super::report;
use super::tidier::Tidying;
use crate::materials::{ReservedMaterials, Waiting};
use crate::seal::{Arrival, ClaimName, Claimed, NotClaimed, Recovered, SealError, Sealed, recover, seal};
use crate::watch::{Candidate, HeldReason, Outcome, Settled, settle};

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
    pub(super) tidier: SyncSender<Tidying>,
}

/// Takes jobs until the queue is closed.
pub(super) fn work(desk: &Desk, pulse: &Pulse) {
    while let Some(taken) = desk.queue.take() {
        pulse.busy();
        let (job, is_long) = taken.into_parts();
        let Job {
            place,
            work,
            mut waiting,
        } = job;
        let mut claim = None;
        let attempt = || process(desk, &place, work.clone(), &mut waiting, &mut claim);
        let result = catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|panic| {
            report::panicked(&place, panic_text(panic.as_ref()));
            let claim = claim.clone();
            Err(Setback::Panicked { claim }.into())
        });
        let result = result.map_err(|setback| match (*setback, claim) {
            (Setback::NoKey { retry_after }, Some(claim)) => {
                Box::new(Setback::NoKeyForClaim { claim, retry_after })
            }
            (setback, _) => Box::new(setback),
        });
        drop(waiting); // before the file can be announced again
        desk.queue.done(is_long);
        pulse.idle();
        if let Some(reports) = desk.reports.get(place.index) {
            let _ = reports.send(Report { work, result }); // a dispatcher that is gone is stopping
        }
    }
}

fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

/// One attempt. `claimed` is set as soon as there is a claim to come back to.
fn process(
    desk: &Desk,
    place: &Arc<Place>,
    work: Work,
    waiting: &mut Waiting,
    claimed: &mut Option<Claim>,
) -> Result<Done, Box<Setback>> {
    match work {
        Work::Candidate(candidate) => {
            if let Some(retry_after) = place.keys.remaining() {
                return Err(Setback::NoKey { retry_after }.into());
            }
            match settle(candidate, &place.gate) {
                Outcome::Settled(settled) => seal_settled(desk, place, *settled, waiting, claimed),
                Outcome::NotYet {
                    candidate,
                    retry_after,
                    ..
                } => Err(Box::new(Setback::NotYet {
                    candidate,
                    retry_after,
                })),
                Outcome::Held { candidate, reason } => Err(Box::new(Setback::Held { candidate, reason })),
                Outcome::Gone => Ok(Done::Gone),
            }
        }
        Work::Claim(claim) => {
            *claimed = Some(claim.clone());
            seal_claim(desk, place, claim, claimed)
        }
    }
}

fn seal_settled(
    desk: &Desk,
    place: &Arc<Place>,
    settled: Settled,
    waiting: &mut Waiting,
    claimed: &mut Option<Claim>,
) -> Result<Done, Box<Setback>> {
    let materials = materials(desk, place, waiting, settled.identity.size)?;
    let arrival = Arrival {
        dir: settled.parent,
        relative: settled.candidate.path,
        file: settled.file,
        lease: settled.lease,
        arrived: settled.candidate.arrived,
    };
    let arrived = arrival.arrived;
    let claim_of = |name| Claim {
        name,
        arrived: Some(arrived),
        failures: 0,
    };
    let file = Claimed::claim(&place.folders, arrival).map_err(|NotClaimed { error, stuck }| {
        let claim = stuck.map(claim_of);
        Box::new(Setback::Failed { error, claim })
    })?;
    let claim = claim_of(file.name().clone());
    *claimed = Some(claim.clone());
    seal_claimed(desk, place, file, materials, claim)
}

fn seal_claim(
    desk: &Desk,
    place: &Arc<Place>,
    mut claim: Claim,
    claimed: &mut Option<Claim>,
) -> Result<Done, Box<Setback>> {
    let failed = |claim: &Claim, error| {
        let claim = Some(claim.clone());
        Box::new(Setback::Failed { error, claim })
    };
    match recover(&place.folders, &claim.name).map_err(|error| failed(&claim, error))? {
        Recovered::Finished(sealed) => return Ok(Done::Sealed(sealed)),
        Recovered::Empty => return Ok(Done::Gone),
        Recovered::Unsealed => {}
    }
    if let Some(retry_after) = place.keys.remaining() {
        return Err(Setback::NoKey { retry_after }.into());
    }
    let file =
        Claimed::reopen(&place.folders, &claim.name, claim.arrived).map_err(|error| failed(&claim, error))?;
    claim.name = file.name().clone(); // another one if its size has changed
    *claimed = Some(claim.clone());
    let materials = materials(desk, place, &mut Waiting::default(), file.size())?;
    seal_claimed(desk, place, file, materials, claim)
}

/// The claim can take so long that the data key's age has passed, or the file can have grown: then another key.
fn seal_claimed(
    desk: &Desk,
    place: &Arc<Place>,
    file: Claimed,
    mut reserved: ReservedMaterials,
    claim: Claim,
) -> Result<Done, Box<Setback>> {
    while !(reserved.cover(file.size()) && reserved.begin()) {
        reserved = materials(desk, place, &mut Waiting::default(), file.size())?;
    }
    let data_key_use = reserved.usage();
    let recorded = seal(&place.folders, file, &reserved, &data_key_use).map_err(|error| {
        Box::new(Setback::Failed {
            error,
            claim: Some(claim),
        })
    })?;
    let _ = desk.tidier.send((Arc::clone(place), recorded.traces)); // gone while stopping: the next start tidies
    Ok(Done::Sealed(Box::new(recorded.sealed)))
}

fn materials(
    desk: &Desk,
    place: &Arc<Place>,
    waiting: &mut Waiting,
    size: u64,
) -> Result<ReservedMaterials, Box<Setback>> {
    let asked = place.manager.encryption_materials_for(waiting, size);
    match desk.runtime.block_on(asked) {
        Ok(materials) => {
            if place.keys.worked() {
                report::keys_recovered(place);
            }
            Ok(materials)
        }
        Err(error) => {
            let (retry_after, is_first) = place.keys.failed(&error);
            if is_first {
                report::no_keys(place, &error);
            }
            Err(Setback::NoKey { retry_after }.into())
        }
    }
}
