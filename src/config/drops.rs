//! `[[drop]]`: one watched folder, and how its files are sealed.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use globset::Glob;

use super::table::{Table, near_miss};
use super::units::{FileMode, FrameLength};
use crate::message::{AlgorithmSuite, EncryptionContext};

pub(super) const KEYS: &[&str] = &[
    "name",
    "input",
    "output",
    "keyring",
    "recursive",
    "remove_empty_folders",
    "suffix",
    "encryption_context",
    "algorithm",
    "frame_length",
    "include",
    "exclude",
    "lease",
    "quiet",
    "max_size",
    "rescan",
    "erase",
    "keep",
    "verify",
    "collision",
    "output_mode",
    "create",
];

const EXCLUDE: [&str; 5] = [".*", "*.tmp", "*.part", "*.partial", "*.filepart"];
const FRAME_LENGTH: NonZeroU32 = NonZeroU32::MIN.saturating_add(64 * 1024 - 1);
const MAX_SIZE: ByteSize = ByteSize::tib(1);
const OUTPUT_MODE: u32 = 0o640;
const RESCAN: Duration = Duration::from_secs(30);
const SHORTEST_RESCAN: Duration = Duration::from_secs(1);

/// One watched folder.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub struct DropSettings {
    /// In logs, metrics and records.
    pub name: String,
    /// Where files are dropped.
    pub input: PathBuf,
    /// Where messages and records appear.
    pub output: PathBuf,
    /// The name of the keyring.
    pub keyring: String,
    /// Whether folders below the input are watched.
    pub recursive: bool,
    /// Whether folders below the input that have become empty are removed.
    pub remove_empty_folders: bool,
    /// What is appended to a file's name; never empty.
    pub suffix: String,
    /// Authenticated with every message, and logged in clear by `CloudTrail`.
    pub encryption_context: EncryptionContext,
    /// A committing suite.
    pub algorithm: AlgorithmSuite,
    /// Plaintext bytes per frame.
    pub frame_length: NonZeroU32,
    /// Names that are sealed; all if empty.
    pub include: Vec<String>,
    /// Names that are left alone.
    pub exclude: Vec<String>,
    /// Whether a read lease must prove that nobody writes.
    pub lease: Lease,
    /// How long nothing may have changed.
    pub quiet: Duration,
    /// Larger files are held, bytes.
    pub max_size: u64,
    /// The time between scans that nothing else has asked for.
    pub rescan: Duration,
    /// What happens to the plaintext.
    pub erase: Erase,
    /// Whether the ciphertext is read back first.
    pub verify: bool,
    /// What happens if the output's name is taken.
    pub collision: Collision,
    /// The permission bits of messages and records.
    pub output_mode: u32,
    /// Whether input and output are made at start if they are not there.
    pub create: bool,
}

/// Whether a kernel read lease must prove that nobody has a file open for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// Where the file system can; else the quiet period alone.
    Auto,
    /// Without leases the drop is refused.
    Require,
    /// The quiet period alone.
    Off,
}

/// What happens to the plaintext once its ciphertext is durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Erase {
    /// Overwritten in place, then removed.
    Overwrite,
    /// Removed.
    Unlink,
    /// Moved to this folder, for trials.
    Keep(PathBuf),
}

/// What happens if the output's name is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Collision {
    /// Part of the file's id is put into the name.
    Unique,
    /// The older message is replaced.
    Replace,
    /// The file is held.
    Hold,
}

/// Settings with the table they were read from, for faults found later.
pub(super) struct Drop<'t> {
    pub(super) settings: DropSettings,
    pub(super) table: Table<'t>,
}

pub(super) fn read(root: Table<'_>) -> Vec<Drop<'_>> {
    if !root.has("drop") {
        root.fault_here("there is no [[drop]], so there is nothing to do");
    }
    let known: Vec<&str> = root
        .child("keyring")
        .map_or_else(Vec::new, |table| table.keys().collect());
    let mut drops: Vec<Drop<'_>> = Vec::new();
    for table in root.array("drop") {
        let Some(settings) = drop_settings(table, &known) else {
            continue;
        };
        if drops.iter().any(|other| other.settings.name == settings.name) {
            table.fault("name", "is another drop's name already");
        }
        drops.push(Drop { settings, table });
    }
    drops
}

fn drop_settings(table: Table<'_>, keyrings: &[&str]) -> Option<DropSettings> {
    table.only(KEYS, " of [[drop]]");
    let name = name(table);
    let input = table.required("input");
    let output = table.required("output");
    let keyring = keyring(table, keyrings);
    let FrameLength(frame_length) = table.or("frame_length", FrameLength(FRAME_LENGTH));
    let ByteSize(max_size) = table.or("max_size", MAX_SIZE);
    let FileMode(output_mode) = table.or("output_mode", FileMode(OUTPUT_MODE));
    let rest = DropSettings {
        name: String::new(),
        input: PathBuf::new(),
        output: PathBuf::new(),
        keyring: String::new(),
        recursive: table.or("recursive", false),
        remove_empty_folders: remove_empty_folders(table),
        suffix: suffix(table),
        encryption_context: encryption_context(table),
        algorithm: algorithm(table),
        frame_length,
        include: patterns(table, "include", &[]),
        exclude: patterns(table, "exclude", &EXCLUDE),
        lease: lease(table),
        quiet: table.or("quiet", Duration::ZERO),
        max_size,
        rescan: rescan(table),
        erase: erase(table),
        verify: table.or("verify", true),
        collision: collision(table),
        output_mode,
        create: table.or("create", false),
    };
    Some(DropSettings {
        name: name?,
        input: input?,
        output: output?,
        keyring: keyring?,
        ..rest
    })
}

fn name(table: Table<'_>) -> Option<String> {
    let name: Option<String> = table.required("name");
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name
        .as_ref()
        .is_some_and(|name| name.is_empty() || !name.chars().all(plain))
    {
        table.fault(
            "name",
            "must be letters, digits, \"-\", \"_\" and \".\", as it becomes a metric's label",
        );
    }
    name
}

fn keyring(table: Table<'_>, known: &[&str]) -> Option<String> {
    let keyring: Option<String> = table.required("keyring");
    if let Some(name) = keyring.as_deref().filter(|name| !known.contains(name)) {
        let hint = near_miss(name, known.iter().copied());
        table.fault_with_hint("keyring", &format!("there is no [keyring.{name}]"), hint);
    }
    keyring
}

fn suffix(table: Table<'_>) -> String {
    let suffix = table.or("suffix", ".encrypted".to_owned());
    if suffix.is_empty() {
        table.fault(
            "suffix",
            "must not be empty, or a message could take its plaintext's name",
        );
    }
    if suffix.contains(['/', '\0']) || suffix.len() > 100 {
        table.fault("suffix", "must be a short end of a file name");
    }
    suffix
}

fn encryption_context(table: Table<'_>) -> EncryptionContext {
    let mut pairs = Vec::new();
    if let Some(context) = table.child("encryption_context") {
        for key in context.keys() {
            let Some(value) = context.read::<String>(key) else {
                continue;
            };
            let pair = (key.to_owned(), value);
            match EncryptionContext::from_pairs([pair.clone()]) {
                Err(error) => context.fault(key, &error.to_string()),
                Ok(_) if key.is_empty() => context.fault(key, "a key must not be empty"),
                Ok(_) => pairs.push(pair),
            }
        }
    }
    EncryptionContext::from_pairs(pairs).unwrap_or_else(|error| {
        table.fault("encryption_context", &error.to_string());
        EncryptionContext::default()
    })
}

fn remove_empty_folders(table: Table<'_>) -> bool {
    let remove = table.or("remove_empty_folders", false);
    if remove && !table.or("recursive", false) {
        table.fault("remove_empty_folders", "is of use with recursive = true only");
    }
    remove
}

fn rescan(table: Table<'_>) -> Duration {
    let rescan = table.or("rescan", RESCAN);
    if rescan < SHORTEST_RESCAN {
        table.fault(
            "rescan",
            "must be at least 1s, as each scan lists the whole folder",
        );
    }
    rescan
}

fn algorithm(table: Table<'_>) -> AlgorithmSuite {
    let committing = AlgorithmSuite::ALL.into_iter().filter(|suite| suite.commits());
    let choices: Vec<(&str, AlgorithmSuite)> = committing.map(|suite| (suite.name(), suite)).collect();
    table
        .choice("algorithm", &choices)
        .unwrap_or(AlgorithmSuite::Aes256GcmHkdfSha512CommitKey)
}

fn patterns(table: Table<'_>, key: &str, default: &[&str]) -> Vec<String> {
    let patterns: Vec<String> = table.or(key, default.iter().map(|&pattern| pattern.to_owned()).collect());
    for pattern in &patterns {
        if let Err(error) = Glob::new(pattern) {
            table.fault(key, &format!("{pattern:?} is no pattern: {}", error.kind()));
        }
    }
    patterns
}

fn lease(table: Table<'_>) -> Lease {
    let choices = [
        ("auto", Lease::Auto),
        ("require", Lease::Require),
        ("off", Lease::Off),
    ];
    table.choice("lease", &choices).unwrap_or(Lease::Auto)
}

fn erase(table: Table<'_>) -> Erase {
    let keep: Option<PathBuf> = table.read("keep");
    let choices = [("overwrite", "overwrite"), ("unlink", "unlink"), ("keep", "keep")];
    let chosen = table.choice("erase", &choices).unwrap_or("overwrite");
    match (chosen, keep) {
        ("keep", Some(folder)) => return Erase::Keep(folder),
        ("keep", None) if !table.has("keep") => {
            table.fault(
                "erase",
                "needs keep = \"FOLDER\", where the plaintext is moved to",
            );
        }
        (_, Some(_)) => table.fault("keep", "is of use with erase = \"keep\" only"),
        _ => {}
    }
    if chosen == "unlink" {
        Erase::Unlink
    } else {
        Erase::Overwrite
    }
}

fn collision(table: Table<'_>) -> Collision {
    let choices = [
        ("unique", Collision::Unique),
        ("replace", Collision::Replace),
        ("hold", Collision::Hold),
    ];
    table.choice("collision", &choices).unwrap_or(Collision::Unique)
}
