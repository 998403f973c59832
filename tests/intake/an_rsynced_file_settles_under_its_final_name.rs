//! rsync writes `.f.XXXXXX` and renames it; with `--inplace` it writes the final name.

use crate::mounts::on_each_file_system;
use crate::support::{Intake, content, have, options, sh};

#[test]
fn an_rsynced_file_settles_under_its_final_name() {
    if !have("an_rsynced_file_settles_under_its_final_name", "rsync") {
        return;
    }
    let source = tempfile::tempdir().unwrap();
    std::fs::write(source.path().join("f"), vec![3; 1_000_000]).unwrap();
    let from = source.path().join("f");
    on_each_file_system("an_rsynced_file_settles_under_its_final_name", |_, root| {
        let mut intake = Intake::open(root, options());
        for flags in ["-a", "-a --inplace", "-a --delay-updates"] {
            sh(root, &format!("rsync {flags} {} ./", from.display()));
            let settled = intake.settled_by_hints();
            assert_eq!(settled.candidate.path.as_os_str(), "f");
            assert_eq!(content(&settled).len(), 1_000_000, "{flags}");
            std::fs::remove_file(root.join("f")).unwrap();
        }
    });
}
