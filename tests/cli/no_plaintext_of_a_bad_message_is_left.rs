use super::support::{Place, noise};

/// A message whose last frame does not hold.
fn bad_message(place: &Place, algorithm: &str) -> Vec<u8> {
    place.write("a", noise(200_000));
    place
        .local(["encrypt", "-i", "a", "-o", "a.enc", "--algorithm", algorithm])
        .ok();
    let mut message = place.read("a.enc");
    let end = message.len() - 150;
    message[end] ^= 1;
    message
}

#[test]
fn on_stdout_in_a_file_or_in_a_pipe_into_a_file() {
    for algorithm in [
        "AES_256_GCM_HKDF_SHA512_COMMIT_KEY",
        "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384",
    ] {
        let place = Place::new();
        let bad = bad_message(&place, algorithm);
        place.write("bad", &bad);
        let before = place.names(".");
        let decrypt = |input: &str, output: &str, stdin: &[u8]| {
            let arguments = [
                "decrypt",
                "-i",
                input,
                "-o",
                output,
                "--config",
                "c.toml",
                "--keyring",
                "local",
            ];
            place.run_with(arguments, &[], stdin).ended(65)
        };
        assert!(decrypt("bad", "-", b"").stdout.is_empty());
        assert!(decrypt("-", "-", &bad).stdout.is_empty());
        decrypt("bad", "out", b"");
        decrypt("-", "out", &bad);
        assert_eq!(place.names("."), before);
    }
}

#[test]
fn a_wrong_signature_is_enough() {
    let place = Place::new();
    let mut bad = bad_message(&place, "AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384");
    let (frame, signature) = (bad.len() - 150, bad.len() - 20);
    bad[frame] ^= 1; // whole again
    bad[signature] ^= 1;
    place.write("bad", &bad);
    assert!(
        place
            .local(["decrypt", "-i", "bad", "-o", "-"])
            .ended(65)
            .stdout
            .is_empty()
    );
}
