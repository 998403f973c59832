//! A wide tree: every folder is watched, every file is met once, and what was removed is forgotten.

use sealdrop::watch::Cause;

use crate::support::{Intake, Producer, recursive};

#[test]
fn ten_thousand_folders_are_watched() {
    let root = tempfile::tempdir().unwrap();
    let mut producer = Producer::start(root.path());
    producer
        .does("for i in range(10000): os.makedirs(f'{i%100}/{i}'); open(f'{i%100}/{i}/f', 'w').write('1')");
    let mut intake = Intake::open_unscanned(root.path(), recursive());
    let scan = intake.scan_all();
    assert_eq!(scan.candidates.len(), 10_000);
    assert_eq!(scan.ended.unwrap().folders, 10_101);
    if intake.hints.unwatched() > 0 {
        eprintln!("SKIPPED the watching of 10,000 folders: fs.inotify.max_user_watches is too low");
        return;
    }
    assert_eq!(intake.hints.watched(), 10_101);
    producer.does("open('42/4242/later', 'w').write('1')");
    assert!(intake.heard_of("42/4242/later"));

    producer.does("import shutil; [shutil.rmtree(str(i)) for i in range(5)]");
    intake.scanner.request(Cause::Timer);
    assert_eq!(intake.scan_all().candidates.len(), 9_501, "and the later one");
    assert_eq!(intake.hints.watched(), 9_596);
}
