//! What `encrypt`, `decrypt` and `verify` have in common: options, files in, files out, records.

mod erase;
mod glob;
mod interrupt;
mod keys;
mod naming_keyring;
mod open;
mod open_options;
mod options;
mod outputs;
mod pairs;
mod plan;
mod planner;
mod pool;
mod progress;
mod records;
mod seal;
mod special;
mod summary;
mod whole_file;
mod wrapping_keys;

pub(super) use erase::{EraseSettings, Erasing};
pub(super) use interrupt::OnSignal;
pub(super) use keys::KeyCounts;
pub(super) use open::Opening;
pub(super) use open_options::{Limits, commitment_policy};
pub(super) use options::{CacheOption, ContextOption, Files, KeyOptions, RecordOptions, Talk};
pub(super) use outputs::Outputs;
pub(super) use plan::{Naming, Plan};
pub(super) use pool::{run_jobs, runtime};
pub(super) use seal::Sealing;
