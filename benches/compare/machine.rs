//! What the numbers were measured on.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::process::{project, says, sealdrop};

/// Written beside the numbers before they are measured.
pub(crate) fn note(folder: &Path) {
    let text = describe();
    print!("{text}");
    fs::write(folder.join("machine.txt"), text).unwrap();
}

fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_default();
        line.split(':').nth(1).unwrap_or_default().trim().to_owned()
    };
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split_whitespace().next().unwrap_or_default();
    let commit = says(
        Command::new("git")
            .args(["rev-parse", "--short", "HEAD"])
            .current_dir(project()),
    );
    let version = says(Command::new(sealdrop()).arg("--version"));
    format!(
        "processor: {} ({cores} cores)\nmemory: {}\nkernel: {}\nvirtualised: {}\nload at the start: {load}\n\
         date: {}\nsealdrop: {version}, commit {commit}\nage: {}\ngpg: {}\n",
        field("/proc/cpuinfo", "model name"),
        field("/proc/meminfo", "MemTotal"),
        says(Command::new("uname").arg("-r")),
        says(&mut Command::new("systemd-detect-virt")),
        says(Command::new("date").args(["-u", "+%Y-%m-%d %H:%M UTC"])),
        says(Command::new("age").arg("--version")),
        says(Command::new("gpg").arg("--version")),
    )
}
