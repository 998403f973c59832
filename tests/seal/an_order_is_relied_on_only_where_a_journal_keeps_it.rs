//! One flush stands for others only on a file system whose journal keeps the order of changes; an ext4 can be without.

use sealdrop::fs::{Dir, Medium};

use crate::mounts::FileSystem;

#[test]
fn an_order_is_relied_on_only_where_a_journal_keeps_it() {
    let kinds = [
        (FileSystem::Ext4, &[][..], true),
        (FileSystem::Ext4, &["-O", "^has_journal"][..], false),
        (FileSystem::Xfs, &[][..], true),
        (FileSystem::Btrfs, &[][..], false),
        (FileSystem::Tmpfs, &[][..], true),
    ];
    for (kind, make, expected) in kinds {
        let mounted = match kind.make_and_mount(400, make, "") {
            Ok(mounted) => mounted,
            Err(why) => {
                return eprintln!("SKIPPED an_order_is_relied_on_only_where_a_journal_keeps_it: {why}");
            }
        };
        let medium = Medium::of(Dir::open(mounted.path()).unwrap());
        assert_eq!(
            medium.flushes_in_order(),
            expected,
            "{kind:?} {make:?}: {medium:?}"
        );
    }
}
