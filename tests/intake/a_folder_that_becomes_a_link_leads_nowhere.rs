//! A sub-folder that is swapped for a link after it was listed: nothing behind the link is opened.

use sealdrop::watch::{Look, Outcome, settle};

use crate::mounts::on_each_file_system;
use crate::support::{Intake, paths, recursive, sh};

#[test]
fn a_folder_that_becomes_a_link_leads_nowhere() {
    on_each_file_system("a_folder_that_becomes_a_link_leads_nowhere", |_, root| {
        sh(
            root,
            "mkdir -p in/sub outside; echo 1 > in/sub/f; echo victim > outside/f",
        );
        let folder = root.join("in");
        let mut intake = Intake::open_unscanned(&folder, recursive());
        let found = intake.scan_all().candidates;
        assert_eq!(paths(&found), [std::path::Path::new("sub/f")]);

        sh(&folder, "mv sub was; ln -s ../outside sub");
        for candidate in found {
            assert!(matches!(settle(candidate, &intake.gate), Outcome::Gone));
        }
        let look = intake
            .scanner
            .look("sub/f".as_ref(), std::time::SystemTime::now());
        assert!(matches!(look, Look::Gone));
        intake.scanner.request(sealdrop::watch::Cause::Timer);
        assert_eq!(
            paths(&intake.scan_all().candidates),
            [std::path::Path::new("was/f")]
        );
    });
}
