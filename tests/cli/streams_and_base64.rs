use super::support::{LOCAL, Place, noise};

#[test]
fn from_stdin_to_stdout_and_back() {
    let place = Place::new();
    for length in [0, 1, 4096, 1_000_003] {
        let content = noise(length);
        let run = |arguments: &[&str], stdin: &[u8]| {
            place
                .run_with(arguments.iter().chain(&LOCAL), &[], stdin)
                .ok()
                .stdout
        };
        let message = run(&["encrypt", "-i", "-", "-o", "-"], &content);
        assert!(run(&["decrypt", "-i", "-", "-o", "-"], &message) == content);
        let text = run(&["encrypt", "-i", "-", "-o", "-", "--encode"], &content);
        assert!(text.is_ascii() && !text.contains(&b'\n'));
        assert!(run(&["decrypt", "-i", "-", "-o", "-", "--decode"], &text) == content);
    }
}

#[test]
fn base64_on_either_side_of_files_and_into_devices() {
    let place = Place::new();
    place.write("a", noise(100_000));
    place
        .local(["encrypt", "-i", "a", "-o", "a.b64", "--encode"])
        .ok();
    place
        .local(["decrypt", "-i", "a.b64", "-o", "a.txt", "--decode", "--encode"])
        .ok();
    place
        .local(["encrypt", "-i", "a.txt", "-o", "b.enc", "--decode"])
        .ok();
    place.local(["decrypt", "-i", "b.enc", "-o", "b"]).ok();
    assert!(place.read("a") == place.read("b"));
    place.local(["decrypt", "-i", "b.enc", "-o", "/dev/null"]).ok();
    place.local(["encrypt", "-i", "a", "-o", "/dev/null"]).ok();
}
