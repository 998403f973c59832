//! The progress bar: on stderr, only if that is a terminal, and only for work that takes a while.

use std::io::{self, IsTerminal as _, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// Work that takes less is shown by its end.
const LONG: Duration = Duration::from_millis(700);
const TICK: Duration = Duration::from_millis(100);

/// How far the work is.
#[derive(Debug)]
pub(in crate::cli) struct Progress {
    bar: ProgressBar,
    began: Instant,
    done: AtomicU64,
    shown: AtomicBool,
    wanted: bool,
}

impl Progress {
    /// For this many bytes; an unknown sum is shown as bytes and rate alone.
    pub(super) fn new(total: Option<u64>, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        bar.set_style(style(total.is_some()));
        Self {
            bar,
            began: Instant::now(),
            done: AtomicU64::new(0),
            shown: AtomicBool::new(false),
            wanted: !quiet && io::stderr().is_terminal(),
        }
    }

    /// More bytes are done.
    pub(super) fn add(&self, bytes: u64) {
        self.done.fetch_add(bytes, Ordering::Relaxed);
        if !self.wanted || self.began.elapsed() < LONG {
            return;
        }
        if !self.shown.swap(true, Ordering::Relaxed) {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
            self.bar.enable_steady_tick(TICK);
        }
        self.bar.set_position(self.done.load(Ordering::Relaxed));
    }

    /// Says something without disturbing the bar.
    pub(super) fn suspend<T>(&self, say: impl FnOnce() -> T) -> T {
        self.bar.suspend(say)
    }

    /// Takes the bar away.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// A reader whose bytes count.
    pub(super) fn counting<R: Read>(&self, inner: R) -> Counting<'_, R> {
        Counting {
            inner,
            progress: self,
        }
    }
}

/// Counts what is read.
pub(super) struct Counting<'p, R> {
    inner: R,
    progress: &'p Progress,
}

impl<R: Read> Read for Counting<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.progress.add(read as u64);
        Ok(read)
    }
}

fn style(total: bool) -> ProgressStyle {
    let template = if total {
        "{percent:>3}% {wide_bar} {bytes}/{total_bytes} {rate} {eta}"
    } else {
        "{spinner} {bytes} {rate}"
    };
    let rate = |state: &ProgressState, w: &mut dyn std::fmt::Write| {
        let _ = write!(
            w,
            "{:.0}/s",
            bytesize::ByteSize(bytes_per_second(state.per_sec()))
                .display()
                .iec()
        );
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key("rate", rate)
        .progress_chars("#>-")
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate for the eye, never negative"
)]
fn bytes_per_second(rate: f64) -> u64 {
    rate as u64
}
