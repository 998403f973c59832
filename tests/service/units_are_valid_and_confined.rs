use std::path::{Path, PathBuf};
use std::process::Command;

/// Tenths: the exposure that `systemd-analyze security` may find.
const WORST: &str = "15";

fn analyze(what: &[&str], unit: &Path) -> Option<(bool, String)> {
    let Ok(output) = Command::new("systemd-analyze").args(what).arg(unit).output() else {
        eprintln!("SKIPPED units_are_valid_and_confined: systemd-analyze is not installed");
        return None;
    };
    let text = [output.stdout, output.stderr].concat();
    Some((
        output.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    ))
}

fn units() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd")
}

/// A copy of a unit whose binary is there.
fn installed(name: &str, folder: &Path) -> PathBuf {
    let text = std::fs::read_to_string(units().join(name)).unwrap();
    let path = folder.join(name.replace("@.", "@tenant."));
    std::fs::write(
        &path,
        text.replace("/usr/bin/sealdrop", env!("CARGO_BIN_EXE_sealdrop")),
    )
    .unwrap();
    path
}

#[test]
fn systemd_takes_every_line() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["sealdrop.service", "sealdrop@.service"] {
        let unit = installed(name, folder.path());
        let Some((good, text)) = analyze(&["verify", "--man=no"], &unit) else {
            return;
        };
        let ours: Vec<_> = text.lines().filter(|line| line.contains("sealdrop")).collect();
        assert!(good && ours.is_empty(), "{name}: {text}");
    }
}

#[test]
fn the_sandbox_scores_at_most_1_5() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["sealdrop.service", "sealdrop@.service"] {
        let unit = installed(name, folder.path());
        let threshold = format!("--threshold={WORST}");
        let Some((good, text)) = analyze(&["security", "--offline=yes", &threshold], &unit) else {
            return;
        };
        assert!(good, "{name}: {text}");
    }
}

/// The two hand-offs, credentials and folders elsewhere: as an operator installs them, one by one.
#[test]
fn and_so_it_does_with_each_drop_in() {
    for drop_in in std::fs::read_dir(units().join("drop-ins")).unwrap() {
        let drop_in = drop_in.unwrap();
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("usr/lib/systemd/system");
        let drop_ins = folder.join("sealdrop.service.d");
        std::fs::create_dir_all(&drop_ins).unwrap();
        std::fs::copy(units().join("sealdrop.service"), folder.join("sealdrop.service")).unwrap();
        let score = |what: &str| {
            let root = format!("--root={}", root.path().display());
            let arguments = ["security", "--offline=yes", &root, what];
            analyze(&arguments, Path::new("sealdrop.service"))
        };
        std::fs::copy(drop_in.path(), drop_ins.join(drop_in.file_name())).unwrap();
        let Some((good, text)) = score(&format!("--threshold={WORST}")) else {
            return;
        };
        assert!(good, "{}: {text}", drop_in.path().display());
        // The capabilities must have been seen.
        let wants = std::fs::read_to_string(drop_in.path())
            .unwrap()
            .contains("CAP_LEASE");
        let seen = text.contains("✗ CapabilityBoundingSet=~CAP_LEASE");
        assert_eq!(wants, seen, "{}: {text}", drop_in.path().display());
    }
}

#[test]
fn the_template_differs_in_its_names_only() {
    let read = |name: &str| std::fs::read_to_string(units().join(name)).unwrap();
    let directives = |text: &str| -> Vec<String> {
        let lines = text
            .lines()
            .filter(|line| !line.starts_with('#') && !line.is_empty());
        lines.map(str::to_owned).collect()
    };
    let (plain, template) = (
        directives(&read("sealdrop.service")),
        directives(&read("sealdrop@.service")),
    );
    assert_eq!(plain.len(), template.len());
    for (plain, template) in plain.iter().zip(&template) {
        assert!(
            plain == template || template.contains("%i"),
            "{plain:?} {template:?}"
        );
    }
}
