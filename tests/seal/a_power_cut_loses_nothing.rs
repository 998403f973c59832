//! 30 power cuts, or 500 with `SEALDROP_LONG=1`: tests/power-cuts does it and checks.

use std::process::Command;

use crate::support::long;

#[test]
fn a_power_cut_loses_nothing() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/power-cuts");
    let cut = Command::new(script)
        .arg(if long() { "500" } else { "30" })
        .env("SEALDROP", env!("CARGO_BIN_EXE_sealdrop"))
        .output();
    let cut = match cut {
        Ok(cut) => cut,
        Err(why) => return eprintln!("SKIPPED a_power_cut_loses_nothing: {why}"),
    };
    let said = String::from_utf8_lossy(&cut.stdout);
    eprint!("{}{said}", String::from_utf8_lossy(&cut.stderr));
    assert!(cut.status.success());
}
