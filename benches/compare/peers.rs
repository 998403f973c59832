//! What else one could use on the same files. Slow tools get fewer files, and their time is scaled.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Run;
use super::daemon::Keys;
use super::files::{LARGE, Load, SMALL, fresh, prepare};
use super::one_shot::over_folders;
use super::places::Place;
use super::process::{Spent, find, project, run, says};
use super::report::{Report, Row};

pub(crate) const PART: &str = "peers";
const LIMIT: Duration = Duration::from_mins(1);

/// A tool: its name, how many files of a load it gets, and how it is run over `in` into `peer-out`.
type Peer<'a> = (
    &'static str,
    [usize; 2],
    Box<dyn Fn(&Path) -> Result<Spent, String> + 'a>,
);

pub(crate) fn measure(context: &Run<'_>, report: &mut Report) {
    let place = Place::ext4_or(context.root);
    let peers: [Peer<'_>; 5] = [
        (
            "aws-encryption-cli (nothing flushed or erased)",
            [200, 1_000],
            Box::new(|root| cli(root, context.kms())),
        ),
        ("age + sync + shred -n 1", [100, 500], Box::new(age)),
        ("gpg + sync + shred -n 1", [40, 200], Box::new(gpg)),
        (
            "official Rust crate (only written)",
            [100, 1_000],
            Box::new(|root| official(root, "plain")),
        ),
        (
            "official Rust crate (flushed and erased)",
            [100, 1_000],
            Box::new(|root| official(root, "durable")),
        ),
    ];
    for (who, counts, peer) in peers {
        for (load, files) in [LARGE, SMALL].into_iter().zip(counts) {
            let row = Row::new(PART, load.name, &place.name, who);
            prepare(&fresh(place.root.join("in")), files, load.size);
            fresh(place.root.join("peer-out"));
            match peer(&place.root) {
                Ok(spent) => report.add(scaled(&row, spent, load, files)),
                Err(why) => report.add(row.absent(&why)),
            }
        }
    }
}

fn scaled(row: &Row, spent: Spent, load: Load, files: usize) -> Row {
    let factor = load.files as f64 / files as f64;
    let row = row.seconds(1, spent.time.mul_f64(factor));
    if files == load.files {
        row
    } else {
        row.note(&format!("{files} files; scaled"))
    }
}

fn cli(root: &Path, keys: Option<Keys<'_>>) -> Result<Spent, String> {
    let Some(Keys::Kms(emulator, arn)) = keys else {
        return Err("no Python with moto (tests/setup)".into());
    };
    let mut command = Command::new(project().join("target/venv/bin/aws-encryption-cli"));
    command.arg("--encrypt");
    over_folders(command, root, ["in", "peer-out"], (emulator, arn), &[])
}

/// A process per core; each file's output and folder are flushed, then the source is overwritten once and unlinked.
fn each_file(root: &Path, encrypt: &str) -> Result<Spent, String> {
    let script = format!("{encrypt} && sync \"peer-out/$0\" peer-out && shred -u -n 1 \"in/$0\"");
    let cores = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .to_string();
    let list = format!("ls in | xargs -P {cores} -I NAME sh -c '{script}' NAME");
    run(Command::new("sh").args(["-c", &list]).current_dir(root), LIMIT)
}

fn age(root: &Path) -> Result<Spent, String> {
    if find("age").is_none() {
        return Err("age is not installed".into());
    }
    let identity = root.join("age-key");
    let _ = std::fs::remove_file(&identity);
    run(Command::new("age-keygen").arg("-o").arg(&identity), LIMIT)?;
    let recipient = says(Command::new("age-keygen").arg("-y").arg(&identity));
    each_file(root, &format!("age -r {recipient} -o \"peer-out/$0\" \"in/$0\""))
}

fn gpg(root: &Path) -> Result<Spent, String> {
    if find("gpg").is_none() {
        return Err("gpg is not installed".into());
    }
    let home = fresh(PathBuf::from(format!(
        "/tmp/sealdrop-bench-gpg-{}",
        std::process::id()
    )));
    std::fs::set_permissions(&home, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let gpg = format!("gpg --homedir {} --batch --quiet", home.display());
    let make = format!("{gpg} --passphrase \"\" --quick-gen-key bench default default never");
    let outcome = run(Command::new("sh").args(["-c", &make]), LIMIT).and_then(|_| {
        each_file(
            root,
            &format!("{gpg} --trust-model always -z 0 -r bench -o \"peer-out/$0\" -e \"in/$0\""),
        )
    });
    let _ = run(
        Command::new("gpgconf")
            .arg("--homedir")
            .arg(&home)
            .args(["--kill", "gpg-agent"]),
        LIMIT,
    );
    let _ = std::fs::remove_dir_all(home);
    outcome
}

fn official(root: &Path, how: &str) -> Result<Spent, String> {
    let binary = std::env::var_os("SEALDROP_BENCH_OFFICIAL").map_or_else(
        || project().join("target/official/release/official"),
        PathBuf::from,
    );
    if !binary.is_file() {
        return Err("not built: benches/official/build".into());
    }
    let cores = std::thread::available_parallelism()
        .map_or(1, usize::from)
        .to_string();
    let mut names: Vec<PathBuf> = std::fs::read_dir(root.join("in"))
        .map_err(|error| error.to_string())?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    names.sort();
    run(
        Command::new(binary)
            .arg(cores)
            .arg(root.join("peer-out"))
            .arg(how)
            .args(names),
        LIMIT,
    )
}
