//! Removed, replaced, mounted over, unmounted: none of it announces itself, each is seen at the next look.

use sealdrop::watch::{Cause, Hint, HintsError, Lost};

use crate::mounts::{BindMount, FileSystem, is_root, on_each_file_system};
use crate::support::{Intake, content, options, sh};

#[test]
fn a_removed_folder_is_noticed_and_picked_up_again() {
    on_each_file_system("a_removed_folder_is_noticed_and_picked_up_again", |_, root| {
        sh(root, "mkdir in");
        let folder = root.join("in");
        let intake = Intake::open(&folder, options());
        intake.hints.check_alive().unwrap();
        sh(root, "rmdir in");
        assert!(matches!(
            intake.hints.check_alive(),
            Err(HintsError::Lost(Lost::Removed(_)))
        ));

        sh(root, "mkdir in; echo 1 > in/f");
        assert!(matches!(
            intake.hints.check_alive(),
            Err(HintsError::Lost(Lost::Replaced(_)))
        ));
        let mut intake = Intake::open(&folder, options());
        assert_eq!(content(&intake.settled("f")), b"1\n");
        sh(root, "echo 1 > in/later");
        assert!(intake.heard_of("later"));
    });
}

#[test]
fn a_replaced_folder_is_noticed() {
    on_each_file_system("a_replaced_folder_is_noticed", |_, root| {
        sh(root, "mkdir in other");
        let mut intake = Intake::open(&root.join("in"), options());
        sh(root, "mv in was; mv other in");
        assert_eq!(intake.hint(), Hint::Rescan(Cause::WatchLost), "a reason to look");
        assert!(matches!(
            intake.hints.check_alive(),
            Err(HintsError::Lost(Lost::Replaced(_)))
        ));
        sh(root, "mv in other; mv was in");
        intake.hints.check_alive().unwrap();
    });
}

#[test]
fn a_mount_over_the_folder_is_noticed() {
    let test = "a_mount_over_the_folder_is_noticed";
    if !is_root() {
        eprintln!("SKIPPED {test}: mounting needs root");
        return;
    }
    on_each_file_system(test, |_, root| {
        sh(root, "mkdir in other");
        let intake = Intake::open(&root.join("in"), options());
        let mount = BindMount::new(&root.join("other"), &root.join("in")).unwrap();
        assert!(matches!(
            intake.hints.check_alive(),
            Err(HintsError::Lost(Lost::Remounted(_)))
        ));
        drop(mount);
        intake.hints.check_alive().unwrap();
        // The very same directory, but on a mount that renames do not lead out of.
        let _mount = BindMount::new(&root.join("in"), &root.join("in")).unwrap();
        assert!(matches!(
            intake.hints.check_alive(),
            Err(HintsError::Lost(Lost::Remounted(_)))
        ));
    });
}

#[test]
fn an_unmounted_folder_is_noticed() {
    let test = "an_unmounted_folder_is_noticed";
    for file_system in FileSystem::ALL {
        let mounted = match file_system.mount(320) {
            Ok(mounted) => mounted,
            Err(why) => {
                eprintln!("SKIPPED {test} on {}: {why}", file_system.name());
                continue;
            }
        };
        let intake = Intake::open(mounted.path(), options());
        sh("/".as_ref(), &format!("umount -l {}", mounted.path().display()));
        assert!(matches!(
            intake.hints.check_alive(),
            Err(HintsError::Lost(Lost::Remounted(_)))
        ));
    }
}
