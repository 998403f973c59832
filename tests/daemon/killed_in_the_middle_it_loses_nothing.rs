use std::collections::BTreeMap;

use crate::daemon::{Site, files_below};

const FILES: usize = 200;

fn content(number: usize) -> Vec<u8> {
    let line = format!("file {number}\n");
    line.repeat(1 + number * 40).into_bytes()
}

/// `kill -9` after some of the files, again and again: each file ends up sealed once, whole.
#[test]
fn of_200_files_and_tears_nothing() {
    let site = Site::new();
    for number in 0..FILES {
        site.drop_file(number.to_string(), content(number));
    }
    for sealed_before_the_kill in [1, 20, 60] {
        let daemon = site.start();
        daemon.wait_for("sealed", sealed_before_the_kill);
        daemon.kill();
    }
    let daemon = site.start();
    site.drop_file("last", "");
    // Each of the 200 has a record once the last one that was claimed or dropped is through.
    while site.records().len() < FILES + 1 {
        let seen = daemon.seen_of("sealed").len() + daemon.seen_of("recovered").len();
        assert!(seen <= FILES + 1, "sealed twice");
        std::thread::yield_now();
    }
    assert!(daemon.stop().success());

    assert_eq!(site.left_in_input(), Vec::<std::path::PathBuf>::new());
    let mut found = BTreeMap::new();
    for record in site.records() {
        let output = record["output"].as_str().unwrap();
        let name = record["sealdrop"]["plaintext"]["name"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(
            found.insert(name, output.to_owned()).is_none(),
            "sealed twice: {output}"
        );
    }
    assert_eq!(found.len(), FILES + 1);
    assert_eq!(files_below(&site.output).len(), 2 * (FILES + 1));
    for number in (0..FILES).step_by(7) {
        let message = &found[&number.to_string()];
        assert_eq!(site.decrypt(message.as_ref()), content(number), "{message}");
    }
}
