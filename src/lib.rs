//! sealdrop: a dropped file becomes an AWS Encryption SDK message, and its plaintext is gone.
//!
//! The module list is the map; each layer imports only what stands above it here (`tests/project/layers.rs` holds it to that).

/// The AWS Encryption SDK message: suites, header, encryption context, frames. No I/O, no async, no AWS.
pub mod message;

/// Who wraps a data key: AWS KMS, raw AES, raw RSA, several of them.
pub mod keyring;

/// Cryptographic materials managers: a data key per message, or a cached one within its limits.
pub mod materials;

/// Small durable-file pieces: directory descriptors, publish, leases, extents, the instance lock.
pub mod fs;

/// What is waiting in a drop folder: hints, scan, settle, name filter.
pub mod watch;

/// One file's way, from claim to record, and what is finished or undone after a crash.
pub mod seal;

/// The configuration file: raw TOML to validated settings, all faults at once.
pub mod config;

/// The running service: queue, workers, hold and retry, shutdown.
pub mod daemon;

/// What this host, its folders and its keys are good for.
pub mod doctor;

/// The command line, one file per subcommand.
pub mod cli;
