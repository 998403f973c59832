//! A reload: what is taken out is drained, then everything is built anew in place.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::{Daemon, Error, Shared, report, systemd};
use crate::config::Settings;

/// From the old settings to the new ones; if these cannot be started, back again.
pub(super) fn rebuild(
    runtime: &Runtime,
    shared: &Shared,
    old_daemon: Daemon,
    old: &Settings,
    new: Settings,
) -> Result<(Daemon, Settings), Error> {
    runtime.block_on(drain_removed(shared, old, &new));
    runtime.block_on(old_daemon.finish());
    match Daemon::start(runtime, &new, shared) {
        Ok(daemon) => {
            report::config_reloaded();
            shared.state.reloaded("ok");
            Ok((daemon, new))
        }
        Err(error) => {
            shared.heart.clear(); // what was opened meanwhile is closed again
            report::config_rejected(&report::chain(&error));
            shared.state.reloaded("failed");
            Ok((Daemon::start(runtime, old, shared)?, old.clone()))
        }
    }
}

/// A drop that is taken out seals first what it can: nobody would come back to its claims.
async fn drain_removed(shared: &Shared, old: &Settings, new: &Settings) {
    const LONGEST: Duration = Duration::from_mins(1);
    let stays: BTreeSet<_> = new.drops.iter().map(|drop| (&drop.input, &drop.output)).collect();
    let removed = old.drops.iter().enumerate();
    let removed: Vec<_> = removed
        .filter(|(_, drop)| !stays.contains(&(&drop.input, &drop.output)))
        .collect();
    let queued = |index| shared.state.with(index, |known| known.queued()).unwrap_or(0);
    let drained = async {
        while removed.iter().any(|(index, _)| queued(*index) > 0) {
            systemd::extend();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let _ = tokio::time::timeout(LONGEST, drained).await;
    for (index, drop) in removed {
        let left = shared
            .state
            .with(index, |known| known.queued() + known.held_count());
        report::drop_removed(&drop.name, left.unwrap_or(0));
    }
}
