//! `kill -9` at random moments while files keep coming: 20 times, or 200 with `SEALDROP_LONG=1`.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crate::daemon::files_below;
use crate::mounts::FileSystem;
use crate::support::{long, messages, site, wait_until_settled};

fn content(number: usize) -> Vec<u8> {
    format!("file {number}\n").repeat(1 + number % 700).into_bytes()
}

#[test]
fn killed_at_random_under_load_it_loses_nothing() {
    let mounted = match FileSystem::Ext4.mount(2048) {
        Ok(mounted) => mounted,
        Err(why) => return eprintln!("SKIPPED killed_at_random_under_load_it_loses_nothing: {why}"),
    };
    let kills = if long() { 200 } else { 20 };
    let site = site(&mounted.path().join("load"));
    let (stop, dropped) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                let number = dropped.fetch_add(1, Ordering::Relaxed);
                site.drop_file(number.to_string(), content(number));
                if number.is_multiple_of(8) {
                    std::thread::sleep(Duration::from_millis(12));
                }
            }
        });
        for _ in 0..kills {
            let daemon = site.start();
            let mut random = [0; 1];
            getrandom::fill(&mut random).unwrap();
            std::thread::sleep(Duration::from_millis(random[0].into()));
            daemon.kill();
        }
        stop.store(true, Ordering::Relaxed);
    });
    let count = dropped.load(Ordering::Relaxed);
    let daemon = site.start();
    wait_until_settled(&site, &daemon, count, "after the last kill");
    assert!(daemon.stop().success());
    assert_eq!(files_below(&site.output).len(), 2 * count);
    assert_eq!(messages(&site).len(), count);
    let named: BTreeSet<usize> = site
        .records()
        .iter()
        .map(|record| {
            record["sealdrop"]["plaintext"]["name"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap()
        })
        .collect();
    assert_eq!(named.len(), count, "each once");
    let recovered = site
        .records()
        .iter()
        .filter(|record| record["sealdrop"]["recovered"] == true)
        .count();
    for number in (0..count).step_by(1 + count / 20) {
        let message = site.output.join(format!("{number}.encrypted"));
        assert_eq!(site.decrypt(&message), content(number), "{message:?}");
    }
    eprintln!("{kills} kills, {count} files, {recovered} records rebuilt");
}
