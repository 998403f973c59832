//! A drop's folders: there, the daemon's, safe from others, on the right mounts.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::Access;

use super::finding::{Finding, Trouble};
use super::names;
use super::viewer::Viewer;
use crate::config::{DropSettings, Erase};
use crate::fs::Dir;
use crate::seal::CLAIMS;
use crate::watch::Place;

const ALL: Access = Access::READ_OK.union(Access::WRITE_OK).union(Access::EXEC_OK);

pub(super) fn findings(drop: &DropSettings, viewer: &Viewer) -> Vec<Finding> {
    let about = format!("drop {}", drop.name);
    let mut findings = Vec::new();
    for (probe, path) in [("input", &drop.input), ("output", &drop.output)] {
        let finding = match (fs::metadata(path), probe) {
            (Err(error), _) => missing(&about, probe, path, drop.create, &error),
            (Ok(stat), "input") => input(&about, path, &stat, viewer),
            (Ok(stat), _) => output(&about, path, &stat, viewer),
        };
        findings.push(finding);
        findings.extend(parent(&about, path));
    }
    if drop.input.exists() {
        findings.push(claims(&about, &drop.input, viewer));
    }
    if let Erase::Keep(folder) = &drop.erase {
        findings.push(keep(&about, &drop.input, folder, viewer));
    }
    findings
}

fn missing(about: &str, probe: &'static str, path: &Path, create: bool, error: &std::io::Error) -> Finding {
    let not_there = error.kind() == std::io::ErrorKind::NotFound;
    match error.kind() {
        _ if not_there && create => Finding::ok(about, probe, format!("{} will be made", path.display())),
        _ if not_there => Finding::problem(
            about,
            probe,
            Trouble::Configuration,
            format!("{} is not there", path.display()),
        )
        .advise(
            "make it for the daemon's user, or mount what should be there; `create = true` makes it at start",
        ),
        _ => Finding::problem(
            about,
            probe,
            Trouble::Permission,
            format!("{}: {error}", path.display()),
        )
        .advise("the daemon's user must be able to reach it"),
    }
}

/// `user:group mode`, as chown(1) and chmod(1) take it.
fn owner(stat: &Metadata) -> String {
    format!(
        "{}:{} {:04o}",
        names::user(stat.uid()),
        names::group(stat.gid()),
        stat.mode() & 0o7777
    )
}

pub(super) fn others_write(stat: &Metadata) -> bool {
    stat.mode() & 0o022 != 0
}

/// No folder, or one that the daemon cannot work in.
fn unusable(
    about: &str,
    probe: &'static str,
    path: &Path,
    stat: &Metadata,
    viewer: &Viewer,
) -> Option<Finding> {
    let (shown, daemon) = (path.display(), names::user(viewer.uid));
    if !stat.is_dir() {
        let found = format!("{shown} is not a folder");
        return Some(Finding::problem(about, probe, Trouble::Configuration, found));
    }
    let denied = !viewer.may(path, ALL);
    denied.then(|| {
        let found = format!(
            "{shown} {}: {daemon} may not list it and move files in it",
            owner(stat)
        );
        Finding::problem(about, probe, Trouble::Permission, found).advise(format!(
            "chown {daemon} {shown} && chmod u+rwx {shown}; in a sandbox: ReadWritePaths={shown}"
        ))
    })
}

fn input(about: &str, path: &Path, stat: &Metadata, viewer: &Viewer) -> Finding {
    let shown = path.display();
    let found = format!("{shown} {}", owner(stat));
    let daemon = names::user(viewer.uid);
    if let Some(unusable) = unusable(about, "input", path, stat, viewer) {
        return unusable;
    }
    if !others_write(stat) {
        return Finding::ok(about, "input", found);
    }
    let group = names::group(stat.gid());
    let repair =
        format!("chown {daemon}:{group} {shown} && chmod 3770 {shown}, as sealdrop:sealdrop-drop 3770");
    if stat.uid() != viewer.uid {
        return Finding::warning(
            about,
            "input",
            format!("{found}: others can write here and it belongs to {}, who can remove and replace what others drop, and the claim folder", names::user(stat.uid())),
        )
        .advise(repair);
    }
    if stat.mode() & 0o1000 == 0 {
        return Finding::warning(
            about,
            "input",
            format!("{found}: others can write here and it is not sticky, so they can remove and replace each other's files, and the claim folder while it is empty"),
        )
        .advise(repair);
    }
    Finding::ok(about, "input", found)
}

fn output(about: &str, path: &Path, stat: &Metadata, viewer: &Viewer) -> Finding {
    let shown = path.display();
    let found = format!("{shown} {}", owner(stat));
    let daemon = names::user(viewer.uid);
    if let Some(unusable) = unusable(about, "output", path, stat, viewer) {
        return unusable;
    }
    let strangers_own = stat.uid() != viewer.uid && viewer.uid != 0;
    if (others_write(stat) && stat.mode() & 0o1000 == 0) || strangers_own {
        return Finding::warning(
            about,
            "output",
            format!("{found}: others can remove or replace messages"),
        )
        .advise(format!(
            "chown {daemon} {shown} && chmod 2750 {shown}: readers need no more than the group"
        ));
    }
    Finding::ok(about, "output", found)
}

/// Whoever may rename the folder away can put another in its place.
fn parent(about: &str, path: &Path) -> Option<Finding> {
    let real = path.canonicalize().ok()?;
    let parent = real.parent()?;
    let stat = fs::metadata(parent).ok()?;
    let open = others_write(&stat) && stat.mode() & 0o1000 == 0;
    open.then(|| {
        let shown = parent.display();
        Finding::warning(
            about,
            "parent",
            format!(
                "{shown} {}: others can put another folder in the place of {}",
                owner(&stat),
                real.display()
            ),
        )
        .advise(format!("chmod go-w {shown}, or make it sticky"))
    })
}

/// Where claims stand: the daemon's alone, a real directory, on the input's mount.
fn claims(about: &str, input: &Path, viewer: &Viewer) -> Finding {
    let path = input.join(CLAIMS);
    let shown = path.display();
    let Ok(stat) = fs::symlink_metadata(&path) else {
        return Finding::ok(about, "claims", format!("{shown} will be made"));
    };
    let daemon = names::user(viewer.uid);
    let fault = match () {
        () if !stat.is_dir() => Some("is no directory".to_owned()),
        () if stat.uid() != viewer.uid => Some(format!(
            "belongs to {} and not to {daemon}",
            names::user(stat.uid())
        )),
        () if stat.mode() & 0o077 != 0 => Some(format!("has the mode {:04o}", stat.mode() & 0o7777)),
        () if mount(&path) != mount(input) => Some("is on another mount than the input".to_owned()),
        () => None,
    };
    if let Some(fault) = fault {
        return Finding::problem(about, "claims", Trouble::Permission, format!("{shown} {fault}")).advise(format!(
            "if it is empty, remove it; if files are in it, they are plaintexts on their way: chown -R {daemon} {shown} && chmod 0700 {shown}"
        ));
    }
    match (viewer.daemon, with_files(&path)) {
        (None, waiting @ 1..) => {
            Finding::warning(about, "claims", format!("{waiting} unfinished files in {shown}"))
                .advise("start the daemon, which finishes them; do not remove them")
        }
        _ => Finding::ok(
            about,
            "claims",
            format!("{shown} {}, on the input's mount", owner(&stat)),
        ),
    }
}

/// Claims that are not over: the others left an empty folder.
fn with_files(claims: &Path) -> usize {
    let entries = fs::read_dir(claims).into_iter().flatten().flatten();
    entries
        .filter(|entry| fs::read_dir(entry.path()).is_ok_and(|mut names| names.next().is_some()))
        .count()
}

fn mount(path: &Path) -> Option<u64> {
    Some(Place::of(&Dir::open(path).ok()?).ok()?.mount)
}

fn keep(about: &str, input: &Path, folder: &Path, viewer: &Viewer) -> Finding {
    let shown = folder.display();
    if !viewer.may(folder, ALL) {
        return Finding::problem(
            about,
            "keep",
            Trouble::Permission,
            format!("{shown} cannot be written to"),
        )
        .advise("make it, for the daemon's user alone");
    }
    if input.exists() && mount(input) != mount(folder) {
        return Finding::problem(
            about,
            "keep",
            Trouble::Configuration,
            format!("{shown} is on another mount than the input"),
        )
        .advise("plaintexts are moved by a rename: choose a folder on the input's mount");
    }
    Finding::warning(about, "keep", format!("plaintexts are kept in {shown}"))
        .advise("erase = \"overwrite\", once the trial is over")
}
