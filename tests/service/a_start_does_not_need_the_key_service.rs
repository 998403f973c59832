use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use crate::daemon::Site;
use crate::systemd_is_told_the_truth::heard_until;

/// A port that nobody listens on.
const KMS: &str = r#"
[keyring.main]
type = "aws-kms"
key = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
endpoint_url = "http://127.0.0.1:9"
max_attempts = 1
"#;

/// What is dropped meanwhile has to be accounted for, so `run` never ends with 69.
#[test]
fn it_is_ready_says_that_keys_are_unproven_and_holds_what_is_dropped() {
    let mut site = Site::with(KMS, "");
    let path = site.root.join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    site.set_environment([
        ("NOTIFY_SOCKET", path.to_str().unwrap().to_owned()),
        ("AWS_ACCESS_KEY_ID", "a".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "b".to_owned()),
    ]);
    let daemon = site.start();
    let ready = heard_until(&socket, "READY=1").pop().unwrap();
    assert!(ready.contains("keyring unproven"), "{ready}");

    site.drop_file("report.csv", "figures");
    let told = daemon.wait_for("no_data_key", 1).pop().unwrap();
    let message = told["message"].as_str().unwrap();
    assert!(
        message.contains("the key service cannot be reached") && message.contains("is asked again in"),
        "{message}"
    );
    heard_until(&socket, "KMS failing");
    assert_eq!(site.left_in_input(), [site.input.join("report.csv")]);
    assert_eq!(daemon.stop().code(), Some(0));
}
