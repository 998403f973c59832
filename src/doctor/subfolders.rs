//! Folders below a recursive input: how many, and whether the daemon may take files out of them.

use std::path::Path;

use rustix::fs::Access;

use super::finding::Finding;
use super::folders::others_write;
use super::viewer::{Capability, Viewer};
use crate::config::DropSettings;
use crate::fs::{Dir, EntryKind};
use crate::seal::CLAIMS;

/// A look, not an inventory.
const MOST: u64 = 20_000;

/// Folders that a drop watches; a look at the first twenty thousand.
pub(super) fn watched(drop: &DropSettings) -> u64 {
    let mut folders = 0;
    if let Some(input) = Dir::open(&drop.input).ok().filter(|_| drop.recursive) {
        each_below(&input, Path::new(""), &mut |_| {
            folders += 1;
            folders < MOST
        });
    }
    1 + folders
}

/// Whether files in all folders can be moved into a claim; nothing for a flat drop.
pub(super) fn finding(drop: &DropSettings, viewer: &Viewer) -> Option<Finding> {
    let input = Dir::open(&drop.input).ok().filter(|_| drop.recursive)?;
    let about = format!("drop {}", drop.name);
    let (mut folders, mut closed, mut example) = (0_u64, 0_u64, None);
    each_below(&input, Path::new(""), &mut |relative| {
        folders += 1;
        if !viewer.may(&drop.input.join(relative), Access::WRITE_OK | Access::EXEC_OK) {
            closed += 1;
            example.get_or_insert_with(|| relative.to_owned());
        }
        folders < MOST
    });
    let repair = "let producers share a group with umask 0002 in a setgid input, or \
                  `setfacl -R -m u:DAEMON:rwX -m d:u:DAEMON:rwX INPUT` (a default ACL), or give the daemon CAP_DAC_OVERRIDE";
    if let Some(example) = example {
        let found = format!(
            "{closed} of {folders} folders are closed to the daemon, such as {example:?}: what is dropped there is held"
        );
        return Some(Finding::warning(about, "subfolders", found).advise(repair));
    }
    let stat = std::fs::metadata(&drop.input).ok()?;
    let handed_on = viewer.has(Capability::DacOverride) || has_default_acl(&input);
    if others_write(&stat) && !handed_on {
        let found = format!(
            "{folders} folders, all open to the daemon; a producer's new one is not if its umask is 0022, as there is no default ACL"
        );
        return Some(Finding::warning(about, "subfolders", found).advise(repair));
    }
    Some(Finding::ok(
        about,
        "subfolders",
        format!("{folders} folders, all open to the daemon"),
    ))
}

/// `system.posix_acl_default` (acl(5)): what new folders inherit whatever the umask is.
fn has_default_acl(dir: &Dir) -> bool {
    let mut nothing: [u8; 0] = [];
    rustix::fs::fgetxattr(dir, "system.posix_acl_default", &mut nothing).is_ok_and(|length| length > 0)
}

/// Calls `each` with every folder below, until it says stop (`false`); the daemon's own is left out.
fn each_below(root: &Dir, relative: &Path, each: &mut dyn FnMut(&Path) -> bool) -> bool {
    let Ok(dir) = root.open_dir_beneath(relative) else {
        return true;
    };
    let mut folders = Vec::new();
    let listed = dir.for_each_entry(|name, kind| {
        if kind == EntryKind::Directory && name != CLAIMS {
            folders.push(relative.join(name));
        }
        folders.len() as u64 <= MOST
    });
    drop(dir); // a deep tree must not take all descriptors
    listed.is_err()
        || folders
            .iter()
            .all(|folder| each(folder) && each_below(root, folder, each))
}
