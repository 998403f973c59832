//! What is dropped is looked at on every file system: each scenario of the intake runs on all four, or says here why not.

use crate::sources::root;

/// Scenarios that have nothing to do with the file system, or cost too much to run four times.
const ELSEWHERE: [(&str, &str); 9] = [
    (
        "a_file_without_a_hint_is_found_by_the_timers_scan",
        "inotify's limits",
    ),
    ("a_flood_is_sealed_once_in_bounded_memory", "long"),
    ("an_attacker_reaches_nothing", "long"),
    ("held_files_beyond_the_window_are_counted", "long"),
    ("lost_hints_become_a_scan", "inotify's queue"),
    ("more_claims_than_the_window_are_all_finished", "long"),
    ("no_drop_waits_for_another", "the daemon's queue"),
    ("random_producers_lose_nothing_and_get_nothing_torn", "long"),
    ("ten_thousand_folders_are_watched", "long"),
];

#[test]
fn every_scenario_runs_on_ext4_xfs_btrfs_and_tmpfs() {
    let mut elsewhere = Vec::new();
    let mut everywhere = 0;
    for entry in std::fs::read_dir(root().join("tests/intake")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.extension().is_none_or(|extension| extension != "rs") || name == "main" {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        if text.contains("on_each_file_system(") {
            everywhere += 1;
        } else {
            elsewhere.push(name);
        }
    }
    elsewhere.sort();
    assert_eq!(elsewhere, ELSEWHERE.map(|(name, _)| name));
    eprintln!(
        "{everywhere} scenarios run on four file systems, {} on one",
        elsewhere.len()
    );
}
