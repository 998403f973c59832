//! Any text is a configuration, a metadata record, or a list of faults; a record that is read is
//! written as it was.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use sealdrop::message::HeaderRecord;
use sealdrop::seal::Record;

fuzz_target!(|text: &str| {
    match sealdrop::config::parse(Path::new("fuzz.toml"), text) {
        Ok(loaded) => drop(format!("{loaded:?}")),
        Err(faults) => assert!(!faults.to_string().is_empty()),
    }
    if let Ok(header) = serde_json::from_str::<HeaderRecord>(text) {
        let again = serde_json::to_string(&header).unwrap();
        assert_eq!(serde_json::from_str::<HeaderRecord>(&again).unwrap(), header);
    }
    if let Ok(record) = serde_json::from_str::<Record>(text) {
        let again = serde_json::to_string(&record).unwrap();
        let read = serde_json::from_str::<Record>(&again).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), again);
    }
});
