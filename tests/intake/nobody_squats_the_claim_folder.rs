//! `.sealdrop` must be the daemon's own private directory, or the drop is refused.

use std::process::Command;

use crate::mounts::{is_root, on_each_file_system};
use crate::support::{Daemon, sh};

#[test]
fn nobody_squats_the_claim_folder() {
    on_each_file_system("nobody_squats_the_claim_folder", |_, root| {
        Daemon::start(root, "").stop();
        sh(root, "rmdir in/.sealdrop; mkdir elsewhere");
        let mut squats = vec![
            "ln -s ../elsewhere in/.sealdrop",
            "echo 1 > in/.sealdrop",
            "mkfifo in/.sealdrop",
            "mkdir -m 0777 in/.sealdrop",
            "mkdir -m 0750 in/.sealdrop",
        ];
        if is_root() {
            squats.push("mkdir -m 0700 in/.sealdrop; chown 12345 in/.sealdrop");
        }
        for squat in squats {
            sh(root, &format!("{squat}; echo 1 > in/f"));
            let output = Command::new(env!("CARGO_BIN_EXE_sealdrop"))
                .args(["run", "--config", "sealdrop.toml"])
                .current_dir(root)
                .output()
                .unwrap();
            assert!(!output.status.success(), "{squat}");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(said.contains(".sealdrop"), "{squat}: {said}");
            assert!(root.join("in/f").exists(), "{squat}");
            sh(root, "rm -rf in/.sealdrop; test -z \"$(ls elsewhere)\"");
        }
    });
}
