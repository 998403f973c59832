//! What the workers take from: in the order of arrival, except that long files never have every worker.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Files above this many bytes count as long.
const LONG: u64 = 16 << 20;
/// Jobs that a worker is given together, where many wait: they share flushes.
const MOST_TOGETHER: usize = 16;
/// Bytes that they may have together, so that the first does not wait long for the last.
pub(super) const BYTES_TOGETHER: u64 = 1 << 20;

/// A queue of jobs, shared by dispatchers and workers.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    ready: Condvar,
    workers: usize,
    /// Jobs that one of them is given together at most.
    together: usize,
}

#[derive(Debug)]
struct State<T> {
    /// One pair of lanes per drop.
    lanes: Vec<Lanes<T>>,
    /// The drop that is served next.
    turn: usize,
    long_under_way: usize,
    closed: bool,
}

#[derive(Debug)]
struct Lanes<T> {
    short: VecDeque<Queued<T>>,
    long: VecDeque<Queued<T>>,
    arrivals: u64,
}

#[derive(Debug)]
struct Queued<T> {
    /// By arrival.
    number: u64,
    size: u64,
    job: T,
}

/// Jobs of one drop taken from the queue; give them back to [`Queue::done`] when they are over.
#[derive(Debug)]
pub(super) struct Taken<T> {
    jobs: Vec<T>,
    is_long: bool,
}

/// How many jobs a worker may be given together, by how many files this process may have open: a file on its way takes
/// five descriptors, one that waits for its record two.
pub(super) fn together(open_files: Option<u64>, workers: usize) -> usize {
    const DESCRIPTORS: usize = 8;
    let open_files = open_files.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
    (open_files / workers.max(1) / DESCRIPTORS).clamp(1, MOST_TOGETHER)
}

impl<T> Queue<T> {
    pub(super) fn new(drops: usize, workers: usize, together: usize) -> Self {
        let lanes = || Lanes {
            short: VecDeque::new(),
            long: VecDeque::new(),
            arrivals: 0,
        };
        let state = State {
            lanes: std::iter::repeat_with(lanes).take(drops).collect(),
            turn: 0,
            long_under_way: 0,
            closed: false,
        };
        Self {
            state: Mutex::new(state),
            ready: Condvar::new(),
            workers,
            together,
        }
    }

    /// Appends a job of a drop; `size` in bytes decides its lane.
    pub(super) fn push(&self, index: usize, size: u64, job: T) {
        let mut state = self.lock();
        if let Some(lanes) = state.lanes.get_mut(index) {
            let number = lanes.arrivals;
            lanes.arrivals += 1;
            let lane = if size > LONG {
                &mut lanes.long
            } else {
                &mut lanes.short
            };
            lane.push_back(Queued { number, size, job });
        }
        drop(state);
        self.ready.notify_one();
    }

    /// Waits for jobs: one, or where more wait than there are workers, some short ones of a drop. `None` once the queue is
    /// closed.
    pub(super) fn take(&self) -> Option<Taken<T>> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(taken) = state.next(self.workers, self.together) {
                return Some(taken);
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The same without waiting; `None` also while there are none.
    pub(super) fn try_take(&self) -> Option<Taken<T>> {
        let mut state = self.lock();
        if state.closed {
            None
        } else {
            state.next(self.workers, self.together)
        }
    }

    /// Says that what was taken is over.
    pub(super) fn done(&self, is_long: bool) {
        if is_long {
            self.lock().long_under_way -= 1;
            self.ready.notify_one();
        }
    }

    /// Lets no more jobs out; what waits is dropped, as its file stands where it stood.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        for lanes in &mut state.lanes {
            lanes.short.clear();
            lanes.long.clear();
        }
        drop(state);
        self.ready.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Taken<T> {
    /// What [`Queue::done`] wants to know.
    pub(super) fn is_long(&self) -> bool {
        self.is_long
    }

    /// The jobs, in their order.
    pub(super) fn into_jobs(self) -> Vec<T> {
        self.jobs
    }
}

impl<T> State<T> {
    /// The next jobs by turns of the drops; within one, whichever lane's head came first and may go. Long files never
    /// have more than half of the workers.
    fn next(&mut self, workers: usize, together: usize) -> Option<Taken<T>> {
        let drops = self.lanes.len();
        let long_may_go = self.long_under_way < (workers / 2).max(1);
        for step in 0..drops {
            let index = (self.turn + step) % drops;
            let Some(taken) = self
                .lanes
                .get_mut(index)
                .and_then(|lanes| lanes.next(long_may_go, workers, together))
            else {
                continue;
            };
            self.turn = (index + 1) % drops;
            self.long_under_way += usize::from(taken.is_long);
            return Some(taken);
        }
        None
    }
}

impl<T> Lanes<T> {
    fn next(&mut self, long_may_go: bool, workers: usize, together: usize) -> Option<Taken<T>> {
        let long_is_first = match (self.short.front(), self.long.front()) {
            (Some(short), Some(long)) => long.number < short.number,
            (short, _) => short.is_none(),
        };
        if long_may_go && long_is_first {
            let jobs = self.long.pop_front().map(|waiting| vec![waiting.job])?;
            return Some(Taken { jobs, is_long: true });
        }
        let share = self.short.len().div_ceil(workers).min(together);
        let first = self.short.pop_front()?;
        let (mut jobs, mut bytes) = (vec![first.job], first.size);
        while jobs.len() < share
            && let Some(next) = self
                .short
                .pop_front_if(|next| bytes + next.size <= BYTES_TOGETHER)
        {
            bytes += next.size;
            jobs.push(next.job);
        }
        Some(Taken { jobs, is_long: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(queue: &Queue<&'static str>) -> (&'static str, bool) {
        let mut taken = queue.take().unwrap();
        assert_eq!(taken.jobs.len(), 1);
        (taken.jobs.remove(0), taken.is_long)
    }

    #[test]
    fn short_files_do_not_wait_behind_long_ones_and_long_ones_get_their_turn() {
        let queue = Queue::new(1, 2, MOST_TOGETHER);
        for (size, job) in [
            (LONG + 1, "long 1"),
            (LONG + 1, "long 2"),
            (1, "short 1"),
            (1, "short 2"),
        ] {
            queue.push(0, size, job);
        }
        assert_eq!(take(&queue), ("long 1", true));
        assert_eq!(take(&queue), ("short 1", false));
        assert_eq!(take(&queue), ("short 2", false));
        queue.done(true);
        assert_eq!(take(&queue), ("long 2", true));
    }

    #[test]
    fn drops_take_turns() {
        let queue = Queue::new(2, 3, MOST_TOGETHER);
        for job in ["a1", "a2", "a3"] {
            queue.push(0, 1, job);
        }
        queue.push(1, 1, "b1");
        assert_eq!(
            [take(&queue).0, take(&queue).0, take(&queue).0],
            ["a1", "b1", "a2"]
        );
    }

    #[test]
    fn where_more_wait_than_there_are_workers_each_takes_its_share_of_small_ones() {
        let share = |sizes: &[u64]| {
            let queue = Queue::new(1, 4, MOST_TOGETHER);
            for size in sizes {
                queue.push(0, *size, *size);
            }
            queue.take().unwrap().into_jobs()
        };
        assert_eq!(share(&[1; 4]).len(), 1);
        assert_eq!(share(&[1; 12]).len(), 3);
        assert_eq!(share(&[1; 1000]).len(), MOST_TOGETHER);
        // Not behind more bytes than that, nor behind a long one.
        assert_eq!(share(&[BYTES_TOGETHER / 2; 12]).len(), 2);
        assert_eq!(share(&[LONG; 12]), [LONG]);
        assert_eq!(share(&[LONG + 1; 12]), [LONG + 1]);
    }

    #[test]
    fn where_few_files_may_be_open_few_go_together() {
        assert_eq!(together(None, 32), MOST_TOGETHER);
        assert_eq!(together(Some(8192), 32), MOST_TOGETHER);
        assert_eq!(together(Some(1024), 16), 8);
        assert_eq!(together(Some(10), 32), 1);
    }

    #[test]
    fn a_closed_queue_lets_nothing_out() {
        let queue = Queue::new(1, 1, MOST_TOGETHER);
        queue.push(0, 1, "job");
        queue.close();
        assert!(queue.take().is_none());
    }
}
