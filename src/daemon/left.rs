//! What was left behind: the memory holds a window of what waits, the folders hold the rest.
//!
//! Files beyond the window are met again by a scan, claims by a listing of the claim folder.

use std::time::{Duration, Instant};

use super::dispatcher::{Dispatcher, WINDOW};
use super::report;
use super::schedule::{Key, retry_after};
use super::worker::{Claim, Work};
use crate::watch::Cause;

/// Nothing that was left behind is looked for sooner.
const SOONEST: Duration = Duration::from_secs(1);

/// When to look for what was left behind.
#[derive(Debug, Default)]
pub(super) struct Left {
    files_at: Option<Instant>,
    claims_at: Option<Instant>,
    /// Listings of the claim folder since one of its files was sealed.
    rounds: u32,
    /// Claims that earlier listings have put to work: each gets its turn.
    passed: usize,
}

impl Left {
    pub(super) fn next_due(&self) -> Option<Instant> {
        [self.files_at, self.claims_at].into_iter().flatten().min()
    }

    /// Whether a scan will meet files that are no news.
    pub(super) fn has_files(&self) -> bool {
        self.files_at.is_some()
    }

    /// Notes that work was left behind that would have been due then.
    fn leave(&mut self, work: &Work, due: Instant) {
        let due = due.max(Instant::now() + SOONEST);
        match work {
            Work::Candidate(_) => self.files_at = Some(self.files_at.map_or(due, |at| at.min(due))),
            Work::Claim(_) => self.claims_at = self.claims_at.or(Some(due)),
        }
    }

    /// A claim's file was sealed, so the others are worth an attempt.
    pub(super) fn claim_sealed(&mut self) {
        self.rounds = 0;
        let soon = Instant::now() + SOONEST;
        self.claims_at = self.claims_at.map(|at| at.min(soon));
    }
}

impl Dispatcher {
    /// Lets work wait, or leaves what would have waited longest to the folder.
    pub(super) fn wait(&mut self, work: Work, delay: Duration) {
        if let Some((due, left)) = self.schedule.wait(work, delay) {
            self.left.leave(&left, due);
            self.know(|known| known.left(&Key::of(&left)));
        }
    }

    /// Looks for what was left behind if it is time.
    pub(super) fn look_for_left(&mut self, now: Instant) {
        if self.left.files_at.is_some_and(|at| at <= now) {
            self.left.files_at = None;
            self.request(Cause::Backlog);
        }
        if self.left.claims_at.is_some_and(|at| at <= now) {
            if self.schedule.under_way() >= WINDOW / 2 {
                self.left.claims_at = Some(now + SOONEST);
            } else {
                self.take_claims();
            }
        }
    }

    /// Puts what lies in the claim folder to work; the work itself finds out whether to finish or to undo.
    pub(super) fn take_up_claims(&mut self) {
        self.left.claims_at = None;
        if let Some(claims) = self.take_claims() {
            report::leftovers(&self.place, claims);
        }
    }

    /// Goes on with claims that are not known, a window of them; how many there were.
    fn take_claims(&mut self) -> Option<usize> {
        let (mut unknown, mut taken) = (0, Vec::new());
        let schedule = &self.schedule;
        let skipped = self.left.passed;
        let listed = crate::seal::claims(&self.place.folders, |name| {
            if schedule.has(&Key::Claim(name.file_name())) {
                return;
            }
            unknown += 1;
            if unknown > skipped && taken.len() < WINDOW {
                taken.push(name);
            }
        });
        if let Err(error) = listed {
            report::scan_failed(self.place.name(), &error);
            self.left.claims_at = Some(Instant::now() + retry_after(5));
            return None;
        }
        let passed = skipped + taken.len();
        self.left.passed = if passed >= unknown { 0 } else { passed };
        self.left.claims_at = (unknown > taken.len()).then(|| Instant::now() + retry_after(self.left.rounds));
        self.left.rounds = self.left.rounds.saturating_add(1);
        for name in taken {
            let (arrived, failures) = (None, 0);
            self.start(Work::Claim(Claim {
                name,
                arrived,
                failures,
            }));
        }
        self.know(|known| known.claims(unknown));
        Some(unknown)
    }
}
