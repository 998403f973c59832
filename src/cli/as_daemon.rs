//! `doctor` for root: seen with the daemon's own rights, as root may do what the daemon may not, and the other way round.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::config::Settings;

/// What of the daemon's environment decides on its keys.
const WANTED: [&str; 5] = [
    "AWS_",
    "SSL_CERT_",
    "CREDENTIALS_DIRECTORY",
    "LOG_SENSITIVE_BODIES",
    "HTTPS_PROXY",
];

/// A command that root runs starts again as the daemon's user, with what the running daemon has in its environment about
/// keys; without a daemon as the owner of the first drop folder. Comes back if there is nothing to change.
pub(super) fn instead_of_root(settings: &Settings, daemon: Option<u32>) {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let Some((uid, gid)) = user(settings, daemon).filter(|(uid, _)| *uid != 0) else {
        return;
    };
    let Ok(program) = std::env::current_exe() else {
        return;
    };
    let become_it = || {
        let mut command = Command::new("setpriv");
        command.args([
            &format!("--reuid={uid}"),
            &format!("--regid={gid}"),
            "--init-groups",
        ]);
        command
    };
    let may_run = become_it().arg("test").arg("-x").arg(&program).status();
    if may_run.is_ok_and(|status| status.success()) {
        let environment = daemon.map_or_else(Vec::new, environment_of);
        let arguments = std::env::args_os().skip(1);
        // Comes back only if it fails; then root has to do.
        let _ = become_it().arg(program).args(arguments).envs(environment).exec();
    }
}

fn user(settings: &Settings, daemon: Option<u32>) -> Option<(u32, u32)> {
    let running = daemon.and_then(|pid| fs::metadata(format!("/proc/{pid}")).ok());
    let mut inputs = settings.drops.iter();
    let owner = || inputs.find_map(|drop| fs::metadata(&drop.input).ok());
    let uid = running.or_else(owner)?.uid();
    Some((uid, primary_group(&fs::read_to_string("/etc/passwd").ok()?, uid)?))
}

/// passwd(5): name, password, user, group.
fn primary_group(table: &str, uid: u32) -> Option<u32> {
    let uid = uid.to_string();
    table.lines().find_map(|line| {
        let mut fields = line.split(':').skip(2);
        let found = fields.next()? == uid;
        fields.next().filter(|_| found)?.parse().ok()
    })
}

fn environment_of(pid: u32) -> Vec<(OsString, OsString)> {
    let text = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let pairs = text.split(|byte| *byte == 0).filter_map(|pair| {
        let at = pair.iter().position(|byte| *byte == b'=')?;
        let (name, value) = (pair.get(..at)?, pair.get(at + 1..)?);
        let is_wanted = WANTED.iter().any(|wanted| name.starts_with(wanted.as_bytes()));
        is_wanted.then(|| {
            (
                OsString::from_vec(name.to_vec()),
                OsString::from_vec(value.to_vec()),
            )
        })
    });
    pairs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_users_group_is_in_passwd() {
        let table = "root:x:0:0:root:/root:/bin/sh\nsealdrop:x:998:997:sealdrop daemon:/var/lib/sealdrop:/usr/sbin/nologin\n";
        assert_eq!(primary_group(table, 998), Some(997));
        assert_eq!(primary_group(table, 997), None);
    }
}
