//! The running service: queue, workers, hold and retry, shutdown.
//!
//! Each drop has a dispatcher that turns hints and scans into jobs; a few worker threads, shared by all drops, take
//! each file through its whole way. Async is for waiting only: signals, timers, the key service.

mod dispatcher;
mod error;
mod keyrings;
mod opening;
mod place;
mod queue;
mod report;
mod schedule;
mod tidier;
mod worker;

use std::io;
use std::sync::Arc;
use std::thread;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::config::Settings;
use dispatcher::Dispatcher;
use queue::Queue;
use schedule::Schedule;
use worker::{Desk, Job, Report};

pub use error::Error;

/// Runs the daemon until SIGTERM or SIGINT; the files that are under way then are finished first.
pub fn run(settings: &Settings) -> Result<(), Error> {
    report::memory(&crate::fs::protect_memory());
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("sealdrop-async")
        .enable_all()
        .build()
        .map_err(system("start the runtime"))?;
    let signals = runtime
        .block_on(async { Signals::new() })
        .map_err(system("listen for signals"))?;
    let daemon = Daemon::start(&runtime, settings)?;
    report::started(settings.drops.len(), settings.workers.get());
    let ended = runtime.block_on(daemon.wait(signals));
    report::stopped();
    ended
}

fn system(action: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::System { action, source }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    async fn stop(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

struct Daemon {
    queue: Arc<Queue<Job>>,
    threads: Vec<thread::JoinHandle<()>>,
    dispatchers: JoinSet<Result<(), u32>>,
    stop: watch::Sender<bool>,
}

impl Daemon {
    /// Opens everything first, so that a fault in one drop starts nothing.
    fn start(runtime: &Runtime, settings: &Settings) -> Result<Self, Error> {
        settings.drops.iter().try_for_each(opening::make_folders)?;
        let keyrings = keyrings::build(settings)?;
        let workers = settings.workers.get();
        let queue = Arc::new(Queue::new(settings.drops.len(), workers));
        let (mut dispatchers, mut senders) = (Vec::new(), Vec::new());
        let _entered = runtime.enter();
        for (index, drop) in settings.drops.iter().enumerate() {
            let options = opening::watch_options(drop)?;
            let manager = keyrings::manager(&keyrings, drop, settings.data_key_cache.as_ref())?;
            let (place, eyes) = opening::open(index, drop, &options, manager)?;
            let (sender, reports) = mpsc::unbounded_channel::<Report>();
            senders.push(sender);
            let mut dispatcher = Dispatcher {
                place: Arc::new(place),
                eyes: Some(eyes),
                settings: drop.clone(),
                options,
                queue: Arc::clone(&queue),
                reports,
                schedule: Schedule::default(),
                panics: 0,
            };
            dispatcher.take_up_claims();
            dispatchers.push(dispatcher);
        }
        let (tidier_sender, tidier) = tidier::start().map_err(system("start the tidier"))?;
        let desk = Desk {
            queue: Arc::clone(&queue),
            runtime: runtime.handle().clone(),
            reports: senders,
            tidier: tidier_sender,
        };
        let mut threads = start_workers(workers, &desk)?;
        drop(desk); // the tidier ends when its last sender is gone
        threads.push(tidier); // the last one, as it ends when the workers have
        let (stop, stopped) = watch::channel(false);
        let dispatchers = dispatchers
            .into_iter()
            .map(|dispatcher| dispatcher.run(stopped.clone()))
            .collect();
        Ok(Self {
            queue,
            threads,
            dispatchers,
            stop,
        })
    }

    async fn wait(mut self, signals: Signals) -> Result<(), Error> {
        let ended = tokio::select! {
            () = signals.stop() => Ok(()),
            Some(Ok(Err(panics))) = self.dispatchers.join_next() => Err(Error::Defect(panics)),
        };
        report::stopping();
        self.queue.close();
        let joined = tokio::task::spawn_blocking(move || {
            self.threads.into_iter().for_each(|worker| drop(worker.join())); // a worker catches its panics
        });
        let _ = joined.await;
        // What the last files have to report is told before the dispatchers end.
        let _ = self.stop.send(true);
        while self.dispatchers.join_next().await.is_some() {}
        ended
    }
}

fn start_workers(count: usize, desk: &Desk) -> Result<Vec<thread::JoinHandle<()>>, Error> {
    let spawn = |number: usize| {
        let desk = desk.clone();
        thread::Builder::new()
            .name(format!("sealdrop-{number}"))
            .spawn(move || worker::work(&desk))
            .map_err(system("start a worker"))
    };
    (1..=count).map(spawn).collect()
}
