//! The built command in a folder of its own, with a local key.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder to work in.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

/// The options that name the place's local keyring.
pub(crate) const LOCAL: [&str; 4] = ["--config", "c.toml", "--keyring", "local"];

impl Place {
    /// With a local key and a configuration that names it.
    pub(crate) fn new() -> Self {
        let place = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        place.run(["keygen", "key"]).ok();
        let keyring = |name: &str, key: &str| {
            format!(
                "[keyring.{name}]\ntype = \"raw-aes\"\nnamespace = \"tests\"\nname = \"{name}\"\nkey_file = \"{key}\"\n"
            )
        };
        place.write(
            "c.toml",
            format!("{}{}", keyring("local", "key"), keyring("other", "key")),
        );
        place
    }

    /// A configuration with one drop from `in` to `out`, which are made, and these tables; the keyring is the local one
    /// unless they have another.
    pub(crate) fn drop_configuration(&self, name: &str, tables: &str) {
        for folder in ["in", "out"] {
            fs::create_dir_all(self.path(folder)).unwrap();
        }
        let local = "[keyring.main]\ntype = \"raw-aes\"\nnamespace = \"tests\"\nname = \"local\"\nkey_file = \"key\"\n";
        let (keyring, local) = if tables.contains("[keyring.kms]") {
            ("kms", "")
        } else {
            ("main", local)
        };
        self.write(
            name,
            format!(
                "{tables}{local}[[drop]]\nname = \"main\"\ninput = \"in\"\noutput = \"out\"\nkeyring = \"{keyring}\"\n"
            ),
        );
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: impl AsRef<Path>) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    /// The names in a folder, sorted; hidden ones too.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The metadata lines in a file.
    pub(crate) fn lines(&self, name: &str) -> Vec<Value> {
        let text = String::from_utf8(self.read(name)).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// `sealdrop`, run in the folder.
    pub(crate) fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        self.run_with(arguments, &[], b"")
    }

    /// The same with an environment and an input.
    pub(crate) fn run_with<S: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = S>,
        environment: &[(&str, &str)],
        stdin: &[u8],
    ) -> Ran {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sealdrop"));
        command.args(arguments).envs(environment.iter().copied());
        self.start(command, stdin)
    }

    /// Any command, run in the folder.
    pub(crate) fn start(&self, mut command: Command, stdin: &[u8]) -> Ran {
        let mut child = command
            .current_dir(self.folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = child.stdin.take().unwrap();
        let stdin = stdin.to_vec();
        let writer = std::thread::spawn(move || drop(pipe.write_all(&stdin)));
        let Output {
            status,
            stdout,
            stderr,
        } = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Ran {
            code: status.code().unwrap_or(-1),
            stdout,
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    /// `sealdrop` with the local keyring's options added.
    pub(crate) fn local<'s>(&self, arguments: impl IntoIterator<Item = &'s str>) -> Ran {
        self.run(arguments.into_iter().chain(LOCAL))
    }
}

impl Ran {
    /// It went well.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self
    }

    /// It ended with this code.
    #[track_caller]
    pub(crate) fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{text:?} is not in {}", self.stderr);
        self
    }
}

/// Bytes that no file has by accident.
pub(crate) fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ length as u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// aws-encryption-cli and sealdrop, side by side, in front of the same key service.
pub(crate) struct SideBySide {
    pub(crate) place: Place,
    pub(crate) kms: crate::kms::KmsEmulator,
    /// A key's ARN.
    pub(crate) key: String,
}

impl SideBySide {
    /// `None`, said loudly, where there is no Python.
    pub(crate) fn new() -> Option<Self> {
        let kms = crate::kms::KmsEmulator::start()?;
        let key = kms.create_key();
        Some(Self {
            place: Place::new(),
            kms,
            key,
        })
    }

    pub(crate) fn sealdrop<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        self.place.run_with(arguments, &self.kms.environment(), b"")
    }

    pub(crate) fn aws<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Ran {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/aws-encryption-cli");
        let mut command = Command::new(tool);
        command.args(arguments).envs(self.kms.environment());
        self.place.start(command, b"")
    }
}

/// `jq ".header.encrypted_data_keys[].encrypted_data_key" FILE | sort -u`
pub(crate) fn data_keys(lines: &[Value]) -> std::collections::BTreeSet<String> {
    let keys = lines
        .iter()
        .flat_map(|line| line["header"]["encrypted_data_keys"].as_array().unwrap());
    keys.map(|key| key["encrypted_data_key"].as_str().unwrap().to_owned())
        .collect()
}
