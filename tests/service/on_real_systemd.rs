use std::path::Path;
use std::process::Command;

fn skipped(why: &str) {
    eprintln!("SKIPPED on_real_systemd: {why}");
}

fn is_there(tool: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", "command -v \"$0\" >/dev/null", tool])
        .status();
    found.is_ok_and(|status| status.success())
}

/// Runs a script of the project; what it said.
fn script(path: &str, arguments: &[&Path]) -> (bool, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(root.join(path)).args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

/// The scenarios are in tests/on-systemd/scenarios.py.
#[test]
fn the_package_serves_its_operators_and_producers() {
    if !rustix::process::geteuid().is_root() {
        return skipped("a machine is booted by root");
    }
    for tool in [
        "debootstrap",
        "systemd-nspawn",
        "dpkg-deb",
        "python3",
        "mkfs.ext4",
    ] {
        if !is_there(tool) {
            return skipped(&format!("{tool} is not installed"));
        }
    }
    let (made, said) = script("tests/on-systemd/make-root", &[]);
    if !made {
        return skipped(&format!("no Debian could be made: {said}"));
    }
    let (built, said) = script("packaging/build-deb", &[Path::new("--debug")]);
    assert!(built, "{said}");
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!(
        "target/debian/sealdrop_{}-1_{}.deb",
        env!("CARGO_PKG_VERSION"),
        said.lines()
            .find_map(|line| line.strip_prefix("Architecture: "))
            .unwrap()
    ));
    let (passed, said) = script("tests/on-systemd/run", &[&package]);
    assert!(passed, "{said}");
    eprintln!("{said}");
}
