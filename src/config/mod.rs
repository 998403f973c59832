//! The configuration file: raw TOML to validated settings.
//!
//! Every fault is found in one run and told with its line, its key and its value. A file is either
//! wholly good or refused; nothing is guessed.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

mod aws_kms;
mod cache;
mod drops;
mod fault;
mod folders;
mod fresh_key;
mod keyrings;
mod service;
mod table;
mod units;

pub use cache::CacheSettings;
pub use drops::{Collision, DropSettings, Erase, Lease};
pub use fault::{ConfigError, Fault, Faults};
pub use keyrings::KeyringSettings;
pub use service::{Listen, LogFormat};
use table::{Report, Table};

use crate::keyring::KeyringOptions;

const KEYS: &[&str] = &[
    "workers",
    "keyring",
    "data_key_cache",
    "drop",
    "metrics",
    "status",
    "log",
];

/// What the daemon runs with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How many files are sealed at the same time.
    pub workers: NonZeroUsize,
    /// Who wraps data keys, by name.
    pub keyrings: BTreeMap<String, KeyringSettings>,
    /// The limits of a cached data key; without them every file gets its own.
    pub data_key_cache: Option<CacheSettings>,
    /// The watched folders, in the file's order.
    pub drops: Vec<DropSettings>,
    /// Where the metrics are served.
    pub metrics: Option<Listen>,
    /// The Unix socket that `sealdrop status` asks.
    pub status: Option<PathBuf>,
    /// How the log is written.
    pub log: LogFormat,
}

impl Settings {
    /// The options of a keyring and of all it is made of; `None` if there is none of that name.
    pub fn keyring_options(&self, name: &str) -> Option<KeyringOptions> {
        keyrings::options(name, &self.keyrings)
    }
}

/// Settings, and what works but may surprise.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Remarks, in the order of their lines.
    pub warnings: Vec<Fault>,
}

/// Reads and validates a configuration file.
pub fn load(path: &Path) -> Result<Loaded, ConfigError> {
    parse(path, &read(path)?).map_err(ConfigError::Invalid)
}

/// Validates the text of a configuration file; `path` is for messages, and must not lie in a drop folder.
pub fn parse(path: &Path, text: &str) -> Result<Loaded, Faults> {
    let report = Report::new(text);
    let root = report.parse();
    let settings = settings(path, Table::root(&report, &root));
    drop(root);
    let (faults, warnings) = report.into_faults();
    match settings {
        Some(settings) if faults.is_empty() => Ok(Loaded { settings, warnings }),
        _ => Err(Faults {
            file: path.to_owned(),
            faults,
        }),
    }
}

/// Reads one keyring of a configuration file; the drops may be for another host.
pub fn load_keyring(path: &Path, name: &str) -> Result<KeyringOptions, ConfigError> {
    let text = read(path)?;
    let report = Report::new(&text);
    let root = report.parse();
    let keyrings = keyrings::read(Table::root(&report, &root));
    drop(root);
    match report.into_faults() {
        (faults, _) if faults.is_empty() => {}
        (faults, _) => {
            return Err(ConfigError::Invalid(Faults {
                file: path.to_owned(),
                faults,
            }));
        }
    }
    keyrings::options(name, &keyrings).ok_or_else(|| ConfigError::NoSuchKeyring {
        path: path.to_owned(),
        name: name.to_owned(),
        known: keyrings.keys().cloned().collect(),
    })
}

/// The names of the keyrings in a file, whatever else is wrong with it.
pub fn keyring_names(path: &Path) -> Option<Vec<String>> {
    let text = read(path).ok()?;
    let report = Report::new(&text);
    let root = report.parse();
    let keyrings = Table::root(&report, &root).child("keyring")?;
    Some(keyrings.keys().map(str::to_owned).collect())
}

/// Every key that a configuration file may have, by table.
pub fn known_keys() -> Vec<(&'static str, &'static [&'static str])> {
    let mut keys = vec![("", KEYS), ("data_key_cache", cache::KEYS), ("drop", drops::KEYS)];
    keys.extend(service::KEYS);
    keys.extend(keyrings::KINDS.iter().map(|(_, keys)| ("keyring", *keys)));
    keys
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
        path: path.to_owned(),
        source,
    })
}

fn settings(path: &Path, root: Table<'_>) -> Option<Settings> {
    root.only(KEYS, "");
    let keyrings = keyrings::read(root);
    let workers = root.or("workers", default_workers());
    let data_key_cache = root.child("data_key_cache").map(cache::read);
    let drops = drops::read(root);
    folders::check(path, &drops, &keyrings);
    fresh_key::check(root, &drops, &keyrings);
    let metrics = root.child("metrics").map(service::metrics);
    let status = root.child("status").map(service::status);
    let log = root.child("log").map_or(LogFormat::Auto, service::log);
    Some(Settings {
        workers,
        keyrings,
        data_key_cache: transpose(data_key_cache)?,
        drops: drops.into_iter().map(|drop| drop.settings).collect(),
        metrics: transpose(metrics)?,
        status,
        log,
    })
}

/// A table that is there but will not do leaves no settings; its faults are noted.
#[expect(
    clippy::option_option,
    reason = "absent, and present but wrong, are different answers"
)]
fn transpose<T>(read: Option<Option<T>>) -> Option<Option<T>> {
    match read {
        None => Some(None),
        Some(None) => None,
        Some(good) => Some(good),
    }
}

/// Eight per core, within bounds: workers mostly wait for flushes, which overlap; more of them get into each other's way.
fn default_workers() -> NonZeroUsize {
    let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    NonZeroUsize::new((8 * cores).clamp(8, 32)).unwrap_or(NonZeroUsize::MIN)
}
