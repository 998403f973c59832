use std::fs::File;
use std::io::Write as _;

use crate::daemon::Site;

/// The marker comes after the open file, so once it is sealed the daemon has looked at the open one as well.
#[test]
fn until_its_writer_closes_it_and_then_it_is_sealed_once_and_whole() {
    let site = Site::new();
    let daemon = site.start();
    let path = site.input.join("slow");
    let mut writer = File::create(&path).unwrap();
    for (round, part) in ["first part, ", "second part, ", "third part"]
        .into_iter()
        .enumerate()
    {
        writer.write_all(part.as_bytes()).unwrap();
        site.drop_file(format!("marker {round}"), "");
        daemon.wait_for("sealed", round + 1);
        assert!(path.exists(), "taken from under its writer");
    }
    drop(writer);
    let sealed = daemon.wait_for("sealed", 4);
    let slow: Vec<_> = sealed
        .iter()
        .filter(|event| event["sealdrop_file"] == "slow")
        .collect();
    assert_eq!(slow.len(), 1);
    assert_eq!(
        site.decrypt(&site.output.join("slow.encrypted")),
        b"first part, second part, third part"
    );
    assert!(!path.exists());
}
