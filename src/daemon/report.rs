//! The lines an operator reads: one per event that matters, each with the same field names.

use std::error::Error as StdError;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use tracing::{debug, error, info, warn};

use super::message_id;
use super::place::Place;
use crate::fs::MemoryProtection;
use crate::materials::MaterialsError;
use crate::seal::{SealError, Sealed, Step};
use crate::watch::HeldReason;

/// An error and its causes in one line.
pub(super) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let _ = write!(text, ": {error}"); // a String takes everything
        cause = error.source();
    }
    text
}

pub(super) fn sealed(place: &Place, sealed: &Sealed) {
    let details = &sealed.record.sealdrop;
    let (event, id) = if details.recovered {
        ("recovered", message_id::RECOVERED)
    } else {
        ("sealed", message_id::SEALED)
    };
    info!(
        sealdrop_event = event,
        message_id = id,
        sealdrop_drop = place.name(),
        sealdrop_file = %sealed.relative.display(),
        sealdrop_size = details.plaintext.size,
        sealdrop_exposure_ms = milliseconds(sealed.exposure),
        sealdrop_erasure = sealed.erasure.outcome.as_str(),
        sealdrop_residue = residue(sealed),
        sealdrop_data_key = details.data_key.cache,
        sealdrop_data_key_message = details.data_key.message,
        sealdrop_id = %sealed.id,
        "{event}"
    );
}

fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn residue(sealed: &Sealed) -> String {
    let words = sealed
        .erasure
        .residue
        .iter()
        .filter_map(|reason| serde_json::to_value(reason).ok());
    words
        .filter_map(|word| word.as_str().map(str::to_owned))
        .collect::<Vec<_>>()
        .join(",")
}

/// A name that is not taken; `retry_after` is there if it is tried again by itself.
pub(super) fn held(place: &Place, path: &Path, reason: &HeldReason, retry_after: Option<Duration>) {
    warn!(
        sealdrop_event = "held", message_id = message_id::HELD,
        sealdrop_drop = place.name(),
        sealdrop_file = %path.display(),
        sealdrop_reason = reason.label(),
        "held {path:?}: {reason}; {}",
        match retry_after {
            Some(wait) => again(wait),
            None if reason.may_pass() => "each scan looks at it again".to_owned(),
            None => "it stays where it is until somebody takes it away".to_owned(),
        }
    );
}

fn again(wait: Duration) -> String {
    format!("it is tried again in {}", humantime::format_duration(wait))
}

/// Many more than anybody reads are told once, not each.
pub(super) fn held_beyond(place: &Place, names: u64) {
    warn!(
        sealdrop_event = "held",
        message_id = message_id::HELD,
        sealdrop_drop = place.name(),
        sealdrop_reason = "too_many",
        "held: about {names} more names than are listed; each is tried again as scans meet it"
    );
}

/// What stopped a file on its way: its name when it was dropped, the step, and where it stands if it is claimed.
#[derive(Debug)]
pub(super) struct Failed<'f> {
    pub(super) file: &'f Path,
    pub(super) step: &'static str,
    pub(super) reason: &'static str,
    pub(super) text: &'f str,
    pub(super) claim: Option<&'f Path>,
}

pub(super) fn failed(place: &Place, failed: &Failed<'_>, retry_after: Duration) {
    warn!(
        sealdrop_event = "held",
        message_id = message_id::HELD,
        sealdrop_drop = place.name(),
        sealdrop_file = %failed.file.display(),
        sealdrop_step = failed.step,
        sealdrop_reason = failed.reason,
        "held {:?}: {}; {}; {}",
        failed.file,
        failed.text,
        whereabouts(failed),
        again(retry_after)
    );
}

/// What is known of the file, and no more.
fn whereabouts(failed: &Failed<'_>) -> String {
    match failed.claim {
        _ if failed.step == Step::Record.as_str() => {
            "its message is durable and its plaintext is gone".to_owned()
        }
        Some(claim) if failed.step == "recovery" || failed.reason == "message_damaged" => {
            format!("what there is of it is in {claim:?} below the drop folder")
        }
        Some(claim) => format!("it is whole in {claim:?} below the drop folder"),
        None => "it is whole where it was dropped".to_owned(),
    }
}

pub(super) fn no_keys(place: &Place, error: &MaterialsError) {
    warn!(
        sealdrop_event = "no_data_key",
        message_id = message_id::NO_DATA_KEY,
        sealdrop_drop = place.name(),
        sealdrop_reason = error.reason(),
        sealdrop_kms_request_id = error.request_id(),
        "no data key is to be had, files stay where they are: {}; {}",
        chain(error),
        place
            .keys
            .remaining()
            .map_or("the next file asks again".to_owned(), |wait| format!(
                "the key service is asked again in {}",
                humantime::format_duration(Duration::from_secs(wait.as_secs() + 1))
            ))
    );
}

pub(super) fn keys_recovered(place: &Place) {
    info!(
        sealdrop_event = "data_keys_again",
        message_id = message_id::DATA_KEYS_AGAIN,
        sealdrop_drop = place.name(),
        "data keys are to be had again"
    );
}

pub(super) fn panicked(place: &Place, text: &str) {
    error!(
        sealdrop_event = "defect",
        message_id = message_id::DEFECT,
        sealdrop_drop = place.name(),
        "a file hit a defect and is held: {text}"
    );
}

pub(super) fn watch_lost(drop: &str, why: &str) {
    warn!(
        sealdrop_event = "watch_lost",
        message_id = message_id::WATCH_LOST,
        sealdrop_drop = drop,
        "a folder is lost, looking for it again: {why}"
    );
}

pub(super) fn watch_again(drop: &str) {
    info!(
        sealdrop_event = "watch_again",
        message_id = message_id::WATCH_AGAIN,
        sealdrop_drop = drop,
        "the drop folder is watched again"
    );
}

pub(super) fn scan_failed(drop: &str, error: &dyn StdError) {
    warn!(
        sealdrop_event = "scan_failed",
        message_id = message_id::SCAN_FAILED,
        sealdrop_drop = drop,
        "{}",
        chain(error)
    );
}

/// A host that may swap is the rule, so that is worth a line only to who asks; a core file is not.
pub(super) fn memory(protection: &MemoryProtection) {
    if let Err(error) = &protection.no_core {
        warn!(
            sealdrop_event = "core_files",
            message_id = message_id::CORE_FILES,
            "a crash may write keys into a core file: {error}"
        );
    }
    if let Err(error) = &protection.no_swap {
        debug!(sealdrop_event = "swap", "keys may be swapped out: {error}");
    }
}

pub(super) fn started(drops: usize, workers: usize) {
    info!(
        sealdrop_event = "started",
        message_id = message_id::STARTED,
        "ready: {drops} drop folder{}, {workers} workers",
        if drops == 1 { "" } else { "s" }
    );
}

pub(super) fn stopping() {
    info!(
        sealdrop_event = "stopping",
        message_id = message_id::STOPPING,
        "stopping: finishing what is under way"
    );
}

pub(super) fn stopped() {
    info!(
        sealdrop_event = "stopped",
        message_id = message_id::STOPPED,
        "stopped"
    );
}

pub(super) fn leftovers(place: &Place, claims: usize) {
    if claims > 0 {
        info!(
            sealdrop_event = "recovering",
            message_id = message_id::RECOVERING,
            sealdrop_drop = place.name(),
            "{claims} {} left when sealdrop last ended",
            if claims == 1 { "claim was" } else { "claims were" }
        );
    }
}

pub(super) fn untidied(place: &Place, files: usize, error: &SealError) {
    warn!(
        sealdrop_event = "untidied",
        message_id = message_id::UNTIDIED,
        sealdrop_drop = place.name(),
        sealdrop_reason = error.reason(),
        "the empty folders of {files} claims stay for now, at most until the next start: {}",
        chain(error)
    );
}

pub(super) fn gone(place: &Place, path: &Path) {
    debug!(sealdrop_drop = place.name(), sealdrop_file = %path.display(), "gone before it was claimed");
}

pub(super) fn stuck(name: &str) {
    error!(
        sealdrop_event = "stuck",
        message_id = message_id::STUCK,
        "{name} makes no progress; systemd ends the daemon if that lasts"
    );
}

pub(super) fn config_reloaded() {
    info!(
        sealdrop_event = "config_reloaded",
        message_id = message_id::CONFIG_RELOADED,
        "the new configuration is in force"
    );
}

pub(super) fn config_rejected(why: &str) {
    warn!(
        sealdrop_event = "config_rejected",
        message_id = message_id::CONFIG_REJECTED,
        "the old configuration stays in force: {why}"
    );
}

pub(super) fn drop_removed(drop: &str, left: usize) {
    if left == 0 {
        info!(
            sealdrop_event = "drop_removed",
            message_id = message_id::DROP_REMOVED,
            sealdrop_drop = drop,
            "no longer watched, nothing is left"
        );
    } else {
        warn!(
            sealdrop_event = "drop_removed",
            message_id = message_id::DROP_REMOVED,
            sealdrop_drop = drop,
            "no longer watched, {left} files are left in its input"
        );
    }
}
