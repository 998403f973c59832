//! The progress bar: on stderr, only if that is a terminal, and only for work that takes a while.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

/// Work that takes less is shown by its end.
const LONG: Duration = Duration::from_millis(700);
const TICK: Duration = Duration::from_millis(100);

/// How far the work is.
#[derive(Debug)]
pub(in crate::cli) struct Progress {
    shared: Arc<Shared>,
    ticker: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    bar: ProgressBar,
    done: AtomicU64,
    /// Outputs that grow under other hands; their length is how far they are.
    growing: Mutex<Vec<Weak<File>>>,
    finished: AtomicBool,
}

impl Progress {
    /// For this many bytes; an unknown sum is shown as bytes and rate alone.
    pub(super) fn new(total: Option<u64>, quiet: bool) -> Self {
        let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden());
        bar.set_style(style(total.is_some()));
        let shared = Arc::new(Shared {
            bar,
            done: AtomicU64::new(0),
            growing: Mutex::default(),
            finished: AtomicBool::new(false),
        });
        let wanted = !quiet && io::stderr().is_terminal();
        let ticker = wanted.then(|| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.tick())
        });
        Self { shared, ticker }
    }

    /// More bytes are done.
    pub(super) fn add(&self, bytes: u64) {
        self.shared.done.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A file that is being written; it counts by its length until it is closed.
    pub(super) fn watch(&self, file: &Arc<File>) {
        if self.ticker.is_some() {
            let mut growing = self.shared.growing.lock().unwrap_or_else(PoisonError::into_inner);
            growing.push(Arc::downgrade(file));
        }
    }

    /// Says something without disturbing the bar.
    pub(super) fn suspend<T>(&self, say: impl FnOnce() -> T) -> T {
        self.shared.bar.suspend(say)
    }

    /// Takes the bar away.
    pub(super) fn finish(&mut self) {
        self.shared.finished.store(true, Ordering::Relaxed);
        if let Some(ticker) = self.ticker.take() {
            ticker.thread().unpark();
            let _ = ticker.join();
        }
        self.shared.bar.finish_and_clear();
    }

    /// A reader whose bytes count.
    pub(super) fn counting<R: Read>(&self, inner: R) -> Counting<'_, R> {
        Counting {
            inner,
            progress: self,
        }
    }
}

impl Shared {
    fn tick(&self) {
        let began = Instant::now();
        let mut shown = false;
        while !self.finished.load(Ordering::Relaxed) {
            thread::park_timeout(TICK);
            if began.elapsed() >= LONG && !shown {
                shown = true;
                self.bar.set_draw_target(ProgressDrawTarget::stderr());
            }
            self.bar
                .set_position(self.done.load(Ordering::Relaxed).saturating_add(self.grown()));
        }
    }

    fn grown(&self) -> u64 {
        let mut growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        growing.retain(|file| file.strong_count() > 0);
        let files = growing.iter().filter_map(Weak::upgrade);
        files
            .filter_map(|file| file.metadata().ok())
            .map(|stat| stat.len())
            .sum()
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

/// The bar takes what a narrow terminal leaves it.
fn style(total: bool) -> ProgressStyle {
    let template = if total {
        "{percent:>3}% {wide_bar} {done} of {all} {rate} {eta}"
    } else {
        "{spinner} {done} {rate}"
    };
    let bytes = |w: &mut dyn std::fmt::Write, bytes: u64| {
        let _ = write!(w, "{:.1}", ByteSize(bytes).display().iec_short());
    };
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .with_key(
            "done",
            move |state: &ProgressState, w: &mut dyn std::fmt::Write| {
                bytes(w, state.pos().min(state.len().unwrap_or(u64::MAX)));
            },
        )
        .with_key(
            "all",
            move |state: &ProgressState, w: &mut dyn std::fmt::Write| {
                bytes(w, state.len().unwrap_or_default());
            },
        )
        .with_key(
            "rate",
            move |state: &ProgressState, w: &mut dyn std::fmt::Write| {
                bytes(w, per_second(state.per_sec()));
                let _ = w.write_str("/s");
            },
        )
        .progress_chars("#>-")
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate for the eye, never negative"
)]
fn per_second(rate: f64) -> u64 {
    rate as u64
}
