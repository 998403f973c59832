use std::fs;

use super::support::Place;

const READERS: [&str; 4] = ["run", "check", "doctor", "status"];

#[test]
fn for_whatever_reads_it() {
    let place = Place::new();
    place.write("a", "x");
    place.drop_configuration("bad.toml", "wokers = 1\n");
    for command in READERS {
        place
            .run([command, "--config", "bad.toml"])
            .ended(78)
            .says("did you mean \"workers\"?");
    }
    // The one-shot commands read the keyrings.
    place.write("c.toml", "[keyring.main]\ntype = \"raw-eas\"\n");
    let keyring = ["--config", "c.toml", "--keyring", "main"];
    let encrypt = ["encrypt", "-i", "a", "-o", "b", "-S"];
    place.run(encrypt.into_iter().chain(keyring)).ended(78);
    let decrypt = ["decrypt", "-i", "a", "-o", "b", "-S"];
    place.run(decrypt.into_iter().chain(keyring)).ended(78);
    place
        .run(["verify", "-i", "a"].into_iter().chain(keyring))
        .ended(78);
}

#[test]
fn a_key_that_is_none_too() {
    let place = Place::new();
    place.write("a", "x");
    place.drop_configuration("run.toml", "");
    fs::write(place.path("key"), "too short").unwrap();
    for command in ["run", "check", "doctor"] {
        place.run([command, "--config", "run.toml"]).ended(78);
    }
    let arguments = ["encrypt", "-i", "a", "-o", "b", "-S", "--config", "run.toml"];
    place
        .run(arguments.into_iter().chain(["--keyring", "main"]))
        .ended(78);
}

#[test]
fn and_what_it_does_not_have() {
    let place = Place::new();
    place.write("a", "x");
    place
        .run(["verify", "-i", "a", "--config", "c.toml", "--keyring", "loca"])
        .ended(78)
        .says("help: it has: local, other");
    place.drop_configuration("run.toml", "");
    place
        .run(["status", "--config", "run.toml"])
        .ended(78)
        .says("no [status] table");
}

#[test]
fn or_a_claim_folder_that_is_somebody_elses() {
    let place = Place::new();
    place.drop_configuration("run.toml", "");
    fs::write(place.path("in/.sealdrop"), "").unwrap();
    place
        .run(["run", "--config", "run.toml"])
        .ended(78)
        .says("remove it, or make it a directory");
}
