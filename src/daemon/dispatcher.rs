//! One drop's dispatcher: from hints, scans, retries and reports to what the workers do next.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::sync::mpsc::{self, Receiver, UnboundedReceiver};
use tokio::sync::watch;

use super::heart::Pulse;
use super::left::Left;
use super::place::Place;
use super::queue::Queue;
use super::schedule::{Hinted, Key, Schedule};
use super::state::State;
use super::worker::{Done, Job, Report, Work};
use super::{opening, report};
use crate::config::DropSettings;
use crate::materials::Waiting;
use crate::seal::CLAIMS;
use crate::watch::{Candidate, Cause, Hint, Hints, Look, Options, Scanner};

/// Files of one drop that the workers have or will take next.
pub(super) const WINDOW: usize = 1024;
/// How often the drop folder is looked for.
const TICK: Duration = Duration::from_secs(5);

/// What watches one drop folder; made anew when the folder comes back after it was lost.
#[derive(Debug)]
pub(super) struct Eyes {
    pub(super) hints: Hints,
    pub(super) receiver: Receiver<Hint>,
    pub(super) scanner: Scanner,
}

/// One drop's dispatcher.
#[derive(Debug)]
pub(super) struct Dispatcher {
    pub(super) place: Arc<Place>,
    /// `None` while the drop folder is lost.
    pub(super) eyes: Option<Eyes>,
    pub(super) settings: DropSettings,
    pub(super) options: Options,
    pub(super) queue: Arc<Queue<Job>>,
    pub(super) reports: UnboundedReceiver<Report>,
    pub(super) schedule: Schedule,
    pub(super) left: Left,
    pub(super) panics: u32,
    pub(super) state: Arc<State>,
    pub(super) pulse: Arc<Pulse>,
}

enum Event {
    Hint(Option<Hint>),
    Report(Box<Report>),
    Time,
    Stop,
}

impl Dispatcher {
    /// Runs until it is told to stop, or files hit defects again and again: then says how many.
    pub(super) async fn run(
        mut self,
        mut stop: watch::Receiver<bool>,
        looked: mpsc::Sender<()>,
    ) -> Result<(), u32> {
        const MOST_PANICS: u32 = 8;
        let mut next_tick = Instant::now() + TICK;
        let mut next_scan = Instant::now() + self.options.rescan;
        self.fill();
        drop(looked); // the first scan has been made
        loop {
            self.pulse.awake();
            self.fill();
            let due = [self.schedule.next_due(), self.left.next_due()];
            let due = due
                .into_iter()
                .flatten()
                .min()
                .unwrap_or(next_tick)
                .min(next_tick)
                .min(next_scan);
            self.pulse.idle();
            let event = self.event(due, &mut stop).await;
            self.pulse.awake();
            match event {
                Event::Stop => return Ok(()),
                Event::Hint(Some(hint)) => self.hint(hint),
                Event::Hint(None) => self.lost_hints(),
                Event::Report(report) => self.report(*report),
                Event::Time => {}
            }
            if self.panics >= MOST_PANICS {
                return Err(self.panics);
            }
            let now = Instant::now();
            if now >= next_tick {
                next_tick = now + TICK;
                self.tick();
            }
            if now >= next_scan {
                next_scan = now + self.options.rescan;
                // A scan that meets what was left behind cannot tell what no event has announced.
                let is_news = !self.left.has_files();
                self.request(if is_news { Cause::Timer } else { Cause::Backlog });
            }
            self.look_for_left(now);
            while let Some(work) = self.schedule.take_due(now) {
                self.start(work);
            }
        }
    }

    async fn event(&mut self, due: Instant, stop: &mut watch::Receiver<bool>) -> Event {
        let hint = async {
            match &mut self.eyes {
                Some(eyes) => eyes.receiver.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            Some(report) = self.reports.recv() => Event::Report(Box::new(report)),
            _ = stop.wait_for(|stop| *stop) => Event::Stop,
            hint = hint => Event::Hint(hint),
            () = tokio::time::sleep_until(due.into()) => Event::Time,
        }
    }

    /// Scans while there is room for what a scan finds.
    fn fill(&mut self) {
        // Without data keys a scan would only fill the memory: what lies in the folder is safe there.
        while self.schedule.under_way() < WINDOW / 2 && self.place.keys.remaining().is_none() {
            let Some(eyes) = self.eyes.as_mut().filter(|eyes| eyes.scanner.is_pending()) else {
                return;
            };
            let schedule = &self.schedule;
            let room = WINDOW - schedule.under_way();
            let scan = tokio::task::block_in_place(|| {
                eyes.scanner
                    .scan(room, &mut eyes.hints, |path| schedule.knows(path))
            });
            match scan {
                Ok(scan) => {
                    for held in scan.held {
                        self.hold(&held.path, &held.reason, None);
                    }
                    self.state.metrics.missed.inc_by(scan.missed);
                    for candidate in scan.candidates {
                        self.start(Work::Candidate(candidate));
                    }
                    if let Some(end) = scan.ended {
                        self.pass_ended(end);
                    }
                    if !scan.more {
                        return;
                    }
                }
                Err(error) => return report::scan_failed(self.place.name(), &error),
            }
        }
    }

    fn hint(&mut self, hint: Hint) {
        match hint {
            Hint::Changed { path, at } => self.changed(&path, at),
            Hint::Rescan(cause) => {
                if let Some(eyes) = &mut self.eyes {
                    eyes.hints.distrust();
                    eyes.scanner.request(cause);
                }
                if cause == Cause::WatchLost {
                    self.tick();
                }
            }
        }
    }

    fn changed(&mut self, path: &Path, at: SystemTime) {
        match self.schedule.hint(path, at) {
            Hinted::UnderWay => return,
            Hinted::Due(work) => return self.start(work),
            Hinted::Unknown => {}
        }
        if self.schedule.under_way() >= WINDOW {
            return self.request(Cause::Backlog);
        }
        let Some(eyes) = &mut self.eyes else { return };
        match eyes.scanner.look(path, at) {
            Look::Candidate(candidate) => self.start(Work::Candidate(candidate)),
            Look::Held(reason) => self.hold(path, &reason, None),
            Look::Folder | Look::Ignored | Look::Gone => {}
        }
    }

    pub(super) fn start(&mut self, work: Work) {
        if self.schedule.start(&work) {
            let (size, arrived) = match &work {
                Work::Candidate(candidate) => (candidate.size, Some(candidate.arrived)),
                Work::Claim(claim) => (claim.name.size, claim.arrived),
            };
            self.know(|known| known.started(Key::of(&work), &name_of(&work), arrived));
            let waiting = match &work {
                Work::Candidate(_) => self.place.manager.waiting(size),
                Work::Claim(_) => Waiting::default(), // it may be sealed already
            };
            self.queue.push(
                self.place.index,
                size,
                Job {
                    place: Arc::clone(&self.place),
                    work,
                    waiting,
                },
            );
        }
    }

    fn report(&mut self, report: Report) {
        let Report { work, result } = report;
        let hinted = self.schedule.finish(&work);
        match result {
            Ok(Done::Sealed(sealed)) => {
                if matches!(work, Work::Claim(_)) {
                    self.left.claim_sealed();
                }
                self.know(|known| known.finished(&Key::of(&work)));
                self.state.sealed(&sealed);
                report::sealed(&self.place, &sealed);
            }
            Ok(Done::Gone) => {
                self.know(|known| known.finished(&Key::of(&work)));
                if let Work::Candidate(candidate) = &work {
                    report::gone(&self.place, &candidate.path);
                }
            }
            Err(setback) => self.set_back(&work, *setback),
        }
        if let (Work::Candidate(candidate), Some(at)) = (&work, hinted) {
            self.changed(&candidate.path, at);
        }
        if self.schedule.under_way() == 0 {
            self.tidy();
        }
    }

    /// Removes what claims that are over have left; what cannot go yet goes later.
    fn tidy(&self) {
        let removed = tokio::task::block_in_place(|| self.place.folders.remove_spares());
        if let Err((left, error)) = removed {
            report::untidied(&self.place, left, &error);
        }
    }

    pub(super) fn know(&self, act: impl FnOnce(&mut super::known::Known)) {
        self.state.with(self.place.index, act);
    }

    pub(super) fn request(&mut self, cause: Cause) {
        if let Some(eyes) = &mut self.eyes {
            eyes.scanner.request(cause);
        }
    }

    /// The watching thread has ended: start anew.
    fn lost_hints(&mut self) {
        self.eyes = None;
        self.tick();
    }

    /// Held names that are no more are no longer held.
    fn forget_gone(&self) {
        let input = &self.settings.input;
        let is_there = |key: &Key| match key {
            Key::Path(path) => input.join(path).symlink_metadata().is_ok(),
            Key::Claim(name) => input.join(CLAIMS).join(name).symlink_metadata().is_ok(),
        };
        self.know(|known| known.forget_gone(is_there));
    }

    /// Looks whether the folders are where they were, and for ones that were lost, whether they are back.
    fn tick(&mut self) {
        if let Some(eyes) = &self.eyes {
            let folders = &self.place.folders;
            let lost = match (eyes.hints.check_alive(), folders.check_output()) {
                (Ok(()), Ok(())) => {
                    if self.schedule.under_way() == 0 {
                        self.tidy();
                    }
                    return self.forget_gone();
                }
                (Err(error), _) => report::chain(&error),
                (_, Err(error)) => report::chain(&error),
            };
            report::watch_lost(self.place.name(), &lost);
            self.state.problem(self.place.name(), Some(lost));
            self.eyes = None;
        }
        let reopened =
            tokio::task::block_in_place(|| opening::reopen(&self.place, &self.settings, &self.options));
        match reopened {
            Ok((place, eyes)) => {
                report::watch_again(place.name());
                self.state.problem(place.name(), None);
                let same_claims = self.place.folders.same_claims(&place.folders);
                self.place = Arc::new(place);
                self.eyes = Some(eyes);
                // The claims of the same folder are all known: under way, or waiting.
                if !same_claims {
                    self.take_up_claims();
                }
            }
            Err(error) => tracing::debug!("still lost: {}", report::chain(&error)),
        }
    }
}

/// By which name an operator finds it.
pub(super) fn name_of(work: &Work) -> PathBuf {
    match work {
        Work::Candidate(Candidate { path, .. }) => path.clone(),
        Work::Claim(claim) => claim.name.file_name().into(),
    }
}
