//! A producer that turns on the daemon: it races links, renames, pipes, floods and squatted names in the drop folder and
//! in the output, while an honest producer goes on.
//!
//! `SEALDROP_LONG=1`: two minutes, else some seconds. As root the daemon is root and the attacker is nobody special,
//! which is the daemon that could do most harm.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::mounts::is_root;
use crate::support::{Daemon, Producer, files_below, for_each_opened, long, sh};

const SECRET: &str = "the victim's secret";

#[test]
fn an_attacker_reaches_nothing() {
    let seconds = if long() { 120 } else { 6 };
    let root = tempfile::Builder::new()
        .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
        .tempdir()
        .unwrap();
    let root = root.path();
    // World-writable, so that the kernel's own guard of hard links lets the attacker have some.
    sh(
        root,
        "umask 0; mkdir -m 1777 in out; mkdir -m 755 outside; mkdir -m 777 in/honest",
    );
    std::fs::write(root.join("victim"), SECRET).unwrap();
    std::fs::write(root.join("outside/secret"), SECRET).unwrap();
    // Reading would move the access time, which is older than the modification.
    sh(
        root,
        "chmod 666 victim; touch -a -d 2001-01-01 victim outside/secret",
    );
    let before = [facts(&root.join("victim")), facts(&root.join("outside/secret"))];

    let mut daemon = Daemon::start(root, "recursive = true\nexclude = [\".*\", \"*.tmp\"]");
    let mut attackers: Vec<_> = (0..2).map(|number| attack(root, seconds, number)).collect();
    let mut honest = Producer::start(&root.join("in"));
    let mut sent = BTreeMap::new();
    let mut number = 0;
    while attackers
        .iter_mut()
        .any(|child| child.try_wait().unwrap().is_none())
    {
        let (name, folder) = (format!("h{number}"), if number % 2 == 0 { "" } else { "honest/" });
        let how = match number % 3 {
            0 => format!(
                "open('.{name}.tmp', 'w').write('{name}' * 1000); os.rename('.{name}.tmp', '{folder}{name}')"
            ),
            1 => format!("open('{folder}{name}', 'w').write('{name}' * 1000)"),
            _ => format!(
                "f = open('{folder}{name}', 'w'); f.write('{name}' * 500); f.flush(); f.write('{name}' * 500); f.close()"
            ),
        };
        honest.does(&format!("{how}; import time; time.sleep(0.005)")); // a pace that the daemon can keep
        sent.insert(name.clone().into_bytes(), name.repeat(1000).into_bytes());
        number += 1;
    }
    for attacker in attackers {
        let output = attacker.wait_with_output().unwrap();
        assert!(output.status.success());
        eprintln!("attacker: {}", String::from_utf8_lossy(&output.stdout).trim());
    }
    daemon.wait_for("the honest files to be sealed", |daemon| {
        let honest = |path: &std::path::PathBuf| path.file_name().unwrap().to_str().unwrap().starts_with('h');
        !files_below(&daemon.input()).iter().any(honest)
    });
    let root = daemon.root.clone();
    daemon.stop();

    assert_eq!(
        before,
        [facts(&root.join("victim")), facts(&root.join("outside/secret"))]
    );
    assert_eq!(std::fs::read(root.join("victim")).unwrap(), SECRET.as_bytes());
    assert_eq!(std::fs::read_dir(root.join("outside")).unwrap().count(), 1);
    // What the attacker has put in the way is not the daemon's.
    sh(
        &root,
        "find out -type l -delete; find out -user 12345 ! -type d -delete; find out -samefile victim -delete",
    );
    let mut sealed = BTreeMap::new();
    for_each_opened(&root, |opened| {
        assert!(
            !contains(&opened.content, SECRET),
            "{:?} holds the secret",
            opened.message
        );
        if opened.name.starts_with(b"h") {
            let again = sealed.insert(opened.name, opened.content);
            assert!(again.is_none(), "{:?} is there twice", opened.message);
        }
    });
    eprintln!("{} honest files", sent.len());
    assert_eq!(sealed.len(), sent.len());
    assert_eq!(sealed, sent);
}

fn attack(root: &Path, seconds: u32, number: u32) -> Child {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/intake/attacker.py");
    let script = std::fs::read_to_string(script).unwrap();
    let mut command = if is_root() {
        let mut command = Command::new("setpriv");
        command.args([
            "--reuid",
            "12345",
            "--regid",
            "12345",
            "--clear-groups",
            "--inh-caps=-all",
            "/usr/bin/python3", // not one that only root can reach
        ]);
        command
    } else {
        eprintln!("SKIPPED the attacker being another user: needs root");
        Command::new("python3")
    };
    command
        .args([
            "-c",
            &script,
            &seconds.to_string(),
            &number.to_string(),
            "in",
            "out",
            "victim",
            "outside",
        ])
        .current_dir(root)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Everything that must not change, whatever the attacker's links do to the link count.
fn facts(path: &Path) -> (u64, u64, i64, i64, u32, u32) {
    let found = std::fs::symlink_metadata(path).unwrap();
    (
        found.ino(),
        found.size(),
        found.mtime_nsec() + found.mtime(),
        found.atime(),
        found.mode(),
        found.uid(),
    )
}

fn contains(content: &[u8], part: &str) -> bool {
    String::from_utf8_lossy(content).contains(part)
}
