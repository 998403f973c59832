use std::fs::{Permissions, set_permissions, write};
use std::os::unix::fs::PermissionsExt;

use super::support::{Case, one_drop};

fn with_key_file(create: bool) -> String {
    let keyring = format!(
        "keyring.main = {{ type = \"raw-aes\", namespace = \"n\", name = \"k\", key_file = \"@/key\", create = {create} }}"
    );
    let text = one_drop("");
    let (_, rest) = text.split_once('\n').unwrap();
    format!("{keyring}\n{rest}")
}

#[test]
fn a_missing_key_is_refused_unless_it_may_be_made() {
    assert_eq!(
        Case::new().faults(&with_key_file(false)),
        [
            "c.toml:1: key_file = \"@/key\": does not exist; make it with `sealdrop keygen`, or set create = true"
        ]
    );
    assert!(Case::new().parse(&with_key_file(true)).is_ok());
}

#[test]
fn a_missing_key_is_not_made_anew_beside_messages_of_the_lost_one() {
    let case = Case::new();
    write(case.make("out").join("a.encrypted"), "").unwrap();
    assert_eq!(
        case.faults(&with_key_file(true)),
        [
            "c.toml:1: key_file = \"@/key\": does not exist, and \"@/out\" holds messages that a new key cannot open; \
          put the old key back or choose another output"
        ]
    );
}

#[test]
fn a_key_of_another_size_or_open_to_others_is_refused() {
    let case = Case::new();
    write(case.path("key"), [7; 33]).unwrap();
    set_permissions(case.path("key"), Permissions::from_mode(0o640)).unwrap();
    assert_eq!(
        case.faults(&with_key_file(true)),
        [
            "c.toml:1: key_file = \"@/key\": can be used by others (mode 0640); chmod 600 it",
            "c.toml:1: key_file = \"@/key\": must hold 32 raw bytes, and holds 33"
        ]
    );
    write(case.path("key"), [7; 32]).unwrap();
    set_permissions(case.path("key"), Permissions::from_mode(0o600)).unwrap();
    assert!(case.parse(&with_key_file(true)).is_ok());
}

#[test]
fn the_namespace_of_aws_kms_is_not_a_local_keys() {
    let faults = Case::new().faults(&with_key_file(true).replace("\"n\"", "\"aws-kms\""));
    assert_eq!(
        faults,
        ["c.toml:1: namespace = \"aws-kms\": belongs to AWS KMS; choose another"]
    );
}
