use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use crate::daemon::{LOCAL_KEY, Site};
use crate::doctor::doctor;

fn mode(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

#[test]
fn an_input_that_others_write_to_must_be_sticky() {
    let site = Site::with(LOCAL_KEY, "");
    mode(&site.input, 0o770);
    let examined = doctor(&site);
    examined.says("input", "warning", "not sticky");
    assert!(
        examined.finding("input")["advice"]
            .as_str()
            .unwrap()
            .contains("chmod 3770"),
        "{:#}",
        examined.answer
    );
    assert_eq!(examined.code, Some(0), "files are sealed all the same");

    mode(&site.input, 0o3770);
    doctor(&site).says("input", "ok", "3770");
}

#[test]
fn a_claim_folder_that_is_not_the_daemons_alone() {
    let site = Site::with(LOCAL_KEY, "");
    let claims = site.input.join(".sealdrop");
    fs::create_dir(&claims).unwrap();
    mode(&claims, 0o755);
    let examined = doctor(&site);
    examined.says("claims", "problem", "has the mode 0755");
    assert_eq!(examined.code, Some(77), "{:#}", examined.answer);
}

#[test]
fn a_folder_that_is_missing() {
    let site = Site::with(LOCAL_KEY, "");
    fs::remove_dir(&site.output).unwrap();
    let examined = doctor(&site);
    examined.says("output", "problem", "is not there");
    assert_eq!(examined.code, Some(78));
    assert_eq!(examined.answer["healthy"], false);
}

#[test]
fn claims_that_wait_for_a_start() {
    let site = Site::with(LOCAL_KEY, "");
    let claim = site.input.join(".sealdrop").join(format!("{}-1", "0".repeat(32)));
    fs::create_dir_all(&claim).unwrap();
    mode(&site.input.join(".sealdrop"), 0o700);
    doctor(&site).says("claims", "ok", "on the input's mount"); // the folder of one that is over
    fs::write(claim.join("a"), "x").unwrap();
    doctor(&site).says("claims", "warning", "1 unfinished");
}
