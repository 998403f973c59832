//! Names to the end of their way: 255 bytes, any bytes; the output's name may be shortened, the record's is not.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use crate::mounts::on_each_file_system;
use crate::support::{Daemon, files_below};

#[test]
fn any_name_is_sealed_and_recorded_whole() {
    let every_byte: Vec<u8> = (1..=255).filter(|byte| *byte != b'/').collect();
    let other_end = [vec![b'n'; 254], vec![b'm']].concat();
    let names: [&[u8]; 9] = [
        b"a name with spaces",
        b"line\nbreak",
        b"\xff\xfe\x80",
        b"\x1b[31mred\x1b[0m",
        "\u{202e}gpj.exe".as_bytes(),
        &[b'n'; 255],
        &other_end,
        &[0xff; 255],
        &every_byte,
    ];
    on_each_file_system("any_name_is_sealed_and_recorded_whole", |_, root| {
        let mut daemon = Daemon::start(root, "recursive = true");
        let mut expected = BTreeMap::new();
        for (number, name) in names.iter().enumerate() {
            let folder = daemon.input().join(OsStr::from_bytes(name));
            std::fs::create_dir(&folder).unwrap();
            let content = format!("content {number}").into_bytes();
            std::fs::write(folder.join(OsStr::from_bytes(name)), &content).unwrap();
            expected.insert(name.to_vec(), content);
        }
        daemon.wait_for("all to be sealed", |daemon| {
            files_below(&daemon.output()).len() >= 2 * names.len() && files_below(&daemon.input()).is_empty()
        });
        let mut found = BTreeMap::new();
        daemon.for_each_opened(|opened| {
            let folder = opened.message.parent().unwrap().file_name().unwrap();
            assert_eq!(folder.as_bytes(), opened.name, "the output mirrors the tree");
            found.insert(opened.name, opened.content);
        });
        assert_eq!(found, expected);
        let log = daemon.log();
        assert!(
            !log.contains('\x1b') && !log.contains('\u{202e}'),
            "names are escaped in the log:\n{log}"
        );
        daemon.stop();
    });
}
