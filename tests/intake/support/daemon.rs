//! The daemon itself, in a process of its own, and what it wrote, opened again.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use sealdrop::keyring::{KeyringOptions, RawAesOptions, build};
use sealdrop::materials::{CacheLimits, DecryptionManager};
use sealdrop::message::{DecryptOptions, Decryptor};
use sealdrop::seal::{Sink, open_body, read_header};

/// A running daemon on `<root>/in` and `<root>/out`.
pub struct Daemon {
    child: Child,
    pub root: PathBuf,
}

/// A message and its record, opened.
#[derive(Debug)]
pub struct Opened {
    /// The name that the record gives the plaintext, lossless.
    pub name: Vec<u8>,
    pub content: Vec<u8>,
    pub message: PathBuf,
}

impl Daemon {
    /// Makes the folders and starts; `drop` is further lines of the drop's table.
    pub fn start(root: &Path, drop: &str) -> Self {
        Self::start_by(root, drop, &[])
    }

    /// The same behind another command, such as setpriv.
    pub fn start_by(root: &Path, drop: &str, wrapper: &[&str]) -> Self {
        for folder in ["in", "out"] {
            let _ = std::fs::create_dir(root.join(folder));
        }
        configure(root, drop);
        let mut arguments = wrapper.to_vec();
        let binary = &binary();
        let copy = root.join("sealdrop");
        if !wrapper.is_empty() {
            // The way to the build may be closed to other users.
            std::fs::copy(binary, &copy).unwrap();
        }
        arguments.push(if wrapper.is_empty() {
            binary
        } else {
            copy.to_str().unwrap()
        });
        let (program, arguments) = arguments.split_first().unwrap();
        let child = Command::new(program)
            .args(arguments)
            .args(["run", "--config", "sealdrop.toml"])
            .current_dir(root)
            .env_remove("JOURNAL_STREAM")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(
                File::options()
                    .create(true)
                    .append(true)
                    .open(root.join("log"))
                    .unwrap(),
            )
            .spawn()
            .unwrap();
        let mut daemon = Self {
            child,
            root: root.to_owned(),
        };
        daemon.wait_for("the start", |daemon| daemon.log().contains("ready:"));
        daemon
    }

    /// Waits for something that the daemon will do; fails with its log if it does not, or if the daemon ends.
    pub fn wait_for(&mut self, what: &str, condition: impl FnMut(&Self) -> bool) {
        self.wait_long_for(what, Duration::from_mins(1), condition);
    }

    pub fn wait_long_for(
        &mut self,
        what: &str,
        patience: Duration,
        mut condition: impl FnMut(&Self) -> bool,
    ) {
        let deadline = Instant::now() + patience;
        while !condition(self) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "the daemon ended: {ended:?}\n{}", self.log_end());
            assert!(
                Instant::now() < deadline,
                "waited in vain for {what}\n{}",
                self.log_end()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.root.join("log")).unwrap()).into_owned()
    }

    fn log_end(&self) -> String {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    pub fn input(&self) -> PathBuf {
        self.root.join("in")
    }

    pub fn output(&self) -> PathBuf {
        self.root.join("out")
    }

    /// Peak resident memory in KiB.
    pub fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    /// What its status socket answers.
    pub fn status(&self) -> serde_json::Value {
        let mut answer = String::new();
        let mut stream = UnixStream::connect(self.root.join("status")).unwrap();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap()
    }

    /// The lines of one metric.
    pub fn metric(&self, name: &str) -> Vec<String> {
        let mut answer = String::new();
        let mut stream = UnixStream::connect(self.root.join("metrics")).unwrap();
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .unwrap();
        stream.read_to_string(&mut answer).unwrap();
        let lines = answer.lines().filter(|line| line.starts_with(name));
        lines.map(str::to_owned).collect()
    }

    /// The value of one metric, by the start of its line.
    pub fn value(&self, line: &str) -> u64 {
        let lines = self.metric(line);
        let value = lines.first().and_then(|line| line.rsplit(' ').next());
        value.unwrap_or_else(|| panic!("no {line}")).parse().unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Ends it by SIGTERM; it must end well.
    pub fn stop(mut self) {
        self.signal(Signal::TERM);
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}\n{}", self.log_end());
    }

    /// Opens everything in the output folder, one message at a time; one without its record is a failure.
    pub fn for_each_opened(&self, each: impl FnMut(Opened)) {
        for_each_opened(&self.root, each);
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configure(root: &Path, drop: &str) {
    let key = root.join("key");
    if !key.exists() {
        std::fs::write(&key, [42; 32]).unwrap();
        std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    }
    let text = format!(
        "workers = 4
[keyring.main]
type = \"raw-aes\"
namespace = \"test\"
name = \"test\"
key_file = \"key\"
[data_key_cache]
capacity = 1
max_age = \"10s\"
max_messages_encrypted = 100
[metrics]
socket = \"metrics\"
[status]
socket = \"status\"
[[drop]]
name = \"test\"
input = \"in\"
output = \"out\"
keyring = \"main\"
{drop}
"
    );
    std::fs::write(root.join("sealdrop.toml"), text).unwrap();
}

/// Opens everything in `<root>/out` with the key that a daemon of these tests uses.
pub fn for_each_opened(root: &Path, mut each: impl FnMut(Opened)) {
    let keyring = KeyringOptions::RawAes(RawAesOptions {
        namespace: "test".into(),
        name: "test".into(),
        key_file: root.join("key"),
        create: false,
    });
    let limits = CacheLimits::by_age(Duration::from_mins(1));
    let manager = DecryptionManager::new(build(&keyring).unwrap(), Some(limits));
    let manager = Arc::new(manager);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for record in files_below(&root.join("out")) {
        if record.extension() != Some(OsStr::new("json")) {
            continue;
        }
        let parsed: serde_json::Value = serde_json::from_slice(&std::fs::read(&record).unwrap())
            .unwrap_or_else(|error| panic!("{record:?}: {error}"));
        let message = record.with_file_name(message_name(&parsed));
        let content = runtime.block_on(open_message(&manager, &message));
        each(Opened {
            name: plaintext_name(&parsed["sealdrop"]["plaintext"]),
            content,
            message,
        });
    }
}

/// A record has another name than its message where somebody had that name.
fn message_name(record: &serde_json::Value) -> OsString {
    let output = Path::new(record["output"].as_str().unwrap());
    let exact = exact_name(&record["sealdrop"]["ciphertext"]).map(OsString::from_vec);
    exact.unwrap_or_else(|| output.file_name().unwrap().to_owned())
}

fn plaintext_name(plaintext: &serde_json::Value) -> Vec<u8> {
    exact_name(plaintext).unwrap_or_else(|| plaintext["name"].as_str().unwrap().into())
}

fn exact_name(facts: &serde_json::Value) -> Option<Vec<u8>> {
    use base64::Engine;
    let encoded = facts["name_base64"].as_str()?;
    Some(base64::engine::general_purpose::STANDARD.decode(encoded).unwrap())
}

async fn open_message(manager: &DecryptionManager, path: &Path) -> Vec<u8> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    let options = DecryptOptions::default();
    let (header, body) = read_header(file, &options).unwrap();
    let materials = manager
        .decryption_materials(
            header.header().algorithm_suite,
            &header.header().encryption_context,
            &header.header().encrypted_data_keys,
        )
        .await
        .unwrap();
    let decryptor = Decryptor::new(header, &materials, &options).unwrap();
    let mut content = Vec::new();
    open_body(decryptor, body, 0, Sink::Stream(&mut content)).unwrap();
    content
}

/// Every regular file below a folder that is not one of sealdrop's own temporary or claimed files.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else {
        return found; // taken away meanwhile
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(".sealdrop") {
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => found.extend(files_below(&entry.path())),
            Ok(kind) if kind.is_file() => found.push(entry.path()),
            _ => {}
        }
    }
    found
}

/// The built daemon, or another one, such as a release build.
fn binary() -> String {
    std::env::var("SEALDROP_TEST_BINARY").unwrap_or_else(|_| env!("CARGO_BIN_EXE_sealdrop").to_owned())
}

/// Whether the long form of a test was asked for.
pub fn long() -> bool {
    std::env::var_os("SEALDROP_LONG").is_some_and(|value| value == "1")
}
