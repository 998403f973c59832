//! File systems made for one test: a loop mount or a tmpfs, unmounted when the guard is dropped.
//!
//! For any test crate: `#[path = "../support/mounts.rs"] mod mounts;`

#![allow(dead_code, reason = "each test crate uses its part")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A file system that drop folders are used on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileSystem {
    Ext4,
    Xfs,
    Btrfs,
    Tmpfs,
}

/// A mounted file system.
#[derive(Debug)]
pub struct Mounted {
    folder: TempDir,
    mount_point: PathBuf,
}

impl FileSystem {
    pub const ALL: [Self; 4] = [Self::Ext4, Self::Xfs, Self::Btrfs, Self::Tmpfs];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Ext4 => "ext4",
            Self::Xfs => "xfs",
            Self::Btrfs => "btrfs",
            Self::Tmpfs => "tmpfs",
        }
    }

    /// Makes and mounts one of the size, or says why that cannot be done here. XFS needs 300 MiB, and what is not
    /// written to costs nothing.
    pub fn mount(self, mebibytes: u64) -> Result<Mounted, String> {
        self.mount_with(mebibytes, "")
    }

    /// The same, with options for mount(8).
    pub fn mount_with(self, mebibytes: u64, options: &str) -> Result<Mounted, String> {
        self.make_and_mount(mebibytes, &[], options)
    }

    /// The same, with further arguments for mkfs(8).
    pub fn make_and_mount(self, mebibytes: u64, make: &[&str], options: &str) -> Result<Mounted, String> {
        if !is_root() {
            return Err("mounting needs root".into());
        }
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mount_point = folder.path().join("mnt");
        std::fs::create_dir(&mount_point).map_err(|error| error.to_string())?;
        let mut mount = Command::new("mount");
        if self == Self::Tmpfs {
            let size = format!("size={mebibytes}m,{options}");
            mount.args(["-t", "tmpfs", "-o", size.trim_end_matches(','), "tmpfs"]);
        } else {
            let image = folder.path().join("image");
            File::create(&image)
                .and_then(|file| file.set_len(mebibytes << 20))
                .map_err(|error| error.to_string())?;
            run(self.make_command().args(make).arg(&image))?;
            let options = format!("loop,{options}");
            mount.args(["-t", self.name(), "-o", options.trim_end_matches(',')]);
            mount.arg(&image);
        }
        run(mount.arg(&mount_point))?;
        let _ = std::fs::remove_dir(mount_point.join("lost+found")); // ext4's, for empty to mean empty
        Ok(Mounted { folder, mount_point })
    }

    fn make_command(self) -> Command {
        let (tool, arguments): (_, &[&str]) = match self {
            Self::Ext4 => (
                "mkfs.ext4",
                &["-q", "-F", "-E", "lazy_itable_init=1,lazy_journal_init=1"],
            ),
            Self::Xfs => ("mkfs.xfs", &["-q", "-K"]),
            Self::Btrfs => ("mkfs.btrfs", &["-q", "-K"]),
            Self::Tmpfs => ("true", &[]),
        };
        let mut command = Command::new(tool);
        command.args(arguments);
        command
    }
}

impl Mounted {
    pub fn path(&self) -> &Path {
        &self.mount_point
    }

    /// The image below the mount, for looking at what is really stored. Not for a tmpfs.
    pub fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    /// Unmounts now; descriptors that are still open make it fail.
    pub fn unmount(&self) -> Result<(), String> {
        run(Command::new("umount").arg(&self.mount_point))
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        if self.unmount().is_err() {
            let _ = run(Command::new("umount").arg("-l").arg(&self.mount_point));
        }
    }
}

/// Something mounted by hand at a path, unmounted on drop.
#[derive(Debug)]
pub struct BindMount(PathBuf);

impl BindMount {
    pub fn new(from: &Path, to: &Path) -> Result<Self, String> {
        run(Command::new("mount").arg("--bind").arg(from).arg(to))?;
        Ok(Self(to.to_owned()))
    }
}

impl Drop for BindMount {
    fn drop(&mut self) {
        let _ = run(Command::new("umount").arg("-l").arg(&self.0));
    }
}

/// Runs the test on every file system that can be had here, each freshly made and empty, and on the one that the
/// temporary folder is on if there is none.
pub fn on_each_file_system(test: &str, mut body: impl FnMut(FileSystem, &Path)) {
    let mut ran = false;
    for file_system in FileSystem::ALL {
        match file_system.mount(320) {
            Ok(mounted) => {
                eprintln!("{test} on {}", file_system.name());
                body(file_system, mounted.path());
                ran = true;
            }
            Err(why) => eprintln!("SKIPPED {test} on {}: {why}", file_system.name()),
        }
    }
    if !ran {
        let folder = tempfile::tempdir().unwrap();
        eprintln!("{test} on the file system of {:?}", folder.path());
        body(FileSystem::Ext4, folder.path());
    }
}

pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{}: {error}", command.get_program().display()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}: {}", command.get_program().display(), said.trim()))
}
