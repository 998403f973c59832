//! The real daemon on folders of a test's own.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// The running daemon; dropping it kills it.
pub(crate) struct Daemon {
    folder: tempfile::TempDir,
    child: Child,
}

/// A configured AWS KMS keyring.
pub(crate) fn kms_keyring(endpoint: &str, key: &str) -> String {
    format!("[keyring.main]\ntype = \"aws-kms\"\nkey = \"{key}\"\nendpoint_url = \"{endpoint}\"\n")
}

impl Daemon {
    /// With eight workers unless `workers` comes first, and these tables, `[keyring.main]` among them, and `{folder}` for the test's folder.
    pub(crate) fn start(tables: &str, environment: &[(&str, &str)]) -> Self {
        Self::start_under(&[], tables, environment)
    }

    /// The same by a command that becomes it.
    pub(crate) fn start_under(wrapper: &[&str], tables: &str, environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().to_str().unwrap();
        let config = format!(
            "{}{}\n[[drop]]\nname = \"drop\"\ninput = \"{root}/in\"\noutput = \"{root}/out\"\n\
             keyring = \"main\"\ncreate = true\n[metrics]\nsocket = \"{root}/metrics\"\n",
            if tables.starts_with("workers") {
                ""
            } else {
                "workers = 8\n"
            },
            tables.replace("{folder}", root)
        );
        let path = folder.path().join("config.toml");
        fs::write(&path, config).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let words = [wrapper, &[env!("CARGO_BIN_EXE_sealdrop"), "run", "--config"]].concat();
        let child = Command::new(words[0])
            .args(&words[1..])
            .arg(&path)
            .env("SEALDROP_LOG", "trace")
            .envs(environment.iter().copied())
            .stderr(log)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let daemon = Self { folder, child };
        daemon.wait("the daemon to be ready", || daemon.log().contains("ready:"));
        daemon
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.path("log")).unwrap()).into_owned()
    }

    /// One metric's value in whole numbers, by its name and labels as they stand in the text; 0 if it is not there.
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let mut stream = UnixStream::connect(self.path("metrics")).unwrap();
        stream.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0, |value| value.split('.').next().unwrap().parse().unwrap())
    }

    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Hands a file over whole.
    pub(crate) fn drop_file(&self, name: &str, content: &[u8]) {
        let beside = self.path(&format!("new-{name}"));
        fs::write(&beside, content).unwrap();
        fs::rename(beside, self.path("in").join(name)).unwrap();
    }

    /// The records that stand, by the names of their files.
    pub(crate) fn records(&self) -> Vec<PathBuf> {
        let names = fs::read_dir(self.path("out")).unwrap();
        let paths = names.map(|entry| entry.unwrap().path());
        paths.filter(|path| is_record(path)).collect()
    }

    /// The files that still wait in the drop folder.
    pub(crate) fn waiting(&self) -> usize {
        let names = fs::read_dir(self.path("in")).unwrap();
        names
            .filter(|name| name.as_ref().unwrap().file_name() != ".sealdrop")
            .count()
    }

    /// Until something holds; a minute is for machines that are busy with other things.
    pub(crate) fn wait(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let since = Instant::now();
        while !holds() {
            assert!(
                since.elapsed() < Duration::from_mins(1),
                "waited for {what}:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it as a service manager does.
    pub(crate) fn stop(mut self) -> (tempfile::TempDir, ExitStatus) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        let folder = std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap());
        (folder, status)
    }
}

fn is_record(path: &Path) -> bool {
    let name = path.file_name().unwrap().to_str().unwrap();
    name.ends_with(".encrypted.json") && !name.starts_with(".sealdrop-")
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
