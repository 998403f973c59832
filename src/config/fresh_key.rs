//! A local key is made on first start only: a new key beside messages of a lost one would hide the loss.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::drops::Drop;
use super::keyrings::KeyringSettings;
use super::table::Table;

/// Notes every key that would be made although an output holds messages already.
pub(super) fn check(root: Table<'_>, drops: &[Drop<'_>], keyrings: &BTreeMap<String, KeyringSettings>) {
    let Some(tables) = root.child("keyring") else {
        return;
    };
    for (name, keyring) in keyrings {
        let KeyringSettings::RawAes {
            key_file,
            create: true,
            ..
        } = keyring
        else {
            continue;
        };
        if key_file.exists() {
            continue;
        }
        let users = drops.iter().filter(|drop| {
            let settings = &drop.settings;
            uses(&settings.keyring, name, keyrings, &mut BTreeSet::new())
                && holds_messages(&settings.output, &settings.suffix)
        });
        for drop in users {
            if let Some(table) = tables.child(name) {
                let output = &drop.settings.output;
                table.fault("key_file", &format!("does not exist, and {output:?} holds messages that a new key cannot open; put the old key back or choose another output"));
            }
        }
    }
}

/// Whether `keyring` is `name` or contains it.
fn uses<'k>(
    keyring: &'k str,
    name: &str,
    keyrings: &'k BTreeMap<String, KeyringSettings>,
    seen: &mut BTreeSet<&'k str>,
) -> bool {
    if keyring == name {
        return true;
    }
    match keyrings.get(keyring) {
        Some(KeyringSettings::Multi { generator, children }) if seen.insert(keyring) => {
            std::iter::once(generator)
                .chain(children)
                .any(|part| uses(part, name, keyrings, seen))
        }
        _ => false,
    }
}

fn holds_messages(output: &Path, suffix: &str) -> bool {
    fs::read_dir(output).is_ok_and(|entries| {
        entries.flatten().any(|entry| {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder {
                holds_messages(&entry.path(), suffix)
            } else {
                entry.file_name().as_encoded_bytes().ends_with(suffix.as_bytes())
            }
        })
    })
}
