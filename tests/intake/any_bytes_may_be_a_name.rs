//! All bytes but NUL and the slash, and 255 of them.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use sealdrop::watch::NameFilter;

use crate::mounts::on_each_file_system;
use crate::support::{Intake, content, paths, recursive};

#[test]
fn any_bytes_may_be_a_name() {
    let every_byte: Vec<u8> = (1..=255).filter(|byte| *byte != b'/').collect();
    let names: Vec<PathBuf> = [
        b"a name with spaces".as_slice(),
        b"line\nbreak",
        b"\xff\xfe\x80",
        b"\x1b[31mred\x1b[0m",
        b"-rf",
        b"*",
        b"..f",
        "\u{202e}gpj.exe".as_bytes(),
        &[b'n'; 255],
        &every_byte,
    ]
    .iter()
    .map(|name| PathBuf::from(OsStr::from_bytes(name)))
    .collect();
    on_each_file_system("any_bytes_may_be_a_name", |_, root| {
        let filter = NameFilter::new([] as [&str; 0], [] as [&str; 0]).unwrap();
        let options = sealdrop::watch::Options {
            filter,
            ..recursive()
        };
        let mut intake = Intake::open(root, options);
        let mut expected = Vec::new();
        for name in &names {
            std::fs::write(root.join(name), "1").unwrap();
            assert_eq!(content(&intake.settled_by_hints()), b"1", "{name:?}");
            std::fs::remove_file(root.join(name)).unwrap();
            let nested = name.join(name);
            std::fs::create_dir(root.join(name)).unwrap();
            std::fs::write(root.join(&nested), "1").unwrap();
            expected.push(nested);
        }
        expected.sort();
        intake.scanner.request(sealdrop::watch::Cause::Timer);
        assert_eq!(paths(&intake.scan_all().candidates), expected);
    });
}
