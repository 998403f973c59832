use std::collections::BTreeSet;

use crate::daemon::{Site, files_below};

#[test]
fn of_two_files_dropped_under_one_name() {
    let site = Site::new();
    let daemon = site.start();
    for (round, content) in ["old", "new"].into_iter().enumerate() {
        site.drop_file("report", content);
        daemon.wait_for("sealed", round + 1);
    }
    let messages = files_below(&site.output).into_iter();
    let messages = messages.filter(|path| path.extension().is_some_and(|extension| extension == "encrypted"));
    let contents: BTreeSet<_> = messages.map(|message| site.decrypt(&message)).collect();
    assert_eq!(contents, BTreeSet::from([b"old".to_vec(), b"new".to_vec()]));
    assert_eq!(site.records().len(), 2);
}
