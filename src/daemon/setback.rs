//! What a dispatcher does about a file that could not be sealed: hold it, tell it once, try again later.

use std::path::Path;
use std::time::Duration;

use super::dispatcher::{Dispatcher, name_of};
use super::known::Why;
use super::report;
use super::schedule::{Key, retry_after};
use super::worker::{Claim, Setback, Work};
use crate::watch::HeldReason;

impl Dispatcher {
    pub(super) fn set_back(&mut self, work: &Work, setback: Setback) {
        let old = Key::of(work);
        match setback {
            Setback::NotYet {
                candidate,
                retry_after,
            } => {
                self.know(|known| known.cleared(&Key::of(work)));
                self.wait(Work::Candidate(candidate), retry_after);
            }
            Setback::Held { candidate, reason } => {
                let wait = retry_after(5);
                self.hold(&candidate.path, &reason, Some(wait));
                self.wait(Work::Candidate(candidate), wait);
            }
            Setback::NoKey { retry_after } => self.without_key(work, None, retry_after),
            // Nothing is left to come back to.
            Setback::Failed { error, .. } if error.is_gone() => {
                self.know(|known| known.finished(&Key::of(work)));
            }
            Setback::Failed { error, claim } => {
                let failures = claim.as_ref().map_or(0, |claim| claim.failures);
                let wait = if error.is_producer_active() {
                    Duration::from_millis(50 << failures.min(7)) // it may write for hours
                } else {
                    retry_after(failures)
                };
                let work = come_back_to(work, claim);
                let why = (!error.is_producer_active()).then(|| (error.reason(), report::chain(&error)));
                if self.moved_on(&old, &work, why, wait) {
                    report::failed(&self.place, &name_of(&work).to_string_lossy(), &error, wait);
                }
                self.wait(work, wait);
            }
            Setback::Panicked { claim } => {
                self.panics += 1;
                let (wait, work) = (retry_after(5), come_back_to(work, claim));
                let why = ("defect", "it hit a defect in sealdrop".to_owned());
                self.moved_on(&old, &work, Some(why), wait); // the panic has been told
                self.wait(work, wait);
            }
            Setback::NoKeyForClaim { claim, retry_after } => self.without_key(work, Some(claim), retry_after),
        }
    }

    /// Notes where the file waits from now on and why; whether that is worth a line.
    fn moved_on(&self, old: &Key, work: &Work, why: Option<(&'static str, String)>, wait: Duration) -> bool {
        let key = Key::of(work);
        let name = name_of(work);
        self.know(|known| known.renamed(old, &key, &name));
        let Some((reason, text)) = why else {
            self.know(|known| known.cleared(&key));
            return false;
        };
        let why = Why {
            reason,
            text,
            retry_after: Some(wait),
            is_plaintext: true,
        };
        self.state.held(self.place.index, key, &name, why)
    }

    /// No data key is to be had: that is told once for all the files.
    fn without_key(&mut self, work: &Work, claim: Option<Claim>, wait: Duration) {
        let old = Key::of(work);
        let work = claim.map_or_else(|| work.clone(), Work::Claim);
        let text = "no data key is to be had".to_owned();
        self.moved_on(&old, &work, Some(("no_data_key", text)), wait);
        self.wait(work, wait);
    }

    pub(super) fn hold(&mut self, path: &Path, reason: &HeldReason, retry_after: Option<Duration>) {
        let why = Why {
            reason: reason.label(),
            text: reason.to_string(),
            retry_after,
            is_plaintext: reason.may_pass(),
        };
        let key = Key::Path(path.to_owned());
        if self.state.held(self.place.index, key, path, why) {
            report::held(&self.place, path, reason);
        }
    }

    /// A scan of the whole folder is over: what it counted counts.
    pub(super) fn pass_ended(&self, ignored: u64) {
        let beyond = self
            .state
            .with(self.place.index, |known| known.pass_ended(ignored));
        if let Some(beyond) = beyond.flatten() {
            report::held_beyond(&self.place, beyond);
        }
    }
}

/// The claim, if there is one, else the work as it was.
fn come_back_to(work: &Work, claim: Option<Claim>) -> Work {
    let Some(claim) = claim else {
        return work.clone();
    };
    Work::Claim(Claim {
        failures: claim.failures.saturating_add(1),
        ..claim
    })
}
