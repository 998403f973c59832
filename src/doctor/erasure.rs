//! What erasure achieves on a drop's file system: tried, and judged as the daemon judges it.

use std::fmt::Write as _;

use super::finding::Finding;
use crate::config::{DropSettings, Erase};
use crate::fs::{Dir, FileSystem, Medium};
use crate::seal::{EraseMode, Erasure, Outcome, Residue, Trial, try_erasure};

/// Enough for extents of its own, and small enough to stand inline where a file system does that.
const LARGE: usize = 64 * 1024;
const SMALL: usize = 100;

/// None where there is no folder to try it in, or nothing is erased.
pub(super) fn finding(drop: &DropSettings) -> Option<Finding> {
    let about = format!("drop {}", drop.name);
    let mode = match &drop.erase {
        Erase::Overwrite => EraseMode::Overwrite,
        Erase::Unlink => EraseMode::Unlink,
        Erase::Keep(_) => return None,
    };
    let dir = Dir::open(&drop.input).ok()?;
    let medium = Medium::of(&dir);
    let place = place(&medium);
    let attempt = |size, flushed| try_erasure(&dir, &mode, Trial { size, flushed });
    let tried =
        attempt(LARGE, false).and_then(|fresh| Ok((fresh, attempt(LARGE, true)?, attempt(SMALL, true)?)));
    Some(match tried {
        Err(error) => Finding::warning(
            about,
            "erasure",
            format!("{place}; could not be tried: {error}: {}", error.source),
        )
        .advise("run doctor as the daemon's user"),
        Ok((fresh, flushed, small)) => of_trials(about, &medium, &place, [&fresh, &flushed, &small]),
    })
}

fn place(medium: &Medium) -> String {
    let below = match medium.file_system {
        FileSystem::Memory => "",
        _ if medium.encrypted_below => " on dm-crypt",
        _ if medium.rotating => " on what says it is a rotating disk",
        _ => " on flash or a virtual disk",
    };
    format!("{}{below}", medium.name)
}

fn of_trials(about: String, medium: &Medium, place: &str, [fresh, flushed, small]: [&Erasure; 3]) -> Finding {
    let mut found = format!("{place}: ");
    // A String takes everything.
    let _ = if fresh == flushed {
        write!(found, "{}", words(flushed))
    } else {
        write!(
            found,
            "{} if sealed before writeback{}, else {}",
            words(fresh),
            writeback(),
            words(flushed)
        )
    };
    if small != flushed {
        let _ = write!(found, "; of a few bytes {}", words(small));
    }
    let weak = [flushed, small]
        .iter()
        .any(|erasure| erasure.outcome == Outcome::UnlinkedOnly);
    let finding = if weak {
        Finding::warning(about, "erasure", found)
    } else {
        Finding::ok(about, "erasure", found)
    };
    match advice(medium, [flushed, small]) {
        Some(advice) => finding.advise(advice),
        None => finding,
    }
}

/// The record's own words.
fn words(erasure: &Erasure) -> String {
    let residue: Vec<&str> = erasure.residue.iter().map(|residue| residue.as_str()).collect();
    if residue.is_empty() {
        erasure.outcome.as_str().to_owned()
    } else {
        format!("{} ({})", erasure.outcome.as_str(), residue.join(", "))
    }
}

/// When dirty pages go to the disk by themselves (`vm.dirty_expire_centisecs`).
fn writeback() -> String {
    let text = std::fs::read_to_string("/proc/sys/vm/dirty_expire_centisecs").unwrap_or_default();
    let centiseconds: Option<u64> = text.trim().parse().ok();
    centiseconds.map_or_else(String::new, |time| format!(" (after {} s)", time / 100))
}

fn advice(medium: &Medium, looked: [&Erasure; 2]) -> Option<String> {
    let any = |residue: Residue| looked.iter().any(|erasure| erasure.residue.contains(&residue));
    let strong = "the strong form is an input on a tmpfs without swap, or on dm-crypt with a throw-away key";
    let text = match () {
        () if medium.file_system == FileSystem::Stacked => {
            "put the input on a volume of the host: what is below an overlay stays"
        }
        () if any(Residue::JournalledData) => {
            "mount it with data=ordered: the journal keeps copies of the data"
        }
        () if any(Residue::Cow) => {
            "copy-on-write leaves the old blocks: use ext4, XFS or an empty folder with `chattr +C`"
        }
        () if any(Residue::Inline) => {
            "small files stand among the metadata here: make the file system without inline data"
        }
        () if any(Residue::Unverifiable) => {
            "nothing can be observed on this file system: use a local ext4 or XFS"
        }
        () if any(Residue::Ssd) => "flash and virtual disks may keep older copies of what was written back",
        () => return None,
    };
    Some(format!("{text}; {strong}"))
}
