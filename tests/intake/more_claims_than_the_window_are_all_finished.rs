//! A claim folder with more in it than the daemon remembers at a time: every claim gets its turn.

use crate::support::{Daemon, Producer, files_below};

const CLAIMS: usize = 1500;

#[test]
fn more_claims_than_the_window_are_all_finished() {
    let root = tempfile::tempdir().unwrap();
    Daemon::start(root.path(), "").stop();
    // What a daemon that was killed leaves, many times over.
    Producer::start(&root.path().join("in/.sealdrop")).does(&format!(
        "for i in range({CLAIMS}): os.mkdir(f'{{i:032x}}-4', 0o700); open(f'{{i:032x}}-4/c{{i}}', 'w').write(f'{{i:04}}')"
    ));
    let mut daemon = Daemon::start(root.path(), "");
    daemon.wait_for("all claims to be finished", |daemon| {
        std::fs::read_dir(daemon.input().join(".sealdrop"))
            .unwrap()
            .count()
            == 0
    });
    assert!(files_below(&daemon.input()).is_empty());
    let mut opened = 0;
    daemon.for_each_opened(|message| {
        let number: usize = std::str::from_utf8(&message.content).unwrap().parse().unwrap();
        assert_eq!(message.name, format!("c{number}").into_bytes());
        opened += 1;
    });
    assert_eq!(opened, CLAIMS);
    daemon.stop();
}
