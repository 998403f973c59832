//! The metrics by their names, in `OpenMetrics` text.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

type By<L> = Family<L, Counter>;

/// What is counted.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    pub(super) sealed: Counter,
    pub(super) bytes: Counter,
    pub(super) failed: By<Reason>,
    pub(super) held: Gauge,
    pub(super) queue: Gauge,
    pub(super) oldest: Gauge<f64, AtomicU64>,
    pub(super) exposure: Histogram,
    pub(super) erasure: By<Outcome>,
    pub(super) rescans: By<RescanCause>,
    pub(super) missed: Counter,
    pub(super) requests: By<Request>,
    pub(super) request_seconds: Histogram,
    pub(super) uses: Counter,
    pub(super) generated: Counter,
    pub(super) ahead: Counter,
    pub(super) awaited: Counter,
    pub(super) reloads: By<ReloadResult>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Reason {
    pub(super) reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Outcome {
    pub(super) outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct RescanCause {
    pub(super) cause: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct Request {
    pub(super) operation: &'static str,
    pub(super) result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ReloadResult {
    pub(super) result: &'static str,
}

/// From a millisecond to a day: an outage shows as well as a good day does.
const EXPOSURE: [f64; 14] = [
    0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 60.0, 600.0, 3600.0, 86400.0,
];
const REQUEST: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 15.0];

impl Metrics {
    pub(super) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("sealdrop"),
            sealed: Counter::default(),
            bytes: Counter::default(),
            failed: Family::default(),
            held: Gauge::default(),
            queue: Gauge::default(),
            oldest: Gauge::default(),
            exposure: Histogram::new(EXPOSURE),
            erasure: Family::default(),
            rescans: Family::default(),
            missed: Counter::default(),
            requests: Family::default(),
            request_seconds: Histogram::new(REQUEST),
            uses: Counter::default(),
            generated: Counter::default(),
            ahead: Counter::default(),
            awaited: Counter::default(),
            reloads: Family::default(),
        };
        metrics.register_files();
        metrics.show_families();
        metrics.register_keys();
        metrics
    }

    fn register_files(&mut self) {
        let all = &mut self.registry;
        all.register("files_sealed", "Files sealed and erased", self.sealed.clone());
        all.register(
            "bytes_sealed",
            "Plaintext bytes of the files sealed",
            self.bytes.clone(),
        );
        all.register(
            "files_failed",
            "Attempts at a file that failed",
            self.failed.clone(),
        );
        all.register(
            "files_held",
            "Files that cannot be sealed for now",
            self.held.clone(),
        );
        all.register(
            "queue_files",
            "Files under way or waiting, without those held",
            self.queue.clone(),
        );
        let oldest = "Age of the oldest plaintext that is known; 0 if there is none";
        all.register("oldest_plaintext_age_seconds", oldest, self.oldest.clone());
        all.register(
            "exposure_seconds",
            "From a file's arrival to its erasure",
            self.exposure.clone(),
        );
        all.register(
            "erasure",
            "Erasures by what was observed of them",
            self.erasure.clone(),
        );
        all.register(
            "rescans",
            "Scans of a whole drop folder by what asked for them",
            self.rescans.clone(),
        );
        let missed = "Files that a timed scan found and no event had announced";
        all.register("files_missed_by_events", missed, self.missed.clone());
        all.register(
            "config_reloads",
            "Reloads of the configuration",
            self.reloads.clone(),
        );
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        all.register("build", "The daemon's version", version);
    }

    fn register_keys(&mut self) {
        let all = &mut self.registry;
        let requests = "Requests to the key service, with their attempts";
        all.register("kms_requests", requests, self.requests.clone());
        let seconds = "How long the key service took";
        all.register("kms_request_seconds", seconds, self.request_seconds.clone());
        all.register(
            "data_key_uses",
            "Messages begun under a data key",
            self.uses.clone(),
        );
        all.register("data_keys_generated", "Data keys made", self.generated.clone());
        let ahead = "Data keys fetched while files still waited behind another one";
        all.register("data_keys_fetched_ahead", ahead, self.ahead.clone());
        let awaited = "Files that had to wait for a data key";
        all.register("data_key_waits", awaited, self.awaited.clone());
    }

    /// A family is there, at 0, before the first of its events: an alert must see it rise.
    fn show_families(&self) {
        let reason = "no_data_key";
        self.failed.get_or_create_owned(&Reason { reason });
        let outcome = "unlinked_only";
        self.erasure.get_or_create_owned(&Outcome { outcome });
        for cause in [
            "start",
            "timer",
            "overflow",
            "channel_full",
            "watch_lost",
            "backlog",
        ] {
            self.rescans.get_or_create_owned(&RescanCause { cause });
        }
        let (operation, result) = ("GenerateDataKey", "ok");
        self.requests.get_or_create_owned(&Request { operation, result });
        for result in ["ok", "rejected", "failed"] {
            self.reloads.get_or_create_owned(&ReloadResult { result });
        }
    }

    /// The text of them all.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let _ = encode(&mut text, &self.registry); // a String takes everything
        text
    }
}
