//! aws-encryption-sdk-cli#53.

use std::fs::{Permissions, metadata, set_permissions};
use std::os::unix::fs::PermissionsExt as _;

use super::support::Place;

#[test]
fn of_files_and_of_folders_whatever_the_umask() {
    let place = Place::new();
    place.write("in/private/secret", "x");
    place.write("in/public", "y");
    let mode = |name: &str| metadata(place.path(name)).unwrap().permissions().mode() & 0o777;
    for (name, bits) in [
        ("in/private/secret", 0o600),
        ("in/private", 0o700),
        ("in/public", 0o664),
    ] {
        set_permissions(place.path(name), Permissions::from_mode(bits)).unwrap();
    }
    place.local(["encrypt", "-r", "-i", "in", "-o", "out"]).ok();
    place
        .local(["decrypt", "-r", "-i", "out", "-o", "back", "--strip-suffix"])
        .ok();
    for folder in ["out", "back"] {
        let suffix = if folder == "out" { ".encrypted" } else { "" };
        assert_eq!(mode(&format!("{folder}/private")), 0o700);
        assert_eq!(mode(&format!("{folder}/private/secret{suffix}")), 0o600);
        assert_eq!(mode(&format!("{folder}/public{suffix}")), 0o664);
    }
}
