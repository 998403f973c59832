//! 30 power cuts, or with `SEALDROP_LONG=1` 500, and 3 and 3 of a virtual machine: the scripts beside this do it and check.

use std::process::Command;

use crate::support::long;

fn cut(test: &str, script: &str, arguments: &[&str]) {
    let cut = Command::new(format!("{}/tests/{script}", env!("CARGO_MANIFEST_DIR")))
        .args(arguments)
        .env("SEALDROP", env!("CARGO_BIN_EXE_sealdrop"))
        .output();
    let cut = match cut {
        Ok(cut) => cut,
        Err(why) => return eprintln!("SKIPPED {test}: {why}"),
    };
    let said = String::from_utf8_lossy(&cut.stdout);
    eprint!("{}{said}", String::from_utf8_lossy(&cut.stderr));
    assert!(cut.status.success());
}

#[test]
fn a_power_cut_loses_nothing() {
    let times = if long() { "500" } else { "30" };
    cut("a_power_cut_loses_nothing", "power-cuts", &[times]);
}

#[test]
fn a_power_cut_of_a_virtual_machine_loses_nothing() {
    let test = "a_power_cut_of_a_virtual_machine_loses_nothing";
    if !long() {
        return eprintln!("SKIPPED {test}: set SEALDROP_LONG=1");
    }
    cut(test, "vm-power-cuts", &["3"]);
}

/// The daemon is the package's service there, in its sandbox, and systemd starts it again.
#[test]
fn a_power_cut_of_the_installed_service_loses_nothing() {
    let test = "a_power_cut_of_the_installed_service_loses_nothing";
    if !long() {
        return eprintln!("SKIPPED {test}: set SEALDROP_LONG=1");
    }
    cut(test, "vm-power-cuts", &["--service", "3"]);
}
