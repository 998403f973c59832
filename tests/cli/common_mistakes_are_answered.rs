use super::support::{Place, SideBySide};

#[test]
fn base64_given_as_it_is() {
    let place = Place::new();
    place.write("a", "x");
    place
        .local(["encrypt", "-i", "a", "-o", "a.b64", "--encode"])
        .ok();
    place
        .local(["decrypt", "-i", "a.b64", "-o", "b"])
        .ended(65)
        .says("help: add --decode");
}

#[test]
fn no_key_or_the_wrong_local_one() {
    let place = Place::new();
    place.write("a", "x");
    place
        .run(["encrypt", "-i", "a", "-o", "b"])
        .ended(64)
        .says("help: --wrapping-keys key=ARN for AWS KMS");
    place.local(["encrypt", "-i", "a", "-o", "a.enc"]).ok();
    let ran = place.run([
        "decrypt",
        "-i",
        "a.enc",
        "-o",
        "b",
        "--config",
        "c.toml",
        "--keyring",
        "other",
    ]);
    ran.ended(65)
        .says("help: the message is wrapped under tests \"local\"");
    let ran = place.run([
        "decrypt",
        "-i",
        "a.enc",
        "-o",
        "b",
        "--config",
        "c.toml",
        "--keyring",
        "locl",
    ]);
    ran.ended(78).says("help: it has: local, other");
}

#[test]
fn messages_that_are_not_written() {
    let place = Place::new();
    place.write("a", "x");
    let encrypt = |more: [&str; 2]| {
        place
            .local(["encrypt", "-i", "a", "-o", "b"].into_iter().chain(more))
            .ended(64)
    };
    encrypt(["--frame-length", "0"]).says("help: such messages are read, but not written");
    encrypt(["--algorithm", "AES_256_GCM_IV12_TAG16"]).says("does not commit to its key");
    encrypt(["--commitment-policy", "forbid-encrypt-allow-decrypt"]).says("does not commit to its key");
    encrypt(["--algorithm", "AES"]).says("help: AES_256_GCM_HKDF_SHA512_COMMIT_KEY");
    encrypt(["--caching", "capacity=1"]).says("--caching needs max_age=SECONDS");
    encrypt(["-c", "aws-crypto-x=y"]).says("reserved");
}

#[test]
fn another_region_other_credentials_and_another_key() {
    let Some(both) = SideBySide::new() else { return };
    both.place.write("a", "x");
    let key = format!("key={}", both.key);
    let id = format!("key={}", both.key.rsplit('/').next().unwrap());
    both.sealdrop(["encrypt", "-i", "a", "-o", "a.enc", "-w", &key])
        .ok();
    both.sealdrop(["encrypt", "-i", "a", "-o", "b", "-w", &id, "region=eu-west-1"])
        .ended(69)
        .says("help: is it another region or account?");
    let other = format!("key={}", both.kms.create_key());
    both.sealdrop(["decrypt", "-i", "a.enc", "-o", "b", "-w", &other])
        .ended(65)
        .says(&format!(
            "help: the message is wrapped under aws-kms {:?}",
            both.key
        ));
    let mut environment = both.kms.environment().to_vec();
    environment.retain(|(name, _)| !name.contains("KEY"));
    let arguments = ["encrypt", "-i", "a", "-o", "b", "-w", &key];
    both.place
        .run_with(arguments, &environment, b"")
        .ended(69)
        .says("help: no AWS credentials were found");
    assert!(!both.place.exists("b"));
}
