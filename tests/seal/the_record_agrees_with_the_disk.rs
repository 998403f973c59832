//! Files full of a marker are sealed, the file system is unmounted, and its image is searched: what the record says
//! of the erasure must agree with what is found. The table is printed, and kept in docs/erasure.md.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::daemon::{Daemon, Site};
use crate::mounts::{FileSystem, Mounted};
use crate::support::{site, wait_until_settled};

const MARKER: usize = 32;
const LARGE: usize = 32_768;
const SMALL: usize = 3;

struct Ground {
    name: &'static str,
    file_system: FileSystem,
    make: &'static [&'static str],
    mount: &'static str,
    /// Outcomes of: large and not flushed, large and flushed, small and not flushed, small and flushed, and large with
    /// a reflinked copy that is removed later; `-` where there is no such thing.
    expected: [&'static str; 5],
}

const NEVER: &str = "never_allocated";
const OVER: &str = "overwritten_in_place";

const GROUNDS: [Ground; 9] = [
    Ground {
        name: "ext4",
        file_system: FileSystem::Ext4,
        make: &[],
        mount: "",
        expected: [NEVER, OVER, NEVER, OVER, "-"],
    },
    Ground {
        name: "ext4 data=journal",
        file_system: FileSystem::Ext4,
        make: &[],
        mount: "data=journal",
        expected: [
            "journalled_data",
            "journalled_data",
            "journalled_data",
            "journalled_data",
            "-",
        ],
    },
    Ground {
        name: "ext4 nodelalloc",
        file_system: FileSystem::Ext4,
        make: &[],
        mount: "nodelalloc",
        expected: [OVER, OVER, OVER, OVER, "-"],
    },
    Ground {
        name: "ext4 inline_data",
        file_system: FileSystem::Ext4,
        make: &["-O", "inline_data", "-I", "256"],
        mount: "",
        expected: [NEVER, OVER, "inline", "inline", "-"],
    },
    Ground {
        name: "XFS",
        file_system: FileSystem::Xfs,
        make: &[],
        mount: "",
        expected: [NEVER, OVER, NEVER, OVER, "shared"],
    },
    Ground {
        name: "btrfs",
        file_system: FileSystem::Btrfs,
        make: &[],
        mount: "",
        expected: [NEVER, "cow", NEVER, "cow", "cow"],
    },
    Ground {
        name: "btrfs nodatacow",
        file_system: FileSystem::Btrfs,
        make: &[],
        mount: "nodatacow",
        expected: [NEVER, OVER, NEVER, OVER, "shared"],
    },
    Ground {
        name: "btrfs compress-force=zstd",
        file_system: FileSystem::Btrfs,
        make: &[],
        mount: "compress-force=zstd",
        expected: [NEVER, "cow", NEVER, "cow", "cow"],
    },
    Ground {
        name: "tmpfs",
        file_system: FileSystem::Tmpfs,
        make: &[],
        mount: "",
        expected: ["memory", "memory", "memory", "memory", "-"],
    },
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Producer {
    Unflushed,
    Flushed,
    Reflinked,
}

const CELLS: [(usize, Producer); 5] = [
    (LARGE, Producer::Unflushed),
    (LARGE, Producer::Flushed),
    (SMALL, Producer::Unflushed),
    (SMALL, Producer::Flushed),
    (LARGE, Producer::Reflinked),
];

/// Another marker for each file, so that each is found by itself.
fn marker(cell: usize) -> String {
    format!("{:-<MARKER$}", format!("plaintext-marker-{cell}"))
}

fn produce(site: &Site, daemon: &Daemon, cell: usize, records: usize) -> Value {
    let (count, producer) = CELLS[cell];
    let staging = site.root.join("staging");
    fs::write(&staging, marker(cell).repeat(count)).unwrap();
    if producer != Producer::Unflushed {
        File::open(&staging).unwrap().sync_all().unwrap();
    }
    if producer == Producer::Reflinked {
        let copied = Command::new("cp")
            .arg("--reflink=always")
            .args([&staging, &site.root.join("copy")])
            .status()
            .unwrap();
        assert!(copied.success());
    }
    fs::rename(staging, site.input.join(cell.to_string())).unwrap();
    wait_until_settled(site, daemon, records, &format!("cell {cell}"));
    let record = fs::read(site.output.join(format!("{cell}.encrypted.json"))).unwrap();
    let record: Value = serde_json::from_slice(&record).unwrap();
    record["sealdrop"]["erasure"].clone()
}

/// Seals one file per cell and unmounts; the erasures, and the markers that the image still holds.
fn run(mounted: &Mounted, root: &Path, has: impl Fn(usize) -> bool) -> Vec<(usize, Value, Option<usize>)> {
    let site = site(root);
    let daemon = site.start();
    let mut erasures = Vec::new();
    for cell in (0..CELLS.len()).filter(|cell| has(*cell)) {
        erasures.push((cell, produce(&site, &daemon, cell, erasures.len() + 1)));
    }
    assert!(daemon.stop().success());
    let _ = fs::remove_file(site.root.join("copy"));
    let image = mounted.image();
    let is_searched = image.exists();
    if is_searched {
        mounted.unmount().unwrap();
    }
    erasures
        .into_iter()
        .map(|(cell, erasure)| (cell, erasure, is_searched.then(|| count(&image, &marker(cell)))))
        .collect()
}

fn count(image: &Path, marker: &str) -> usize {
    const BLOCK: usize = 1 << 20;
    let (first, zeros) = (marker.as_bytes()[0], vec![0; BLOCK]);
    let mut file = File::open(image).unwrap();
    let (mut buffer, mut kept, mut found) = (vec![0; BLOCK + MARKER], 0, 0);
    loop {
        let read = file.read(&mut buffer[kept..kept + BLOCK]).unwrap();
        if read == 0 {
            return found;
        }
        let length = kept + read;
        let text = &buffer[..length];
        if kept > 0 || text != &zeros[..length.min(BLOCK)] {
            let starts = text
                .iter()
                .enumerate()
                .filter(|(_, byte)| **byte == first)
                .map(|(at, _)| at);
            found += starts
                .filter(|at| text[*at..].starts_with(marker.as_bytes()))
                .count();
        }
        // A marker across the border is found with the next block.
        let keep = (MARKER - 1).min(length);
        buffer.copy_within(length - keep..length, 0);
        kept = if buffer[..keep].iter().all(|byte| *byte == 0) {
            0
        } else {
            keep
        };
    }
}

/// The recorded outcome against what was found: a claim of nothing left is of nothing left, and whatever is left
/// was told of, with a reason.
fn check(name: &str, cell: usize, erasure: &Value, markers: Option<usize>) -> String {
    let outcome = erasure["outcome"].as_str().unwrap().to_owned();
    let residue: Vec<_> = erasure["residue"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect();
    let (count, producer) = CELLS[cell];
    let said = if residue.is_empty() {
        outcome.clone()
    } else {
        format!("{outcome} ({})", residue.join(", "))
    };
    let found = markers.map_or("-".to_owned(), |markers| markers.to_string());
    let producer = format!("{producer:?}").to_lowercase();
    println!(
        "| {name} | {} B | {producer} | {said} | {found} of {count} |",
        count * MARKER
    );
    if [NEVER, OVER].contains(&outcome.as_str()) {
        assert_eq!(markers, Some(0), "{name}: {said}");
    }
    if outcome == "unlinked_only" {
        assert!(
            residue.iter().any(|word| *word != "ssd"),
            "{name}: {said} without a reason"
        );
    }
    said
}

#[test]
fn the_record_agrees_with_the_disk() {
    for ground in GROUNDS {
        let mounted = match ground.file_system.make_and_mount(400, ground.make, ground.mount) {
            Ok(mounted) => mounted,
            Err(why) => {
                eprintln!(
                    "SKIPPED the_record_agrees_with_the_disk on {}: {why}",
                    ground.name
                );
                continue;
            }
        };
        let root = mounted.path().join("site");
        for (cell, erasure, markers) in run(&mounted, &root, |cell| ground.expected[cell] != "-") {
            let said = check(ground.name, cell, &erasure, markers);
            let expected = ground.expected[cell];
            assert!(
                said.contains(expected),
                "{} cell {cell}: {said}, not {expected}",
                ground.name
            );
        }
    }
}

/// A drop folder on an overlay: nothing is claimed, and a file that comes up from below stays there.
#[test]
fn on_an_overlay_nothing_is_claimed() {
    let mounted = match FileSystem::Ext4.mount(400) {
        Ok(mounted) => mounted,
        Err(why) => return eprintln!("SKIPPED on_an_overlay_nothing_is_claimed: {why}"),
    };
    let root = mounted.path();
    let site_below = root.join("lower/site/in");
    for folder in ["upper", "work", "merged"] {
        fs::create_dir(root.join(folder)).unwrap();
    }
    fs::create_dir_all(&site_below).unwrap();
    fs::write(site_below.join("below"), marker(8).repeat(LARGE)).unwrap();
    File::open(site_below.join("below")).unwrap().sync_all().unwrap();
    let path = |name: &str| root.join(name).display().to_string();
    let options = format!(
        "lowerdir={},upperdir={},workdir={}",
        path("lower"),
        path("upper"),
        path("work")
    );
    let overlay = Command::new("mount")
        .args(["-t", "overlay", "-o", &options, "overlay", &path("merged")])
        .output()
        .unwrap();
    if !overlay.status.success() {
        return eprintln!("SKIPPED on_an_overlay_nothing_is_claimed: {overlay:?}");
    }
    let site = site(&root.join("merged/site"));
    let daemon = site.start();
    wait_until_settled(&site, &daemon, 1, "the file from below");
    let erasures: Vec<_> = (0..4)
        .map(|cell| produce(&site, &daemon, cell, cell + 2))
        .collect();
    let record = fs::read(site.output.join("below.encrypted.json")).unwrap();
    let from_below: Value = serde_json::from_slice(&record).unwrap();
    assert!(daemon.stop().success());
    assert!(
        Command::new("umount")
            .arg(path("merged"))
            .status()
            .unwrap()
            .success()
    );
    mounted.unmount().unwrap();
    for (cell, erasure) in erasures.iter().enumerate() {
        let said = check(
            "overlayfs on ext4",
            cell,
            erasure,
            Some(count(&mounted.image(), &marker(cell))),
        );
        assert!(
            said.starts_with("unlinked_only") && said.contains("unverifiable"),
            "{said}"
        );
    }
    let erasure = &from_below["sealdrop"]["erasure"];
    assert_eq!(erasure["outcome"], "unlinked_only");
    let left = count(&mounted.image(), &marker(8));
    println!(
        "| overlayfs, file of the lower layer | {} B | flushed | {erasure} | {left} of {LARGE} |",
        LARGE * MARKER
    );
    assert_eq!(left, LARGE, "the lower layer's file is whole");
}
