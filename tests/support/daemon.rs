//! A daemon for a test: folders of its own, its log read as events.
//!
//! A test crate takes it in with `#[path = "../support/daemon.rs"] mod daemon;`.
#![allow(dead_code, reason = "no test crate uses everything")]

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything takes; only a failure waits for it.
const PATIENCE: Duration = Duration::from_mins(2);

/// The built binary.
pub(crate) fn sealdrop() -> Command {
    Command::new(env!("CARGO_BIN_EXE_sealdrop"))
}

/// Folders, and a configuration with one drop.
pub(crate) struct Site {
    pub(crate) root: PathBuf,
    pub(crate) input: PathBuf,
    pub(crate) output: PathBuf,
    pub(crate) config: PathBuf,
    environment: Vec<(String, String)>,
    temporary: Option<TempDir>,
}

/// A local key, and no cache.
pub(crate) const LOCAL_KEY: &str = r#"
[keyring.main]
type = "raw-aes"
namespace = "test"
name = "key"
key_file = "ROOT/key"
create = true
"#;

impl Site {
    /// In a temporary folder, with a local key and a cached data key.
    pub(crate) fn new() -> Self {
        let cache = "[data_key_cache]\ncapacity = 1\nmax_age = \"60s\"\nmax_messages_encrypted = 100\n";
        Self::with(&format!("{LOCAL_KEY}\n{cache}"), "")
    }

    /// With other tables, and further keys of the drop. `ROOT` stands for the site's folder.
    pub(crate) fn with(tables: &str, drop: &str) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let root = temporary.path().canonicalize().unwrap();
        let mut site = Self::at(&root, tables, drop);
        site.temporary = Some(temporary);
        site
    }

    /// In a folder that is there, a mounted one for instance.
    pub(crate) fn at(root: &Path, tables: &str, drop: &str) -> Self {
        let (input, output) = (root.join("in"), root.join("out"));
        for folder in [&input, &output] {
            fs::create_dir_all(folder).unwrap();
        }
        let config = root.join("sealdrop.toml");
        let text = format!(
            "workers = 8\n{tables}\n[[drop]]\nname = \"test\"\ninput = \"ROOT/in\"\noutput = \"ROOT/out\"\n\
             keyring = \"main\"\n{drop}\n[log]\nformat = \"json\"\n"
        );
        fs::write(&config, text.replace("ROOT", root.to_str().unwrap())).unwrap();
        Self {
            root: root.to_owned(),
            input,
            output,
            config,
            environment: Vec::new(),
            temporary: None,
        }
    }

    /// What the daemon finds in its environment.
    pub(crate) fn set_environment(&mut self, pairs: impl IntoIterator<Item = (&'static str, String)>) {
        self.environment = pairs
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
    }

    /// Starts the daemon and waits until it is ready.
    pub(crate) fn start(&self) -> Daemon {
        let daemon = self.spawn();
        daemon.wait_for("started", 1);
        daemon
    }

    /// Starts the daemon.
    pub(crate) fn spawn(&self) -> Daemon {
        let mut command = sealdrop();
        command
            .args(["run", "--config"])
            .arg(&self.config)
            .envs(self.environment.iter().cloned());
        Daemon::spawn(command)
    }

    /// Puts a file into the drop folder by a rename, whole.
    pub(crate) fn drop_file(&self, name: impl AsRef<OsStr>, content: impl AsRef<[u8]>) {
        let staging = self.root.join("staging");
        fs::write(&staging, content).unwrap();
        fs::rename(staging, self.input.join(name.as_ref())).unwrap();
    }

    /// What the drop folder holds, without the daemon's own.
    pub(crate) fn left_in_input(&self) -> Vec<PathBuf> {
        files_below(&self.input)
    }

    /// The metadata records.
    pub(crate) fn records(&self) -> Vec<Value> {
        let records = files_below(&self.output).into_iter();
        let ours = |path: &PathBuf| {
            path.file_name()
                .unwrap()
                .as_encoded_bytes()
                .starts_with(b".sealdrop-")
        };
        let records = records.filter(|path| path.extension() == Some(OsStr::new("json")) && !ours(path));
        records
            .map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap())
            .collect()
    }

    /// Decrypts a message of this site with its own command.
    pub(crate) fn decrypt(&self, message: &Path) -> Vec<u8> {
        let plain = self.root.join("decrypted");
        let status = sealdrop()
            .args(["decrypt", "--keyring", "main", "-S", "-q", "--config"])
            .arg(&self.config)
            .arg("-i")
            .arg(message)
            .arg("-o")
            .arg(&plain)
            .envs(self.environment.iter().cloned())
            .status()
            .unwrap();
        assert!(status.success(), "decrypting {message:?}");
        let content = fs::read(&plain).unwrap();
        fs::remove_file(plain).unwrap();
        content
    }
}

/// Every file below a folder, sorted.
pub(crate) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else {
            continue; // gone meanwhile
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            match fs::symlink_metadata(&path) {
                Ok(metadata) if metadata.is_dir() => folders.push(path),
                Ok(_) => files.push(path),
                Err(_) => {} // gone meanwhile
            }
        }
    }
    files.sort();
    files
}

/// A running daemon; dropping it kills it.
pub(crate) struct Daemon {
    pub(crate) child: Child,
    events: Receiver<Value>,
    seen: std::cell::RefCell<Vec<Value>>,
}

impl Daemon {
    pub(crate) fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (sender, events) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if sender.send(event).is_err() {
                    break;
                }
            }
        });
        Self {
            child,
            events,
            seen: std::cell::RefCell::default(),
        }
    }

    /// Waits until so many events of a kind have been logged since the start; gives them.
    pub(crate) fn wait_for(&self, event: &str, count: usize) -> Vec<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let found = self.seen_of(event);
            if found.len() >= count {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            match self.events.recv_timeout(left) {
                Ok(event) => self.seen.borrow_mut().push(event),
                Err(RecvTimeoutError::Timeout) => {
                    panic!("only {} of {count} {event:?}: {:#?}", found.len(), self.seen)
                }
                Err(RecvTimeoutError::Disconnected) => {
                    panic!(
                        "the daemon ended after {} of {count} {event:?}: {:#?}",
                        found.len(),
                        self.seen
                    )
                }
            }
        }
    }

    /// The events of a kind that have been read so far.
    pub(crate) fn seen_of(&self, event: &str) -> Vec<Value> {
        while let Ok(event) = self.events.try_recv() {
            self.seen.borrow_mut().push(event);
        }
        let seen = self.seen.borrow();
        seen.iter()
            .filter(|line| line["sealdrop_event"] == event)
            .cloned()
            .collect()
    }

    /// SIGTERM, and what came of it.
    pub(crate) fn stop(mut self) -> ExitStatus {
        self.signal(rustix::process::Signal::TERM);
        self.child.wait().unwrap()
    }

    /// `kill -9`
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
