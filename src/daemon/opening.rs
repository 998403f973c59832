//! Opening a drop: folders, lease probe, watches, keys.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Error;
use super::dispatcher::Eyes;
use super::place::Place;
use crate::config::{self, DropSettings};
use crate::fs::{PathContext, PathError, probe_leases};
use crate::materials::MaterialsManager;
use crate::message::FrameLength;
use crate::seal::{self, FolderError, Folders};
use crate::watch::{self, Folder, Gate, Hints, NameFilter, Scanner};

/// What the watch layer needs of a drop's settings.
pub(super) fn watch_options(settings: &DropSettings) -> Result<watch::Options, Error> {
    let filter = NameFilter::new(&settings.include, &settings.exclude).map_err(|source| Error::Filter {
        drop: settings.name.clone(),
        source,
    })?;
    Ok(watch::Options {
        recursive: settings.recursive,
        filter,
        lease: match settings.lease {
            config::Lease::Auto => watch::LeaseMode::Auto,
            config::Lease::Require => watch::LeaseMode::Require,
            config::Lease::Off => watch::LeaseMode::Off,
        },
        quiet: settings.quiet,
        max_size: settings.max_size,
        rescan: settings.rescan,
        remove_empty_folders: settings.remove_empty_folders,
    })
}

fn seal_options(settings: &DropSettings) -> seal::Options {
    seal::Options {
        suffix: settings.suffix.clone(),
        frame_length: FrameLength::new(settings.frame_length.get()).unwrap_or_default(),
        erase: match &settings.erase {
            config::Erase::Overwrite => seal::EraseMode::Overwrite,
            config::Erase::Unlink => seal::EraseMode::Unlink,
            config::Erase::Keep(folder) => seal::EraseMode::Keep(folder.clone()),
        },
        verify: settings.verify,
        collision: match settings.collision {
            config::Collision::Unique => seal::Collision::Unique,
            config::Collision::Replace => seal::Collision::Replace,
            config::Collision::Hold => seal::Collision::Hold,
        },
        leases: !matches!(settings.lease, config::Lease::Off),
        quiet: settings.quiet.max(std::time::Duration::from_secs(2)),
        output_mode: settings.output_mode,
    }
}

/// Makes the folders of a drop with `create = true` that are not there: nobody else's, until the operator says
/// otherwise.
pub(super) fn make_folders(settings: &DropSettings) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt as _;
    for folder in [&settings.input, &settings.output]
        .into_iter()
        .filter(|_| settings.create)
    {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .path_context("make the folder", folder)
            .map_err(|source| path_error(settings, source))?;
    }
    Ok(())
}

/// Opens a drop for the first time.
pub(super) fn open(
    index: usize,
    settings: &DropSettings,
    options: &watch::Options,
    manager: MaterialsManager,
) -> Result<(Place, Eyes), Error> {
    let (input, output) = canonical_folders(settings)?;
    let folders = Folders::open(&settings.name, &input, &output, seal_options(settings))
        .map_err(|source| folder_error(settings, source))?;
    let (gate, eyes) = watching(settings, options, &input)?;
    let (manager, keys) = (Arc::new(manager), Arc::default());
    Ok((
        Place {
            index,
            folders,
            gate,
            manager,
            keys,
        },
        eyes,
    ))
}

/// Opens a drop again one of whose folders was lost; work under way goes on in the folders it has.
pub(super) fn reopen(
    lost: &Place,
    settings: &DropSettings,
    options: &watch::Options,
) -> Result<(Place, Eyes), Error> {
    let (input, output) = canonical_folders(settings)?;
    let folders = lost
        .folders
        .open_again(&input, &output)
        .map_err(|source| folder_error(settings, source))?;
    let (gate, eyes) = watching(settings, options, &input)?;
    let (manager, keys) = (Arc::clone(&lost.manager), Arc::clone(&lost.keys));
    Ok((
        Place {
            index: lost.index,
            folders,
            gate,
            manager,
            keys,
        },
        eyes,
    ))
}

fn watching(settings: &DropSettings, options: &watch::Options, input: &Path) -> Result<(Gate, Eyes), Error> {
    let path = |source| path_error(settings, source);
    let folder = Folder::open(input).map_err(path)?;
    let support = probe_leases(folder.dir()).map_err(path)?;
    let gate = Gate::new(folder.clone(), options, &support);
    let scanner = Scanner::new(folder.clone(), options.clone());
    let (hints, receiver) = Hints::start(&folder).map_err(|source| Error::Watch {
        drop: settings.name.clone(),
        source,
    })?;
    Ok((
        gate,
        Eyes {
            hints,
            receiver,
            scanner,
        },
    ))
}

fn canonical_folders(settings: &DropSettings) -> Result<(PathBuf, PathBuf), Error> {
    let canonical = |path: &Path| std::fs::canonicalize(path).path_context("open", path);
    let input = canonical(&settings.input).map_err(|source| path_error(settings, source))?;
    let output = canonical(&settings.output).map_err(|source| Error::Output {
        drop: settings.name.clone(),
        source,
    })?;
    Ok((input, output))
}

fn folder_error(settings: &DropSettings, source: FolderError) -> Error {
    Error::Folders {
        drop: settings.name.clone(),
        source,
    }
}

fn path_error(settings: &DropSettings, source: PathError) -> Error {
    Error::Path {
        drop: settings.name.clone(),
        source,
    }
}
