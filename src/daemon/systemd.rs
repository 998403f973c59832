//! What systemd is told (`sd_notify(3)`). Without systemd all of it goes nowhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;

use super::heart::Heart;
use super::report;
use super::state::State;

/// More time for a start, a reload or a stop that gets on.
const EXTENSION: u32 = 30_000_000; // microseconds

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!("systemd was not told: {error}");
    }
}

pub(super) fn ready(state: &State) {
    tell(&[NotifyState::Ready, NotifyState::Status(&state.line())]);
}

pub(super) fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now, NotifyState::Status("reloading")]),
        Err(_) => tell(&[NotifyState::Reloading]),
    }
}

pub(super) fn stopping() {
    let status = NotifyState::Status("finishing the files under way");
    tell(&[NotifyState::Stopping, status]);
}

/// For starts, reloads and stops, again and again while they get on.
pub(super) fn extend() {
    tell(&[NotifyState::ExtendTimeoutUsec(EXTENSION)]);
}

/// Keeps the status line fresh, and feeds the watchdog as long as everybody gets on. While the daemon starts anew or
/// stops, `watch` is set aside by having nobody to watch but who is still at work.
pub(super) async fn keep_told(state: Arc<State>, heart: Arc<Heart>) {
    let watchdog = sd_notify::watchdog_enabled();
    let every = watchdog.map_or(Duration::from_secs(1), |limit| {
        (limit / 4).min(Duration::from_secs(1))
    });
    let mut timer = tokio::time::interval(every.max(Duration::from_millis(100)));
    timer.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut told, mut complained) = (String::new(), false);
    let mut last_line = Instant::now();
    loop {
        timer.tick().await;
        // A half of the limit without progress, and another half without food, are the limit.
        if let Some(limit) = watchdog {
            match heart.stuck(Instant::now(), limit / 2) {
                None => {
                    complained = false;
                    tell(&[NotifyState::Watchdog]);
                }
                Some(name) if !complained => {
                    complained = true;
                    report::stuck(&name);
                }
                Some(_) => {}
            }
        }
        if last_line.elapsed() >= Duration::from_secs(1) {
            last_line = Instant::now();
            let line = state.line();
            if line != told {
                tell(&[NotifyState::Status(&line)]);
                told = line;
            }
        }
    }
}
