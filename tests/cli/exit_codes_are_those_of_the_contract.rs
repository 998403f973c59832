use super::support::Place;

#[test]
fn by_what_went_wrong() {
    let place = Place::new();
    place.write("a", "x");
    place.write("bad.toml", "wokers = 1\n");
    place.write("text", "this is no message");
    let cases: [(&[&str], i32); 11] = [
        (&["encrypt", "-i", "a"], 64),
        (&["encrypt", "-i", "a", "-o", "b"], 64),
        (
            &["encrypt", "-i", "a", "-o", "b", "-w", "key=alias/x", "region"],
            64,
        ),
        (&["encrypt", "-i", "a", "-o", "b", "-w", "discovery=true"], 64),
        (
            &["verify", "-i", "text", "--config", "c.toml", "--keyring", "local"],
            65,
        ),
        (
            &["verify", "-i", "none", "--config", "c.toml", "--keyring", "local"],
            66,
        ),
        (
            &[
                "encrypt",
                "-i",
                "a",
                "-o",
                "no/folder/b",
                "--config",
                "c.toml",
                "--keyring",
                "local",
            ],
            73,
        ),
        (&["keygen", "key"], 73),
        (&["check", "--config", "bad.toml"], 78),
        (&["check", "--config", "none.toml"], 66),
        (
            &["verify", "-i", "a", "--config", "c.toml", "--keyring", "loca"],
            78,
        ),
    ];
    for (arguments, code) in cases {
        place.run(arguments).ended(code);
    }
}

#[test]
fn a_key_service_that_is_away_is_69() {
    let place = Place::new();
    place.write("a", "x");
    let environment = [
        ("AWS_ACCESS_KEY_ID", "testing"),
        ("AWS_SECRET_ACCESS_KEY", "testing"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ];
    // A port that is bound and not listened to: nobody else can be there, and nobody answers.
    let bound = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", bound.local_addr().unwrap());
    drop(bound);
    let key = "key=arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555";
    let arguments = ["encrypt", "-i", "a", "-o", "b", "-w", key, "--endpoint-url", &url];
    place
        .run_with(arguments, &environment, b"")
        .ended(69)
        .says("help: is the region right?");
    assert!(!place.exists("b"));
}
