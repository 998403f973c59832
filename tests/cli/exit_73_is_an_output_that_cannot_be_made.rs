use super::support::Place;

#[test]
fn of_a_command() {
    let place = Place::new();
    place.write("a", "x");
    place.local(["encrypt", "-i", "a", "-o", "sealed", "-S"]).ok();
    place
        .local(["encrypt", "-i", "a", "-o", "no/folder/b", "-S"])
        .ended(73);
    place
        .local(["decrypt", "-i", "sealed", "-o", "no/folder/b", "-S"])
        .ended(73);
    place.run(["keygen", "key"]).ended(73); // one is there
}

#[test]
fn of_the_daemon() {
    let place = Place::new();
    place.drop_configuration("socket.toml", "[status]\nsocket = \"no/folder/status.sock\"\n");
    place
        .run(["run", "--config", "socket.toml"])
        .ended(73)
        .says("failed to listen on \"no/folder/status.sock\"");

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = format!("[metrics]\nlisten = \"{}\"\n", taken.local_addr().unwrap());
    place.drop_configuration("listen.toml", &listen);
    place.run(["run", "--config", "listen.toml"]).ended(73);

    place.drop_configuration("run.toml", "");
    std::fs::remove_dir(place.path("out")).unwrap();
    place
        .run(["run", "--config", "run.toml"])
        .ended(73)
        .says("cannot use the output of the drop");
}
