//! The recommended hand-off: write under an ignored name, then rename, in the folder or into it.

use crate::mounts::on_each_file_system;
use crate::support::{Intake, content, options, sh};

#[test]
fn a_file_renamed_in_settles_at_once() {
    on_each_file_system("a_file_renamed_in_settles_at_once", |_, root| {
        sh(root, "mkdir in elsewhere");
        let folder = root.join("in");
        let mut intake = Intake::open(&folder, options());

        for script in [
            "echo 1 > .f.tmp; mv .f.tmp f",
            "echo 2 > f.part; mv f.part f",
            "echo 3 > ../elsewhere/f; mv ../elsewhere/f f",
        ] {
            sh(&folder, script);
            let settled = intake.settled_by_hints();
            assert_eq!(settled.candidate.path.as_os_str(), "f", "{script}");
            assert_eq!(content(&settled).len(), 2);
            std::fs::remove_file(folder.join("f")).unwrap();
        }
    });
}

#[test]
fn the_unfinished_name_is_never_a_candidate() {
    on_each_file_system("the_unfinished_name_is_never_a_candidate", |_, root| {
        sh(
            root,
            "echo 1 > .f.tmp; echo 2 > f.part; echo 3 > f.tmp; echo 4 > .nfs000; echo 5 > .sealdrop-x",
        );
        let mut intake = Intake::open_unscanned(root, options());
        let scan = intake.scan_all();
        assert!(scan.candidates.is_empty());
        assert_eq!(scan.ignored, 3, "the last two are not the producers'");
    });
}
