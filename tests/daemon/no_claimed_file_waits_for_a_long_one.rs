//! A long file that is written in place is first heard of when it is empty. When it is complete, the small ones that come
//! with it do not stand claimed, as plaintext, until it is sealed.

use std::fs::{self, File};

use serde_json::Value;

use crate::daemon::Site;

const LONG: u64 = 512 << 20;
const SMALL: usize = 20;

fn time(record: &Value, of: &str) -> String {
    record["sealdrop"]["times"][of].as_str().unwrap().to_owned()
}

#[test]
fn no_claimed_file_waits_for_a_long_one() {
    let site = Site::new();
    let config = fs::read_to_string(&site.config).unwrap();
    fs::write(&site.config, config.replace("workers = 8", "workers = 1")).unwrap();
    let daemon = site.start();
    let long = File::create(site.input.join("long")).unwrap();
    site.drop_file("first", "heard of after it");
    daemon.wait_for("sealed", 1);
    long.set_len(LONG).unwrap();
    drop(long);
    for number in 0..SMALL {
        site.drop_file(number.to_string(), "small");
    }
    daemon.wait_for("sealed", SMALL + 2);
    assert!(daemon.stop().success());
    let records = site.records();
    let of_size = |wanted: u64| {
        let is_wanted = move |record: &&Value| record["sealdrop"]["plaintext"]["size"] == wanted;
        records.iter().filter(is_wanted)
    };
    let long = of_size(LONG).next().unwrap();
    for small in of_size("small".len() as u64) {
        let stood = time(small, "claimed")..time(small, "erased");
        let sealing = time(long, "claimed")..time(long, "durable");
        let waited = stood.start < sealing.end && stood.end > sealing.end;
        assert!(
            !waited,
            "claimed for {stood:?}, while the long one was sealed, {sealing:?}"
        );
    }
}
