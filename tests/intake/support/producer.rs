//! Producers: processes of their own, as the ones that drop files are.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::mounts::is_root;

/// Runs a shell script in a folder; it must succeed.
pub fn sh(folder: &Path, script: &str) {
    let status = shell(folder, script).status().unwrap();
    assert!(status.success(), "{script}: {status}");
}

fn shell(folder: &Path, script: &str) -> Command {
    let mut command = Command::new("sh");
    command
        .args(["-euc", script])
        .current_dir(folder)
        .stdin(Stdio::null());
    command
}

/// Whether a tool is there; says loudly if it is not.
pub fn have(test: &str, tool: &str) -> bool {
    let found = Command::new("sh")
        .args(["-c", "command -v \"$0\"", tool])
        .stdout(Stdio::null())
        .status()
        .unwrap()
        .success();
    if !found {
        eprintln!("SKIPPED {test}: {tool} is not installed");
    }
    found
}

/// A Python process that does one statement at a time, so that a test can look in between.
pub struct Producer {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

const LOOP: &str = "
import sys, os, mmap
names = {}
for line in sys.stdin:
    exec(line.replace('\\x01', '\\n'), globals(), globals())
    print('done', flush=True)
";

impl Producer {
    pub fn start(folder: &Path) -> Self {
        let mut child = Command::new("python3")
            .args(["-c", LOOP])
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }

    /// Does a statement and waits until it is done.
    pub fn does(&mut self, statement: &str) -> &mut Self {
        self.begins(statement);
        self.has_done();
        self
    }

    /// Does a statement that may have to wait for us.
    pub fn begins(&mut self, statement: &str) {
        writeln!(self.input, "{}", statement.replace('\n', "\x01")).unwrap();
        self.input.flush().unwrap();
    }

    /// Waits for the end of what was begun.
    pub fn has_done(&mut self) {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        assert_eq!(line, "done\n", "the producer failed");
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a test again as a user without any privilege, with the folder in `SEALDROP_TEST_FOLDER`.
pub fn as_other_user(test: &str, folder: &Path) {
    if !is_root() || !have(test, "setpriv") {
        eprintln!("SKIPPED {test}: needs root and setpriv");
        return;
    }
    // A copy, as the way to the build may be closed to others.
    let everyone = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    let copy = tempfile::Builder::new().permissions(everyone).tempdir().unwrap();
    let binary = copy.path().join("test");
    std::fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    let status = Command::new("setpriv")
        .args([
            "--reuid",
            "12345",
            "--regid",
            "12345",
            "--clear-groups",
            "--inh-caps=-all",
        ])
        .arg(&binary)
        .args(["--exact", test, "--nocapture"])
        .env("SEALDROP_TEST_FOLDER", folder)
        .current_dir("/")
        .status()
        .unwrap();
    assert!(status.success(), "{test} as another user: {status}");
}
