use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use crate::daemon::Site;

const NAMES: [&str; 19] = [
    "sealdrop_files_sealed_total 1",
    "sealdrop_bytes_sealed_total 7",
    "sealdrop_files_failed_total{reason=\"symlink\"} 1",
    "sealdrop_files_held 1",
    "sealdrop_queue_files 0",
    "sealdrop_oldest_plaintext_age_seconds 0.0",
    "sealdrop_exposure_seconds_count 1",
    "sealdrop_erasure_total{outcome=",
    "sealdrop_rescans_total{cause=\"start\"} 1",
    "sealdrop_files_missed_by_events_total 0",
    "# TYPE sealdrop_kms_requests counter",
    "sealdrop_kms_request_seconds_count 0",
    "sealdrop_data_key_uses_total 1",
    "sealdrop_data_keys_generated_total 1",
    "sealdrop_data_keys_fetched_ahead_total 0",
    "sealdrop_data_key_waits_total 1",
    "sealdrop_build_info{version=",
    "# TYPE sealdrop_config_reloads counter",
    "# EOF",
];

fn ask(site: &Site, request: &str) -> String {
    let mut stream = UnixStream::connect(site.root.join("metrics")).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn and_count_what_happened() {
    let tables = format!(
        "{}\n[metrics]\nsocket = \"ROOT/metrics\"\n",
        crate::daemon::LOCAL_KEY
    );
    let site = Site::with(&tables, "");
    let daemon = site.start();
    std::os::unix::fs::symlink("/", site.input.join("link")).unwrap();
    daemon.wait_for("held", 1);
    site.drop_file("good", "content");
    daemon.wait_for("sealed", 1);
    let text = ask(&site, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(
        text.starts_with("HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text"),
        "{text}"
    );
    for name in NAMES {
        assert!(text.contains(name), "no {name:?} in {text}");
    }
    assert!(ask(&site, "GET /other HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
    assert!(ask(&site, "POST /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
}
