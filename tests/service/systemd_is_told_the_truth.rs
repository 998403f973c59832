use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use rustix::process::Signal;

use crate::daemon::Site;

/// What systemd would hear until a message holds this.
pub(crate) fn heard_until(socket: &UnixDatagram, wanted: &str) -> Vec<String> {
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let length = socket
            .recv(&mut buffer)
            .unwrap_or_else(|error| panic!("no {wanted:?} after {heard:#?}: {error}"));
        heard.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        if heard.last().unwrap().contains(wanted) {
            return heard;
        }
    }
}

#[test]
fn about_ready_reloading_work_and_the_end() {
    let mut site = Site::new();
    let path = site.root.join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    site.set_environment([
        ("NOTIFY_SOCKET", path.to_str().unwrap().to_owned()),
        ("WATCHDOG_USEC", "2000000".to_owned()),
    ]);
    site.drop_file("from before the start", "a");
    let daemon = site.start();
    let heard = heard_until(&socket, "READY=1").pop().unwrap();
    assert!(heard.contains("STATUS=queue"), "{heard}");
    heard_until(&socket, "WATCHDOG=1");
    daemon.wait_for("sealed", 1);
    heard_until(&socket, "sealed 1");

    daemon.signal(Signal::HUP);
    let reloading = heard_until(&socket, "RELOADING=1").pop().unwrap();
    assert!(reloading.contains("MONOTONIC_USEC="), "{reloading}");
    heard_until(&socket, "READY=1");
    assert!(daemon.stop().success());
    heard_until(&socket, "STOPPING=1");
}
