//! A configuration in a folder of its own.

use std::path::{Path, PathBuf};

use sealdrop::config::{self, Faults, Loaded};
use tempfile::TempDir;

pub(crate) struct Case {
    pub(crate) folder: TempDir,
}

impl Case {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn make(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    /// Validates `text` with every `@` replaced by the case's folder.
    pub(crate) fn parse(&self, text: &str) -> Result<Loaded, Faults> {
        let text = text.replace('@', self.folder.path().to_str().unwrap());
        config::parse(Path::new("c.toml"), &text)
    }

    pub(crate) fn faults(&self, text: &str) -> Vec<String> {
        let faults = self
            .parse(text)
            .expect_err("this configuration should be refused");
        let place = self.folder.path().to_str().unwrap().to_owned();
        faults
            .to_string()
            .lines()
            .map(|line| line.replace(&place, "@"))
            .collect()
    }
}

/// A keyring that needs no file.
pub(crate) const KEYRING: &str = "keyring.main = { type = \"aws-kms\", key = \"alias/ingest\" }\n";

/// One drop after [`KEYRING`], with further lines.
pub(crate) fn one_drop(lines: &str) -> String {
    format!(
        "{KEYRING}[[drop]]\nname = \"a\"\ninput = \"@/in\"\noutput = \"@/out\"\nkeyring = \"main\"\n{lines}"
    )
}
