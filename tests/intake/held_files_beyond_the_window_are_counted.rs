//! Far more files that cannot be sealed than the daemon lists: they are counted, keep nobody waiting, and are sealed
//! once they can be.

use crate::support::{Daemon, Producer};

/// More than are listed, wait and are under way together.
const FILES: usize = 7000;
const LISTED: usize = 4096 + 2 * 1024;

#[test]
fn held_files_beyond_the_window_are_counted() {
    let root = tempfile::tempdir().unwrap();
    let mut daemon = Daemon::start(root.path(), "max_size = 1000\nrescan = \"1s\"");
    let mut producer = Producer::start(&daemon.input());
    producer.does(&format!(
        "for i in range({FILES}): f = open(f'.f{{i}}', 'w'); f.truncate(2000); f.close(); os.rename(f'.f{{i}}', f'f{{i}}')"
    ));
    let held = |daemon: &Daemon| daemon.status()["held_files"].as_u64().unwrap();
    daemon.wait_for("all to be held", |daemon| held(daemon) >= FILES as u64);
    let listed = daemon.status()["held"].as_array().unwrap().len();
    assert!(listed > 1000 && listed <= LISTED, "{listed} are listed");
    assert_eq!(daemon.status()["held"][0]["reason"], "too_large");
    daemon.wait_for("the log to say so at the end of a scan", |daemon| {
        daemon.log().contains("more names than are listed")
    });
    eprintln!(
        "{FILES} held, {listed} of them listed, peak {} KiB",
        daemon.peak_memory()
    );

    producer.does("open('.good', 'w').write('good'); os.rename('.good', 'good')");
    daemon.wait_for("a good file to be sealed", |daemon| {
        daemon.output().join("good.encrypted.json").exists()
    });
    producer.does(&format!(
        "for i in range(6900): os.unlink(f'f{{i}}')\nfor i in range(6900, {FILES}): os.truncate(f'f{{i}}', 10)"
    ));
    daemon.wait_for("the rest to be sealed", |daemon| {
        std::fs::read_dir(daemon.output()).unwrap().count() == 2 * (FILES - 6900 + 1)
    });
    daemon.wait_for("nothing to be held", |daemon| held(daemon) == 0);
    daemon.stop();
}
