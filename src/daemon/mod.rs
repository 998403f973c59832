//! The running service: queue, workers, hold and retry, shutdown.
//!
//! Each drop has a dispatcher that turns hints and scans into jobs; a few worker threads, shared by all drops, take
//! each file through its whole way. Async is for waiting only: signals, timers, the key service.

mod begin;
mod dispatcher;
mod error;
mod heart;
mod keyrings;
mod known;
mod left;
mod message_id;
mod metrics;
mod opening;
mod place;
mod plain_text;
mod queue;
mod reload;
mod report;
mod schedule;
mod serve;
mod setback;
mod state;
mod status;
mod systemd;
mod worker;

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::config::Settings;
use dispatcher::Dispatcher;
use heart::Heart;
use queue::Queue;
use schedule::Schedule;
use state::State;
use worker::{Desk, Job, Report};

pub use error::Error;
pub use status::{Exposure, HeldFile, Keys, Status};

/// Runs the daemon until SIGTERM or SIGINT; the files that are under way then are finished first. On SIGHUP `reload`
/// gives the new settings, or says why the old ones stay.
pub fn run(settings: &Settings, reload: impl FnMut() -> Result<Settings, String>) -> Result<(), Error> {
    report::memory(&crate::fs::protect_memory());
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("sealdrop-async")
        .enable_all()
        .build()
        .map_err(system("start the runtime"))?;
    let mut signals = runtime
        .block_on(async { Signals::new() })
        .map_err(system("listen for signals"))?;
    let shared = Shared::default();
    let daemon = Daemon::start(&runtime, settings, &shared)?;
    let telling = systemd::keep_told(Arc::clone(&shared.state), Arc::clone(&shared.heart));
    let telling = runtime.spawn(telling);
    let ended = keep_running(&runtime, &shared, &mut signals, daemon, settings.clone(), reload);
    telling.abort();
    report::stopped();
    ended
}

/// What outlives a reload.
#[derive(Debug)]
struct Shared {
    state: Arc<State>,
    heart: Arc<Heart>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            state: Arc::new(State::new()),
            heart: Arc::default(),
        }
    }
}

fn keep_running(
    runtime: &Runtime,
    shared: &Shared,
    signals: &mut Signals,
    mut daemon: Daemon,
    mut settings: Settings,
    mut reload: impl FnMut() -> Result<Settings, String>,
) -> Result<(), Error> {
    loop {
        report::started(settings.drops.len(), settings.workers.get());
        systemd::ready(&shared.state);
        loop {
            match runtime.block_on(daemon.next(signals)) {
                Next::Stop => {
                    systemd::stopping();
                    report::stopping();
                    runtime.block_on(daemon.finish());
                    return Ok(());
                }
                Next::Defect(panics) => {
                    runtime.block_on(daemon.finish());
                    return Err(Error::Defect(panics));
                }
                Next::Reload => {}
            }
            systemd::reloading();
            match reload() {
                Err(why) => {
                    report::config_rejected(&why);
                    shared.state.reloaded("rejected");
                    systemd::ready(&shared.state);
                }
                Ok(new) => {
                    (daemon, settings) = reload::rebuild(runtime, shared, daemon, &settings, new)?;
                    break;
                }
            }
        }
    }
}

fn system(action: &'static str) -> impl FnOnce(io::Error) -> Error {
    move |source| Error::System { action, source }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

/// What ends the daemon's waiting.
enum Next {
    Stop,
    Reload,
    Defect(u32),
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Next {
        tokio::select! {
            _ = self.terminate.recv() => Next::Stop,
            _ = self.interrupt.recv() => Next::Stop,
            _ = self.hangup.recv() => Next::Reload,
        }
    }
}

struct Daemon {
    queue: Arc<Queue<Job>>,
    threads: Vec<thread::JoinHandle<()>>,
    dispatchers: JoinSet<Result<(), u32>>,
    stop: watch::Sender<bool>,
    heart: Arc<Heart>,
    /// Closed when it is dropped.
    _sockets: JoinSet<()>,
}

impl Daemon {
    /// Opens everything first, so that a fault in one drop starts nothing.
    fn start(runtime: &Runtime, settings: &Settings, shared: &Shared) -> Result<Self, Error> {
        settings.drops.iter().try_for_each(opening::make_folders)?;
        let keyrings = keyrings::build(settings, &shared.state)?;
        let workers = settings.workers.get();
        let together = queue::together(crate::fs::raise_open_files(), workers);
        let queue = Arc::new(Queue::new(settings.drops.len(), workers, together));
        let _entered = runtime.enter();
        let (dispatchers, senders) = open_drops(settings, shared, &keyrings, &queue)?;
        let sockets = serve::start(settings, &shared.state)?;
        let desk = Desk {
            queue: Arc::clone(&queue),
            runtime: runtime.handle().clone(),
            reports: senders,
        };
        let threads = start_workers(workers, &desk, &shared.heart)?;
        let (stop, stopped) = watch::channel(false);
        let (looked, mut all_looked) = mpsc::channel::<()>(1);
        let dispatchers = dispatchers
            .into_iter()
            .map(|dispatcher| dispatcher.run(stopped.clone(), looked.clone()))
            .collect();
        drop(looked);
        // Ready means that the first scan has begun to find what lies there: each drops its sender after it.
        runtime.block_on(async { all_looked.recv().await });
        Ok(Self {
            queue,
            threads,
            dispatchers,
            stop,
            heart: Arc::clone(&shared.heart),
            _sockets: sockets,
        })
    }

    async fn next(&mut self, signals: &mut Signals) -> Next {
        tokio::select! {
            next = signals.next() => next,
            Some(Ok(Err(panics))) = self.dispatchers.join_next() => Next::Defect(panics),
        }
    }

    /// Finishes the files under way; those that wait stay where they are.
    async fn finish(mut self) {
        self.queue.close();
        let threads = std::mem::take(&mut self.threads);
        let joined = tokio::task::spawn_blocking(move || {
            for worker in threads {
                drop(worker.join()); // a worker catches its panics
            }
        });
        let extending = async {
            let limit = Duration::from_mins(1);
            loop {
                // Who is stuck gets no more time.
                if self.heart.stuck(std::time::Instant::now(), limit).is_none() {
                    systemd::extend();
                }
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
        };
        tokio::select! {
            _ = joined => {}
            () = extending => {}
        }
        // What the last files have to report is told before the dispatchers end.
        let _ = self.stop.send(true);
        while self.dispatchers.join_next().await.is_some() {}
        self.heart.clear();
    }
}

type Opened = (Vec<Dispatcher>, Vec<mpsc::UnboundedSender<Report>>);

fn open_drops(
    settings: &Settings,
    shared: &Shared,
    keyrings: &keyrings::Keyrings,
    queue: &Arc<Queue<Job>>,
) -> Result<Opened, Error> {
    shared
        .state
        .set_drops(settings.drops.iter().map(|drop| drop.name.as_str()));
    let (mut dispatchers, mut senders) = (Vec::new(), Vec::new());
    for (index, drop) in settings.drops.iter().enumerate() {
        let options = opening::watch_options(drop)?;
        let manager = keyrings::manager(keyrings, drop, settings.data_key_cache.as_ref())?;
        let manager = manager.with_observer(Arc::<State>::clone(&shared.state));
        let (place, eyes) = opening::open(index, drop, &options, manager)?;
        let (sender, reports) = mpsc::unbounded_channel::<Report>();
        senders.push(sender);
        let mut dispatcher = Dispatcher {
            place: Arc::new(place),
            eyes: Some(eyes),
            settings: drop.clone(),
            options,
            queue: Arc::clone(queue),
            reports,
            schedule: Schedule::default(),
            left: left::Left::default(),
            panics: 0,
            state: Arc::clone(&shared.state),
            pulse: shared.heart.watch(format!("the dispatcher of {}", drop.name)),
        };
        dispatcher.take_up_claims();
        dispatchers.push(dispatcher);
    }
    Ok((dispatchers, senders))
}

fn start_workers(count: usize, desk: &Desk, heart: &Heart) -> Result<Vec<thread::JoinHandle<()>>, Error> {
    let spawn = |number: usize| {
        let desk = desk.clone();
        let pulse = heart.watch(format!("worker {number}"));
        pulse.idle();
        thread::Builder::new()
            .name(format!("sealdrop-{number}"))
            .spawn(move || worker::work(&desk, &pulse))
            .map_err(system("start a worker"))
    };
    (1..=count).map(spawn).collect()
}
