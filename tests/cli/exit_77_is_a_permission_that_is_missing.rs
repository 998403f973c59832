use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::UnixListener;
use std::process::Command;

use super::fault_proxy::{Fault, FaultProxy};
use super::support::{LOCAL, Place, Ran, SideBySide};

const NOBODY: u32 = 65534;

/// A place that everybody may look into, of which nothing is nobody's but the key.
fn place() -> Option<Place> {
    if !rustix::process::geteuid().is_root() || Command::new("setpriv").arg("--version").output().is_err() {
        eprintln!("SKIPPED exit_77_is_a_permission_that_is_missing: needs root and setpriv");
        return None;
    }
    let place = Place::new();
    fs::set_permissions(place.folder.path(), Permissions::from_mode(0o755)).unwrap();
    place.write("plain", "x");
    place.local(["encrypt", "-i", "plain", "-o", "sealed", "-S"]).ok();
    chown(place.path("key"), Some(NOBODY), Some(NOBODY)).unwrap();
    Some(place)
}

fn as_nobody<'s>(place: &Place, arguments: impl IntoIterator<Item = &'s str>) -> Ran {
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(env!("CARGO_BIN_EXE_sealdrop"))
        .args(arguments);
    place.start(command, b"")
}

fn close(place: &Place, name: &str) {
    fs::set_permissions(place.path(name), Permissions::from_mode(0o600)).unwrap();
}

#[test]
fn on_an_input_or_an_output() {
    let Some(place) = place() else { return };
    place.write("secret", "x");
    for name in ["secret", "sealed"] {
        close(&place, name);
    }
    let local = |arguments: &[&'static str]| as_nobody(&place, arguments.iter().copied().chain(LOCAL));
    local(&["encrypt", "-i", "secret", "-o", "b", "-S"]).ended(77);
    local(&["encrypt", "-i", "plain", "-o", "b", "-S"]).ended(77);
    local(&["decrypt", "-i", "sealed", "-o", "b", "-S"]).ended(77);
    local(&["verify", "-i", "sealed"]).ended(77);
    as_nobody(&place, ["inspect", "sealed"]).ended(77);
    as_nobody(&place, ["keygen", "another"]).ended(77);
}

#[test]
fn on_the_configuration() {
    let Some(place) = place() else { return };
    place.drop_configuration("run.toml", "");
    close(&place, "run.toml");
    for command in ["run", "check", "doctor", "status"] {
        as_nobody(&place, [command, "--config", "run.toml"]).ended(77);
    }
}

#[test]
fn on_a_drop_folder_or_the_daemons_socket() {
    let Some(place) = place() else { return };
    place.drop_configuration("run.toml", "[status]\nsocket = \"status.sock\"\n");
    fs::set_permissions(place.path("in"), Permissions::from_mode(0o700)).unwrap();
    as_nobody(&place, ["run", "--config", "run.toml"]).ended(77);
    as_nobody(&place, ["doctor", "--config", "run.toml"]).ended(77);
    let _listener = UnixListener::bind(place.path("status.sock")).unwrap();
    close(&place, "status.sock");
    as_nobody(&place, ["status", "--config", "run.toml"]).ended(77);
}

#[test]
fn on_a_key_of_the_key_service() {
    let Some(both) = SideBySide::new() else { return };
    let place = &both.place;
    let proxy = FaultProxy::start(&both.kms.endpoint);
    let key = format!("key={}", both.key);
    let endpoint = ["-w", &key, "--endpoint-url", &proxy.endpoint];
    let run = |arguments: &[&str]| both.sealdrop(arguments.iter().copied().chain(endpoint));
    place.write("a", "x");
    run(&["encrypt", "-i", "a", "-o", "sealed", "-S"]).ok();

    proxy.set(Fault::service(400, "AccessDeniedException"));
    run(&["encrypt", "-i", "a", "-o", "b", "-S"])
        .ended(77)
        .says("kms:GenerateDataKey");
    run(&["decrypt", "-i", "sealed", "-o", "b", "-S"]).ended(77);
    run(&["verify", "-i", "sealed"]).ended(77);
    let keyring = format!("key = \"{}\"\nendpoint_url = \"{}\"\n", both.key, proxy.endpoint);
    place.drop_configuration(
        "run.toml",
        &format!("[keyring.kms]\ntype = \"aws-kms\"\n{keyring}"),
    );
    both.sealdrop(["doctor", "--config", "run.toml"]).ended(77);
}
