use super::support::Place;

#[test]
fn a_file_a_message_or_a_configuration() {
    let place = Place::new();
    place.local(["encrypt", "-i", "none", "-o", "b", "-S"]).ended(66);
    place.local(["decrypt", "-i", "none", "-o", "b", "-S"]).ended(66);
    place.local(["verify", "-i", "none"]).ended(66);
    place.run(["inspect", "none"]).ended(66);
    for command in ["run", "check", "doctor", "status"] {
        place.run([command, "--config", "none.toml"]).ended(66);
    }
    assert!(!place.exists("b"));
}

#[test]
fn or_the_daemons_drop_folder() {
    let place = Place::new();
    place.drop_configuration("run.toml", "");
    std::fs::remove_dir(place.path("in")).unwrap();
    place
        .run(["run", "--config", "run.toml"])
        .ended(66)
        .says("failed to open \"in\"");
}
