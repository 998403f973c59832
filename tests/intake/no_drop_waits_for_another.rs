//! A drop with one file beside a drop with thousands; a short file beside huge ones.

use crate::support::{Daemon, Producer, files_below, sh};

#[test]
fn no_drop_waits_for_another() {
    const BACKLOG: usize = 3000;
    let root = tempfile::tempdir().unwrap();
    sh(root.path(), "mkdir in quiet quiet-out");
    let mut producer = Producer::start(root.path());
    producer.does(&format!("for i in range({BACKLOG}): open(f'in/f{{i}}', 'w')"));
    let quiet = "[[drop]]\nname = \"quiet\"\ninput = \"quiet\"\noutput = \"quiet-out\"\nkeyring = \"main\"";
    let mut daemon = Daemon::start(root.path(), quiet);
    producer.does("open('quiet/one', 'w').write('one')");
    daemon.wait_for("the quiet drop's file to be sealed", |daemon| {
        daemon.root.join("quiet-out/one.encrypted.json").exists()
    });
    let waiting = files_below(&daemon.input()).len();
    eprintln!("{waiting} of the other drop's {BACKLOG} files still waited");
    assert!(
        waiting > BACKLOG / 4,
        "it waited behind {} files",
        BACKLOG - waiting
    );
    daemon.stop();
}

#[test]
fn short_files_do_not_wait_behind_huge_ones() {
    let root = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::start(root.path(), "");
    let mut producer = Producer::start(&daemon.input());
    // As many as there are workers, so that they would have them all.
    producer.does("for i in range(4): f = open(f'.h{i}', 'w'); f.truncate(160 << 20); f.close()");
    producer.does("for i in range(4): os.rename(f'.h{i}', f'huge{i}')");
    producer.does("open('.s', 'w').write('short'); os.rename('.s', 'short')");
    daemon.wait_for("the short file to be sealed", |daemon| {
        daemon.output().join("short.encrypted.json").exists()
    });
    let huge = |daemon: &Daemon| {
        let done = |number| {
            daemon
                .output()
                .join(format!("huge{number}.encrypted.json"))
                .exists()
        };
        (0..4).filter(|&number| done(number)).count()
    };
    assert!(huge(&daemon) < 2, "it waited for one that had its turn first");
    daemon.wait_for("the huge ones to be sealed", |daemon| huge(daemon) == 4);
    daemon.stop();
}
