//! Whether a file has not changed for a while, by its ctime and by what was seen of it.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustix::time::{ClockId, clock_gettime};

use crate::fs::FileIdentity;

/// One state of a file, and since when (time since boot) it has been seen in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Observed {
    pub(super) identity: FileIdentity,
    pub(super) since: Duration,
    /// Since when it has been seen at all.
    pub(super) first: Duration,
}

impl Observed {
    /// What is known after seeing the file in this state now.
    pub(super) fn again(before: Option<Self>, identity: FileIdentity, now: Duration) -> Self {
        match before {
            Some(before) if before.identity == identity => before,
            Some(before) if before.identity.same_file(&identity) => Self {
                identity,
                since: now,
                first: before.first,
            },
            _ => Self {
                identity,
                since: now,
                first: now,
            },
        }
    }
}

/// Both clocks at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// Time since boot, suspended time included: never set, never stepped.
    pub(super) boot: Duration,
    /// The wall clock, which stamps the files of local file systems.
    pub(super) wall: SystemTime,
}

impl Moment {
    pub(super) fn now() -> Self {
        let boot = clock_gettime(ClockId::Boottime);
        Self {
            boot: Duration::new(
                u64::try_from(boot.tv_sec).unwrap_or(0),
                u32::try_from(boot.tv_nsec).unwrap_or(0),
            ),
            wall: SystemTime::now(),
        }
    }
}

/// Judges how long a file has been quiet.
///
/// The age by ctime needs no waiting for what was dropped before the daemon started, but trusts the wall clock; a
/// step of that clock makes it worthless for as long as the quiet period, so then only what was seen counts.
#[derive(Debug)]
pub(super) struct QuietRule {
    quiet: Duration,
    local_clock: bool,
    anchor: Mutex<Anchor>,
}

#[derive(Clone, Copy, Debug)]
struct Anchor {
    moment: Moment,
    distrust_until: Duration,
}

impl QuietRule {
    /// More than slewing or a leap second does between two looks.
    const STEP: Duration = Duration::from_millis(1500);

    /// `local_clock`: whether this host's clock stamps the files.
    pub(super) fn new(quiet: Duration, local_clock: bool, now: Moment) -> Self {
        Self {
            quiet,
            local_clock,
            anchor: Mutex::new(Anchor {
                moment: now,
                distrust_until: Duration::ZERO,
            }),
        }
    }

    pub(super) fn period(&self) -> Duration {
        self.quiet
    }

    /// How long is still to be waited if nothing changes; `None`: quiet for long enough.
    pub(super) fn remaining(
        &self,
        observed: &Observed,
        changed: SystemTime,
        now: Moment,
    ) -> Option<Duration> {
        let trusted = self.trusts_wall_clock(now);
        let by_ctime = now
            .wall
            .duration_since(changed)
            .ok()
            .filter(|_| trusted)
            .unwrap_or(Duration::ZERO);
        let seen = now.boot.saturating_sub(observed.since);
        let left = self.quiet.saturating_sub(by_ctime.max(seen));
        (!left.is_zero()).then_some(left)
    }

    fn trusts_wall_clock(&self, now: Moment) -> bool {
        let mut anchor = self.anchor.lock().unwrap_or_else(PoisonError::into_inner);
        let boot = now.boot.saturating_sub(anchor.moment.boot);
        let expected = anchor.moment.wall + boot;
        let step = match now.wall.duration_since(expected) {
            Ok(ahead) => ahead,
            Err(behind) => behind.duration(),
        };
        if step > Self::STEP {
            anchor.distrust_until = now.boot + self.quiet;
        }
        anchor.moment = now;
        self.local_clock && now.boot >= anchor.distrust_until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: Duration = Duration::from_secs(10);

    fn moment(boot: u64, wall: u64) -> Moment {
        Moment {
            boot: Duration::from_secs(boot),
            wall: SystemTime::UNIX_EPOCH + Duration::from_secs(wall),
        }
    }

    fn seen_at(boot: u64) -> Observed {
        let identity = FileIdentity {
            device: 1,
            inode: 2,
            size: 3,
            modified: (4, 5),
            changed: (6, 7),
        };
        Observed::again(None, identity, Duration::from_secs(boot))
    }

    fn changed_at(wall: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(wall)
    }

    #[test]
    fn an_old_file_passes_at_first_sight() {
        let rule = QuietRule::new(QUIET, true, moment(100, 1000));
        assert_eq!(
            rule.remaining(&seen_at(100), changed_at(990), moment(100, 1000)),
            None
        );
        assert_eq!(
            rule.remaining(&seen_at(100), changed_at(993), moment(100, 1000)),
            Some(Duration::from_secs(3))
        );
    }

    #[test]
    fn a_remote_clock_is_not_believed() {
        let rule = QuietRule::new(QUIET, false, moment(100, 1000));
        assert_eq!(
            rule.remaining(&seen_at(100), changed_at(0), moment(104, 1004)),
            Some(Duration::from_secs(6))
        );
        assert_eq!(
            rule.remaining(&seen_at(100), changed_at(0), moment(110, 1010)),
            None
        );
    }

    #[test]
    fn a_clock_that_is_set_forward_does_not_age_a_file() {
        let rule = QuietRule::new(QUIET, true, moment(100, 1000));
        // Changed at 1001; one second later the clock is set an hour ahead.
        assert_eq!(
            rule.remaining(&seen_at(101), changed_at(1001), moment(102, 4602)),
            Some(Duration::from_secs(9))
        );
        assert_eq!(
            rule.remaining(&seen_at(101), changed_at(1001), moment(111, 4611)),
            None
        );
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_a_file_waiting_for_hours() {
        let rule = QuietRule::new(QUIET, true, moment(100, 5000));
        assert_eq!(
            rule.remaining(&seen_at(101), changed_at(5001), moment(111, 1411)),
            None
        );
    }

    #[test]
    fn a_change_starts_the_wait_again() {
        let before = seen_at(100);
        let mut identity = before.identity;
        identity.size += 1;
        let after = Observed::again(Some(before), identity, Duration::from_secs(107));
        assert_eq!((after.since.as_secs(), after.first.as_secs()), (107, 100));
    }
}
