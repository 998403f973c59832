//! Which folder may lie where, by real path and by inode.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use super::drops::{Drop, Erase};
use super::keyrings::KeyringSettings;

const CLAIMS: &str = ".sealdrop";

/// A place in the file system, whether or not it is there yet.
#[derive(Debug)]
struct Place {
    /// With every symbolic link resolved as far as the path exists.
    real: PathBuf,
    /// Device and inode of the place and of every folder above it, the place's own first; a bind
    /// mount has another path and the same inode.
    chain: Vec<Option<(u64, u64)>>,
}

impl Place {
    fn of(path: &Path) -> Self {
        let real = real_path(path);
        let chain = real
            .ancestors()
            .map(|path| fs::metadata(path).ok().map(|stat| (stat.dev(), stat.ino())))
            .collect();
        Self { real, chain }
    }

    fn inode(&self) -> Option<(u64, u64)> {
        self.chain.first().copied().flatten()
    }

    fn same(&self, other: &Self) -> bool {
        self.real == other.real || (self.inode().is_some() && self.inode() == other.inode())
    }

    /// Whether this is `folder` or lies below it.
    fn within(&self, folder: &Self) -> bool {
        let by_inode = folder.inode().is_some() && self.chain.contains(&folder.inode());
        self.real.starts_with(&folder.real) || by_inode
    }

    /// Whether this lies directly in `folder`.
    fn directly_in(&self, folder: &Self) -> bool {
        let parent = self.chain.get(1).copied().flatten();
        self.real.parent() == Some(&folder.real) || (parent.is_some() && parent == folder.inode())
    }
}

/// Resolves what exists of a path; `.` and `..` behind that are resolved by name.
fn real_path(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for ancestor in absolute.ancestors() {
        if let (Ok(mut real), Ok(rest)) = (ancestor.canonicalize(), absolute.strip_prefix(ancestor)) {
            for component in rest.components() {
                match component {
                    Component::ParentDir => drop(real.pop()),
                    Component::CurDir => {}
                    other => real.push(other),
                }
            }
            return real;
        }
    }
    absolute
}

struct Placed<'d, 't> {
    drop: &'d Drop<'t>,
    input: Place,
    output: Place,
    keep: Option<Place>,
}

/// Notes every folder that lies where it must not, and every file of ours that a drop would seal.
pub(super) fn check(file: &Path, drops: &[Drop<'_>], keyrings: &BTreeMap<String, KeyringSettings>) {
    let placed: Vec<Placed<'_, '_>> = drops.iter().map(place).collect();
    for (index, this) in placed.iter().enumerate() {
        is_folder(this);
        own_folders(this);
        for other in placed.iter().take(index) {
            two_drops(this, other);
        }
        for other in &placed {
            writes_into(this, other);
        }
        own_files(this, file, keyrings);
    }
}

fn place<'d, 't>(drop: &'d Drop<'t>) -> Placed<'d, 't> {
    let keep = match &drop.settings.erase {
        Erase::Keep(folder) => Some(Place::of(folder)),
        Erase::Overwrite | Erase::Unlink => None,
    };
    Placed {
        drop,
        input: Place::of(&drop.settings.input),
        output: Place::of(&drop.settings.output),
        keep,
    }
}

fn is_folder(this: &Placed<'_, '_>) {
    let keep = this.keep.as_ref().map(|keep| ("keep", keep));
    for (key, place) in [("input", &this.input), ("output", &this.output)]
        .into_iter()
        .chain(keep)
    {
        if fs::metadata(&place.real).is_ok_and(|stat| !stat.is_dir()) {
            this.drop.table.fault(key, "is not a folder");
        }
    }
    let Ok(stat) = fs::metadata(&this.input.real) else {
        return;
    };
    let open_to_others = stat.mode() & 0o022 != 0;
    if open_to_others && stat.mode() & 0o1000 == 0 {
        let mode = stat.mode() & 0o7777;
        let why = format!(
            "others can write here and it is not sticky (mode {mode:04o}), so one producer can remove or replace another's files"
        );
        this.drop.table.warn("input", why);
    }
    // Root checks for another user, whom nothing here names.
    let own = rustix::process::geteuid().as_raw();
    if open_to_others && stat.uid() != own && own != 0 {
        let owner = stat.uid();
        let why = format!(
            "others can write here and it belongs to user {owner}, not to the one who checks ({own}): its owner can remove and replace files and the claim folder; chown it to the daemon's user, mode 3770"
        );
        this.drop.table.warn("input", why);
    }
}

fn own_folders(this: &Placed<'_, '_>) {
    if let Some(keep) = &this.keep
        && keep.same(&this.output)
    {
        this.drop
            .table
            .fault("keep", "is the output, where plaintext must not appear");
    }
}

fn two_drops(this: &Placed<'_, '_>, other: &Placed<'_, '_>) {
    let name = &other.drop.settings.name;
    if this.input.same(&other.input) {
        this.drop
            .table
            .fault("input", &format!("is the input of drop {name:?} too"));
    } else if this.input.within(&other.input) || other.input.within(&this.input) {
        this.drop.table.fault(
            "input",
            &format!("and the input of drop {name:?} lie one inside the other"),
        );
    }
    if this.output.same(&other.output) {
        this.drop
            .table
            .fault("output", &format!("is the output of drop {name:?} too"));
    }
}

/// What `this` writes must not be taken by `other` as dropped.
fn writes_into(this: &Placed<'_, '_>, other: &Placed<'_, '_>) {
    let keep = this.keep.as_ref().map(|keep| ("keep", keep));
    for (key, place) in [("output", &this.output)].into_iter().chain(keep) {
        let name = &other.drop.settings.name;
        if place.same(&other.input) {
            this.drop.table.fault(
                key,
                &format!("is the input of drop {name:?}, so it would be sealed again"),
            );
        } else if place.within(&other.input) && other.drop.settings.recursive {
            this.drop.table.fault(
                key,
                &format!("lies in the recursive input of drop {name:?}, so it would be sealed again"),
            );
        } else if place.within(&Place::of(&other.input.real.join(CLAIMS))) {
            this.drop
                .table
                .fault(key, &format!("lies in the claim folder of drop {name:?}"));
        }
    }
}

/// A key file or this configuration in an input would be sealed and erased.
fn own_files(this: &Placed<'_, '_>, file: &Path, keyrings: &BTreeMap<String, KeyringSettings>) {
    let key_files = keyrings.values().flat_map(|keyring| match keyring {
        KeyringSettings::RawAes { key_file, .. } => vec![key_file.as_path()],
        KeyringSettings::RawRsa {
            public_key_file,
            private_key_file,
            ..
        } => public_key_file
            .iter()
            .chain(private_key_file)
            .map(PathBuf::as_path)
            .collect(),
        KeyringSettings::AwsKms(_) | KeyringSettings::Multi { .. } => Vec::new(),
    });
    for path in key_files.chain([file]) {
        let place = Place::of(path);
        let taken =
            place.directly_in(&this.input) || (this.drop.settings.recursive && place.within(&this.input));
        if taken {
            this.drop.table.fault(
                "input",
                &format!("contains {path:?}, which would be sealed and erased"),
            );
        }
    }
}
