//! Whether the daemon gets on: what feeds systemd's watchdog.
//!
//! A dispatcher is idle while it waits for something to happen, and beats each time round its loop. A worker that has a
//! file must have run since the last look: the kernel says so for its thread. So a worker that waits for ever, for a
//! lock or for a disk, starves the watchdog, and one that takes hours for a large file does not.

use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// One dispatcher's or worker's sign of life.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    beats: AtomicU64,
    /// Nothing is expected of one that has nothing to do.
    idle: AtomicBool,
    thread: AtomicI32,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Heart(Mutex<Vec<Watched>>);

#[derive(Debug)]
struct Watched {
    name: String,
    pulse: Arc<Pulse>,
    last: Option<(String, Instant)>,
}

impl Pulse {
    /// There was progress.
    pub(super) fn beat(&self) {
        self.beats.fetch_add(1, Ordering::Relaxed);
    }

    /// The thread that calls has taken up work.
    pub(super) fn busy(&self) {
        let thread = rustix::thread::gettid();
        self.thread
            .store(thread.as_raw_nonzero().get(), Ordering::Relaxed);
        self.beat();
        self.idle.store(false, Ordering::Release);
    }

    /// A task, which no thread is of its own, goes on.
    pub(super) fn awake(&self) {
        self.beat();
        self.idle.store(false, Ordering::Release);
    }

    /// It has no work.
    pub(super) fn idle(&self) {
        self.idle.store(true, Ordering::Release);
    }

    /// Something that is another one whenever there was progress; `None` if none is expected.
    fn evidence(&self) -> Option<String> {
        if self.idle.load(Ordering::Acquire) {
            return None;
        }
        let beats = self.beats.load(Ordering::Relaxed);
        let ran = match self.thread.load(Ordering::Relaxed) {
            0 => String::new(),
            // Time on and for the processor, and turns on it (Documentation/scheduler/sched-stats.rst).
            thread => {
                std::fs::read_to_string(format!("/proc/self/task/{thread}/schedstat")).unwrap_or_default()
            }
        };
        Some(format!("{beats} {ran}"))
    }
}

impl Heart {
    /// Somebody who has to show progress from now on.
    pub(super) fn watch(&self, name: String) -> Arc<Pulse> {
        let pulse = Arc::new(Pulse::default());
        let watched = Watched {
            name,
            pulse: Arc::clone(&pulse),
            last: None,
        };
        self.lock().push(watched);
        pulse
    }

    /// Nobody has to, from now on.
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    /// Who has shown no progress for so long, if anybody.
    pub(super) fn stuck(&self, now: Instant, longest: Duration) -> Option<String> {
        let mut stuck = None;
        for watched in self.lock().iter_mut() {
            let Some(evidence) = watched.pulse.evidence() else {
                watched.last = None;
                continue;
            };
            match &watched.last {
                Some((last, since)) if *last == evidence => {
                    if now.duration_since(*since) >= longest {
                        stuck = Some(watched.name.clone());
                    }
                }
                _ => watched.last = Some((evidence, now)),
            }
        }
        stuck
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    const LONGEST: Duration = Duration::from_mins(1);

    #[test]
    fn a_dispatcher_that_does_not_come_round_is_stuck() {
        let heart = Heart::default();
        let pulse = heart.watch("drop".to_owned());
        let start = Instant::now();
        assert_eq!(heart.stuck(start, LONGEST), None);
        pulse.beat();
        assert_eq!(heart.stuck(start + LONGEST, LONGEST), None);
        assert_eq!(heart.stuck(start + 2 * LONGEST, LONGEST).as_deref(), Some("drop"));
    }

    #[test]
    fn a_dispatcher_that_waits_for_something_to_happen_is_not() {
        let heart = Heart::default();
        let pulse = heart.watch("drop".to_owned());
        let start = Instant::now();
        assert_eq!(heart.stuck(start, LONGEST), None);
        pulse.idle();
        assert_eq!(heart.stuck(start + 2 * LONGEST, LONGEST), None);
        pulse.awake();
        assert_eq!(heart.stuck(start + 2 * LONGEST, LONGEST), None);
        assert!(heart.stuck(start + 3 * LONGEST, LONGEST).is_some());
    }

    #[test]
    fn a_worker_that_waits_for_ever_with_a_file_is_stuck_and_an_idle_one_is_not() {
        let heart = Heart::default();
        let pulse = heart.watch("worker 1".to_owned());
        let (release, wait) = channel::<()>();
        let (tell, told) = channel();
        let worker = std::thread::spawn(move || {
            pulse.busy();
            tell.send(()).unwrap();
            let _ = wait.recv(); // wedged
            pulse.idle();
        });
        told.recv().unwrap();
        // It may still be on its way into the wait: look until it has come to rest.
        let mut now = Instant::now();
        let stuck = (0..1000).find_map(|_| {
            now += LONGEST;
            heart.stuck(now, LONGEST)
        });
        assert_eq!(stuck.as_deref(), Some("worker 1"));
        drop(release);
        worker.join().unwrap();
        assert_eq!(heart.stuck(now + LONGEST, LONGEST), None);
        assert_eq!(heart.stuck(now + 2 * LONGEST, LONGEST), None);
    }
}
