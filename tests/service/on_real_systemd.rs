use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

fn skipped(test: &str, why: &str) {
    eprintln!("SKIPPED {test}: {why}");
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
fn on_a_machine(test: &str, options: &[&Path]) {
    if !rustix::process::geteuid().is_root() {
        return skipped(test, "a machine is booted by root");
    }
    for tool in [
        "debootstrap",
        "systemd-nspawn",
        "dpkg-deb",
        "python3",
        "mkfs.ext4",
    ] {
        if !is_there(tool) {
            return skipped(test, &format!("{tool} is not installed"));
        }
    }
    let (made, said) = script("tests/on-systemd/make-root", &[]);
    if !made {
        return skipped(test, &format!("no Debian could be made: {said}"));
    }
    let (passed, said) = script("tests/on-systemd/run", &[options, &[package()]].concat());
    eprintln!("{said}");
    assert!(passed);
}

/// The package of the binary that is tested, built once.
fn package() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let (built, said) = script("packaging/build-deb", &[Path::new("--debug")]);
        assert!(built, "{said}");
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!(
            "target/debian/sealdrop_{}-1_{}.deb",
            env!("CARGO_PKG_VERSION"),
            said.lines()
                .find_map(|line| line.strip_prefix("Architecture: "))
                .unwrap()
        ))
    })
}

#[test]
fn the_package_serves_its_operators_and_producers() {
    on_a_machine("on_real_systemd", &[]);
}

/// The same with a kernel and disks of its own, whose power is really cut.
#[test]
fn the_package_serves_them_on_an_emulated_machine() {
    let test = "the_package_serves_them_on_an_emulated_machine";
    if std::env::var_os("SEALDROP_LONG").is_none_or(|value| value != "1") {
        return skipped(test, "set SEALDROP_LONG=1");
    }
    on_a_machine(test, &[Path::new("--qemu")]);
}
