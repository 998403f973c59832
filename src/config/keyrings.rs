//! `[keyring.NAME]`: who wraps data keys.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::aws_kms;
use super::table::{Table, near_miss};
use crate::keyring::{AwsKmsOptions, KeyringOptions, MultiOptions, RawAesOptions, RawRsaOptions, RsaPadding};

/// The types of keyring and the keys that each takes.
pub(super) const KINDS: [(&str, &[&str]); 4] = [
    ("aws-kms", aws_kms::KEYS),
    ("raw-aes", &["type", "namespace", "name", "key_file", "create"]),
    (
        "raw-rsa",
        &[
            "type",
            "namespace",
            "name",
            "padding",
            "public_key_file",
            "private_key_file",
        ],
    ),
    ("multi", &["type", "generator", "children"]),
];

const PADDINGS: [&str; 5] = ["pkcs1", "oaep-sha1", "oaep-sha256", "oaep-sha384", "oaep-sha512"];
const RAW_AES_KEY_BYTES: u64 = 32;

/// One keyring as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyringSettings {
    /// AWS KMS.
    AwsKms(AwsKmsOptions),
    /// A local 256-bit key.
    RawAes {
        /// The key provider id in messages.
        namespace: String,
        /// The key's name in messages.
        name: String,
        /// Its 32 bytes.
        key_file: PathBuf,
        /// Whether it is made if it is not there.
        create: bool,
    },
    /// A local RSA key.
    RawRsa {
        /// The key provider id in messages.
        namespace: String,
        /// The key's name in messages.
        name: String,
        /// `pkcs1` or `oaep-sha...`.
        padding: String,
        /// PEM; enough to seal.
        public_key_file: Option<PathBuf>,
        /// PEM; to open.
        private_key_file: Option<PathBuf>,
    },
    /// Several keyrings, each able to open.
    Multi {
        /// The keyring that makes the data key.
        generator: String,
        /// Those that wrap it once more.
        children: Vec<String>,
    },
}

pub(super) fn read(root: Table<'_>) -> BTreeMap<String, KeyringSettings> {
    let Some(tables) = root.child("keyring") else {
        return BTreeMap::new();
    };
    let tables = tables.children();
    let names: BTreeSet<&str> = tables.iter().map(|(name, _)| *name).collect();
    let read = tables
        .iter()
        .filter_map(|(name, table)| Some((*name, keyring(*table, &names)?)));
    let keyrings: BTreeMap<String, KeyringSettings> =
        read.map(|(name, keyring)| (name.to_owned(), keyring)).collect();
    for (name, table) in &tables {
        if holds_itself(name, &keyrings, &mut BTreeSet::new()) {
            table.fault_here("the keyring contains itself");
        }
    }
    keyrings
}

fn keyring(table: Table<'_>, names: &BTreeSet<&str>) -> Option<KeyringSettings> {
    if !table.has("type") {
        table.fault_here("type is missing: one of \"aws-kms\", \"raw-aes\", \"raw-rsa\", \"multi\"");
    }
    let kinds = KINDS.map(|(kind, keys)| (kind, (kind, keys)));
    let (kind, keys) = table.choice("type", &kinds)?;
    table.only(keys, &format!(" of a keyring of type {kind:?}"));
    match kind {
        "aws-kms" => aws_kms::read(table).map(KeyringSettings::AwsKms),
        "raw-aes" => raw_aes(table),
        "raw-rsa" => raw_rsa(table),
        _ => multi(table, names),
    }
}

fn raw_names(table: Table<'_>) -> (Option<String>, Option<String>) {
    let namespace: Option<String> = table.required("namespace");
    if namespace
        .as_ref()
        .is_some_and(|namespace| namespace.starts_with("aws-kms"))
    {
        table.fault("namespace", "belongs to AWS KMS; choose another");
    }
    let name: Option<String> = table.required("name");
    for (key, value) in [("namespace", &namespace), ("name", &name)] {
        if value.as_ref().is_some_and(String::is_empty) {
            table.fault(key, "must not be empty");
        }
    }
    (namespace, name)
}

fn raw_aes(table: Table<'_>) -> Option<KeyringSettings> {
    let (namespace, name) = raw_names(table);
    let create = table.or("create", false);
    let key_file: Option<PathBuf> = table.required("key_file");
    if let Some(path) = &key_file {
        secret_file(table, "key_file", path, create, Some(RAW_AES_KEY_BYTES));
    }
    Some(KeyringSettings::RawAes {
        namespace: namespace?,
        name: name?,
        key_file: key_file?,
        create,
    })
}

fn raw_rsa(table: Table<'_>) -> Option<KeyringSettings> {
    let (namespace, name) = raw_names(table);
    if !table.has("padding") {
        table.fault_here("padding is missing: \"oaep-sha256\" is a good choice");
    }
    let padding = table.choice("padding", &PADDINGS.map(|padding| (padding, padding)));
    let public_key_file: Option<PathBuf> = table.read("public_key_file");
    let private_key_file: Option<PathBuf> = table.read("private_key_file");
    match &public_key_file {
        Some(path) if !path.is_file() => table.fault("public_key_file", "is not a file that can be read"),
        None if private_key_file.is_none() => {
            table.fault_here("public_key_file (to seal) or private_key_file (to open) is missing");
        }
        _ => {}
    }
    if let Some(path) = &private_key_file {
        secret_file(table, "private_key_file", path, false, None);
    }
    Some(KeyringSettings::RawRsa {
        namespace: namespace?,
        name: name?,
        padding: padding?.to_owned(),
        public_key_file,
        private_key_file,
    })
}

/// A file with a key must be a file, nobody else's business, and of the right size.
fn secret_file(table: Table<'_>, key: &str, path: &Path, create: bool, size: Option<u64>) {
    let stat = match std::fs::metadata(path) {
        Ok(stat) => stat,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && create => return,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && size.is_some() => {
            let why = if path.starts_with("/run/credentials") {
                "does not exist: a credential is there only while its unit runs, if the unit loads it"
            } else {
                "does not exist; make it with `sealdrop keygen`, or set create = true"
            };
            return table.fault(key, why);
        }
        Err(error) => return table.fault(key, &format!("cannot be looked at: {error}")),
    };
    if !stat.is_file() {
        return table.fault(key, "is not a regular file");
    }
    if stat.mode() & 0o077 != 0 {
        let mode = stat.mode() & 0o7777;
        table.fault(
            key,
            &format!("can be used by others (mode {mode:04o}); chmod 600 it"),
        );
    }
    match size {
        Some(size) if stat.len() != size => {
            table.fault(
                key,
                &format!("must hold {size} raw bytes, and holds {}", stat.len()),
            );
        }
        _ => {}
    }
}

fn multi(table: Table<'_>, names: &BTreeSet<&str>) -> Option<KeyringSettings> {
    let generator: Option<String> = table.required("generator");
    let children: Vec<String> = table.or("children", Vec::new());
    for (key, name) in generator
        .iter()
        .map(|name| ("generator", name))
        .chain(children.iter().map(|name| ("children", name)))
    {
        if !names.contains(name.as_str()) {
            let hint = near_miss(name, names.iter().copied());
            table.fault_with_hint(key, &format!("there is no [keyring.{name}]"), hint);
        }
    }
    Some(KeyringSettings::Multi {
        generator: generator?,
        children,
    })
}

fn holds_itself<'k>(
    name: &'k str,
    keyrings: &'k BTreeMap<String, KeyringSettings>,
    above: &mut BTreeSet<&'k str>,
) -> bool {
    let Some(KeyringSettings::Multi { generator, children }) = keyrings.get(name) else {
        return false;
    };
    if !above.insert(name) {
        return true;
    }
    let mut parts = std::iter::once(generator).chain(children);
    let found = parts.any(|part| holds_itself(part, keyrings, above));
    above.remove(name);
    found
}

/// The options of a keyring that was read without a fault, its parts resolved.
pub(super) fn options(name: &str, keyrings: &BTreeMap<String, KeyringSettings>) -> Option<KeyringOptions> {
    Some(match keyrings.get(name)?.clone() {
        KeyringSettings::AwsKms(options) => KeyringOptions::AwsKms(options),
        KeyringSettings::RawAes {
            namespace,
            name,
            key_file,
            create,
        } => KeyringOptions::RawAes(RawAesOptions {
            namespace,
            name,
            key_file,
            create,
        }),
        KeyringSettings::RawRsa {
            namespace,
            name,
            padding,
            public_key_file,
            private_key_file,
        } => {
            let padding = RsaPadding::from_name(&padding)?;
            KeyringOptions::RawRsa(RawRsaOptions {
                namespace,
                name,
                padding,
                public_key_file,
                private_key_file,
            })
        }
        KeyringSettings::Multi { generator, children } => KeyringOptions::Multi(MultiOptions {
            generator: Box::new(options(&generator, keyrings)?),
            children: children
                .iter()
                .map(|child| options(child, keyrings))
                .collect::<Option<_>>()?,
        }),
    })
}
