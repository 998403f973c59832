//! What the workers take from: in the order of arrival, except that long files never have every worker.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// Files above this many bytes count as long.
const LONG: u64 = 16 << 20;

/// A queue of jobs, shared by dispatchers and workers.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    ready: Condvar,
    /// Workers that long files may have at the same time.
    long_at_once: usize,
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
    short: VecDeque<(u64, T)>,
    long: VecDeque<(u64, T)>,
    arrivals: u64,
}

/// A job taken from the queue; give it back to [`Queue::done`] when it is over.
#[derive(Debug)]
pub(super) struct Taken<T> {
    pub(super) job: T,
    is_long: bool,
}

impl<T> Queue<T> {
    pub(super) fn new(drops: usize, workers: usize) -> Self {
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
            long_at_once: (workers / 2).max(1),
        }
    }

    /// Appends a job of a drop; `size` in bytes decides its lane.
    pub(super) fn push(&self, index: usize, size: u64, job: T) {
        let mut state = self.lock();
        if let Some(lanes) = state.lanes.get_mut(index) {
            let number = lanes.arrivals;
            lanes.arrivals += 1;
            if size > LONG {
                lanes.long.push_back((number, job));
            } else {
                lanes.short.push_back((number, job));
            }
        }
        drop(state);
        self.ready.notify_one();
    }

    /// Waits for a job; `None` once the queue is closed.
    pub(super) fn take(&self) -> Option<Taken<T>> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            if let Some(taken) = state.next(self.long_at_once) {
                return Some(taken);
            }
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Says that a job is over.
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
    /// The job, and what [`Queue::done`] wants to know.
    pub(super) fn into_parts(self) -> (T, bool) {
        (self.job, self.is_long)
    }
}

impl<T> State<T> {
    /// The next job by turns of the drops; within one, whichever lane's head came first and may go.
    fn next(&mut self, long_at_once: usize) -> Option<Taken<T>> {
        let drops = self.lanes.len();
        let long_may_go = self.long_under_way < long_at_once;
        for step in 0..drops {
            let index = (self.turn + step) % drops;
            let Some(taken) = self
                .lanes
                .get_mut(index)
                .and_then(|lanes| lanes.next(long_may_go))
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
    fn next(&mut self, long_may_go: bool) -> Option<Taken<T>> {
        let long_is_first = match (self.short.front(), self.long.front()) {
            (Some((short, _)), Some((long, _))) => long < short,
            (short, _) => short.is_none(),
        };
        let is_long = long_may_go && long_is_first;
        let lane = if is_long { &mut self.long } else { &mut self.short };
        lane.pop_front().map(|(_, job)| Taken { job, is_long })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(queue: &Queue<&'static str>) -> (&'static str, bool) {
        queue.take().unwrap().into_parts()
    }

    #[test]
    fn short_files_do_not_wait_behind_long_ones_and_long_ones_get_their_turn() {
        let queue = Queue::new(1, 2);
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
        let queue = Queue::new(2, 2);
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
    fn a_closed_queue_lets_nothing_out() {
        let queue = Queue::new(1, 1);
        queue.push(0, 1, "job");
        queue.close();
        assert!(queue.take().is_none());
    }
}
