//! The first half of a file's way: settle, materials, claim. Nothing is written yet.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::place::Place;
use super::report;
use super::worker::{Claim, Desk, Done, Job, Setback, Work};
use crate::materials::{ReservedMaterials, Waiting};
use crate::seal::{Arrival, Claimed, NotClaimed, Recovered, panic_text, recover};
use crate::watch::{Outcome, Settled, settle};

/// A claimed file with a data key.
pub(super) struct ToSeal {
    pub(super) place: Arc<Place>,
    pub(super) work: Work,
    pub(super) file: Claimed,
    pub(super) materials: ReservedMaterials,
    pub(super) claim: Claim,
}

/// How far a job has come.
pub(super) enum Begun {
    Ready(Box<ToSeal>),
    Over(Done),
}

/// Begins a job, and notes its claim for whatever happens. `before_waiting` is called before the key service is waited for.
pub(super) fn begin(desk: &Desk, job: Job, before_waiting: impl FnMut()) -> Result<Begun, Box<Setback>> {
    let place = Arc::clone(&job.place);
    let mut beginning = Beginning {
        desk,
        place: job.place,
        waiting: job.waiting,
        claim: None,
        before_waiting,
    };
    let attempt = || beginning.run(job.work);
    let result = catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|panic| {
        report::panicked(&place, panic_text(panic.as_ref()));
        let claim = beginning.claim.clone();
        Err(Setback::Panicked { claim }.into())
    });
    result.map_err(|setback| match (*setback, beginning.claim) {
        (Setback::NoKey { retry_after }, Some(claim)) => {
            Box::new(Setback::NoKeyForClaim { claim, retry_after })
        }
        (setback, _) => Box::new(setback),
    })
}

/// One attempt.
struct Beginning<'a, F> {
    desk: &'a Desk,
    place: Arc<Place>,
    waiting: Waiting,
    /// Set as soon as there is a claim to come back to.
    claim: Option<Claim>,
    before_waiting: F,
}

impl<F: FnMut()> Beginning<'_, F> {
    fn run(&mut self, work: Work) -> Result<Begun, Box<Setback>> {
        let candidate = match &work {
            Work::Claim(claim) => return self.take_up(claim.clone(), work),
            Work::Candidate(candidate) => candidate.clone(),
        };
        if let Some(retry_after) = self.place.keys.remaining() {
            return Err(Setback::NoKey { retry_after }.into());
        }
        match settle(candidate, &self.place.gate) {
            Outcome::Settled(settled) => self.claim(*settled, work),
            Outcome::NotYet {
                candidate,
                retry_after,
                ..
            } => Err(Box::new(Setback::NotYet {
                candidate,
                retry_after,
            })),
            Outcome::Held { candidate, reason } => Err(Box::new(Setback::Held { candidate, reason })),
            Outcome::Gone => Ok(Begun::Over(Done::Gone)),
        }
    }

    fn claim(&mut self, settled: Settled, work: Work) -> Result<Begun, Box<Setback>> {
        let materials = self.materials(settled.identity.size)?;
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
        let file = Claimed::claim(&self.place.folders, arrival).map_err(|NotClaimed { error, stuck }| {
            let claim = stuck.map(claim_of);
            Box::new(Setback::Failed { error, claim })
        })?;
        let claim = claim_of(file.name().clone());
        self.claim = Some(claim.clone());
        self.ready(work, file, materials, claim)
    }

    /// A claim that waited for another attempt, or that an earlier run has left.
    fn take_up(&mut self, mut claim: Claim, work: Work) -> Result<Begun, Box<Setback>> {
        self.claim = Some(claim.clone());
        let folders = &self.place.folders;
        let failed = |claim: &Claim, error| {
            let claim = Some(claim.clone());
            Box::new(Setback::Failed { error, claim })
        };
        match recover(folders, &claim.name).map_err(|error| failed(&claim, error))? {
            Recovered::Finished(sealed) => return Ok(Begun::Over(Done::Sealed(sealed))),
            Recovered::Empty => return Ok(Begun::Over(Done::Gone)),
            Recovered::Unsealed => {}
        }
        if let Some(retry_after) = self.place.keys.remaining() {
            return Err(Setback::NoKey { retry_after }.into());
        }
        let file =
            Claimed::reopen(folders, &claim.name, claim.arrived).map_err(|error| failed(&claim, error))?;
        claim.name = file.name().clone(); // another one if its size has changed
        self.claim = Some(claim.clone());
        let materials = self.materials(file.size())?;
        self.ready(work, file, materials, claim)
    }

    /// The claim can take so long that the data key's age has passed, or the file can have grown: then another key. It is
    /// begun with the message.
    fn ready(
        &mut self,
        work: Work,
        file: Claimed,
        mut materials: ReservedMaterials,
        claim: Claim,
    ) -> Result<Begun, Box<Setback>> {
        while !materials.cover(file.size()) {
            materials = self.materials(file.size())?;
        }
        Ok(Begun::Ready(Box::new(ToSeal {
            place: Arc::clone(&self.place),
            work,
            file,
            materials,
            claim,
        })))
    }

    fn materials(&mut self, size: u64) -> Result<ReservedMaterials, Box<Setback>> {
        let place = &self.place;
        let (manager, mut waiting) = (Arc::clone(&place.manager), std::mem::take(&mut self.waiting));
        let asked = async move { manager.encryption_materials_for(&mut waiting, size).await };
        let answer = self.desk.wait_for(asked, &mut self.before_waiting);
        match answer {
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
}
