use super::support::{Place, SideBySide};

const KEY: &str = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555";
const ENVIRONMENT: [(&str, &str); 5] = [
    ("AWS_ACCESS_KEY_ID", "testing"),
    ("AWS_SECRET_ACCESS_KEY", "testing"),
    ("AWS_CONFIG_FILE", "/dev/null"),
    ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
];

/// Where nobody answers, as nobody listens.
fn nowhere() -> String {
    let bound = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", bound.local_addr().unwrap())
}

#[test]
fn for_encrypt() {
    let (place, url) = (Place::new(), nowhere());
    place.write("folder/a", "x");
    place.write("folder/b", "x");
    let wrapping = format!("key={KEY}");
    for input in ["folder/a", "folder"] {
        let arguments = [
            "encrypt",
            "-r",
            "-i",
            input,
            "-o",
            "out",
            "-S",
            "-w",
            &wrapping,
            "--endpoint-url",
            &url,
        ];
        std::fs::create_dir_all(place.path("out")).unwrap();
        place
            .run_with(arguments, &ENVIRONMENT, b"")
            .ended(69)
            .says("the key service cannot be reached")
            .says("help: is the region right?");
        assert!(place.names("out").is_empty());
    }
}

#[test]
fn for_decrypt_and_verify() {
    let Some(both) = SideBySide::new() else { return };
    let (place, url) = (&both.place, nowhere());
    place.write("a", "content");
    let wrapping = format!("key={}", both.key);
    both.sealdrop(["encrypt", "-i", "a", "-o", "a.enc", "-S", "-w", &wrapping])
        .ok();
    let away = ["-S", "-w", &wrapping, "--endpoint-url", &url];
    let decrypt = ["decrypt", "-i", "a.enc", "-o", "out"];
    both.sealdrop(decrypt.into_iter().chain(away)).ended(69);
    assert!(!place.exists("out"));
    both.sealdrop(["verify", "-i", "a.enc", "-w", &wrapping, "--endpoint-url", &url])
        .ended(69);
}

#[test]
fn for_doctor_and_not_for_check() {
    let place = Place::new();
    let keyring = format!(
        "key = \"{KEY}\"\nendpoint_url = \"{}\"\nmax_attempts = 1\n",
        nowhere()
    );
    place.drop_configuration(
        "run.toml",
        &format!("[keyring.kms]\ntype = \"aws-kms\"\n{keyring}"),
    );
    place
        .run_with(["doctor", "--config", "run.toml"], &ENVIRONMENT, b"")
        .ended(69);
    place.run(["check", "--config", "run.toml"]).ok();
}

#[test]
fn for_status_it_is_a_daemon_that_is_away() {
    let place = Place::new();
    place.drop_configuration("run.toml", "[status]\nsocket = \"status.sock\"\n");
    place
        .run(["status", "--config", "run.toml"])
        .ended(69)
        .says("help: is it running?");
}
