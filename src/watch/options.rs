//! What the configuration says about the intake of one drop.

use std::time::Duration;

use super::NameFilter;

/// When a kernel lease is part of the proof that a file is complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LeaseMode {
    /// Where it works; a quiet period elsewhere.
    #[default]
    Auto,
    /// Always: a file without a lease is held.
    Require,
    /// Never: the quiet period alone.
    Off,
}

/// The intake of one drop.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whether folders in the drop folder are part of it.
    pub recursive: bool,
    /// Which names are taken.
    pub filter: NameFilter,
    /// Whether the kernel is asked who else has a file open.
    pub lease: LeaseMode,
    /// How long a file must not have changed; [`Options::MINIMUM_QUIET`] where no lease works.
    pub quiet: Duration,
    /// Larger files are held, by apparent size: a sparse file counts with its holes.
    pub max_size: u64,
    /// The time between scans that nothing else has asked for.
    pub rescan: Duration,
    /// Whether an empty folder of a recursive drop is removed once its files are sealed.
    pub remove_empty_folders: bool,
}

impl Options {
    /// The least quiet period where nothing but time tells that a file is complete.
    pub const MINIMUM_QUIET: Duration = Duration::from_secs(2);

    /// How long a folder has been empty before it is removed: a young one may be about to be filled.
    pub fn empty_for(&self) -> Duration {
        self.rescan.saturating_mul(2).min(Duration::from_mins(1))
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            recursive: false,
            filter: NameFilter::default(),
            lease: LeaseMode::Auto,
            quiet: Duration::ZERO,
            max_size: 1 << 40,
            rescan: Duration::from_secs(30),
            remove_empty_folders: false,
        }
    }
}
