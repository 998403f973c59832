//! Root may do what the daemon may not, and owns no key of the daemon's.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown};

use crate::daemon::{LOCAL_KEY, Site, sealdrop};
use crate::doctor::doctor;
use crate::mounts::is_root;

const NOBODY: u32 = 65534;

#[test]
fn when_root_asks() {
    if !is_root() {
        eprintln!("SKIPPED doctor_sees_with_the_daemons_rights: becoming another user needs root");
        return;
    }
    let site = Site::with(LOCAL_KEY, "");
    let key = site.root.join("key");
    sealdrop().arg("keygen").arg(&key).output().unwrap();
    for path in [&site.root, &site.input, &site.output] {
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    chown(&key, Some(NOBODY), Some(NOBODY)).unwrap();
    let examined = doctor(&site);
    assert!(
        examined.finding("user")["found"]
            .as_str()
            .unwrap()
            .contains("seen as the user nobody"),
        "{:#}",
        examined.answer
    );
    examined.says("data_key", "ok", "one for the drop test");
    examined.says("input", "ok", "nobody");
    assert_eq!(examined.code, Some(0));

    chown(&site.output, Some(0), Some(0)).unwrap();
    let examined = doctor(&site);
    examined.says("output", "problem", "nobody may not");
    assert_eq!(examined.code, Some(77));
}
