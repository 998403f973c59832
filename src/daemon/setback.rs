//! What a dispatcher does about a file that could not be sealed: hold it, tell it once, try again later.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::dispatcher::{Dispatcher, name_of};
use super::known::Why;
use super::report;
use super::schedule::{Key, retry_after};
use super::worker::{Claim, Setback, Work};
use crate::seal::{CLAIMS, Step};
use crate::watch::{HeldReason, PassEnd};

impl Dispatcher {
    pub(super) fn set_back(&mut self, work: &Work, setback: Setback) {
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
                let text = report::chain(&error);
                let step = error.step().map_or(first_step(work), Step::as_str);
                let reason = (!error.is_producer_active()).then(|| error.reason());
                self.failed(work, claim, Failure { step, reason, text }, wait);
            }
            Setback::Panicked { claim } => {
                self.panics += 1;
                let failure = Failure {
                    step: first_step(work),
                    reason: Some("defect"),
                    text: "it hit a defect in sealdrop".to_owned(),
                };
                self.failed(work, claim, failure, retry_after(5));
            }
            Setback::NoKeyForClaim { claim, retry_after } => self.without_key(work, Some(claim), retry_after),
        }
    }

    /// A file's way ended early: it waits where it stands now, and that is told if it is news.
    fn failed(&mut self, work: &Work, claim: Option<Claim>, failure: Failure, wait: Duration) {
        let old = Key::of(work);
        let work = come_back_to(work, claim);
        let (name, claim) = self.name_and_place(&work, &old);
        let Failure { step, reason, text } = failure;
        let why = reason.map(|reason| (reason, text.clone()));
        if self.moved_on(&old, &work, &name, why, wait)
            && let Some(reason) = reason
        {
            let failed = report::Failed {
                file: &name,
                step,
                reason,
                text: &text,
                claim: claim.as_deref(),
            };
            report::failed(&self.place, &failed, wait);
        }
        self.wait(work, wait);
    }

    /// What a file was dropped as, and its path from the drop folder if that is another one now.
    fn name_and_place(&self, work: &Work, old: &Key) -> (PathBuf, Option<PathBuf>) {
        match (work, old) {
            (Work::Candidate(candidate), _) => (candidate.path.clone(), None),
            (Work::Claim(claim), Key::Path(path)) => {
                let claim = Path::new(CLAIMS).join(claim.name.file_name());
                (path.clone(), Some(claim))
            }
            (Work::Claim(claim), Key::Claim(_)) => {
                let claim = Path::new(CLAIMS).join(claim.name.file_name());
                let found = dropped_as(&self.settings.input.join(&claim));
                (found.unwrap_or_else(|| name_of(work)), Some(claim))
            }
        }
    }

    /// Notes where the file waits from now on and why; whether that is worth a line.
    fn moved_on(
        &self,
        old: &Key,
        work: &Work,
        name: &Path,
        why: Option<(&'static str, String)>,
        wait: Duration,
    ) -> bool {
        let key = Key::of(work);
        self.know(|known| {
            known.renamed(old, &key);
            known.named(&key, name);
        });
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
        self.state.held(self.place.index, key, name, why)
    }

    /// No data key is to be had: that is told once for all the files.
    fn without_key(&mut self, work: &Work, claim: Option<Claim>, wait: Duration) {
        let old = Key::of(work);
        let work = claim.map_or_else(|| work.clone(), Work::Claim);
        let (name, _) = self.name_and_place(&work, &old);
        let text = "no data key is to be had".to_owned();
        self.moved_on(&old, &work, &name, Some(("no_data_key", text)), wait);
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
            report::held(&self.place, path, reason, retry_after);
        }
    }

    /// A scan of the whole folder is over: what it counted counts.
    pub(super) fn pass_ended(&self, end: PassEnd) {
        self.state.rescan(end.cause.label());
        let beyond = self
            .state
            .with(self.place.index, |known| known.pass_ended(end.ignored));
        if let Some(beyond) = beyond.flatten() {
            report::held_beyond(&self.place, beyond);
        }
    }
}

/// Why a file's way ended early.
struct Failure {
    step: &'static str,
    /// None if the producer is just not done.
    reason: Option<&'static str>,
    text: String,
}

/// What work begins with, before the steps that its errors name.
fn first_step(work: &Work) -> &'static str {
    match work {
        Work::Candidate(_) => "claim",
        Work::Claim(_) => "recovery",
    }
}

/// The path of the one file in a claim.
fn dropped_as(claim: &Path) -> Option<PathBuf> {
    let mut path = claim.to_owned();
    while path.is_dir() {
        path = path.read_dir().ok()?.next()?.ok()?.path();
    }
    path.strip_prefix(claim).ok().map(Path::to_owned)
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
